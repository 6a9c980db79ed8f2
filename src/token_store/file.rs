use super::{StoreKey, StoreLock, StoredToken, TokenStore, record};
use crate::{
    Error, Result,
    crypto::{EncryptionKey, SealError, Sealer},
};
use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// A larger file is none of ours.
const MOST_BYTES: u64 = 256 * 1024;
const LOCK_PAUSE: Duration = Duration::from_millis(2);

/// Tokens in a directory, one file a session, encrypted with AES-256-GCM; for command-line tools that log in once, and for
/// processes that share sessions.
///
/// The directory is made with mode 0700, files with 0600. A file is replaced as a whole: written beside, synced, renamed; who
/// reads sees the old or the new token, never a part. Writers in any process take turns by a lock on a file of its own.
///
/// A file that cannot be read is an error that names it ([`FileStoreError`] as the source), and stays where it is; the next
/// token written in its place moves it aside, to the same name with `.aside` at its end.
pub struct FileStore {
    directory: PathBuf,
    sealer: Sealer,
    lock_timeout: Duration,
}

/// What went wrong with a file of a [`FileStore`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileStoreError {
    /// The file is there and does not open.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: SealError,
    },
    /// The operating system refused.
    #[error("{}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than the owner may read or change the directory.
    #[error("{}: others may use the directory (mode {mode:o}); it must be 700", path.display())]
    OpenToOthers {
        /// The directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Another process has held the lock for too long.
    #[error("{}: locked by another process for more than {} ms", path.display(), waited.as_millis())]
    Locked {
        /// The lock's file.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
    move |source| Error::store(FileStoreError::Io { path: path.to_owned(), source })
}

impl FileStore {
    /// Opens a store in `directory`, which is made if it is missing; its parent must exist.
    ///
    /// # Errors
    ///
    /// [`Store`](crate::ErrorKind::Store): the directory cannot be made, or others may use it.
    pub fn open(directory: impl Into<PathBuf>, key: EncryptionKey) -> Result<Self> {
        let directory = directory.into();
        make_private_directory(&directory)?;
        Ok(Self { directory, sealer: Sealer::new(key), lock_timeout: Duration::from_secs(5) })
    }

    /// How long a writer waits for another process. Default: 5 s.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    fn path(&self, key: &StoreKey, ending: &str) -> PathBuf {
        self.directory.join(format!("{}.{ending}", key.as_str()))
    }

    /// The lock for writing a session's file.
    fn lock(&self, key: &StoreKey) -> Result<File> {
        let path = self.path(key, "lock");
        let begun = Instant::now();
        loop {
            match try_lock(&path)? {
                Some(file) => return Ok(file),
                None if begun.elapsed() >= self.lock_timeout => {
                    return Err(Error::store(FileStoreError::Locked { path, waited: self.lock_timeout }));
                }
                None => thread::sleep(LOCK_PAUSE),
            }
        }
    }

    fn read(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        let path = self.path(key, "token");
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error(&path)(error)),
        };
        let mut sealed = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut sealed).map_err(io_error(&path))?;
        let unreadable = |reason| Error::store(FileStoreError::Unreadable { path: path.clone(), reason });
        record::open(&self.sealer, key.as_str(), &sealed).map(Some).map_err(unreadable)
    }
}

impl TokenStore for FileStore {
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        self.read(key)
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
        let sealed = record::seal(&self.sealer, key.as_str(), token)?;
        let _lock = self.lock(key)?;
        let (path, beside) = (self.path(key, "token"), self.path(key, "new"));
        if self.read(key).is_err() {
            let aside = self.path(key, "token.aside");
            fs::rename(&path, &aside).map_err(io_error(&path))?;
        }
        let write = || {
            let mut file = private_file(OpenOptions::new().create(true).write(true).truncate(true), &beside)?;
            file.write_all(&sealed)?;
            file.sync_all()
        };
        write().map_err(io_error(&beside))?;
        fs::rename(&beside, &path).map_err(io_error(&path))?;
        sync_directory(&self.directory)
    }

    fn remove(&self, key: &StoreKey) -> Result<()> {
        let _lock = self.lock(key)?;
        let path = self.path(key, "token");
        match fs::remove_file(&path) {
            Ok(()) => sync_directory(&self.directory),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(io_error(&path)(error)),
        }
    }

    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
        // Another lock than that for writing, which is taken while this one is held.
        let file = try_lock(&self.path(key, "renewal"))?;
        Ok(file.map(|file| StoreLock::new(move || drop(file))))
    }
}

/// A lock is released when its file is closed, also by the end of its process. The file stays: a lock on a file that is
/// deleted excludes nobody.
fn try_lock(path: &Path) -> Result<Option<File>> {
    let file = private_file(OpenOptions::new().create(true).write(true), path).map_err(io_error(path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(io_error(path)(error)),
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("directory", &self.directory).finish_non_exhaustive()
    }
}

#[cfg(unix)]
fn make_private_directory(path: &Path) -> Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(io_error(path)(error)),
    }
    let mode = fs::metadata(path).map_err(io_error(path))?.permissions().mode() & 0o777;
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(Error::store(FileStoreError::OpenToOthers { path: path.to_owned(), mode })),
    }
}

#[cfg(not(unix))]
fn make_private_directory(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).create(path).map_err(io_error(path))
}

fn private_file(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

/// A rename is on the disk when its directory is. Elsewhere than on Unix a directory cannot be opened.
fn sync_directory(path: &Path) -> Result<()> {
    if cfg!(unix) {
        File::open(path).and_then(|directory| directory.sync_all()).map_err(io_error(path))
    } else {
        Ok(())
    }
}
