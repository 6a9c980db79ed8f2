//! Logical calls: what a method of a client does, from its beginning to the value or error that it gives.

use super::{Session, login::LoggedIn, observe::AttemptLog, reading::Reading, state::Origin};
use crate::{
    Error, Result,
    protocol::{
        batches::Batches,
        decode::Data,
        dry_run,
        login::{Input, Login},
        operation::TokenUse,
        request::Request,
        token::TokenResponse,
    },
};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tracing::Instrument as _;

/// The most batches of one call that are under way at once.
const MAX_CONCURRENT: usize = 4;

impl Session {
    /// Sends `request` and reads its response with `read`.
    ///
    /// No `async fn`, whose future would have room for each argument twice.
    pub(crate) fn call_with<T: Send>(
        &self,
        request: &Result<Request>,
        read: fn(&Data) -> Result<T>,
    ) -> impl Future<Output = Result<T>> {
        let call = self.core.begin_call(self.operation_of(request));
        async move {
            let request = match request {
                Ok(request) => request,
                Err(error) => return call.finish(Err(error.clone())),
            };
            let mut reading = Reading::with(read);
            let send = Box::pin(self.send(request, &mut reading, call.attempts()));
            let sent = send.instrument(call.span()).await;
            call.finish(sent)?;
            Ok(reading.value())
        }
    }

    /// Sends a request for each batch and reads each response with `read`. Returns all results in order, or the first error.
    pub(crate) async fn call_in_batches<T: Send + 'static>(
        &self,
        batches: Result<Batches>,
        request: impl Fn(&[String]) -> Result<Request>,
        read: fn(&Data) -> Result<T>,
    ) -> Result<Vec<T>> {
        let prepared = batches.and_then(|batches| {
            let requests = batches.iter().map(request).collect::<Result<Vec<_>>>()?;
            Ok((batches, requests))
        });
        let operation = match &prepared {
            Ok((_, requests)) => requests.first().map(|request| request.operation.name),
            Err(error) => error.operation(),
        };
        let mut call = self.core.begin_call(operation.unwrap_or(self.core.service));
        let (batches, requests) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return call.finish(Err(error)),
        };
        let attempts = call.batched();
        let send = |request| {
            let (session, attempts) = (self.clone(), attempts.clone());
            async move {
                let mut reading = Reading::with(read);
                session.send(&request, &mut reading, &attempts).await?;
                Ok(reading.value())
            }
        };
        let sent = self.core.flavour.for_each_concurrent(MAX_CONCURRENT, requests, send);
        let results = sent.instrument(call.span()).await;
        call.finish(batches.join(results))
    }

    /// Sends a request whose response brings a token, makes that the session's token, and returns what `read` makes of the
    /// response.
    pub(crate) async fn call_for_token<T, U>(&self, request: Result<Request>, read: fn(T) -> Result<U>) -> Result<U>
    where
        T: DeserializeOwned + TokenResponse + Send + 'static,
        U: Send + 'static,
    {
        let operation = self.operation_of(&request);
        let work = |session: Self, attempts: Arc<AttemptLog>| async move {
            let request = request?;
            let named = |error: Error| error.operation_named(operation);
            if request.token_use == TokenUse::Never {
                session.check_foreign().map_err(named)?;
            }
            let mut reading = Reading::with(Data::decode::<T>);
            let used = session.send(&request, &mut reading, &attempts).await?;
            let response = reading.value();
            let previous = used.token().map(|token| &token.stored);
            let state = response.to_stored_token(previous).and_then(|token| session.issued(token)).map_err(named)?;
            // A token in place of another one is the session's only if no caller has brought a third one meanwhile.
            let is_current = match previous {
                Some(_) => session.state.set_in_epoch(used.epoch, state, Origin::Issued),
                None => session.state.set(state, Origin::Issued),
            };
            if is_current {
                session.save_issued().await.map_err(named)?;
            }
            read(response)
        };
        self.call_to_completion(operation, work).await
    }

    /// Logs in, makes the token the session's, and reads the response that brought it.
    pub(crate) async fn log_in<T: DeserializeOwned + Send + 'static>(&self, mut login: Box<dyn Login>) -> Result<T> {
        let operation = login.operation();
        let work = |session: Self, attempts: Arc<AttemptLog>| async move {
            let named = |error: Error| error.operation_named(operation);
            session.check_foreign().map_err(named)?;
            if session.settings.dry_run
                && let Some(request) = login.next(Input::Begin).map_err(named)?.request()
            {
                return Err(named(dry_run::error(request, &session.core.base_url)));
            }
            let driven = session.drive(login, &session.settings, session.deadline(), Some(&attempts)).await;
            let LoggedIn { token, response } = driven?;
            session.state.set(session.issued(token).map_err(named)?, Origin::Issued);
            session.save_issued().await.map_err(named)?;
            response.decode()
        };
        self.call_to_completion(operation, work).await
    }

    /// Sends a request that ends the session at the service, and removes its token from the session and the store.
    pub(crate) async fn log_out(&self, request: Result<Request>) -> Result<()> {
        let operation = self.operation_of(&request);
        let work = |session: Self, attempts: Arc<AttemptLog>| async move {
            let request = request?;
            let token = session.current_token().await.map_err(|error| error.operation_named(operation))?;
            // Such a session logs in when it needs to, which is not now.
            if token.is_none() && session.method.is_some() {
                return Ok(());
            }
            let used = session.send(&request, &mut Reading::with(Data::acknowledge), &attempts).await?;
            let ended = used.token().is_some_and(|ended| session.state.clear_token_if(ended.token()));
            let saved = if ended { session.save(session.deadline()).await } else { Ok(()) };
            let what = "the user was logged out, but the token is still in the store";
            saved.map_err(|error| error.after(what).operation_named(operation))
        };
        self.call_to_completion(operation, work).await
    }

    /// Runs `work`, which counts its attempts, as a call that runs to its end.
    pub(super) async fn call_to_completion<T: Send + 'static, F: Future<Output = Result<T>> + Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(Self, Arc<AttemptLog>) -> F,
    ) -> Result<T> {
        if let Err(error) = self.check_context() {
            return self.core.begin_call(operation).finish(Err(error.operation_named(operation)));
        }
        let attempts = Arc::default();
        let work = Box::pin(work(self.clone(), Arc::clone(&attempts)));
        let session = self.clone();
        // The call is what runs to its end: its caller may go away, and it is not cancelled by that.
        let call = async move {
            let call = session.core.begin_call(operation).counted_by(attempts);
            let result = work.instrument(call.span()).await;
            call.finish(result)
        };
        self.run_to_completion(call).await
    }

    /// Runs `work` to its end, even if the caller drops its future: a newly issued token must not be lost.
    pub(super) async fn run_to_completion<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.check_context()?;
        match self.core.flavour {
            #[cfg(feature = "async")]
            crate::transport::runtime::Flavour::Async => self.core.flavour.spawn_detached(work).join().await?,
            // A caller that blocks does not go away.
            #[allow(unreachable_patterns)]
            _ => work.await,
        }
    }

    /// Returns the operation of a request, which the error of its arguments names too.
    fn operation_of(&self, request: &Result<Request>) -> &'static str {
        let operation = match request {
            Ok(request) => Some(request.operation.name),
            Err(error) => error.operation(),
        };
        operation.unwrap_or(self.core.service)
    }
}
