use crate::{Error, crypto::SealError};
use std::{
    io::{self, ErrorKind},
    path::PathBuf,
    time::Duration,
};

/// An error of a [`FileStore`](super::FileStore), with the file that it is about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileStoreError {
    /// The file is there and cannot be opened with this key.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why it cannot be opened.
        reason: SealError,
    },
    /// The operating system refused.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The operating system's error.
        reason: io::Error,
    },
    /// A link, a directory or something else stands where a file of the store belongs. It is neither followed nor replaced.
    #[error("{}: it is a symbolic link or another thing that is not a plain file; remove it", path.display())]
    NotAFile {
        /// The thing.
        path: PathBuf,
    },
    /// A link, a file or something else stands where the directory belongs.
    #[error("{}: it is a symbolic link or another thing that is not a directory; name the directory itself", path.display())]
    NotADirectory {
        /// The thing.
        path: PathBuf,
    },
    /// Other users may read or change the directory.
    #[error("{}: other users may use the directory (mode {mode:o}); set its mode to 700", path.display())]
    OpenToOthers {
        /// The directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The directory belongs to another user.
    #[error("{}: the directory belongs to user id {owner} and this process runs as user id {user}; use a directory of its own", path.display())]
    ForeignOwner {
        /// The directory.
        path: PathBuf,
        /// The user id of its owner.
        owner: u32,
        /// The effective user id of this process.
        user: u32,
    },
    /// The token is larger than any that could be read again.
    #[error("{}: the token is too large to be stored", path.display())]
    TooLarge {
        /// The file that it was meant for.
        path: PathBuf,
    },
    /// Another process has held the lock for too long.
    #[error("{}: locked by another process for more than {} ms", path.display(), waited.as_millis())]
    Locked {
        /// The lock's file.
        path: PathBuf,
        /// How long this process waited for it.
        waited: Duration,
    },
}

impl FileStoreError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |reason| Self::Io { path: path.into(), reason }
    }
}

impl From<FileStoreError> for Error {
    fn from(error: FileStoreError) -> Self {
        match &error {
            FileStoreError::Unreadable { .. } => Self::store_unreadable(error),
            FileStoreError::Locked { .. } => Self::store_unavailable(error),
            FileStoreError::Io { reason, .. } if may_pass(reason) => Self::store_unavailable(error),
            _ => Self::store(error),
        }
    }
}

/// Whether the same may succeed a moment later, without anybody changing the store.
fn may_pass(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        // Too many open files in the process or on the machine; a disk that failed once.
        let passing = [Errno::MFILE, Errno::NFILE, Errno::IO, Errno::NOBUFS];
        if Errno::from_io_error(error).is_some_and(|errno| passing.contains(&errno)) {
            return true;
        }
    }
    matches!(
        error.kind(),
        ErrorKind::Interrupted
            | ErrorKind::OutOfMemory
            | ErrorKind::QuotaExceeded
            | ErrorKind::ResourceBusy
            | ErrorKind::StaleNetworkFileHandle
            | ErrorKind::StorageFull
            | ErrorKind::TimedOut
            | ErrorKind::WouldBlock
    )
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn what_may_pass_is_retryable_and_only_what_does_not_open_is_unreadable() {
        let io = |errno: Errno| FileStoreError::Io { path: "/d/f".into(), reason: errno.into() };
        let path = || PathBuf::from("/d/f");
        let table = [
            (io(Errno::MFILE), true, false),
            (io(Errno::NFILE), true, false),
            (io(Errno::IO), true, false),
            (io(Errno::NOSPC), true, false),
            (io(Errno::DQUOT), true, false),
            (io(Errno::ACCESS), false, false),
            (io(Errno::ROFS), false, false),
            (io(Errno::NOENT), false, false),
            (FileStoreError::Locked { path: path(), waited: Duration::from_secs(5) }, true, false),
            (FileStoreError::NotAFile { path: path() }, false, false),
            (FileStoreError::ForeignOwner { path: path(), owner: 1, user: 0 }, false, false),
            (FileStoreError::Unreadable { path: path(), reason: SealError::CutOff }, false, true),
        ];
        for (error, retryable, unreadable) in table {
            let reason = error.to_string();
            let error = Error::from(error);
            assert_eq!((error.is_retryable(), error.is_unreadable_entry()), (retryable, unreadable), "{error}");
            assert!(error.to_string().contains(&reason) && reason.starts_with("/d/f: "), "{error}");
        }
    }
}
