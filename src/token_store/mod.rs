//! Stores for the tokens of sessions.
//!
//! | store | for | kept |
//! | --- | --- | --- |
//! | [`MemoryStore`], the default | one process | until the process ends |
//! | `FileStore`, feature `file-store` | command-line tools, processes on one machine | encrypted, in a private directory |
//! | `RedisStore`, feature `redis` | servers on many machines | encrypted, as long as the token is valid |
//! | an implementation of [`TokenStore`] | a database or vault of your own | as you decide |
//!
//! A client reads a session's token from its store once and then keeps it in memory. It writes every change to the store.
//! Clients of both flavours can share a store, any number of them.
//!
//! # The sealed format
//!
//! `FileStore` writes this format into its files, and `RedisStore` into its values. Numbers are big-endian. The format is
//! stable: another layout gets another first byte.
//!
//! | bytes | meaning |
//! | --- | --- |
//! | 1 | format: 1 |
//! | 1 | kind of key: 0 for 32 bytes as they are, 1 for a passphrase |
//! | 4, 4, 4, 16 | only with a passphrase: argon2id's memory in KiB, passes, lanes (version 0x13), salt |
//! | 12 | nonce |
//! | rest | AES-256-GCM of JSON (what [`StoredToken::to_json`] or [`LoginAttempts::to_json`] writes), then its 16 bytes of tag |
//!
//! The associated data are all bytes before the nonce, then the 64 digits of the [`StoreKey`], then `:logins` for the recent
//! logins: an entry does not open under another session's name, nor in the place of the other kind.
//!
//! Memory, passes and lanes are always 19456, 2 and 1. An entry with others is refused before any work is done for it. Nonces
//! and salts come from the operating system for each entry and each store, so that processes may fork. An entry has at most
//! 256 KiB.

mod attempts;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "file-store")]
mod file;
#[cfg(feature = "keyring")]
mod keyring;
mod memory;
#[cfg(any(feature = "file-store", feature = "redis"))]
mod record;
#[cfg(feature = "redis")]
mod redis;
mod token;
#[cfg(any(feature = "keyring", feature = "redis"))]
mod within;

#[cfg(any(feature = "file-store", feature = "redis"))]
pub use crate::crypto::{EncryptionKey, SealError};
use crate::{Result, crypto::sha256};
pub use attempts::LoginAttempts;
pub(crate) use attempts::{COUNTED_FOR, LoginAttempt};
#[cfg(feature = "file-store")]
pub use file::{FileStore, FileStoreError};
#[cfg(feature = "keyring")]
pub use keyring::KeyringError;
pub use memory::MemoryStore;
#[cfg(feature = "redis")]
pub use redis::{RedisStore, RedisStoreError};
use std::fmt;
pub use token::{StoredToken, TokenJson};

