//! Locks between processes: an advisory lock on a file of its own.
//!
//! The file is deleted by its holder, while the lock is held. So a lock that was taken counts only if the path still leads to
//! the file that was locked: the last holder may have deleted it between the opening and the locking.

use super::{FileStoreError, private};
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    process, thread,
    time::{Duration, Instant},
};

const PAUSE: Duration = Duration::from_millis(2);
/// How often a file that was deleted before it was locked is opened again at once. Bounded: where the system never says that the
/// path leads to the file, the caller must not wait for ever.
const TRIES: u32 = 100;

/// A lock that is held; dropping it releases it.
pub(super) struct FileLock {
    file: File,
    path: PathBuf,
    /// The process that took it: a forked child has a copy of this value, and the lock is not the child's to release.
    process: u32,
}

impl FileLock {
    /// Takes the lock; `None` if another holder has it, or if the path does not lead to the locked file however often it is opened.
    pub(super) fn try_take(path: &Path) -> Result<Option<Self>, FileStoreError> {
        for _ in 0..TRIES {
            let file = private::open_lock(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(FileStoreError::io(path)(error)),
            }
            let lock = Self { file, path: path.to_owned(), process: process::id() };
            if lock.is_held() {
                return Ok(Some(lock));
            }
        }
        Ok(None)
    }

    /// Takes the lock, for which it waits this long.
    pub(super) fn take(path: &Path, timeout: Duration) -> Result<Self, FileStoreError> {
        let begun = Instant::now();
        loop {
            match Self::try_take(path)? {
                Some(lock) => return Ok(lock),
                None if begun.elapsed() >= timeout => {
                    return Err(FileStoreError::Locked { path: path.to_owned(), waited: timeout });
                }
                None => thread::sleep(PAUSE),
            }
        }
    }

    /// Returns whether the lock still excludes others: its file may have been deleted by hand.
    pub(super) fn is_held(&self) -> bool {
        self.process == process::id() && is_at(&self.file, &self.path)
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        if self.process != process::id() {
            return;
        }
        // Elsewhere than on Unix the file stays: whether the path still leads to it cannot be told.
        if cfg!(unix) && is_at(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
        // Closing is not enough: a forked child may have a copy of the descriptor, which keeps the lock.
        let _ = self.file.unlock();
    }
}

/// Whether the path leads to this open file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::{
        fs,
        sync::atomic::{AtomicU32, Ordering},
    };

    struct Directory(PathBuf);

    impl Directory {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("iam-sdk-lock-{:032x}", rand::random::<u128>()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_released_lock_leaves_no_file() {
        let directory = Directory::new();
        let path = directory.0.join("x.lock");
        let held = FileLock::try_take(&path).unwrap().unwrap();
        assert!(held.is_held() && FileLock::try_take(&path).unwrap().is_none());
        let waited = FileLock::take(&path, Duration::from_millis(5)).err();
        assert!(matches!(waited, Some(FileStoreError::Locked { .. })), "{waited:?}");
        drop(held);
        assert!(!path.exists());
        // A file that a killed holder left is taken over.
        fs::write(&path, "").unwrap();
        drop(FileLock::try_take(&path).unwrap().unwrap());
        assert!(!path.exists());
    }

    #[test]
    fn a_lock_whose_file_is_gone_is_not_held_and_deletes_no_other() {
        let directory = Directory::new();
        let path = directory.0.join("x.lock");
        let first = FileLock::try_take(&path).unwrap().unwrap();
        fs::remove_file(&path).unwrap();
        assert!(!first.is_held());
        let second = FileLock::try_take(&path).unwrap().unwrap();
        assert!(!first.is_held() && second.is_held());
        drop(first);
        assert!(second.is_held() && FileLock::try_take(&path).unwrap().is_none());
    }

    #[test]
    fn threads_that_delete_and_make_the_file_exclude_one_another() {
        let directory = Directory::new();
        let path = directory.0.join("x.lock");
        let (inside, turns) = (AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        // Without a pause, which would hide what happens between the opening and the locking.
                        let lock = loop {
                            if let Some(lock) = FileLock::try_take(&path).unwrap_or_else(|error| panic!("{error}")) {
                                break lock;
                            }
                        };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                        turns.fetch_add(1, Ordering::SeqCst);
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert_eq!((turns.into_inner(), path.exists()), (160, false));
    }
}
