use super::{StoreKey, StoreLock, StoredToken, TokenStore};
use crate::Result;
use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// Tokens in this process's memory; the default. Expired ones are dropped now and then.
#[derive(Default)]
pub struct MemoryStore {
    tokens: Mutex<Tokens>,
    locked: Arc<Mutex<HashSet<StoreKey>>>,
}

#[derive(Default)]
struct Tokens {
    by_key: HashMap<StoreKey, StoredToken>,
    sweep_at: usize,
}

impl MemoryStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        // No code runs under the lock that could leave the map half changed.
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keys(locked: &Mutex<HashSet<StoreKey>>) -> MutexGuard<'_, HashSet<StoreKey>> {
    locked.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TokenStore for MemoryStore {
    fn get(&self, key: &StoreKey) -> Result<Option<StoredToken>> {
        Ok(self.tokens().by_key.get(key).cloned())
    }

    fn put(&self, key: &StoreKey, token: &StoredToken) -> Result<()> {
        let mut tokens = self.tokens();
        if tokens.by_key.len() >= tokens.sweep_at.max(64) {
            let now = SystemTime::now();
            tokens.by_key.retain(|_, token| !token.is_expired(now));
            tokens.sweep_at = tokens.by_key.len() * 2;
        }
        tokens.by_key.insert(key.clone(), token.clone());
        Ok(())
    }

    fn remove(&self, key: &StoreKey) -> Result<()> {
        self.tokens().by_key.remove(key);
        Ok(())
    }

    fn try_lock(&self, key: &StoreKey) -> Result<Option<StoreLock>> {
        if !keys(&self.locked).insert(key.clone()) {
            return Ok(None);
        }
        let (locked, key) = (self.locked.clone(), key.clone());
        Ok(Some(StoreLock::new(move || {
            keys(&locked).remove(&key);
        })))
    }

    fn may_block(&self) -> bool {
        false
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("sessions", &self.tokens().by_key.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_lock_excludes_until_it_is_dropped() {
        let store = MemoryStore::new();
        let key = |n: &str| StoreKey::new("digiwin", "https://h", "a", Some(n));
        let held = store.try_lock(&key("1")).unwrap();
        assert!(held.is_some() && store.try_lock(&key("1")).unwrap().is_none());
        assert!(store.try_lock(&key("2")).unwrap().is_some());
        drop(held);
        assert!(store.try_lock(&key("1")).unwrap().is_some());
    }

    #[test]
    fn does_not_keep_expired_tokens_for_ever() {
        let store = MemoryStore::new();
        let key = |n: usize| StoreKey::new("digiwin", "https://h", "a", Some(&n.to_string()));
        for n in 0..10_000 {
            store.put(&key(n), &StoredToken::new("t".into()).expires_in(Duration::ZERO)).unwrap();
        }
        assert!(store.tokens().by_key.len() <= 64);
        store.put(&key(1), &StoredToken::new("live".into())).unwrap();
        assert_eq!(store.get(&key(1)).unwrap().unwrap().token, "live".into());
        store.remove(&key(1)).unwrap();
        assert_eq!(store.get(&key(1)).unwrap(), None);
    }
}
