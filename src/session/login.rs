//! Logging in: the credentials, and the requests that turn them into a token.

use super::{
    Session,
    lifetime::{ActiveToken, Now},
    reentry::{Inside, Scoped},
};
use crate::{
    Error, ErrorKind, Result,
    credentials::{Credentials, ProviderFuture, Resolved},
    crypto::KeyPair,
    protocol::{
        decode::Data,
        login::{Input, Login, LoginMethod, Step},
    },
    token_store::StoredToken,
    transport::{runtime::Flavour, worker::Workers},
};
use futures_util::future::join;
use std::time::Instant;

/// What a login came to.
pub(super) struct LoggedIn {
    pub(super) token: StoredToken,
    /// The response that brought the token.
    pub(super) response: Data,
    /// What the last request is called.
    pub(super) operation: &'static str,
}

impl Session {
    /// Sends what `login` asks for until it has a token.
    pub(super) async fn drive(&self, mut login: Box<dyn Login>, deadline: Instant) -> Result<LoggedIn> {
        let core = &*self.core;
        let mut operation = "login";
        let mut input = Input::default();
        loop {
            let step = if login.is_arithmetic() && input.response.is_some() {
                let next = Workers::cpu().run(move || {
                    let step = login.next(input);
                    (login, step)
                });
                let timed_out = |_| late("the login's arithmetic").operation_named(operation);
                let (rest, step) = core.flavour.until(deadline, next).await.map_err(timed_out)??;
                login = rest;
                step
            } else {
                login.next(input)
            };
            match step.map_err(|error| error.operation_unless_named(operation))? {
                Step::Done(token, response) => return Ok(LoggedIn { token, response, operation }),
                Step::Send { request, token, generate_key } => {
                    operation = request.operation;
                    let token = token.map(|token| ActiveToken::new(core.dialect, token, Now::read())).transpose()?;
                    let response = self.send_with_retries(&request, token.as_ref(), |data| Ok(data.clone()), deadline);
                    let (key, response) = match generate_key {
                        // The key comes first: its thread is at work while the request is under way.
                        true => {
                            let key = core.flavour.until(deadline, Workers::cpu().run(KeyPair::generate));
                            let (key, response) = join(key, response).await;
                            // A service that cannot be reached tells more than a key that came too late.
                            let response = response?;
                            (Some(key.map_err(|_| late("the login's key").operation_named(operation))???), response)
                        }
                        false => (None, response.await?),
                    };
                    input = Input { response: Some(response), key };
                }
            }
        }
    }

    /// Logs in with the session's own credentials.
    pub(super) async fn log_in_again(
        &self,
        method: &dyn LoginMethod,
        tenant: Option<&str>,
        deadline: Instant,
    ) -> Result<StoredToken> {
        let credentials = match method.credentials() {
            Some(credentials) => Some(self.resolve(credentials, deadline).await?),
            None => None,
        };
        if let Some(token) = credentials.as_ref().and_then(Credentials::as_token) {
            return Ok(token.clone());
        }
        let login = method.log_in(credentials, tenant)?;
        Ok(self.drive(login, deadline).await?.token)
    }

    /// The credentials, or what their provider gives.
    async fn resolve(&self, credentials: &Credentials, deadline: Instant) -> Result<Credentials> {
        if !credentials.is_provider() {
            return Ok(credentials.clone());
        }
        let Some(key) = self.state.key.clone() else { return Err(late("the credentials provider")) };
        let flavour = self.core.flavour;
        let asked = credentials.clone();
        // One call of the provider at a time: one that hangs keeps a thread, and no further one.
        let provided = self.state.providers.run(move || {
            let _inside = Inside::enter(&key);
            match asked.resolve()? {
                Resolved::Here(credentials) => Ok(Resolved::Here(credentials)),
                Resolved::Later(future) => flavour.drive_provider(Box::pin(Scoped { key, future }), deadline),
            }
        });
        let provided = async {
            match provided.await?? {
                Resolved::Here(credentials) => Ok(credentials),
                Resolved::Later(future) => future.await,
            }
        };
        match flavour.until(deadline, provided).await {
            Ok(provided) => credentials.provided(provided?),
            Err(_) => Err(late("the credentials provider")),
        }
    }
}

impl Flavour {
    /// A provider's future is polled by the caller's runtime, where there is one; else by this thread.
    fn drive_provider(self, future: ProviderFuture, _deadline: Instant) -> Result<Resolved> {
        match self {
            #[cfg(feature = "blocking")]
            Self::Blocking => {
                let refused = |error| Error::configuration("no runtime for the credentials provider").source(error);
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
                let timed = runtime.block_on(async { tokio::time::timeout_at(_deadline.into(), future).await });
                runtime.shutdown_background();
                timed.map_err(|_| late("the credentials provider"))?.map(Resolved::Here)
            }
            #[allow(unreachable_patterns)]
            _ => Ok(Resolved::Later(future)),
        }
    }
}

fn late(what: &str) -> Error {
    Error::new(ErrorKind::Timeout).detail(format!("{what} took longer than the time limit"))
}
