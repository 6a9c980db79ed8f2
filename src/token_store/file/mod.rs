mod error;
mod leftovers;
mod lock;
mod private;

use super::{LoginAttempts, StoreKey, StoreLock, StoredToken, TokenStore, record};
use crate::{
    Error, Result,
    crypto::{EncryptionKey, SealError, Sealer},
};
pub use error::FileStoreError;
use leftovers::Leftover;
use lock::FileLock;
use private::PrivateDirectory;
use std::{
    fmt, fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// Keeps tokens in a directory, one file for each session, encrypted with AES-256-GCM; for command-line tools that log in
/// once, and for processes that share sessions.
///
/// | file | content |
/// | --- | --- |
/// | `{`[`StoreKey`]`}.token` | the session's token, in the sealed format of [`token_store`](super) |
/// | `{`[`StoreKey`]`}.token.aside` | a token file that could not be opened when another took its place |
/// | `{`[`StoreKey`]`}.logins` | the session's recent logins, in the same format |
/// | `{`[`StoreKey`]`}.new` | a file that is being written |
/// | `{`[`StoreKey`]`}.lock`, `.refresh.lock` | locks, while they are held |
///
/// The directory has mode 0700, its files 0600. It must belong to the user of the process, root included. Symbolic links are
/// refused in the place of the directory and of each file. A file is replaced as a whole (written beside, synced, renamed): a
/// reader sees the old token or the new one, never a part of either.
///
/// A file that cannot be opened (damaged, another key) is an error that names the file and the reason, and stays where it is.
/// The next token written in its place moves it aside. A file that cannot be *read* at the moment, for instance since the
/// process has too many open files, is left alone by reading and by writing.
///
/// Writing removes what is left of earlier processes, at most once an hour: files kept aside for seven days, unfinished
/// files, locks of processes that were killed and logins that no longer count.
///
/// After a `fork` both processes may go on using the store. A lock that was held stays the parent's.
///
/// # Examples
///
/// A tool that asks for the password only if its session has ended:
///
/// ```no_run
/// # #[cfg(feature = "blocking")] {
/// use iam_sdk::{blocking::Client, token_store::{EncryptionKey, FileStore}};
///
/// let store = FileStore::open("/home/ann/.config/my-tool/tokens", EncryptionKey::from_passphrase("a long passphrase")?)?;
/// let client = Client::builder("https://iam.example.com", "app-token").token_store(store).build()?;
/// match client.identity().analyze_token() {
///     Ok(_) => {}
///     Err(error) if error.is_authentication() => drop(client.identity().login("ann", "her password")?),
///     Err(error) => return Err(error),
/// }
/// # }
/// # Ok::<_, iam_sdk::Error>(())
/// ```
pub struct FileStore {
    directory: PrivateDirectory,
    sealer: Sealer,
    lock_timeout: Duration,
    swept: Mutex<Option<Instant>>,
}

/// The action of `put` on the file that it is about to replace.
#[derive(Debug, PartialEq, Eq)]
enum Earlier {
    Replace,
    KeepAside,
}

/// Decides by what reading the earlier file gave. Only a file that was read and does not open moves: one that could not be
/// read may hold a good token, and stays for a moment when it can.
fn earlier(read: Result<Option<StoredToken>, FileStoreError>) -> Result<Earlier, FileStoreError> {
    match read {
        Ok(_) => Ok(Earlier::Replace),
        Err(FileStoreError::Unreadable { .. }) => Ok(Earlier::KeepAside),
        Err(other) => Err(other),
    }
}

impl FileStore {
    /// Opens a store in `directory`, which is made if it is missing, with its parents, for this user alone.
    ///
    /// A relative path is resolved here: a later change of the working directory does not move the store.
    ///
    /// # Errors
    ///
    /// [`Store`](crate::ErrorKind::Store), with a [`FileStoreError`] as its source: the directory cannot be made, belongs to
    /// another user, may be used by other users, or is a symbolic link.
    pub fn open(directory: impl Into<PathBuf>, key: EncryptionKey) -> Result<Self> {
        let directory = PrivateDirectory::open(&directory.into())?;
        let lock_timeout = Duration::from_secs(5);
        Ok(Self { directory, sealer: Sealer::new(key), lock_timeout, swept: Mutex::default() })
    }

    /// Sets how long a writer waits for another process. Default: 5 s.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    fn path(&self, key: &str, ending: &str) -> PathBuf {
        self.directory.path().join(format!("{key}.{ending}"))
    }

    /// Takes the lock that protects writing a session's files.
    fn lock_for_writing(&self, key: &StoreKey) -> Result<FileLock, FileStoreError> {
        self.directory.prepare()?;
        FileLock::take(&self.path(key.as_str(), "lock"), self.lock_timeout)
    }

    fn read_token(&self, key: &StoreKey) -> Result<Option<StoredToken>, FileStoreError> {
        let path = self.path(key.as_str(), "token");
        let Some(sealed) = read(&path)? else { return Ok(None) };
        let unreadable = |reason| FileStoreError::Unreadable { path, reason };
        record::open(&self.sealer, key, &sealed).map(Some).map_err(unreadable)
    }

    /// Moves the session's file aside, from now on. One is kept: a second one takes its place.
    fn keep_aside(&self, key: &StoreKey) -> Result<(), FileStoreError> {
        let (path, aside) = (self.path(key.as_str(), "token"), self.path(key.as_str(), "token.aside"));
        private::remove(&aside)?;
        fs::rename(&path, &aside).map_err(FileStoreError::io(path))?;
        if let Ok(Some(file)) = private::open_existing(&aside) {
            // Its age counts from here. Where that cannot be set it goes earlier.
            let _ = file.set_modified(SystemTime::now());
        }
        Ok(())
    }

    /// Replaces a file as a whole. The session's lock is held.
    fn replace(&self, key: &StoreKey, path: &Path, sealed: &[u8]) -> Result<(), FileStoreError> {
        let beside = self.path(key.as_str(), "new");
        let mut file = private::create_anew(&beside)?;
        let written = file.write_all(sealed).and_then(|()| file.sync_all());
        // Some systems cannot rename a file that is open.
        drop(file);
        let renamed = written
            .map_err(FileStoreError::io(&beside))
            .and_then(|()| fs::rename(&beside, path).map_err(FileStoreError::io(path)));
        if renamed.is_err() {
            let _ = private::remove(&beside);
        }
        renamed?;
        self.directory.sync()
    }

    /// Looks for leftovers, now and then. What cannot be removed stays for another time.
    fn sweep(&self) {
        let now = Instant::now();
        {
            let mut last = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            if !leftovers::is_due(*last, now) {
                return;
            }
            *last = Some(now);
        }
        let Ok(entries) = fs::read_dir(self.directory.path()) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some((key, leftover)) = name.to_str().and_then(Leftover::of) else { continue };
            if is_over(leftover, &entry.path()) {
                self.remove_leftover(key, leftover, &entry.path());
            }
        }
    }

    /// Removes a leftover, unless somebody is at work on its session or it is young again.
    fn remove_leftover(&self, key: &str, leftover: Leftover, path: &Path) {
        if leftover == Leftover::Lock {
            // Releasing a lock deletes its file.
            drop(FileLock::try_take(path));
        } else if let Ok(Some(_lock)) = FileLock::try_take(&self.path(key, "lock"))
            && is_over(leftover, path)
        {
            let _ = private::remove(path);
        }
    }
}

