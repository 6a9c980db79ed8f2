//! Writing a session's token to the store. A token that cannot be written is still used, and the write is tried again later.

use super::{Session, held_lock::HeldLock, state::TokenState};
use crate::{Error, Result, transport::after};
use std::time::{Duration, Instant};

/// The longest time that a flight waits for its token to be stored.
const IN_FLIGHT: Duration = Duration::from_secs(5);

impl Session {
    /// Writes the session's current token.
    pub(super) async fn save(&self, deadline: Instant) -> Result<()> {
        let Some(key) = self.state.key.clone() else { return Ok(()) };
        let core = &*self.core;
        let Ok(saving) = core.flavour.until(deadline, self.state.saving.clone().lock_owned()).await else {
            self.state.note_saved(self.state.snapshot().version, false, Instant::now());
            return Err(Error::store_unavailable(
                "an earlier write to the token store did not end within the time limit",
            ));
        };
        let snapshot = self.state.snapshot();
        let (version, own) = (snapshot.version, key.clone());
        let state = snapshot.state.clone();
        let written = core.with_store(&key, deadline, move |store| {
            // Held until the write ends, even if its caller gives up, so that an older token is never written last.
            let _saving = saving;
            match &*state {
                TokenState::Unread => Ok(()),
                TokenState::SignedOut => store.remove(&own),
                TokenState::SignedIn(token) => store.put(&own, &token.stored),
            }
        });
        let written = written.await;
        self.state.note_saved(version, written.is_ok(), Instant::now());
        if let Err(error) = &written
            && snapshot.save_at.is_none()
        {
            tracing::warn!(target: "iam_sdk", { "iam.service" = core.service, error = %error }, "the session's token could not be stored; the session keeps it in memory");
        }
        written
    }

    /// Retries a write that failed, unless another process has stored a newer token since.
    pub(super) async fn save_again(&self, deadline: Instant) -> Result<()> {
        let Some(key) = &self.state.key else { return Ok(()) };
        let snapshot = self.state.snapshot();
        let stored = self.core.stored(key, deadline).await.ok().flatten();
        let own = snapshot.token().and_then(|token| token.stored.issued_at);
        if stored.is_some_and(|stored| stored.issued_at.is_some() && stored.issued_at > own) {
            self.state.note_saved(snapshot.version, true, Instant::now());
            return Ok(());
        }
        self.save(deadline).await
    }

    /// Writes the token of a flight, if its lock is still held. A failure does not fail the flight.
    pub(super) async fn save_with(&self, lock: Option<&HeldLock>, deadline: Instant) {
        if let Some(lock) = lock
            && !self.core.is_held(lock, deadline).await
        {
            tracing::warn!(target: "iam_sdk", { "iam.service" = self.core.service }, "the lock of the token store was lost; the token is stored later");
            return self.state.note_saved(self.state.snapshot().version, false, Instant::now());
        }
        // The session has the token already: its callers must not wait for a store that hangs.
        let _ = self.save(deadline.min(after(Instant::now(), IN_FLIGHT))).await;
    }
}
