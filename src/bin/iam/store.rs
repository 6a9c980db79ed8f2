//! Tokens at rest: sealed, under a key from the keyring, from a file, or made from a passphrase.

use crate::{
    failure::{Failure, Result},
    paths,
    settings::Settings,
};
use iam_sdk::{
    Password,
    token_store::{EncryptionKey, FileStore, StoreKey, StoredToken, TokenStore},
};
use std::{
    env, fmt, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

const PASSPHRASE: &str = "IAM_STORE_PASSPHRASE";

/// What seals the tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    Keyring,
    File(PathBuf),
    Passphrase,
}

impl KeySource {
    /// Returns the name that a profile has for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::File(_) => "file",
            Self::Passphrase => "passphrase",
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring => f.write_str("the operating system's keyring"),
            Self::File(path) => write!(f, "{}, a file for you alone", path.display()),
            Self::Passphrase => f.write_str(PASSPHRASE),
        }
    }
}

/// The sealed store, open.
#[derive(Clone)]
pub struct Store {
    pub tokens: Arc<FileStore>,
    pub directory: PathBuf,
    pub key: KeySource,
    /// Why a file was taken although nobody asked for it.
    pub no_keyring: Option<String>,
}

/// How much may be decided about a store whose key is not known yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum FirstUse {
    /// Ask the keyring, and else make a key file: at a login, and for a profile.
    Decide,
    /// Leave it: what is not sealed is kept in memory.
    Leave,
}

impl Store {
    /// Opens the store as the setting `store_key`, a passphrase or a key file say; else as `first_use` does.
    pub fn open(settings: &Settings, first_use: FirstUse) -> Result<Option<Self>> {
        let state = paths::state()?;
        let file = state.join("store.key");
        let passphrase = env::var(PASSPHRASE).ok().filter(|text| !text.is_empty());
        let chosen = settings.get("store_key");
        let (key, source, no_keyring) = match (chosen.as_deref(), passphrase) {
            (None | Some("passphrase"), Some(passphrase)) => {
                (EncryptionKey::from_passphrase(passphrase)?, KeySource::Passphrase, None)
            }
            (Some("passphrase"), None) => {
                return Err(Failure::Usage(format!("the tokens are sealed under a passphrase: set {PASSPHRASE}")));
            }
            (Some("file"), _) => (key_file(&file)?, KeySource::File(file), None),
            (Some("keyring"), _) => (from_keyring(&state).map_err(no_switch)?, KeySource::Keyring, None),
            (Some(_), _) => {
                return Err(Failure::Usage("store_key: neither `keyring` nor `file` nor `passphrase`".to_owned()));
            }
            (None, None) if file.exists() => (key_file(&file)?, KeySource::File(file), None),
            (None, None) if first_use == FirstUse::Leave => return Ok(None),
            (None, None) => match from_keyring(&state) {
                Ok(key) => (key, KeySource::Keyring, None),
                Err(error) => (key_file(&file)?, KeySource::File(file), Some(Failure::from(error).to_string())),
            },
        };
        paths::private_folder(&state)?;
        let directory = state.join("tokens");
        let tokens = Arc::new(FileStore::open(&directory, key)?);
        Ok(Some(Self { tokens, directory, key: source, no_keyring }))
    }

    /// Makes sure that the store can be written, before anybody is asked for a password.
    pub fn check(&self) -> Result<()> {
        let probe = StoreKey::new("iam", "probe", "", None);
        self.tokens.put(&probe, &StoredToken::new("probe".into()))?;
        Ok(self.tokens.remove(&probe)?)
    }

    /// Keeps a secret of a profile, sealed like a token.
    pub fn keep(&self, secret: &Sealed, text: &Password) -> Result<()> {
        Ok(self.tokens.put(&secret.key(), &StoredToken::new(text.expose_secret().into()))?)
    }

    /// Returns a secret that was kept.
    pub fn kept(&self, secret: &Sealed) -> Result<Option<Password>> {
        Ok(self.tokens.get(&secret.key())?.map(|stored| stored.token.expose_secret().into()))
    }

    /// Forgets a secret.
    pub fn forget(&self, secret: &Sealed) -> Result<()> {
        Ok(self.tokens.remove(&secret.key())?)
    }
}

/// A secret in the store that is no session's token.
#[derive(Clone, Debug)]
pub struct Sealed {
    pub profile: String,
    pub base_url: String,
    pub what: &'static str,
}

impl Sealed {
    fn key(&self) -> StoreKey {
        // The address is part of the name: what belongs to one service is never sent to another one.
        StoreKey::new("iam", &self.base_url, &self.profile, Some(self.what))
    }
}

/// The SDK asks on a thread of its own, and for 3 s at the most.
fn from_keyring(state: &Path) -> iam_sdk::Result<EncryptionKey> {
    EncryptionKey::from_keyring("iam", &state.display().to_string())
}

fn no_switch(error: iam_sdk::Error) -> Failure {
    Failure::Other(format!(
        "{error}; the tokens are sealed under a key in the keyring: unlock it, or run `iam config set store_key file` and log in \
         again"
    ))
}

/// Returns the key in this file, which is made if it is missing.
fn key_file(path: &Path) -> Result<EncryptionKey> {
    let failed = |error: io::Error| Failure::file(path, &error);
    let mut bytes = read_key(path)?;
    if bytes.is_none() {
        paths::private_folder(path.parent().unwrap_or(Path::new(".")))?;
        let mut fresh = [0; 32];
        getrandom(&mut fresh)?;
        let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
        let made = paths::create_private(&temporary).and_then(|mut file| {
            file.write_all(&fresh)?;
            file.sync_all()?;
            // Another process may make one at the same time: the first one counts, for both.
            fs::hard_link(&temporary, path)
        });
        let _ = fs::remove_file(&temporary);
        match made {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => bytes = read_key(path)?,
        }
    }
    let bytes = bytes.ok_or_else(|| Failure::Other(format!("{}: it is gone again", path.display())))?;
    let key = bytes.try_into().map_err(|_| Failure::Other(format!("{}: it is no key of 32 bytes", path.display())))?;
    Ok(EncryptionKey::from_bytes(key))
}

fn read_key(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => {
            check_private(path)?;
            Ok(Some(bytes))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file(path, &error)),
    }
}

#[cfg(unix)]
fn check_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_err(|error| Failure::file(path, &error))?.permissions().mode();
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(Failure::Other(format!("{}: other users may read the key; run `chmod 600` on it", path.display()))),
    }
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<()> {
    Ok(())
}

fn getrandom(bytes: &mut [u8]) -> Result<()> {
    use rand::TryRng as _;
    rand::rngs::SysRng.try_fill_bytes(bytes).map_err(|error| Failure::Other(format!("no random numbers: {error}")))
}
