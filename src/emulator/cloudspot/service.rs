//! The service, as a test sees it.

use super::{directory::Directory, seed::Account, settings::Settings};
use crate::UserToken;
use crate::emulator::{Emulator, EmulatorBuilder, lock::lock};
use std::{
    fmt,
    sync::{Mutex, MutexGuard, OnceLock},
};

/// The Cloudspot License service of an [`Emulator`].
pub struct Cloudspot {
    account: Account,
    directory: Mutex<Directory>,
    base_url: OnceLock<String>,
}

impl Cloudspot {
    pub(super) fn new(account: Account, directory: Directory) -> Self {
        Self { account, directory: Mutex::new(directory), base_url: OnceLock::new() }
    }

    pub(super) fn set_base_url(&self, url: String) {
        // The emulator listens in one place.
        let _ = self.base_url.set(url);
    }

    /// Returns the base URL that clients of Cloudspot connect to: `http://127.0.0.1:port/api/v1`.
    pub fn base_url(&self) -> &str {
        self.base_url.get().map(String::as_str).unwrap_or_default()
    }

    /// Returns the application's id and the credentials of the seed's first person, with a company in which they may use it.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Issues an impersonation token for a user in a company, as Cloudspot's own pages do; `None` if there is no such user or
    /// company.
    pub fn impersonate(&self, username: &str, company_id: &str) -> Option<UserToken> {
        self.directory().impersonate(username, company_id).map(UserToken::from)
    }

    /// Expires every license token, as the passing of time would. Impersonation tokens stay.
    pub fn expire_tokens(&self) {
        self.directory().expire_tokens();
    }

    /// Revokes all tokens of a user, as an administrator would.
    pub fn revoke_tokens(&self, username: &str) {
        self.directory().revoke(username);
    }

    pub(super) fn directory(&self) -> MutexGuard<'_, Directory> {
        lock(&self.directory)
    }
}

impl fmt::Debug for Cloudspot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloudspot").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Emulator {
    /// Returns the emulated Cloudspot License, which is served below `/api/v1`: its account, and methods that change its state.
    pub fn cloudspot(&self) -> &Cloudspot {
        &self.services.cloudspot
    }
}

impl EmulatorBuilder {
    /// Sets Cloudspot's seed (companies and people), or its settings with a seed.
    pub fn cloudspot(mut self, settings: impl Into<Settings>) -> Self {
        self.settings.cloudspot = settings.into();
        self
    }
}
