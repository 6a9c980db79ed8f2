//! Sessions: a token at hand, another one in time, and calls with it. Written once, for both flavours.

mod decide;
mod flight;
mod lifetime;
mod limiter;
mod login;
#[cfg(test)]
mod model;
mod reentry;
mod refresh;
mod refusal;
mod registry;
mod save;
mod send;
mod shared;
mod state;
mod store;
mod token;

use crate::{
    Error, ErrorKind, Result, UserToken,
    protocol::{
        decode::Data,
        login::{Login, LoginMethod},
        request::{Request, TokenUse},
        token::TokenResponse,
    },
    token_store::StoredToken,
    transport::{Transport, after, runtime::Flavour},
};
use lifetime::{ActiveToken, Now};
use login::LoggedIn;
use serde::de::DeserializeOwned;
use shared::Core;
use state::{Origin, SessionState, TokenState};
use std::{
    fmt,
    sync::Arc,
    time::{Instant, SystemTime},
};

/// One session of a client: sends requests with its token, and reads the responses.
#[derive(Clone)]
pub(crate) struct Session {
    core: Arc<Core>,
    state: Arc<SessionState>,
    /// How the session gets a token by itself, if it does.
    method: Option<Arc<dyn LoginMethod>>,
}

impl Session {
    /// Another session over the same connections.
    pub(crate) fn with_session(&self, name: &str, method: Option<Arc<dyn LoginMethod>>) -> Self {
        let state = self.core.open(Some(name), method.as_ref());
        Self { core: self.core.clone(), state, method }
    }

    /// A session of its own with this token: in no store, known to nobody else, gone with its handles.
    pub(crate) fn with_token(&self, token: UserToken) -> Result<Self> {
        let token = ActiveToken::new(self.core.dialect, StoredToken::new(token), Now::read())?;
        let state = SessionState::new(None, None, TokenState::SignedIn(Box::new(token)));
        Ok(Self { core: self.core.clone(), state: Arc::new(state), method: None })
    }

    /// Gives the session a token before its first call.
    pub(crate) fn with_initial_token(self, token: UserToken) -> Result<Self> {
        self.check_foreign()?;
        let token = ActiveToken::new(self.core.dialect, StoredToken::new(token), Now::read())?;
        self.state.set(TokenState::SignedIn(Box::new(token)), Origin::Found);
        Ok(self)
    }

    /// Refuses another user's token in a session that would replace it with its own user's.
    fn check_foreign(&self) -> Result<()> {
        match self.method {
            None => Ok(()),
            Some(_) => Err(Error::configuration(
                "the session has credentials and logs in by itself; log in other users, and set their tokens, in sessions of \
                 their own",
            )),
        }
    }

    fn check_context(&self) -> Result<()> {
        self.core.transport.as_ref().map_or(Ok(()), Transport::check_context)
    }

