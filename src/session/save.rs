//! Writing a session's token to the store. The token is the session's first: what cannot be written serves all the same, and
//! is tried again later.

use super::{Session, state::TokenState};
use crate::{Error, Result, token_store::StoreLock};
use std::time::Instant;

impl Session {
    /// Writes the token that the session has by now.
    pub(super) async fn save(&self, deadline: Instant) -> Result<()> {
        let Some(key) = self.state.key.clone() else { return Ok(()) };
        let core = &*self.core;
        // One write at a time, each of the latest token: an older one never comes last.
        let Ok(_saving) = core.flavour.until(deadline, self.state.saving.clone().lock_owned()).await else {
            return Err(Error::store_unavailable(
                "an earlier write to the token store did not end within the time limit",
            ));
        };
        let snapshot = self.state.snapshot();
        let version = snapshot.version;
        let own = key.clone();
        let written = core.with_store(&key, deadline, move |store| match &*snapshot.state {
            TokenState::Unread => Ok(()),
            TokenState::SignedOut => store.remove(&own),
            TokenState::SignedIn(token) => store.put(&own, &token.stored),
        });
        let written = written.await;
        self.state.note_saved(version, written.is_ok(), Instant::now());
        if let Err(error) = &written {
            tracing::warn!(target: "iam_sdk", service = core.service, %error, "the session's token could not be stored; it serves on in memory");
        }
        written
    }

    /// The same within a flight, as long as its lock is held. A failure is no failure of the flight.
    pub(super) async fn save_with(&self, lock: Option<StoreLock>, deadline: Instant) -> Option<StoreLock> {
        let Some(key) = &self.state.key else { return lock };
        let lock = match lock {
            Some(lock) => {
                let held = self.core.check_lock(key, lock, deadline).await;
                if held.is_none() {
                    tracing::warn!(target: "iam_sdk", service = self.core.service, "the lock of the token store was lost; the token is not stored");
                    return None;
                }
                held
            }
            None => None,
        };
        let _ = self.save(deadline).await;
        lock
    }
}
