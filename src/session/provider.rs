//! Calls of a credentials provider, which may block, hang, panic or call other sessions.

use super::{
    Session,
    reentry::{Inside, Scoped},
};
use crate::{
    Error, Result,
    credentials::{Credentials, Kind, Resolved},
    token_store::StoreKey,
};
use std::time::Instant;
#[cfg(feature = "blocking")]
use {crate::credentials::Provided, std::time::Duration};

const PROVIDER: &str = "the credentials provider";

impl Session {
    /// Returns what the credentials, or those that their provider returns, log in with.
    pub(super) async fn resolve(
        &self,
        key: &StoreKey,
        credentials: &Credentials,
        deadline: Instant,
    ) -> Result<Resolved> {
        let key = key.clone();
        let (flavour, logins) = (self.core.flavour, self.core.registry.logins(&key));
        // One call of a provider at a time, so that a provider that hangs occupies one thread only.
        let provided = match &credentials.kind {
            Kind::Blocking { provide, .. } => {
                let provide = provide.clone();
                let call = logins.providers.run(move || {
                    let _inside = Inside::mark(&key);
                    provide()
                });
                flavour.until(deadline, call).await
            }
            Kind::Async { provide, .. } => {
                let provide = provide.clone();
                // Called where it is polled: it may need the runtime from the beginning.
                let future = Scoped { key, future: Box::pin(async move { provide().await }) };
                match flavour {
                    #[cfg(feature = "blocking")]
                    crate::transport::runtime::Flavour::Blocking => {
                        let limit = self.core.settings.timeout;
                        let call = logins.providers.run(move || on_own_runtime(future, deadline, limit));
                        flavour.until(deadline, call).await.map(Result::flatten)
                    }
                    #[allow(unreachable_patterns)]
                    _ => flavour.until(deadline, future).await.map(Ok),
                }
            }
            Kind::Login(login) => return Ok(Resolved::Login(login.clone(), credentials.tenant.clone())),
            Kind::Token(token) => return Ok(Resolved::Token(token.clone())),
        };
        match provided {
            Ok(provided) => credentials.provided(provided?.map_err(Error::provider)?),
            Err(_) => Err(self.core.settings.late(PROVIDER)),
        }
    }
}

/// Runs a provider's future on this thread, in a tokio runtime of its own.
#[cfg(feature = "blocking")]
fn on_own_runtime(future: Scoped<Provided>, deadline: Instant, limit: Duration) -> Result<Provided> {
    let refused = |error| Error::configuration("no runtime for the credentials provider").source(error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
    let timed = runtime.block_on(async { tokio::time::timeout_at(deadline.into(), future).await });
    runtime.shutdown_background();
    timed.map_err(|_| super::login::late(PROVIDER, limit))
}
