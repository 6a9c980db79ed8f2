//! Logging in: the requests that turn credentials into a token.

use super::{
    Session,
    gained::Gained,
    held_lock::HeldLock,
    lifetime::{ActiveToken, Now},
    limiter::Cause,
    observe::{AttemptLog, Sending},
    reading::Reading,
    state::Snapshot,
};
use crate::{
    Error, ErrorKind, Result,
    call_options::CallSettings,
    credentials::Resolved,
    protocol::{
        decode::Data,
        login::{Input, Login, LoginMethod, Source, Step},
        request::Request,
        retry::Attempts,
    },
    token_store::{StoreKey, StoredToken},
    transport::worker::Workers,
};
use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// The result of a login.
pub(super) struct LoggedIn {
    pub(super) token: StoredToken,
    /// The response that brought the token.
    pub(super) response: Data,
}

impl Session {
    /// Sends the requests of `login` until it has a token, with these settings: a caller's, or the client's own.
    pub(super) async fn drive(
        &self,
        login: Box<dyn Login>,
        settings: &Arc<CallSettings>,
        deadline: Instant,
        attempts: Option<&AttemptLog>,
    ) -> Result<LoggedIn> {
        let operation = login.operation();
        let mut sent = false;
        // Boxed: its future is large, and those of every call that may log in have room for it.
        let driven = Box::pin(self.drive_steps(login, settings, deadline, attempts, &mut sent)).await;
        driven.map_err(|error| {
            let sent = sent || error.was_sent();
            error.operation_unless_named(operation).sent(sent)
        })
    }

    /// Drives the steps of a login. Sets `sent` once the service has received a request that it may have carried out.
    async fn drive_steps(
        &self,
        mut login: Box<dyn Login>,
        settings: &Arc<CallSettings>,
        deadline: Instant,
        made: Option<&AttemptLog>,
        sent: &mut bool,
    ) -> Result<LoggedIn> {
        let core = &*self.core;
        // The service's key that this login goes by, until it has sealed its password.
        let mut service_key = None;
        let mut step = login.next(Input::Begin)?;
        loop {
            let input = match step {
                Step::Done(token, response) => return Ok(LoggedIn { token, response }),
                Step::Keys(wanted) => match self.keys_for(&wanted, settings, deadline, made).await {
                    Ok((key, pair)) => {
                        service_key = Some(key.clone());
                        Input::Keys(key, pair)
                    }
                    Err(error) => {
                        step = login.after_failure(error)?;
                        continue;
                    }
                },
                Step::Send { request, token } => {
                    let token = token.map(|token| ActiveToken::new(core.dialect, token, Now::read())).transpose()?;
                    let last = request.operation.name == login.operation();
                    if last && service_key.take().is_some() {
                        // While this login waits for its response.
                        core.login_keys.spare.make();
                    }
                    let sent_on = self.send_for_login(&request, token.as_ref(), settings, deadline, made);
                    match sent_on.await {
                        Ok(response) => {
                            *sent |= last;
                            Input::Response(response)
                        }
                        Err(error) => {
                            // Another key may be why, however the service says so. This login may not ask for that, but the next
                            // one must: else none could log in before the key has ended.
                            if let Some(key) = service_key.take_if(|_| error.was_sent()) {
                                core.login_keys.forget(&key);
                            }
                            step = login.after_failure(error)?;
                            continue;
                        }
                    }
                }
            };
            step = if login.is_arithmetic() {
                let workers = Workers::cpu();
                let next = workers.run(move || {
                    let step = login.next(input);
                    (login, step)
                });
                let (rest, step) =
                    core.flavour.until(deadline, next).await.map_err(|_| settings.late("the login's arithmetic"))??;
                login = rest;
                step?
            } else {
                login.next(input)?
            };
        }
    }

    /// Logs in as the credentials say: what the store has, and the tenant that the session is in, count for nothing.
    pub(super) async fn log_in_anew(
        &self,
        key: &StoreKey,
        method: &dyn LoginMethod,
        before: &Snapshot,
        lock: Option<&HeldLock>,
        deadline: Instant,
    ) -> Result<Gained> {
        let (token, gained) = self.log_in_limited(key, method, Cause::Requested, None, deadline).await?;
        if self.state.set_if(before.version, self.issued(token)?, gained.origin()) {
            self.save_with(lock, deadline).await;
            return Ok(gained);
        }
        // A caller has changed the session meanwhile, and what it wanted holds.
        match self.state.snapshot().token().is_some_and(|token| token.is_valid(Instant::now())) {
            true => Ok(Gained::Found),
            false => Err(Error::configuration("the session was logged out while it logged in")),
        }
    }

