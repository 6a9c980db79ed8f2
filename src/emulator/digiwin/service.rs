//! The service, as a test sees it.

use super::{
    handshake::ServerKeys,
    seed::Account,
    settings::{ResponseStyle, Settings},
    state::{directory::Directory, users::User},
};
use crate::emulator::{Emulator, EmulatorBuilder, lock::lock};
use std::{
    fmt,
    sync::{Mutex, MutexGuard},
};

/// The Digiwin IAM service of an [`Emulator`].
pub struct Digiwin {
    account: Account,
    pub(super) style: ResponseStyle,
    pub(super) keys: ServerKeys,
    directory: Mutex<Directory>,
}

impl Digiwin {
    pub(super) fn new(account: Account, style: ResponseStyle, keys: ServerKeys, directory: Directory) -> Self {
        Self { account, style, keys, directory: Mutex::new(directory) }
    }

    /// Returns the application's token and the credentials of the seed's first person, with a tenant that they can switch to.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Expires every token, as the passing of time would.
    pub fn expire_tokens(&self) {
        self.directory().sessions.expire();
    }

    /// Revokes all tokens of a user, as an administrator would.
    pub fn revoke_tokens(&self, user_id: &str) {
        let mut directory = self.directory();
        if let Some(sid) = directory.users.with_id(user_id).map(User::sid) {
            directory.sessions.revoke(&sid, |_| true);
        }
    }

    /// Replaces the service's RSA key by a new one, as an administrator would.
    ///
    /// A request for an AES key that was made for the old key is refused; a login that has its AES key goes on. What the service
    /// itself responds then is not documented.
    ///
    /// # Panics
    ///
    /// If no key can be generated.
    pub fn rotate_keys(&self) {
        if let Err(error) = self.keys.rotate() {
            panic!("no RSA key could be generated: {error}");
        }
    }

    pub(super) fn directory(&self) -> MutexGuard<'_, Directory> {
        lock(&self.directory)
    }
}

impl fmt::Debug for Digiwin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digiwin").field("account", &self.account).field("style", &self.style).finish_non_exhaustive()
    }
}

impl Emulator {
    /// Returns the emulated Digiwin IAM: its account, and methods that change its state.
    pub fn digiwin(&self) -> &Digiwin {
        &self.services.digiwin
    }
}

impl EmulatorBuilder {
    /// Sets Digiwin's seed (people and tenants), or its settings with a seed.
    pub fn digiwin(mut self, settings: impl Into<Settings>) -> Self {
        self.settings.digiwin = settings.into();
        self
    }
}