/// Keeps the tokens of sessions, each under its [`StoreKey`].
///
/// An implementation MUST
/// - return from [`get`](Self::get) what the last [`put`](Self::put) under that key stored, or `None`; never another key's;
/// - keep every field of a [`StoredToken`] (outside of this process: as [`StoredToken::to_json`] writes it, encrypted);
/// - be safe to call from many threads at once;
/// - not show a token in its `Debug`, its logs or its errors (make those with [`Error::store`](crate::Error::store) and its
///   relatives).
///
/// It MAY forget a token that has expired. The functions may block: they are called on threads of their own, and a call gives
/// up waiting for them at its time limit. They SHOULD end by themselves: a function that hangs occupies its thread.
/// They MUST NOT call the client that uses the store; calls of other clients are allowed.
///
/// `conformance::check` (feature `conformance`) tests a store against these rules.
///
/// # Examples
///
/// A store for the threads of one process:
///
/// ```
/// use iam_sdk::token_store::{StoreKey, StoreLock, StoredToken, TokenStore};
/// use std::{collections::{HashMap, HashSet}, fmt, sync::{Arc, Mutex}};
///
/// #[derive(Default)]
/// struct MapStore {
///     tokens: Mutex<HashMap<StoreKey, StoredToken>>,
///     locked: Arc<Mutex<HashSet<StoreKey>>>,
/// }
///
/// impl TokenStore for MapStore {
///     fn get(&self, key: &StoreKey) -> iam_sdk::Result<Option<StoredToken>> {
///         Ok(self.tokens.lock().unwrap().get(key).cloned())
///     }
///
///     fn put(&self, key: &StoreKey, token: &StoredToken) -> iam_sdk::Result<()> {
///         self.tokens.lock().unwrap().insert(key.clone(), token.clone());
///         Ok(())
///     }
///
///     fn remove(&self, key: &StoreKey) -> iam_sdk::Result<()> {
///         self.tokens.lock().unwrap().remove(key);
///         Ok(())
///     }
///
///     fn try_lock(&self, key: &StoreKey) -> iam_sdk::Result<Option<StoreLock>> {
///         if !self.locked.lock().unwrap().insert(key.clone()) {
///             return Ok(None);
///         }
///         let (locked, key) = (self.locked.clone(), key.clone());
///         Ok(Some(StoreLock::new(move || {
///             locked.lock().unwrap().remove(&key);
///         })))
///     }
/// }
///
/// // `Debug` must not show tokens: it is not derived.
/// impl fmt::Debug for MapStore {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str("MapStore")
///     }
/// }
///
/// # #[cfg(feature = "conformance")] {
/// // In the store's tests:
/// let store: Arc<dyn TokenStore> = Arc::new(MapStore::default());
/// iam_sdk::token_store::conformance::check(|| store.clone()).unwrap();
/// # }
/// ```
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// Returns the token under `key`.
    ///
    /// # Errors
    ///
    /// [`Error::store_unreadable`](crate::Error::store_unreadable) where there is an entry that cannot be opened: a session
    /// with credentials then logs in anew. [`Error::store_unavailable`](crate::Error::store_unavailable) where the store
    /// cannot be reached at the moment.
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>>;

    /// Stores `token` under `key`, in place of an earlier one.
    ///
    /// # Errors
    ///
    /// [`Error::store`](crate::Error::store) and its relatives. The session uses the token all the same, and the write is tried
    /// again later.
    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()>;

    /// Removes the token under `key`, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::store`](crate::Error::store) and its relatives, but not where there is no token.
    fn remove(&self, key: &StoreKey) -> Result<()>;

    /// Takes the lock of `key`; returns `None` if another holder has it.
    ///
    /// A session holds the lock while it logs in or refreshes, so that of all processes that share the store one asks the
    /// service, and the others find its token.
    ///
    /// The lock MUST exclude all users of the same storage, in other processes too. This function MUST NOT wait. The lock MUST
    /// NOT hinder `get`, `put` and `remove`, and MUST become free when its holder has died.
    ///
    /// # Errors
    ///
    /// [`Error::store`](crate::Error::store) and its relatives. A session whose store can be read but not locked continues
    /// without the lock.
    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>>;

    /// Returns the recent logins that were noted under `key`. Default: none; each process then has a limit of its own.
    ///
    /// # Errors
    ///
    /// [`Error::store`](crate::Error::store) and its relatives; they count as no logins.
    fn login_attempts(&self, _key: &StoreKey) -> Result<LoginAttempts> {
        Ok(LoginAttempts::default())
    }

    /// Notes the recent logins under `key`, in place of those noted before. The caller holds the lock. Default: does nothing.
    ///
    /// # Errors
    ///
    /// [`Error::store`](crate::Error::store) and its relatives; they are ignored.
    fn put_login_attempts(&self, _key: &StoreKey, _attempts: &LoginAttempts) -> Result<()> {
        Ok(())
    }

    /// Returns whether a call can wait for a disk or a network. `false` spares callers a hop to another thread.
    fn may_block(&self) -> bool {
        true
    }
}

/// A lock that is held. Dropping it releases it.
pub struct StoreLock {
    release: Option<Box<dyn FnOnce() + Send>>,
    is_held: Box<dyn Fn() -> bool + Send>,
}

impl StoreLock {
    /// Creates a lock that `release` releases, and that cannot be lost before.
    pub fn new(release: impl FnOnce() + Send + 'static) -> Self {
        Self { release: Some(Box::new(release)), is_held: Box::new(|| true) }
    }

    /// Sets how to find out whether the lock is still held, for locks that end by themselves after a time. It may block.
    pub fn checked_by(mut self, is_held: impl Fn() -> bool + Send + 'static) -> Self {
        self.is_held = Box::new(is_held);
        self
    }

    /// Returns whether the lock is still held. It may block.
    pub fn is_held(&self) -> bool {
        (self.is_held)()
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            // It may run while another panic unwinds.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(release));
        }
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreLock")
    }
}

/// The key of one session in a store: a SHA-256 digest, which does not reveal the user.
///
/// It is taken over service, base URL, application and session name; for a session with credentials also over their kind, user
/// (or the provider's name) and tenant. Different sessions have different keys.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StoreKey(String);

impl StoreKey {
    /// Creates a key from its parts, for tests of a store of your own. Clients create the keys of their sessions themselves.
    ///
    /// # Examples
    ///
    /// ```
    /// use iam_sdk::token_store::{MemoryStore, StoreKey, StoredToken, TokenStore};
    ///
    /// let key = StoreKey::new("digiwin", "https://iam.example.com", "app", Some("ann"));
    /// let store = MemoryStore::new();
    /// store.put(&key, &StoredToken::new("token".into()))?;
    /// assert!(store.get(&key)?.is_some());
    /// assert_eq!(key.as_str().len(), 64);
    /// # Ok::<_, iam_sdk::Error>(())
    /// ```
    pub fn new(service: &str, base_url: &str, application: &str, session: Option<&str>) -> Self {
        let parts = [Some(service), Some(base_url), Some(application), session];
        // Lengths first: no two lists of parts read alike.
        let lengths = parts.map(|part| part.map_or(u64::MAX, |part| part.len() as u64).to_be_bytes());
        let texts = parts.map(Option::unwrap_or_default);
        let all = lengths.iter().zip(&texts).flat_map(|(length, text)| [&length[..], text.as_bytes()]);
        Self(sha256(all).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Returns a key derived from this one and further parts.
    pub(crate) fn with(self, parts: &[&str]) -> Self {
        parts.iter().fold(self, |key, part| Self::new(key.as_str(), part, "", None))
    }

    /// Returns the key as 64 lower-case hexadecimal digits, fit for a file name or a database key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreKey({})", self.0)
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