    /// Sends a request of a login, and returns the response's data.
    pub(super) async fn send_for_login(
        &self,
        request: &Request,
        token: Option<&ActiveToken>,
        settings: &CallSettings,
        deadline: Instant,
        made: Option<&AttemptLog>,
    ) -> Result<Data> {
        let mut reading = Reading::with(|data: &Data| data.bytes().map(|_| data.clone()));
        let (mut attempts, now) = (Attempts::new(request.effect, settings, deadline), Instant::now());
        let mut sending = Sending::counted_by(made);
        self.send_with_retries(request, token, &mut reading, &mut attempts, now, &mut sending).await?;
        Ok(reading.value())
    }

    /// Logs in, if the limit of logins permits it.
    pub(super) async fn log_in_limited(
        &self,
        key: &StoreKey,
        method: &dyn LoginMethod,
        cause: Cause,
        tenant: Option<String>,
        deadline: Instant,
    ) -> Result<(StoredToken, Gained)> {
        let core = &*self.core;
        let logins = core.registry.logins(key);
        let own = key.clone();
        let noted = core.with_store(key, deadline, move |store| store.login_attempts(&own)).await.unwrap_or_default();
        let secret = method.credentials().and_then(|credentials| credentials.secret());
        let allowed = match cause {
            Cause::Requested => Ok(()),
            Cause::Missing | Cause::Refused => {
                let mut limiter = logins.limiter.lock().unwrap_or_else(PoisonError::into_inner);
                limiter.may_log_in(&noted, secret, SystemTime::now())
            }
        };
        if let Err(error) = &allowed
            && logins.limiter.lock().unwrap_or_else(PoisonError::into_inner).is_first_refusal()
        {
            tracing::warn!(target: "iam_sdk", { "iam.service" = core.service, error = %error }, "the session makes no login for a while");
        }
        allowed?;
        let result = self.log_in_again(key, method, tenant.as_deref(), deadline).await;
        // A token that a provider gave is no login: no password can be at fault.
        let to_share = if let Ok((_, Gained::Provided)) = result {
            None
        } else {
            let mut limiter = logins.limiter.lock().unwrap_or_else(PoisonError::into_inner);
            let (digest, now) = (self.state.secret.clone(), SystemTime::now());
            limiter.logged_in(cause, digest, result.as_ref().err(), now).then(|| limiter.to_share(&noted, now))
        };
        if let Some(attempts) = to_share {
            let own = key.clone();
            // Where it cannot be noted, the limit holds in this process.
            let _ = core.with_store(key, deadline, move |store| store.put_login_attempts(&own, &attempts)).await;
        }
        result
    }

    /// Logs in with the session's own credentials.
    async fn log_in_again(
        &self,
        key: &StoreKey,
        method: &dyn LoginMethod,
        tenant: Option<&str>,
        deadline: Instant,
    ) -> Result<(StoredToken, Gained)> {
        let (login, own) = match method.source() {
            Source::Application(login) => (login.clone(), None),
            Source::Credentials(credentials) => {
                credentials.check().map_err(|what| Error::configuration(format!("credentials: {what}")))?;
                match self.resolve(key, credentials, deadline).await? {
                    Resolved::Login(login, own) => (login, own),
                    Resolved::Token(token) => return Ok((token, Gained::Provided)),
                }
            }
        };
        let login = method.log_in(login, own.as_deref(), tenant)?;
        Ok((self.drive(login, &self.core.settings, deadline, None).await?.token, Gained::LoggedIn))
    }
}

impl CallSettings {
    /// Returns the error of something that a request had to wait for, and that has not ended in time.
    pub(super) fn late(&self, what: &str) -> Error {
        late(what, self.timeout)
    }
}

pub(super) fn late(what: &str, limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout).detail(format!("{what} took longer than the limit of {limit:?} (timeout)"))
}
