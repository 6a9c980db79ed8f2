//! The work of a flight: reading the store, refreshing, logging in. One deadline holds for all of it.

use super::{
    Session,
    decide::{Plan, is_done, is_own, plan},
    flight::Goal,
    gained::Gained,
    held_lock::HeldLock,
    lifetime::{ActiveToken, Now},
    limiter::Cause,
    observe::Sending,
    reading::Reading,
    state::{Origin, Snapshot, signed_in},
};
use crate::{
    Error, ErrorKind, Result, UserToken,
    crypto::random_unit,
    protocol::{login::LoginMethod, retry::Attempts},
    token_store::{StoreKey, StoredToken},
    transport::after,
};
use std::time::{Duration, Instant};

/// The first pause before the store is polled again while another process holds the lock.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// The longest of these pauses.
const LONGEST_PAUSE: Duration = Duration::from_millis(160);
/// Polls per attempt to take the lock; the others only read the token.
const POLLS_PER_LOCK: u32 = 3;

impl Session {
    /// Does the work of a flight. Returns where its token came from.
    pub(super) async fn run_flight(&self, goal: Goal, refused: Option<UserToken>) -> Result<Gained> {
        let timeout = self.core.settings.timeout;
        // Ends shortly before its callers stop waiting, so that they learn why it failed.
        let deadline = after(Instant::now(), timeout - (timeout / 20).min(Duration::from_millis(100)));
        match goal {
            Goal::Save => self.save_again(deadline).await.map(|()| Gained::Found),
            Goal::Read => self.read(refused.as_ref(), deadline).await.map(|()| Gained::Found),
            Goal::Replace | Goal::LogIn => self.replace(goal, refused, deadline).await,
            Goal::RefreshAhead => {
                let replaced = self.replace(goal, None, deadline).await;
                if let Err(error) = &replaced {
                    tracing::warn!(target: "iam_sdk", { "iam.service" = self.core.service, error = %error }, "the token could not be refreshed; the session uses it while it is valid");
                }
                replaced
            }
        }
    }

    /// Reads the session's token from the store, if that was not done yet or the service refused the session's token.
    async fn read(&self, refused: Option<&UserToken>, deadline: Instant) -> Result<()> {
        let Some(key) = &self.state.key else { return Ok(()) };
        let before = self.state.snapshot();
        let stored = match self.method {
            Some(_) => self.own_stored(key, deadline).await?,
            None => self.core.stored(key, deadline).await?,
        };
        let is_another = |stored: &StoredToken| refused != Some(&stored.token);
        if refused.is_none() || stored.as_ref().is_some_and(is_another) {
            self.state.set_if(before.version, signed_in(self.core.dialect, stored, Now::read()), Origin::Found);
        }
        Ok(())
    }

    async fn replace(&self, goal: Goal, refused: Option<UserToken>, deadline: Instant) -> Result<Gained> {
        let (Some(key), Some(method)) = (&self.state.key, &self.method) else { return Ok(Gained::Found) };
        if goal < Goal::LogIn && matches!(*self.state.snapshot().state, super::state::TokenState::Unread) {
            let before = self.state.snapshot();
            let stored = self.own_stored(key, deadline).await?;
            self.state.set_if(before.version, signed_in(self.core.dialect, stored, Now::read()), Origin::Found);
            if self.state.snapshot().token().is_some_and(|token| token.is_valid(Instant::now())) {
                return Ok(Gained::Found);
            }
        }
        let Some(lock) = self.lock(goal, key, refused.as_ref(), deadline).await? else { return Ok(Gained::Found) };
        // A caller may have brought a token while the lock was waited for.
        let before = self.state.snapshot();
        let result = match is_done(goal, refused.as_ref(), &before, Instant::now()) {
            true => Ok(Gained::Found),
            false if goal == Goal::LogIn => self.log_in_anew(key, &**method, &before, lock.0.as_ref(), deadline).await,
            false => self.replace_locked(key, &**method, &before, refused, lock.0.as_ref(), deadline).await,
        };
        if let Some(lock) = lock.0 {
            self.core.release(lock).await;
        }
        result
    }

