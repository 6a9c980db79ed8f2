//! Calls of the token store, which may block, hang or fail.

use super::{Core, held_lock::HeldLock, reentry::Inside};
use crate::transport::after;
use crate::{
    Error, Result,
    token_store::{StoreKey, StoredToken, TokenStore},
};
use std::time::{Duration, Instant};

/// The longest time that a flight waits for the release of its lock.
const RELEASE: Duration = Duration::from_secs(2);

impl Core {
    /// Calls the store with `ask`. A store that hangs occupies a thread, but its callers return at `deadline`.
    pub(super) async fn with_store<T: Send + 'static>(
        &self,
        key: &StoreKey,
        deadline: Instant,
        ask: impl FnOnce(&dyn TokenStore) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if !self.store.may_block() {
            return ask(&*self.store);
        }
        let (store, key) = (self.store.clone(), key.clone());
        let asked = self.store_workers.run(move || {
            let _inside = Inside::mark(&key);
            ask(&*store)
        });
        match self.flavour.until(deadline, asked).await {
            Ok(result) => result?,
            Err(_) => Err(Error::store_unavailable("the token store did not respond within the time limit")),
        }
    }

    pub(super) async fn stored(&self, key: &StoreKey, deadline: Instant) -> Result<Option<StoredToken>> {
        let own = key.clone();
        self.with_store(key, deadline, move |store| store.get(&own)).await
    }

    /// Takes the lock of `key` until `deadline`, if no other holder has it.
    pub(super) async fn try_lock(&self, key: &StoreKey, deadline: Instant) -> Result<Option<HeldLock>> {
        let own = key.clone();
        let lock = self.with_store(key, deadline, move |store| store.try_lock(&own)).await?;
        Ok(lock.map(|lock| HeldLock::new(lock, self.store.may_block(), deadline)))
    }

    /// Releases a lock. If that takes too long, it is done in the background.
    pub(super) async fn release(&self, lock: HeldLock) {
        let _ = self.flavour.until(after(Instant::now(), RELEASE), lock.release()).await;
    }

    /// Returns whether `lock` is still held. Without it, another process's entry must not be overwritten.
    pub(super) async fn is_held(&self, lock: &HeldLock, deadline: Instant) -> bool {
        self.flavour.until(deadline, lock.is_held()).await.unwrap_or(false)
    }
}
