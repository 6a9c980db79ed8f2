//! The sessions of a client that are in use, and the recent logins of all its sessions.

use super::{
    limiter::LoginLimiter,
    state::{SessionState, TokenState},
};
use crate::{crypto::SecretDigest, token_store::StoreKey, transport::worker::Workers};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::SystemTime,
};

/// The number of entries before the first sweep.
const SWEEP_FROM: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    sessions: HashMap<StoreKey, Weak<SessionState>>,
    /// Kept apart from the sessions, so that creating a session per request does not lift the limit of logins.
    logins: HashMap<StoreKey, Arc<Logins>>,
    sweep_at: usize,
}

/// The data about a session's logins, which outlives its handles.
#[derive(Debug)]
pub(crate) struct Logins {
    pub(crate) limiter: Mutex<LoginLimiter>,
    /// Runs the credentials provider: one call at a time.
    pub(crate) providers: Workers,
}

impl Logins {
    fn is_idle(&self, now: SystemTime) -> bool {
        self.providers.are_idle() && self.limiter.lock().unwrap_or_else(PoisonError::into_inner).is_idle(now)
    }
}

impl Registry {
    /// Returns the session under this key and secret; opens it if it is not in use.
    pub(crate) fn open(&self, key: StoreKey, secret: Option<&str>) -> Arc<SessionState> {
        let mut entries = self.entries();
        let live = entries.sessions.get(&key).and_then(Weak::upgrade);
        let same = |session: &Arc<SessionState>| match (&session.secret, secret) {
            (Some(digest), Some(secret)) => digest.matches(secret),
            (None, None) => true,
            _ => false,
        };
        if let Some(session) = live.filter(same) {
            return session;
        }
        entries.sweep();
        let session = SessionState::new(Some(key.clone()), secret.map(SecretDigest::new), TokenState::Unread);
        let session = Arc::new(session);
        entries.sessions.insert(key, Arc::downgrade(&session));
        session
    }

    /// Returns the data about the logins of the session under this key.
    pub(crate) fn logins(&self, key: &StoreKey) -> Arc<Logins> {
        let new = || Arc::new(Logins { limiter: Mutex::default(), providers: Workers::new(1) });
        self.entries().logins.entry(key.clone()).or_insert_with(new).clone()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        // No code that can panic runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Drops unused entries, when there are many.
    fn sweep(&mut self) {
        if self.sessions.len().max(self.logins.len()) < self.sweep_at.max(SWEEP_FROM) {
            return;
        }
        self.sessions.retain(|_, session| session.strong_count() > 0);
        let now = SystemTime::now();
        self.logins.retain(|_, logins| Arc::strong_count(logins) > 1 || !logins.is_idle(now));
        self.sweep_at = 2 * self.sessions.len().max(self.logins.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shuttle::check_random;

    fn key(name: &str) -> StoreKey {
        StoreKey::new("s", "https://h", "a", Some(name))
    }

    #[test]
    fn a_name_is_a_session_for_each_secret() {
        let check = || {
            let registry = Registry::default();
            let ann = registry.open(key("ann"), Some("right"));
            assert!(Arc::ptr_eq(&ann, &registry.open(key("ann"), Some("right"))));
            let wrong = registry.open(key("ann"), Some("wrong"));
            assert!(!Arc::ptr_eq(&ann, &wrong));
            assert!(!Arc::ptr_eq(&wrong, &registry.open(key("ann"), None)));
        };
        check_random(check, 1);
    }

    #[test]
    fn nothing_is_kept_of_sessions_that_are_gone() {
        let check = || {
            let registry = Registry::default();
            for n in 0..1_000 {
                drop(registry.open(key(&n.to_string()), None));
                drop(registry.logins(&key(&n.to_string())));
            }
            let entries = registry.entries();
            assert!(entries.sessions.len() <= 2 * SWEEP_FROM && entries.logins.len() <= 2 * SWEEP_FROM);
        };
        check_random(check, 1);
    }
}
