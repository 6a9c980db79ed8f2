//! The token of a call: the one at hand, or the one that comes of a flight; and what a refusal of it means.

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
    protocol::{
        decode::Data,
        request::{Request, TokenUse},
    },
    transport::{
        after,
        runtime::{JoinHandle, work_lost},
    },
};
use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

/// After so many flights in a row the call uses the state that they left.
const MOST_FLIGHTS: u32 = 5;

impl Session {
    /// Sends `request`, again with another token if the service refuses the one at hand; gives also what it was sent with.
    pub(super) async fn exchange<T>(
        &self,
        request: &Request,
        read: fn(&Data) -> Result<T>,
    ) -> Result<(T, Arc<Snapshot>)> {
        let unsent = |error: Error| error.operation_unless_named(request.operation);
        self.check_context().map_err(unsent)?;
        let mut used = self.snapshot_for(request.token_use).await.map_err(unsent)?;
        let first_version = used.version;
        let mut rounds = 0;
        loop {
            rounds += 1;
            let sent = Instant::now();
            let token = used.token().filter(|_| request.token_use != TokenUse::Never);
            if token.is_none() && request.token_use == TokenUse::Required {
                let missing = Error::new(ErrorKind::Authentication).detail("the session has no token: log in first");
                return Err(missing.operation_named(request.operation));
            }
            let error = match self.send_with_retries(request, token, read, sent, after(sent, self.core.timeout)).await {
                Ok(value) => {
                    if token.is_some_and(|token| token.note_accepted(sent)) {
                        self.note_served();
                    }
                    self.state.note_accepts((request.operation, request.discriminant()));
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
                refuses_any: self.state.refuses_any((request.operation, request.discriminant()), sent),
                replacing: self.state.flights.is_under_way(Goal::Replace),
                logs_in: self.method.is_some(),
                rounds,
            };
            let refused = token.map(|token| token.token().clone());
            match after_refusal(&refusal) {
                AfterRefusal::GiveUp => return Err(error),
                AfterRefusal::GiveUpAndNote => {
                    self.state.note_refuses_any((request.operation, request.discriminant()), sent);
                    self.with_limiter(|limiter| limiter.was_in_vain());
                    return Err(error);
                }
                AfterRefusal::SendAgain => {}
                AfterRefusal::Replace => {
                    // The service has seen the request, and refused it.
                    let replaced = Box::pin(self.wait_for(Goal::Replace, refused)).await;
                    replaced.map_err(|error| unsent(error).sent(true))?;
                }
                AfterRefusal::ReadAgain => {
                    // A store that fails now has not refused anything.
                    let read = Box::pin(self.wait_for(Goal::Read, refused)).await;
                    if read.is_err() || self.state.snapshot().version == used.version {
                        return Err(error);
                    }
                }
            }
            used = self.state.snapshot();
        }
    }

    /// The session's token, for a request that uses it so. While it is valid nobody waits.
    pub(super) async fn snapshot_for(&self, token_use: TokenUse) -> Result<Arc<Snapshot>> {
        for _ in 0..MOST_FLIGHTS {
            let snapshot = self.state.snapshot();
            match next(&snapshot, token_use, self.method.is_some(), Instant::now()) {
                Next::Go => return Ok(snapshot),
                Next::GoAndStart(goal) => {
                    self.start(goal);
                    return Ok(snapshot);
                }
                // In a box: calls that need not wait are the rule, and small.
                Next::Wait(goal) => Box::pin(self.wait_for(goal, None)).await?,
            }
        }
        Ok(self.state.snapshot())
    }

    /// Has something done meanwhile, unless it is under way.
    fn start(&self, goal: Goal) {
        if let Flight::Leader(leader, _) = self.state.flights.begin(goal, self.flight_deadline()) {
            // Nobody waits for it: a panic in it was reported where it happened.
            drop(self.take_off(leader, goal, None));
        }
    }

    /// Waits until something is done, by this caller's flight or by the one under way.
    pub(super) async fn wait_for(&self, goal: Goal, refused: Option<UserToken>) -> Result<()> {
        let Some(key) = &self.state.key else { return Ok(()) };
        if Inside::is_inside(key) {
            return Err(Error::configuration(
                "a credentials provider or token store has called the session that is waiting for it; use another session",
            ));
        }
        let flavour = self.core.flavour;
        let deadline = self.core.deadline();
        loop {
            match self.state.flights.begin(goal, self.flight_deadline()) {
                Flight::Leader(leader, follower) => {
                    let asked = refused.clone();
                    let work = self.take_off(leader, goal, refused);
                    return match flavour.until(deadline, follower.outcome()).await {
                        Ok(Some(outcome)) => outcome,
                        // It panicked, and the panic goes on here; or its runtime is gone.
                        Ok(None) => work.join().await.and_then(|()| Err(work_lost())),
                        Err(_) => self.late(goal, asked.as_ref()),
                    };
                }
                Flight::Follower(follower, running) => match flavour.until(deadline, follower.outcome()).await {
                    // It was for less than this caller needs.
                    Ok(Some(_)) if running < goal => {}
                    Ok(Some(outcome)) => return outcome,
                    Ok(None) => return Err(given_up()),
                    Err(_) => return self.late(goal, refused.as_ref()),
                },
            }
        }
    }

    /// A flight that has not ended in time: it may have done what this caller waits for, and be at what comes after it.
    fn late(&self, goal: Goal, refused: Option<&UserToken>) -> Result<()> {
        match is_done(goal, refused, &self.state.snapshot(), Instant::now()) {
            true => Ok(()),
            false => Err(self.core.late("the login or refresh that the call waited for")),
        }
    }

    /// Begins a flight's work, which no caller can end.
    fn take_off(&self, leader: Leader<Result<(), Error>>, goal: Goal, refused: Option<UserToken>) -> JoinHandle<()> {
        let session = self.clone();
        let mut deferred =
            Deferred { session: self.clone(), version: (goal == Goal::RefreshAhead).then(|| self.version()) };
        let running = self.core.running.clone().begin();
        self.core.flavour.spawn_detached(async move {
            let _running = running;
            // Another flight may have ended between the caller's decision and this one's beginning.
            let done = is_done(goal, refused.as_ref(), &session.state.snapshot(), Instant::now());
            let outcome = if done { Ok(()) } else { session.fly(goal, refused).await };
            if outcome.is_ok() {
                deferred.version = None;
            }
            drop(deferred);
            leader.complete(outcome);
        })
    }

    /// When a flight that begins now is taken for lost: its runtime may not be driven any more.
    fn flight_deadline(&self) -> Instant {
        after(self.core.deadline(), Duration::from_secs(5))
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

/// Puts the next refresh off, unless this one succeeds: also if it panics, or no thread can be had for it.
struct Deferred {
    session: Session,
    version: Option<u64>,
}

impl Drop for Deferred {
    fn drop(&mut self) {
        if let Some(version) = self.version {
            self.session.state.defer_refresh(version, Instant::now());
        }
    }
}

fn given_up() -> Error {
    Error::configuration(
        "another caller's login was given up: its credentials provider or token store panicked, or its runtime was shut down",
    )
}
