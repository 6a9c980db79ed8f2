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

/// Replaces a file as a whole, so that nobody ever reads half of it. A new one is this user's alone; who could read an old one can
/// read what replaces it.
pub fn replace(path: &Path, text: &[u8]) -> Result<()> {
    let failed = |error| Failure::file(path, &error);
    private_folder(path.parent().unwrap_or(Path::new(".")))?;
    let mut file = AtomicFile::create(path).map_err(failed)?;
    file.keeps_mode = true;
    file.write_all(text).and_then(|()| file.commit(true)).map_err(failed)
}

/// A file that only this user can read, and that has its name once it is whole. Until [`commit`](Self::commit) what had the
/// name before is as it was.
#[derive(Debug)]
pub struct AtomicFile {
    file: fs::File,
    temporary: PathBuf,
    target: PathBuf,
    /// Whether the permissions of what is replaced stay.
    keeps_mode: bool,
    is_committed: bool,
}

/// What the names of files end with that are not whole yet.
const TEMPORARY: &str = ".iam-tmp";

impl AtomicFile {
    /// Begins a file under a temporary name that nobody can guess, and removes what killed processes have left of this one:
    /// its rows must not stay for ever.
    ///
    /// # Errors
    ///
    /// What has the name is a pipe, a device or a folder: nothing replaces these.
    pub fn create(target: &Path) -> io::Result<Self> {
        // What the name links to is replaced, not the link: people keep their configuration elsewhere.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        if fs::metadata(&target).is_ok_and(|there| !there.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file, and cannot be replaced"));
        }
        remove_leftovers(&target);
        loop {
            let temporary = beside(&target, &format!(".{:016x}{TEMPORARY}", rand::random::<u64>()));
            let file = match create_private(&temporary) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                file => file?,
            };
            // Locked, it is nobody's leftover. Another process may have taken it for one before.
            let is_taken = matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock));
            if !is_taken && temporary.exists() {
                return Ok(Self { file, temporary, target, keeps_mode: false, is_committed: false });
            }
        }
    }

    /// Gives the file its name, once all of it is on disk. Without `replace` a file that has the name stays, and this one goes.
    pub fn commit(mut self, replace: bool) -> io::Result<()> {
        if let Some(there) = fs::metadata(&self.target).ok().filter(|_| self.keeps_mode) {
            self.file.set_permissions(there.permissions())?;
        }
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

/// Removes the temporary files of a file that no process writes any more.
fn remove_leftovers(target: &Path) {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = target.file_name().and_then(|name| name.to_str()) else { return };
    let is_ours = |other: &str| {
        let middle = other.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
        let middle = middle.and_then(|rest| rest.strip_suffix(TEMPORARY));
        middle.is_some_and(|middle| middle.len() == 16 && middle.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_file || !entry.file_name().to_str().is_some_and(is_ours) {
            continue;
        }
        // That it stays hinders nobody.
        if let Ok(file) = fs::File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
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

/// Opens a file as [`open_private`] does, but follows no link: its name is one that others can guess.
pub fn open_private_itself(path: &Path) -> io::Result<fs::File> {
    let mut options = private();
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NOFOLLOW.bits().try_into().unwrap_or_default();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    let file = options.read(true).create(true).truncate(false).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")),
    }
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
        fs::write(&target, "old").unwrap();
        let begin = || AtomicFile::create(&target).unwrap();
        let mut file = begin();
        file.write_all(b"half").unwrap();
        assert_eq!((fs::read_to_string(&target).unwrap().as_str(), names().len()), ("old", 2));
        let second = begin();
        assert_eq!(names().len(), 3, "what somebody writes is no leftover");
        drop((file, second));
        assert_eq!((fs::read_to_string(&target).unwrap().as_str(), names().len()), ("old", 1));
        let mut file = begin();
        file.write_all(b"new").unwrap();
        assert!(file.commit(false).is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists));
        assert_eq!((fs::read_to_string(&target).unwrap().as_str(), names().len()), ("old", 1));
        // What a killed process has left goes; a file of somebody else's stays.
        fs::write(folder.join("file.txt.0123456789abcdef.iam-tmp"), "of a run that was killed").unwrap();
        fs::write(folder.join("file.txt.backup.iam-tmp"), "mine").unwrap();
        let mut file = begin();
        assert_eq!(names().len(), 3);
        file.write_all(b"new").unwrap();
        file.commit(true).unwrap();
        assert_eq!((fs::read_to_string(&target).unwrap().as_str(), names().len()), ("new", 2));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn permissions_stay_where_that_is_asked_for_and_links_stay_links() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
        let folder = env::temp_dir().join(format!("iam-paths-modes-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let (target, link) = (folder.join("file"), folder.join("link"));
        fs::write(&target, "old").unwrap();
        symlink(&target, &link).unwrap();
        let set = || fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
        let mode = || fs::metadata(&target).unwrap().mode() & 0o777;
        set();
        replace(&link, b"new").unwrap();
        assert_eq!((fs::read_to_string(&target).unwrap().as_str(), mode()), ("new", 0o644));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        AtomicFile::create(&link).unwrap().commit(true).unwrap();
        assert_eq!(mode(), 0o600);
        assert!(open_private_itself(&link).is_err() && open_private_itself(&target).is_ok());
        assert!(open_private_itself(Path::new("/dev/null")).is_err());
        assert!(AtomicFile::create(Path::new("/dev/null")).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
