//! The service's public key, which logins remember for a while.

use super::{flight::SingleFlight, key_fetch::Fetched};
use crate::crypto::ServiceKey;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Remembers one key: a client has one service and one application.
pub(super) struct KeyMemory {
    /// How long a key is remembered; zero for not at all.
    lifetime: Duration,
    /// The key, and when it was asked for.
    key: Mutex<Option<(Arc<ServiceKey>, Instant)>>,
    /// Lets one of many concurrent logins ask for the key.
    pub(super) fetches: SingleFlight<Fetched>,
    /// Tells whenever a key becomes known.
    changes: watch::Sender<()>,
}

impl KeyMemory {
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { lifetime, key: Mutex::default(), fetches: SingleFlight::new(), changes: watch::Sender::new(()) }
    }

    /// Returns a receiver that tells when a key becomes known from now on.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Returns whether a login may use a key that another one has asked for.
    pub(super) fn is_shared(&self) -> bool {
        !self.lifetime.is_zero()
    }

    /// Returns the key, unless it was asked for too long ago.
    pub(super) fn get(&self, now: Instant) -> Option<Arc<ServiceKey>> {
        let key = self.lock();
        let (key, asked) = key.as_ref()?;
        (now.saturating_duration_since(*asked) < self.lifetime).then(|| key.clone())
    }

    /// Remembers a key that was asked for at `asked`, unless one is known that was asked for later.
    pub(super) fn put(&self, key: Arc<ServiceKey>, asked: Instant) {
        let mut known = self.lock();
        if known.as_ref().is_none_or(|(_, earlier)| *earlier <= asked) {
            *known = Some((key, asked));
            drop(known);
            self.changes.send_replace(());
        }
    }

    /// Forgets the key, if it is this one: another login may know a newer one already.
    pub(super) fn forget(&self, key: &ServiceKey) {
        self.lock().take_if(|(known, _)| **known == *key);
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Arc<ServiceKey>, Instant)>> {
        // No code that can panic runs under this lock.
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::os_rng;
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use rsa::{RsaPrivateKey, pkcs8::EncodePublicKey as _};

    /// Not inside of the model checker, whose stacks are small.
    fn key() -> Arc<ServiceKey> {
        let key = RsaPrivateKey::new(&mut os_rng(), 1024).unwrap().to_public_key();
        Arc::new(ServiceKey::read(&STANDARD.encode(key.to_public_key_der().unwrap())).unwrap())
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_key_is_remembered_for_its_lifetime() {
        let key = key();
        let check = move || {
            let (memory, asked) = (KeyMemory::new(secs(300)), Instant::now());
            assert!(memory.get(asked).is_none() && memory.is_shared());
            memory.put(key.clone(), asked);
            for (after, known) in [(0, true), (1, true), (299, true), (300, false), (301, false), (100_000, false)] {
                assert_eq!(memory.get(asked + secs(after)).is_some(), known, "after {after} s");
            }
            memory.put(key.clone(), asked + secs(400));
            assert!(memory.get(asked + secs(699)).is_some_and(|known| known == key));

            let none = KeyMemory::new(Duration::ZERO);
            none.put(key.clone(), asked);
            assert!(none.get(asked).is_none() && !none.is_shared());
        };
        shuttle::check_random(check, 1);
    }

    #[test]
    fn a_slow_response_does_not_replace_a_newer_key() {
        let [old, new] = [key(), key()];
        let check = move || {
            let (memory, now) = (KeyMemory::new(secs(300)), Instant::now());
            memory.put(new.clone(), now + secs(2));
            memory.put(old.clone(), now + secs(1));
            assert!(memory.get(now + secs(3)).is_some_and(|known| known == new));
            memory.put(old.clone(), now + secs(4));
            assert!(memory.get(now + secs(5)).is_some_and(|known| known == old));
        };
        shuttle::check_random(check, 1);
    }

    #[test]
    fn a_refused_key_is_forgotten_and_a_newer_one_is_not() {
        let [old, new] = [key(), key()];
        let check = move || {
            let (memory, now) = (KeyMemory::new(secs(300)), Instant::now());
            memory.put(old.clone(), now);
            memory.forget(&new);
            assert!(memory.get(now).is_some());
            memory.forget(&old);
            assert!(memory.get(now).is_none());
            memory.put(new.clone(), now);
            memory.forget(&old);
            assert!(memory.get(now).is_some_and(|known| known == new));
        };
        shuttle::check_random(check, 1);
    }
}
