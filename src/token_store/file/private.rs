//! A directory that is this user's alone, and files in it that are never links.

use super::FileStoreError;
use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

type Result<T, E = FileStoreError> = std::result::Result<T, E>;

/// The directory, by its absolute path.
pub(super) struct PrivateDirectory(PathBuf);

impl PrivateDirectory {
    pub(super) fn open(path: &Path) -> Result<Self> {
        // Taken now: a `chdir` must not move the store.
        let absolute = std::path::absolute(path).map_err(FileStoreError::io(path))?;
        // Without a slash at the end, which would follow a link.
        let directory = Self(absolute.components().collect());
        if let Some(parent) = directory.0.parent() {
            directories().recursive(true).create(parent).map_err(FileStoreError::io(parent))?;
        }
        directory.prepare()?;
        Ok(directory)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the directory if it is missing, and checks that nobody else can use it. Done before each write too: somebody
    /// may have put another one in its place.
    pub(super) fn prepare(&self) -> Result<()> {
        let path = &self.0;
        let metadata = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => match make_directory(path) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
                _ => fs::symlink_metadata(path),
            },
            metadata => metadata,
        };
        let metadata = metadata.map_err(FileStoreError::io(path))?;
        if !metadata.is_dir() {
            return Err(FileStoreError::NotADirectory { path: path.clone() });
        }
        check_access(path, &metadata)
    }

    /// Makes sure that a rename or a removal is on the disk. A directory cannot be opened elsewhere than on Unix.
    pub(super) fn sync(&self) -> Result<()> {
        if cfg!(unix) {
            File::open(&self.0).and_then(|directory| directory.sync_all()).map_err(FileStoreError::io(&self.0))
        } else {
            Ok(())
        }
    }
}

/// Opens a file for reading; `None` if there is none.
pub(super) fn open_existing(path: &Path) -> Result<Option<File>> {
    match open_plain(OpenOptions::new().read(true), path) {
        Err(FileStoreError::Io { reason, .. }) if reason.kind() == ErrorKind::NotFound => Ok(None),
        file => file.map(Some),
    }
}

/// Opens a lock's file, which is made if it is missing. Nothing is ever written to it.
pub(super) fn open_lock(path: &Path) -> Result<File> {
    open_plain(OpenOptions::new().create(true).write(true).truncate(false), path)
}

/// Creates a file where a killed writer may have left one.
pub(super) fn create_anew(path: &Path) -> Result<File> {
    remove(path)?;
    open_plain(OpenOptions::new().create_new(true).write(true), path)
}

/// Removes a plain file, if there is one.
pub(super) fn remove(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(FileStoreError::io(path)(error)),
        Ok(metadata) if !metadata.is_file() => return Err(FileStoreError::NotAFile { path: path.to_owned() }),
        Ok(_) => {}
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(FileStoreError::io(path)(error)),
        _ => Ok(()),
    }
}

/// Opens a plain file. Whatever else has its name is an error that says so, whichever way the system reports it.
fn open_plain(options: &mut OpenOptions, path: &Path) -> Result<File> {
    let is_another_thing = || fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file());
    let not_a_file = || FileStoreError::NotAFile { path: path.to_owned() };
    if cfg!(not(unix)) && is_another_thing() {
        return Err(not_a_file());
    }
    private(options);
    let file = options
        .open(path)
        .map_err(|error| if is_another_thing() { not_a_file() } else { FileStoreError::io(path)(error) })?;
    let metadata = file.metadata().map_err(FileStoreError::io(path))?;
    if metadata.is_file() { Ok(file) } else { Err(not_a_file()) }
}

/// Mode 0600, no link followed, and no wait for the other end of a pipe.
#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

fn make_directory(path: &Path) -> io::Result<()> {
    directories().create(path)
}

/// Makes directories that are this user's alone.
fn directories() -> DirBuilder {
    #[allow(unused_mut, reason = "only Unix has modes")]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(unix)]
fn check_access(path: &Path, metadata: &Metadata) -> Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let user = rustix::process::geteuid().as_raw();
    access_fault(path, metadata.uid(), user, metadata.permissions().mode()).map_or(Ok(()), Err)
}

#[cfg(not(unix))]
fn check_access(_: &Path, _: &Metadata) -> Result<()> {
    Ok(())
}

/// Returns the error of a directory with this owner and mode. It must belong to this user, also to root itself: another owner
/// could replace any file.
#[cfg(unix)]
fn access_fault(path: &Path, owner: u32, user: u32, mode: u32) -> Option<FileStoreError> {
    let path = path.to_owned();
    if owner != user {
        Some(FileStoreError::ForeignOwner { path, owner, user })
    } else if mode & 0o077 != 0 {
        Some(FileStoreError::OpenToOthers { path, mode: mode & 0o777 })
    } else {
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_directory_must_be_this_users_alone() {
        let fault = |owner, user, mode| access_fault(Path::new("/d"), owner, user, mode);
        let foreign = |fault| matches!(fault, Some(FileStoreError::ForeignOwner { .. }));
        let open = |fault| matches!(fault, Some(FileStoreError::OpenToOthers { .. }));
        for (owner, user) in [(1000, 1000), (0, 0)] {
            assert!(fault(owner, user, 0o40700).is_none() && fault(owner, user, 0o40500).is_none());
            for mode in [0o40755, 0o40770, 0o40701, 0o41777] {
                assert!(open(fault(owner, user, mode)), "{mode:o}");
            }
        }
        for (owner, user) in [(1000, 0), (0, 1000), (1001, 1000)] {
            assert!(foreign(fault(owner, user, 0o40700)), "{owner} {user}");
        }
    }
}