/// Reads a file up to the largest size of an entry and a bit more; `None` if there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, FileStoreError> {
    let Some(file) = private::open_existing(path)? else { return Ok(None) };
    let mut sealed = Vec::new();
    file.take(record::MAX_BYTES as u64 + 1).read_to_end(&mut sealed).map_err(FileStoreError::io(path))?;
    Ok(Some(sealed))
}

fn is_over(leftover: Leftover, path: &Path) -> bool {
    let written = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    // A time in the future is no age at all.
    written.is_ok_and(|written| leftover.is_over(written.elapsed().unwrap_or_default()))
}

fn too_large(path: &Path) -> impl FnOnce(SealError) -> Error + '_ {
    move |error| match error {
        SealError::TooLarge => FileStoreError::TooLarge { path: path.to_owned() }.into(),
        other => Error::store(other),
    }
}

impl TokenStore for FileStore {
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        Ok(self.read_token(key)?)
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
        let path = self.path(key.as_str(), "token");
        let sealed = record::seal(&self.sealer, key, token).map_err(too_large(&path))?;
        let lock = self.lock_for_writing(key)?;
        match earlier(self.read_token(key))? {
            Earlier::Replace => {}
            Earlier::KeepAside => self.keep_aside(key)?,
        }
        self.replace(key, &path, &sealed)?;
        drop(lock);
        self.sweep();
        Ok(())
    }

    fn remove(&self, key: &StoreKey) -> Result<()> {
        let _lock = self.lock_for_writing(key)?;
        private::remove(&self.path(key.as_str(), "token"))?;
        Ok(self.directory.sync()?)
    }

    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
        self.directory.prepare()?;
        // Another lock than that for writing, which is taken while this one is held.
        let Some(lock) = FileLock::try_take(&self.path(key.as_str(), "refresh.lock"))? else { return Ok(None) };
        let lock = std::sync::Arc::new(lock);
        let checked = lock.clone();
        Ok(Some(StoreLock::new(move || drop(lock)).checked_by(move || checked.is_held())))
    }

    fn login_attempts(&self, key: &StoreKey) -> Result<LoginAttempts> {
        let sealed = read(&self.path(key.as_str(), "logins"))?;
        Ok(sealed.map(|sealed| record::open_attempts(&self.sealer, key, &sealed)).unwrap_or_default())
    }

    fn put_login_attempts(&self, key: &StoreKey, attempts: &LoginAttempts) -> Result<()> {
        let path = self.path(key.as_str(), "logins");
        let _lock = self.lock_for_writing(key)?;
        if attempts.is_outdated(SystemTime::now()) {
            return Ok(private::remove(&path)?);
        }
        let sealed = record::seal_attempts(&self.sealer, key, attempts).map_err(too_large(&path))?;
        Ok(self.replace(key, &path, &sealed)?)
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("directory", &self.directory.path()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn only_a_file_that_was_read_and_does_not_open_moves() {
        let io = |kind: io::ErrorKind| FileStoreError::Io { path: "f".into(), reason: kind.into() };
        let os = |code| FileStoreError::Io { path: "f".into(), reason: io::Error::from_raw_os_error(code) };
        assert_eq!(earlier(Ok(None)).unwrap(), Earlier::Replace);
        assert_eq!(earlier(Ok(Some(StoredToken::new("t".into())))).unwrap(), Earlier::Replace);
        for reason in
            [SealError::Format, SealError::KindOfKey, SealError::CutOff, SealError::TooLarge, SealError::Refused]
        {
            let unreadable = FileStoreError::Unreadable { path: "f".into(), reason };
            assert_eq!(earlier(Err(unreadable)).unwrap(), Earlier::KeepAside, "{reason}");
        }
        let (enfile, emfile, eio) = (23, 24, 5);
        let stays = [
            os(enfile),
            os(emfile),
            os(eio),
            io(io::ErrorKind::PermissionDenied),
            io(io::ErrorKind::Interrupted),
            FileStoreError::NotAFile { path: "f".into() },
        ];
        for error in stays {
            let text = error.to_string();
            assert_eq!(earlier(Err(error)).unwrap_err().to_string(), text);
        }
    }
}
