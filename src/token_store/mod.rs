//! Where the tokens of sessions are kept.
//!
//! A client reads a session's token from its store once and then keeps it at hand; every change is written through. Stores
//! are shared by both flavours and by any number of clients.
//!
//! # The sealed format
//!
//! What [`FileStore`] writes into its files, and `RedisStore` as its values; numbers are big-endian. Stable: another layout gets another first
//! byte.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | format: 1 |
//! | 1 | kind of key: 0, 32 bytes as they are; 1, a passphrase |
//! | 4, 4, 4, 16 | for a passphrase alone: argon2id's memory in KiB, passes, lanes (version 0x13), salt |
//! | 12 | nonce |
//! | rest | AES-256-GCM of JSON, `{"token": text, "expires_at": seconds since 1970 or null, "tenant": text or absent}`, and its 16 bytes of tag |
//!
//! The associated data are all bytes before the nonce, then the 64 digits of the [`StoreKey`]: a file does not open under
//! another session's name.

mod file;
#[cfg(feature = "keyring")]
mod keyring;
mod memory;
mod record;
#[cfg(feature = "redis")]
mod redis;

pub use crate::crypto::{EncryptionKey, SealError};
use crate::{Result, secret::UserToken};
pub use file::{FileStore, FileStoreError};
#[cfg(feature = "keyring")]
pub use keyring::KeyringError;
pub use memory::MemoryStore;
#[cfg(feature = "redis")]
pub use redis::{RedisStore, RedisStoreError};
use sha2::{Digest, Sha256};
use std::{
    fmt,
    time::{Duration, SystemTime},
};

/// Keeps tokens by [`StoreKey`].
///
/// An implementation MUST
/// - return from [`get`](Self::get) what the last [`put`](Self::put) under that key stored, or `None`; never another key's;
/// - be safe to call from many threads at once;
/// - not show a token in its `Debug`, its logs or its errors (make those with [`Error::store`](crate::Error::store)).
///
/// It MAY forget a token that has expired. The functions may block: the async flavour then calls them off its executor. They
/// MUST come to an end, with an error if need be: nothing waits longer for them than they wait themselves.
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// The token under `key`.
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>>;

    /// Stores `token` under `key`, in place of an earlier one.
    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()>;

    /// Forgets what is under `key`, if anything.
    fn remove(&self, key: &StoreKey) -> Result<()>;

    /// Takes the lock of `key`, if nobody has it; `None` if somebody has. It is held while a session gets another token, so
    /// that of all who share the store one asks the service, and the others find its token.
    ///
    /// It MUST exclude all who use the same store, in other processes too, MUST NOT wait, and MUST NOT hinder `get`, `put`
    /// and `remove`. A lock whose holder has died MUST become free.
    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>>;

    /// Whether a call can wait for a disk or a network. `false` spares the async flavour a hop to another thread.
    fn may_block(&self) -> bool {
        true
    }
}

/// A lock that is held. Dropping it gives it back.
pub struct StoreLock(Option<Box<dyn FnOnce() + Send>>);

impl StoreLock {
    /// A lock that `release` gives back.
    pub fn new(release: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(release)))
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        if let Some(release) = self.0.take() {
            release();
        }
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreLock")
    }
}

/// Names one session: SHA-256 over service, base URL, application and session name, so that no two sessions ever meet and
/// the name of a user does not show.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StoreKey(String);

impl StoreKey {
    pub(crate) fn new(service: &str, base_url: &str, application: &str, session: Option<&str>) -> Self {
        let mut hash = Sha256::new();
        for part in [Some(service), Some(base_url), Some(application), session] {
            // Lengths first: no two lists of parts read alike.
            let length = part.map_or(u64::MAX, |part| part.len() as u64);
            hash.update(length.to_be_bytes());
            hash.update(part.unwrap_or_default());
        }
        Self(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The key of one session among those that this key would name.
    pub(crate) fn with(self, parts: &[&str]) -> Self {
        parts.iter().fold(self, |key, part| Self::new(key.as_str(), part, "", None))
    }

    /// 64 lower-case hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreKey({})", self.0)
    }
}

/// A token and what is known of its life.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StoredToken {
    /// The token.
    pub token: UserToken,
    /// When it expires by this machine's clock, if the service said.
    pub expires_at: Option<SystemTime>,
    /// The id of the tenant that it was switched to, so that the next one is in the same.
    pub tenant: Option<String>,
}

impl StoredToken {
    /// A token of unknown life.
    pub fn new(token: UserToken) -> Self {
        Self { token, expires_at: None, tenant: None }
    }

    /// The same, known to live for `life` from now on.
    pub fn expires_in(mut self, life: Duration) -> Self {
        self.expires_at = SystemTime::now().checked_add(life);
        self
    }

    /// Whether its life is over at `now`.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_apart_and_hide_the_name() {
        let key = |base: &str, app: &str, session| StoreKey::new("digiwin", base, app, session);
        let keys = [
            key("https://a", "x", None),
            key("https://a", "x", Some("")),
            key("https://a", "x", Some("ann")),
            key("https://a", "xann", Some("")),
            key("https://ax", "", Some("ann")),
        ];
        let apart: std::collections::HashSet<_> = keys.iter().collect();
        assert_eq!(apart.len(), keys.len());
        assert_eq!(keys[2].as_str().len(), 64);
        assert_eq!(keys[2], key("https://a", "x", Some("ann")));
    }
}
