//! The token of a call, either current or from a flight, and the replay after a refusal.

use super::{
    Session,
    decide::{Next, is_done, next},
    flight::{Flight, Goal, Leader},
    reentry::Inside,
    refusal::{AfterRefusal, Refusal, after_refusal},
    state::Snapshot,
};
use crate::{
    Error, ErrorKind, Result, UserToken,
    protocol::{decode::Data, dry_run, operation::TokenUse, request::Request, retry::Attempts},
    transport::{
        after,
        runtime::{JoinHandle, work_lost},
    },
};
use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

/// The most flights that one call waits for; after them it uses the state that they left.
const MOST_FLIGHTS: u32 = 5;

impl Session {
    /// Sends `request`, and again with another token if the service refuses the current one. Returns the snapshot that was
    /// used, too.
    pub(super) async fn send<T>(&self, request: &Request, read: fn(&Data) -> Result<T>) -> Result<(T, Arc<Snapshot>)> {
        let unsent = |error: Error| error.operation_unless_named(request.operation.name);
        self.check_context().map_err(unsent)?;
        // Before a token is asked for: nothing is sent, no login either.
        if self.settings.dry_run {
            return Err(dry_run::error(request, &self.core.base_url));
        }
        let mut used = self.snapshot_for(request.token_use).await.map_err(unsent)?;
        let first_version = used.version;
        let mut rounds = 0;
        loop {
            rounds += 1;
            let sent = Instant::now();
            let token = used.token().filter(|_| request.token_use != TokenUse::Never);
            if token.is_none() && request.token_use == TokenUse::Required {
                let missing = Error::new(ErrorKind::Authentication).detail("the session has no token: log in first");
                return Err(missing.operation_named(request.operation.name));
            }
            // The request has the limit for itself: a login that took most of it would else be blamed on the request.
            let attempts = Attempts::new(request.effect, &self.settings, after(sent, self.settings.timeout));
            let error = match self.send_with_retries(request, token, read, attempts, sent).await {
                Ok(value) => {
                    if token.is_some_and(|token| token.note_accepted(sent)) {
                        self.note_served();
                    }
                    self.state.note_accepts((request.operation.name, request.discriminant()));
                    return Ok((value, used));
                }
                Err(error) => error,
            };
            let replaceable = matches!(request.token_use, TokenUse::IfAny | TokenUse::Required);
            if !replaceable || !self.core.dialect.refuses_token(request.operation, &error) {
                return Err(error);
            }
            let current = self.state.snapshot();
            let refusal = Refusal {
                used: &used,
                current: &current,
                first_version,
                sent,
                refuses_any: self.state.refuses_any((request.operation.name, request.discriminant()), sent),
                replacing: self.state.flights.is_under_way(Goal::Replace),
                logs_in: self.method.is_some(),
                rounds,
            };
            let refused = token.map(|token| token.token().clone());
            match after_refusal(&refusal) {
                AfterRefusal::GiveUp => return Err(error),
                AfterRefusal::GiveUpAndNote => {
                    self.state.note_refuses_any((request.operation.name, request.discriminant()), sent);
                    self.with_limiter(|limiter| limiter.was_in_vain());
                    return Err(error);
                }
                AfterRefusal::SendAgain => {}
                AfterRefusal::Replace => {
                    // The service has seen the request, and refused it.
                    let replaced = Box::pin(self.wait_for_flight(Goal::Replace, refused, self.deadline())).await;
                    replaced.map_err(|error| {
                        // The provider has no other token: this operation need not ask for one at once again.
                        if error.is_authentication() && error.status().is_none() {
                            self.state.note_refuses_any((request.operation.name, request.discriminant()), sent);
                        }
                        unsent(error).sent(true)
                    })?;
                }
                AfterRefusal::ReadAgain => {
                    // If the store fails, the service's refusal is the error that counts.
                    let read = Box::pin(self.wait_for_flight(Goal::Read, refused, self.deadline())).await;
                    if read.is_err() || self.state.snapshot().version == used.version {
                        return Err(error);
                    }
                }
            }
            used = self.state.snapshot();
        }
    }

    /// Returns the session's token for a request with this use of it. Waits only if there is no valid token, and no longer than the
    /// time limit.
    pub(super) async fn snapshot_for(&self, token_use: TokenUse) -> Result<Arc<Snapshot>> {
        // A call that need not wait does not read the clock for it.
        let mut deadline = None;
        for _ in 0..MOST_FLIGHTS {
            let snapshot = self.state.snapshot();
            match next(&snapshot, token_use, self.method.is_some(), Instant::now()) {
                Next::Go => return Ok(snapshot),
                Next::GoAndStart(goal) => {
                    self.start(goal);
                    return Ok(snapshot);
                }
                // Boxed, to keep the future of a call that need not wait small.
                Next::Wait(goal) => {
                    let deadline = *deadline.get_or_insert_with(|| self.deadline());
                    Box::pin(self.wait_for_flight(goal, None, deadline)).await?;
                }
            }
        }
        Ok(self.state.snapshot())
    }

