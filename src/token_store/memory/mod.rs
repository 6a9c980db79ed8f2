mod bounded;

use super::{LoginAttempts, StoreKey, StoreLock, StoredToken, TokenStore};
use crate::Result;
use bounded::Bounded;
use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// Keeps tokens in this process's memory; the default.
///
/// A store keeps at most [`CAPACITY`](Self::CAPACITY) tokens, or as many as [`with_capacity`](Self::with_capacity) sets. Beyond
/// that it drops the token that was written longest ago; it drops expired tokens earlier. A session with a living handle keeps
/// its own token regardless.
///
/// # Examples
///
/// Two clients that share their sessions:
///
/// ```
/// # #[cfg(feature = "blocking")] {
/// use iam_sdk::{blocking::Client, token_store::MemoryStore};
/// use std::sync::Arc;
///
/// let store = Arc::new(MemoryStore::new());
/// let builder = Client::builder("https://iam.example.com", "app-token").shared_token_store(store);
/// let one = builder.clone().build()?;
/// let other = builder.timeout(std::time::Duration::from_secs(5)).build()?;
/// # }
/// # Ok::<_, iam_sdk::Error>(())
/// ```
pub struct MemoryStore {
    tokens: Mutex<Bounded<StoredToken>>,
    attempts: Mutex<Bounded<LoginAttempts>>,
    locked: Arc<Mutex<HashSet<StoreKey>>>,
}

impl MemoryStore {
    /// The default of the most tokens that a store keeps.
    pub const CAPACITY: usize = 100_000;

    /// Creates an empty store.
    pub fn new() -> Self {
        Self::with_capacity(Self::CAPACITY)
    }

    /// Creates an empty store that keeps at most this many tokens, and the recent logins of as many sessions.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            tokens: Mutex::new(Bounded::new(capacity)),
            attempts: Mutex::new(Bounded::new(capacity)),
            locked: Arc::default(),
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code that could leave the value half changed runs under the lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TokenStore for MemoryStore {
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        Ok(lock(&self.tokens).get(key).cloned())
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
        let now = SystemTime::now();
        lock(&self.tokens).insert(key.clone(), token.clone(), |token| token.is_expired(now));
        Ok(())
    }

    fn remove(&self, key: &StoreKey) -> Result<()> {
        lock(&self.tokens).remove(key);
        Ok(())
    }

    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
        if !lock(&self.locked).insert(key.clone()) {
            return Ok(None);
        }
        let (locked, key) = (self.locked.clone(), key.clone());
        Ok(Some(StoreLock::new(move || {
            lock(&locked).remove(&key);
        })))
    }

    fn login_attempts(&self, key: &StoreKey) -> Result<LoginAttempts> {
        Ok(lock(&self.attempts).get(key).cloned().unwrap_or_default())
    }

    fn put_login_attempts(&self, key: &StoreKey, attempts: &LoginAttempts) -> Result<()> {
        let now = SystemTime::now();
        let mut kept = lock(&self.attempts);
        if attempts.is_outdated(now) {
            kept.remove(key);
        } else {
            kept.insert(key.clone(), attempts.clone(), |attempts| attempts.is_outdated(now));
        }
        Ok(())
    }

    fn may_block(&self) -> bool {
        false
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("sessions", &lock(&self.tokens).len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token_store::LoginAttempt;
    use std::time::Duration;

    fn key(n: usize) -> StoreKey {
        StoreKey::new("digiwin", "https://h", "a", Some(&n.to_string()))
    }

    #[test]
    fn a_lock_excludes_until_it_is_dropped() {
        let store = MemoryStore::new();
        let held = store.try_lock(&key(1)).unwrap();
        assert!(held.is_some() && store.try_lock(&key(1)).unwrap().is_none());
        assert!(store.try_lock(&key(2)).unwrap().is_some());
        drop(held);
        assert!(store.try_lock(&key(1)).unwrap().is_some());
    }

    #[test]
    fn does_not_keep_expired_tokens_for_ever() {
        let store = MemoryStore::new();
        for n in 0..10_000 {
            store.put(&key(n), &StoredToken::new("t".into()).expires_in(Duration::ZERO)).unwrap();
        }
        assert!(lock(&store.tokens).len() <= 64);
        store.put(&key(1), &StoredToken::new("live".into())).unwrap();
        assert_eq!(store.get(&key(1)).unwrap().unwrap().token, "live".into());
        store.remove(&key(1)).unwrap();
        assert_eq!(store.get(&key(1)).unwrap(), None);
    }

    #[test]
    fn tokens_of_unknown_lifetime_are_bounded_and_the_oldest_go_first() {
        let store = MemoryStore::with_capacity(1_000);
        for n in 0..5_000 {
            store.put(&key(n), &StoredToken::new("t".into())).unwrap();
        }
        assert_eq!(lock(&store.tokens).len(), 1_000);
        assert_eq!(store.get(&key(3_999)).unwrap(), None);
        assert!(store.get(&key(4_000)).unwrap().is_some());
    }

    #[test]
    fn logins_are_noted_until_they_no_longer_count() {
        let (store, now) = (MemoryStore::new(), SystemTime::now());
        let attempts = |at| LoginAttempts(vec![LoginAttempt { at, secret: None }]);
        assert_eq!(store.login_attempts(&key(1)).unwrap(), LoginAttempts::default());
        store.put_login_attempts(&key(1), &attempts(now)).unwrap();
        assert_eq!(store.login_attempts(&key(1)).unwrap(), attempts(now));
        assert_eq!(store.login_attempts(&key(2)).unwrap(), LoginAttempts::default());
        store.put_login_attempts(&key(1), &attempts(now - Duration::from_secs(120))).unwrap();
        assert_eq!(lock(&store.attempts).len(), 0, "nothing that counts is nothing to keep");
    }
}