    /// Sends `request` and reads the data of its response.
    pub(crate) async fn call<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        self.call_with(request, Data::decode).await
    }

    /// Sends `request`, whose response has no data: only whether it succeeded counts.
    pub(crate) async fn run(&self, request: Request) -> Result<()> {
        self.call_with(request, Data::acknowledge).await
    }

    /// Sends `request` and reads its response with `read`.
    pub(crate) async fn call_with<T>(&self, request: Request, read: fn(&Data) -> Result<T>) -> Result<T> {
        Ok(self.exchange(&request, read).await?.0)
    }

    /// Sends a request for each of `requests`, a few at once, and gives what came of each that was sent.
    pub(crate) async fn call_each<T: Send + 'static>(
        &self,
        at_once: usize,
        requests: Vec<Request>,
        read: fn(&Data) -> Result<T>,
    ) -> Vec<Option<Result<T>>> {
        let call = |request| {
            let session = self.clone();
            async move { session.call_with(request, read).await }
        };
        self.core.flavour.for_each_concurrent(at_once, requests, call).await
    }

    /// Sends a request that ends in a new token, and makes it the session's.
    pub(crate) async fn call_for_token<T>(&self, request: Request) -> Result<T>
    where
        T: DeserializeOwned + TokenResponse + Send + 'static,
    {
        let operation = request.operation;
        if request.token_use == TokenUse::Never {
            self.check_foreign().map_err(|error| error.operation_named(operation))?;
        }
        let session = self.clone();
        let work = async move {
            let (response, used): (T, _) = session.exchange(&request, Data::decode).await?;
            let previous = used.token().map(|token| &token.stored);
            session.take(response.to_stored_token(previous)).await.map_err(|error| error.operation_named(operation))?;
            Ok(response)
        };
        self.to_its_end(work).await
    }

    /// Logs in, and makes the token the session's; reads the response that brought it.
    pub(crate) async fn log_in<T: DeserializeOwned + Send + 'static>(&self, login: Box<dyn Login>) -> Result<T> {
        self.check_foreign()?;
        self.check_context()?;
        let session = self.clone();
        let work = async move {
            let deadline = after(Instant::now(), session.core.timeout);
            let LoggedIn { token, response, operation } = session.drive(login, deadline).await?;
            session.take(Ok(token)).await.map_err(|error| error.operation_named(operation))?;
            response.decode()
        };
        self.to_its_end(work).await
    }

    /// Sends a request that ends the session at the service, and drops its token here.
    pub(crate) async fn log_out(&self, request: Request) -> Result<()> {
        let session = self.clone();
        let work = async move {
            let token = session.current_token().await.map_err(|error| error.operation_named(request.operation))?;
            // Such a session logs in when it needs to, which is not now.
            if token.is_none() && session.method.is_some() {
                return Ok(());
            }
            session.exchange(&request, Data::acknowledge).await?;
            match token {
                Some(token) if session.state.clear_token_if(&token) => {
                    session.save(after(Instant::now(), session.core.timeout)).await
                }
                _ => Ok(()),
            }
        };
        self.to_its_end(work).await
    }

    /// The session's token, read from the store the first time.
    pub(crate) async fn current_token(&self) -> Result<Option<UserToken>> {
        self.check_context()?;
        let snapshot = self.snapshot_for(TokenUse::AsItIs).await?;
        Ok(snapshot.token().map(|active| active.token().clone()))
    }

    /// Takes a token from elsewhere, or signs out.
    pub(crate) async fn set_token(&self, token: Option<UserToken>) -> Result<()> {
        self.check_context()?;
        let Some(token) = token else {
            self.state.set(TokenState::SignedOut, Origin::Found);
            return self.save(after(Instant::now(), self.core.timeout)).await;
        };
        self.check_foreign()?;
        let token = ActiveToken::new(self.core.dialect, StoredToken::new(token), Now::read())?;
        self.state.set(TokenState::SignedIn(Box::new(token)), Origin::Found);
        self.save(after(Instant::now(), self.core.timeout)).await
    }

    /// Makes a token that the service has issued the session's. It is so even if the store then fails.
    async fn take(&self, token: Result<StoredToken>) -> Result<()> {
        let state = self.issued(token?)?;
        self.state.set(state, Origin::Issued);
        let deadline = after(Instant::now(), self.core.timeout);
        self.save(deadline).await.map_err(|error| error.sent(true))
    }

    /// The state of this session with a token that was just issued.
    fn issued(&self, token: StoredToken) -> Result<TokenState> {
        let mut token = token.just_issued(SystemTime::now());
        token.secret = self.state.secret.clone();
        ActiveToken::new(self.core.dialect, token, Now::read())
            .map(|token| TokenState::SignedIn(Box::new(token)))
            .map_err(|_| Error::new(ErrorKind::Decode).http_status(200).detail("the token cannot be sent in a header"))
    }

    /// Runs `work` to its end, also if the caller goes away: a token that the service has issued must not be lost half way.
    async fn to_its_end<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        self.check_context()?;
        match self.core.flavour {
            #[cfg(feature = "async")]
            Flavour::Async => self.core.flavour.spawn_detached(work).join().await?,
            // A caller that blocks does not go away.
            #[allow(unreachable_patterns)]
            _ => work.await,
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("service", &self.core.service)
            .field("base_url", &self.core.base_url.as_str())
            .finish_non_exhaustive()
    }
}