    /// Starts a flight in the background, unless one is under way.
    fn start(&self, goal: Goal) {
        if let Flight::Leader(leader, _) = self.state.flights.begin(goal, self.flight_deadline()) {
            // No caller waits for it. A panic in it is reported by the panic hook.
            drop(self.spawn_flight(leader, goal, None));
        }
    }

    /// Waits until a flight has reached `goal`, or until `deadline`: the one under way, or one that this call begins.
    pub(super) async fn wait_for_flight(
        &self,
        goal: Goal,
        refused: Option<UserToken>,
        deadline: Instant,
    ) -> Result<()> {
        let Some(key) = &self.state.key else { return Ok(()) };
        if Inside::is_inside(key) {
            return Err(Error::configuration(
                "a credentials provider or token store has called the session that is waiting for it; use another session",
            ));
        }
        let flavour = self.core.flavour;
        loop {
            match self.state.flights.begin(goal, self.flight_deadline()) {
                Flight::Leader(leader, follower) => {
                    let refused_token = refused.clone();
                    let work = self.spawn_flight(leader, goal, refused);
                    return match flavour.until(deadline, follower.outcome()).await {
                        Ok(Some(outcome)) => outcome,
                        // A panic of the flight is resumed here; otherwise its runtime was shut down.
                        Ok(None) => work.join().await.and_then(|()| Err(work_lost())),
                        Err(_) => self.after_deadline(goal, refused_token.as_ref()),
                    };
                }
                Flight::Follower(follower, running) => match flavour.until(deadline, follower.outcome()).await {
                    // Its goal was less than this caller needs.
                    Ok(Some(_)) if running < goal => {}
                    Ok(Some(outcome)) => return outcome,
                    Ok(None) => return Err(abandoned()),
                    Err(_) => return self.after_deadline(goal, refused.as_ref()),
                },
            }
        }
    }

    /// Returns the result of a flight that has not ended in time. It may have reached its goal and still be storing the token.
    fn after_deadline(&self, goal: Goal, refused: Option<&UserToken>) -> Result<()> {
        match is_done(goal, refused, &self.state.snapshot(), Instant::now()) {
            true => Ok(()),
            false => Err(self.settings.late("the login or refresh that the call waited for")),
        }
    }

    /// Spawns a flight's work, which continues if its caller is dropped.
    fn spawn_flight(
        &self,
        leader: Leader<Result<(), Error>>,
        goal: Goal,
        refused: Option<UserToken>,
    ) -> JoinHandle<()> {
        let session = self.clone();
        let mut deferred =
            DeferOnFailure { session: self.clone(), version: (goal == Goal::RefreshAhead).then(|| self.version()) };
        let running = self.core.running.clone().begin();
        self.core.flavour.spawn_detached(async move {
            let _running = running;
            // Another flight may have ended between the caller's decision and this one's beginning.
            let done = is_done(goal, refused.as_ref(), &session.state.snapshot(), Instant::now());
            let outcome = if done { Ok(()) } else { session.run_flight(goal, refused).await };
            if outcome.is_ok() {
                deferred.version = None;
            }
            drop(deferred);
            leader.complete(outcome);
        })
    }

    /// Returns when a flight that begins now is considered lost: nothing may be driving its runtime any more. A flight serves all
    /// callers, and has the client's own time limit.
    fn flight_deadline(&self) -> Instant {
        after(after(Instant::now(), self.core.settings.timeout), Duration::from_secs(5))
    }

    fn version(&self) -> u64 {
        self.state.snapshot().version
    }

    fn note_served(&self) {
        self.with_limiter(super::limiter::LoginLimiter::served);
    }

    fn with_limiter(&self, change: impl FnOnce(&mut super::limiter::LoginLimiter)) {
        if let (Some(key), Some(_)) = (&self.state.key, &self.method) {
            let logins = self.core.registry.logins(key);
            change(&mut logins.limiter.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// Defers the next refresh when it is dropped, unless this one succeeded: also after a panic, or without a thread.
struct DeferOnFailure {
    session: Session,
    version: Option<u64>,
}

impl Drop for DeferOnFailure {
    fn drop(&mut self) {
        if let Some(version) = self.version {
            self.session.state.defer_refresh(version, Instant::now());
        }
    }
}

fn abandoned() -> Error {
    Error::configuration(
        "another caller's login was abandoned: its credentials provider or token store panicked, or its runtime was shut down",
    )
}