    /// Takes the store's lock; returns `None` once another process has stored a usable token. Where the store can be read but
    /// not locked, the session continues without a lock: a full disk must not end every session.
    async fn lock(
        &self,
        goal: Goal,
        key: &StoreKey,
        refused: Option<&UserToken>,
        deadline: Instant,
    ) -> Result<Option<Locked>> {
        let mut pause = FIRST_PAUSE;
        for poll in 0.. {
            if poll % POLLS_PER_LOCK == 0 {
                match self.core.try_lock(key, deadline).await {
                    Ok(Some(lock)) => return Ok(Some(Locked(Some(lock)))),
                    Ok(None) => {
                        tracing::trace!(target: "iam_sdk", { "iam.service" = self.core.service }, "another holder has the session's lock");
                    }
                    Err(error) => {
                        self.core.stored(key, deadline).await.or_else(readable).map_err(|_| error.clone())?;
                        tracing::warn!(target: "iam_sdk", { "iam.service" = self.core.service, error = %error }, "the token store cannot be locked; the session continues without its lock");
                        return Ok(Some(Locked(None)));
                    }
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            self.core.flavour.sleep(pause.mul_f64(0.5 + random_unit() / 2.0).min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            if Instant::now() >= deadline {
                break;
            }
            // A caller has brought a token meanwhile, which must not give way to an older one of the store's.
            if is_done(goal, refused, &self.state.snapshot(), Instant::now()) {
                return Ok(None);
            }
            let reads = goal < Goal::LogIn && poll % POLLS_PER_LOCK != POLLS_PER_LOCK - 1;
            if reads && self.use_stored(key, refused, deadline).await? {
                return Ok(None);
            }
        }
        Err(Error::store_unavailable("another holder of the session's lock did not release it within the time limit"))
    }

    /// Uses the token that another process has stored, if it is usable. Returns whether it is.
    async fn use_stored(&self, key: &StoreKey, refused: Option<&UserToken>, deadline: Instant) -> Result<bool> {
        let stored = self.own_stored(key, deadline).await?;
        let before = self.state.snapshot();
        let stored = stored.and_then(|stored| ActiveToken::new(self.core.dialect, stored, Now::read()).ok());
        let Plan::UseStored = plan(before.token(), stored.as_ref(), refused, false, Instant::now()) else {
            return Ok(false);
        };
        let stored = stored.map(|token| token.stored);
        self.state.set_if(before.version, signed_in(self.core.dialect, stored, Now::read()), Origin::Found);
        Ok(true)
    }

    async fn replace_locked(
        &self,
        key: &StoreKey,
        method: &dyn LoginMethod,
        before: &Snapshot,
        refused: Option<UserToken>,
        lock: Option<&HeldLock>,
        deadline: Instant,
    ) -> Result<Gained> {
        let stored = self.own_stored(key, deadline).await?;
        let stored = stored.and_then(|stored| ActiveToken::new(self.core.dialect, stored, Now::read()).ok());
        let tenant =
            [before.token(), stored.as_ref()].into_iter().flatten().find_map(|token| token.stored.tenant.clone());
        let can_refresh = method.refresh().is_some();
        let seen = stored.as_ref().map(|token| token.token().clone());
        let plan = plan(before.token(), stored.as_ref(), refused.as_ref(), can_refresh, Instant::now());
        let cause = if refused.is_some() { Cause::Refused } else { Cause::Missing };
        let token = match (plan, before.token(), stored) {
            (Plan::UseStored, _, Some(stored)) => {
                let state = signed_in(self.core.dialect, Some(stored.stored), Now::read());
                self.state.set_if(before.version, state, Origin::Found);
                return Ok(Gained::Found);
            }
            (Plan::RefreshStored, _, Some(token)) => self.refresh(key, method, &token, tenant, deadline).await,
            (Plan::RefreshCurrent, Some(token), _) => self.refresh(key, method, token, tenant, deadline).await,
            _ => self.log_in_limited(key, method, cause, tenant, deadline).await,
        };
        let issued = token.and_then(|(token, gained)| {
            if gained == Gained::Provided && refused.as_ref() == Some(&token.token) {
                let detail = "the credentials gave the token that the service has refused";
                return Err(Error::new(ErrorKind::Authentication).detail(detail));
            }
            Ok((self.issued(token)?, gained))
        });
        let (state, gained) = issued?;
        // A tenant switch or a logout takes no lock: what it left in the store meanwhile is what its caller wants.
        // Where the store cannot be read, the new token is the session's all the same.
        if seen.is_some()
            && let Ok(now) = self.own_stored(key, deadline).await
            && now.as_ref().map(|stored| &stored.token) != seen.as_ref()
        {
            self.state.set_if(before.version, signed_in(self.core.dialect, now, Now::read()), Origin::Found);
            tracing::debug!(target: "iam_sdk", { "iam.service" = self.core.service }, "the token store was changed meanwhile; the session uses its token");
            return Ok(Gained::Found);
        }
        // Unless a caller has brought another token meanwhile.
        if self.state.set_if(before.version, state, gained.origin()) {
            self.save_with(lock, deadline).await;
        }
        Ok(gained)
    }

    /// Refreshes a valid token. If the service refuses that, the session logs in.
    async fn refresh(
        &self,
        key: &StoreKey,
        method: &dyn LoginMethod,
        token: &ActiveToken,
        tenant: Option<String>,
        deadline: Instant,
    ) -> Result<(StoredToken, Gained)> {
        let Some(request) = method.refresh() else {
            return self.log_in_limited(key, method, Cause::Missing, tenant, deadline).await;
        };
        let mut reading = Reading::with(|data: &_| method.refreshed(data, &token.stored));
        let request = request?;
        let mut attempts = Attempts::new(request.effect, &self.core.settings, deadline);
        let (now, mut sending) = (Instant::now(), Sending::default());
        match self.send_with_retries(&request, Some(token), &mut reading, &mut attempts, now, &mut sending).await {
            Err(error) if error.is_authentication() => {
                self.log_in_limited(key, method, Cause::Refused, tenant, deadline).await
            }
            sent => {
                sent?;
                Ok((reading.value(), Gained::Refreshed))
            }
        }
    }

    /// Returns the stored token, if this session's secret brought it. An entry that cannot be opened is ignored: the session
    /// logs in.
    async fn own_stored(&self, key: &StoreKey, deadline: Instant) -> Result<Option<StoredToken>> {
        let secret = self.method.as_ref().and_then(|method| method.credentials()).and_then(|own| own.secret());
        let stored = self.core.stored(key, deadline).await.or_else(readable)?;
        Ok(stored.filter(|stored| is_own(stored, secret)))
    }
}

/// Permission to replace the token: with the store's lock, or without one where the store cannot be locked.
struct Locked(Option<HeldLock>);

/// Turns the error of an entry that cannot be opened into no entry.
fn readable(error: Error) -> Result<Option<StoredToken>> {
    if !error.is_unreadable_entry() {
        return Err(error);
    }
    tracing::warn!(target: "iam_sdk", %error, "an entry of the token store cannot be read; the session logs in");
    Ok(None)
}
