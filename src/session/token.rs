//! The token of a call, either current or from a flight, and the replay after a refusal.

use super::{
    Session,
    decide::{Next, next},
    flight::Goal,
    observe::{AttemptLog, Sending},
    reading::Read,
    refusal::{AfterRefusal, Refusal, after_refusal},
    state::Snapshot,
};
use crate::{
    Error, ErrorKind, Result,
    protocol::{dry_run, operation::TokenUse, request::Request, retry::Attempts},
    transport::after,
};
use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

/// The most flights that one call waits for; after them it uses the state that they left.
const MOST_FLIGHTS: u32 = 5;

impl Session {
    /// Sends `request`, and again with another token if the service refuses the current one. Returns the snapshot that was
    /// used, too. Counts its attempts with `attempts`.
    pub(super) async fn send(
        &self,
        request: &Request,
        reading: &mut dyn Read,
        attempts: &AttemptLog,
    ) -> Result<Arc<Snapshot>> {
        let unsent = |error: Error| error.operation_unless_named(request.operation.name);
        self.check_context().map_err(unsent)?;
        // Before a token is asked for: nothing is sent, no login either.
        if self.settings.dry_run {
            return Err(dry_run::error(request, &self.core.base_url));
        }
        let without_token = |error: Error| unsent(error).with_session_login(true);
        let mut used = self.snapshot_for(request.token_use).await.map_err(without_token)?;
        let first_version = used.version;
        let mut rounds = 0;
        let mut sending = Sending::counted_by(Some(attempts));
        loop {
            rounds += 1;
            let sent = Instant::now();
            let token = used.token().filter(|_| request.token_use != TokenUse::Never);
            if token.is_none() && request.token_use == TokenUse::Required {
                let missing = Error::new(ErrorKind::Authentication).detail("the session has no token: log in first");
                // A caller's token is never missing: this session is the program's own.
                return Err(missing
                    .operation_named(request.operation.name)
                    .with_session_login(self.state.key.is_some()));
            }
            // The request has the limit for itself: a login that took most of it would else be blamed on the request.
            let mut attempts = Attempts::new(request.effect, &self.settings, after(sent, self.settings.timeout));
            let error = match self.send_with_retries(request, token, reading, &mut attempts, sent, &mut sending).await {
                Ok(()) => {
                    if token.is_some_and(|token| token.note_accepted(sent)) {
                        self.note_served();
                    }
                    self.state.note_accepts((request.operation.name, request.discriminant()));
                    return Ok(used);
                }
                Err(error) => error,
            };
            let replaceable = matches!(request.token_use, TokenUse::IfAny | TokenUse::Required);
            if !replaceable || !self.core.dialect.refuses_token(request.operation, &error) {
                return Err(error);
            }
            self.state.on_refusal.call(&error).await?;
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
                        without_token(error).sent(true)
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
            sending.again(request, &error, Duration::ZERO);
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
