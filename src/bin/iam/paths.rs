//! Where the command keeps its files.

use crate::failure::{Failure, Result};
use etcetera::{AppStrategy as _, AppStrategyArgs, choose_app_strategy};
use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Returns the file with the profiles: IAM_CONFIG, else `iam/config.toml` where configuration belongs.
pub fn config() -> Result<PathBuf> {
    match env::var_os("IAM_CONFIG").filter(|path| !path.is_empty()) {
        Some(path) => Ok(path.into()),
        None => Ok(strategy()?.config_dir().join("config.toml")),
    }
}

/// Returns the directory of what lasts and is no configuration: the sealed tokens, and perhaps their key.
pub fn state() -> Result<PathBuf> {
    match env::var_os("IAM_STATE_DIR").filter(|path| !path.is_empty()) {
        Some(path) => Ok(path.into()),
        None => {
            let strategy = strategy()?;
            Ok(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()))
        }
    }
}

fn strategy() -> Result<impl etcetera::AppStrategy> {
    let arguments = AppStrategyArgs {
        top_level_domain: "com".to_owned(),
        author: "Digiwin".to_owned(),
        app_name: "iam".to_owned(),
    };
    choose_app_strategy(arguments)
        .map_err(|_| Failure::Usage("there is no home directory; set IAM_CONFIG and IAM_STATE_DIR".to_owned()))
}

/// Replaces a file as a whole, so that nobody ever reads half of it. A new one is this user's alone.
pub fn replace(path: &Path, text: &[u8]) -> Result<()> {
    let failed = |error| Failure::file(path, &error);
    private_folder(path.parent().unwrap_or(Path::new(".")))?;
    let mut file = AtomicFile::create(path).map_err(failed)?;
    file.write_all(text).and_then(|()| file.commit(true)).map_err(failed)
}

/// A file that only this user can read, and that has its name once it is whole. Until [`commit`](Self::commit) what had the
/// name before is as it was.
#[derive(Debug)]
pub struct AtomicFile {
    file: fs::File,
    temporary: PathBuf,
    target: PathBuf,
    is_committed: bool,
}

impl AtomicFile {
    /// Begins a file under a temporary name of this process's own.
    pub fn create(target: &Path) -> io::Result<Self> {
        // What the name links to is replaced, not the link: people keep their configuration elsewhere.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let temporary = beside(&target, &format!(".{}.tmp", std::process::id()));
        let file = create_private(&temporary)?;
        Ok(Self { file, temporary, target, is_committed: false })
    }

    /// Begins a file under its name and an ending more: one that a killed process has left there is emptied, since its rows
    /// must not stay for ever.
    ///
    /// # Errors
    ///
    /// Another process is writing it ([`WouldBlock`](io::ErrorKind::WouldBlock)).
    pub fn create_with_ending(target: &Path, ending: &str) -> io::Result<Self> {
        let temporary = beside(target, ending);
        let file = open_private(&temporary)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
            // A file system without locks.
            Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
        file.set_len(0)?;
        Ok(Self { file, temporary, target: target.to_owned(), is_committed: false })
    }

    /// Gives the file its name, once all of it is on disk. Without `replace` a file that has the name stays, and this one goes.
    pub fn commit(mut self, replace: bool) -> io::Result<()> {
        self.file.sync_all()?;
        match replace {
            true => fs::rename(&self.temporary, &self.target)?,
            false => match fs::hard_link(&self.temporary, &self.target) {
                Ok(()) => fs::remove_file(&self.temporary)?,
                // A file system without links, where nothing else does both at once.
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !self.target.exists() => {
                    fs::rename(&self.temporary, &self.target)?;
                }
                Err(error) => return Err(error),
            },
        }
        self.is_committed = true;
        Ok(())
    }
}

impl io::Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.is_committed {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Returns the path of a file that stands beside another one: its name with an ending more.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Waits until no other process of this command changes the file `path`, and keeps them from it until the result is dropped.
pub fn lock(path: &Path) -> Result<fs::File> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    let lock = path.with_file_name(name);
    private_folder(path.parent().unwrap_or(Path::new(".")))?;
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let failed = |error: io::Error| Failure::file(&lock, &error);
    let file = options.open(&lock).map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

/// Creates a folder for this user alone, unless it is there.
pub fn private_folder(folder: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| Failure::file(folder, &error))
}

/// Creates a file that only this user can read.
pub fn create_private(path: &Path) -> io::Result<fs::File> {
    private().create_new(true).open(path)
}

/// Opens a file for reading and writing; one that is not there yet is this user's alone.
pub fn open_private(path: &Path) -> io::Result<fs::File> {
    private().read(true).create(true).truncate(false).open(path)
}

fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_name_once_it_is_whole() {
        let folder = env::temp_dir().join(format!("iam-paths-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let target = folder.join("file.txt");
        let names = || fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        for begin in [AtomicFile::create, |path: &Path| AtomicFile::create_with_ending(path, ".part")] {
            fs::write(&target, "old").unwrap();
            let mut file = begin(&target).unwrap();
            file.write_all(b"half").unwrap();
            assert_eq!((fs::read_to_string(&target).unwrap().as_str(), names().len()), ("old", 2));
            drop(file);
            assert_eq!((fs::read_to_string(&target).unwrap().as_str(), names().len()), ("old", 1));
            let mut file = begin(&target).unwrap();
            file.write_all(b"new").unwrap();
            assert!(file.commit(false).is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists));
            assert_eq!((fs::read_to_string(&target).unwrap().as_str(), names().len()), ("old", 1));
            let mut file = begin(&target).unwrap();
            file.write_all(b"new").unwrap();
            file.commit(true).unwrap();
            assert_eq!((fs::read_to_string(&target).unwrap().as_str(), names().len()), ("new", 1));
            #[cfg(unix)]
            assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&target).unwrap()) & 0o777, 0o600);
        }
        fs::write(folder.join("file.txt.part"), "of a run that was killed").unwrap();
        let first = AtomicFile::create_with_ending(&target, ".part").unwrap();
        let second = AtomicFile::create_with_ending(&target, ".part");
        assert!(second.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock));
        first.commit(true).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "");
        fs::remove_dir_all(&folder).unwrap();
    }
}
