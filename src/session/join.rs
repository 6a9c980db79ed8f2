//! Beginning flights, and waiting for those under way.

use super::{
    Session,
    decide::is_done,
    flight::{Flight, Goal, Leader},
    gained::Gained,
    observe::{RefreshScope, joined},
    reentry::Inside,
};
use crate::{
    Error, Result, UserToken,
    transport::{
        after,
        runtime::{JoinHandle, work_lost},
    },
};
use std::time::{Duration, Instant};
use tracing::{Instrument as _, Span};

impl Session {
    /// Starts a flight in the background, unless one is under way.
    pub(super) fn start(&self, goal: Goal) {
        if let Flight::Leader(leader, _) = self.state.flights.begin(goal, self.flight_deadline()) {
            // No caller waits for it. A panic in it is reported by the panic hook.
            drop(self.spawn_flight(leader, goal, None, false));
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
                    let work = self.spawn_flight(leader, goal, refused, true);
                    return match flavour.until(deadline, follower.outcome()).await {
                        Ok(Some(outcome)) => outcome,
                        // A panic of the flight is resumed here; otherwise its runtime was shut down.
                        Ok(None) => work.join().await.and_then(|()| Err(work_lost())),
                        Err(_) => self.after_deadline(goal, refused_token.as_ref()),
                    };
                }
                Flight::Follower(follower, running) => {
                    joined(self.core.service, running);
                    match flavour.until(deadline, follower.outcome()).await {
                        // Its goal was less than this caller needs.
                        Ok(Some(_)) if running < goal => {}
                        Ok(Some(outcome)) => return outcome,
                        Ok(None) => return Err(abandoned()),
                        Err(_) => return self.after_deadline(goal, refused.as_ref()),
                    }
                }
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

    /// Spawns a flight's work, which continues if its caller is dropped; `is_awaited` unless that begins it for later calls.
    fn spawn_flight(
        &self,
        leader: Leader<Result<(), Error>>,
        goal: Goal,
        refused: Option<UserToken>,
        is_awaited: bool,
    ) -> JoinHandle<()> {
        let session = self.clone();
        let mut deferred =
            DeferOnFailure { session: self.clone(), version: (goal == Goal::RefreshAhead).then(|| self.version()) };
        let running = self.core.running.clone().begin();
        // Another flight may have ended between the caller's decision and this one's beginning.
        let done = is_done(goal, refused.as_ref(), &self.state.snapshot(), Instant::now());
        let shown = match done {
            true => None,
            false => RefreshScope::begin(self, goal, refused.is_some(), is_awaited),
        };
        // Work that no caller waits for does not keep the span of the call open that began it.
        let around = if is_awaited { Span::current() } else { Span::none() };
        self.core.flavour.spawn_in(around, async move {
            let _running = running;
            let span = shown.as_ref().map_or_else(Span::none, RefreshScope::span);
            let outcome =
                if done { Ok(Gained::Found) } else { session.run_flight(goal, refused).instrument(span).await };
            if let Some(shown) = shown {
                shown.finish(&outcome);
            }
            let outcome = outcome.map(drop);
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
