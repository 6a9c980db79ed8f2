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
    let folder = path.parent().unwrap_or(Path::new("."));
    private_folder(folder)?;
    // What the name links to is replaced, not the link: people keep their configuration elsewhere.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let temporary = target.with_extension(format!("{}.tmp", std::process::id()));
    let written = create_private(&temporary).and_then(|mut file| {
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&temporary, &target)
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(failed)
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
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
