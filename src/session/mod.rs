//! Sessions: they hold a token, refresh it ahead of its end, and send calls with it. Written once, for both flavours.

mod batches;
mod decide;
mod flight;
mod handle;
mod held_lock;
mod lifetime;
mod limiter;
mod login;
#[cfg(test)]
mod model;
mod provider;
mod reentry;
mod refresh;
mod refusal;
mod registry;
mod running;
mod save;
mod send;
mod shared;
mod state;
mod store;
mod token;

use crate::{
    Error, ErrorKind, Result, UserToken,
    call_options::CallSettings,
    protocol::{
        decode::Data,
        dry_run,
        login::{Input, Login, LoginMethod, Step},
        operation::TokenUse,
        request::Request,
        token::TokenResponse,
    },
    token_store::StoredToken,
    transport::Transport,
};
pub(crate) use handle::{Drive, Handle};
use lifetime::{ActiveToken, Now};
use login::LoggedIn;
#[cfg(feature = "blocking")]
pub(crate) use running::Running;
use serde::de::DeserializeOwned;
use shared::Core;
use state::{Origin, SessionState, TokenState};
use std::{fmt, ops::Deref, sync::Arc, time::SystemTime};

/// One session of a client: sends requests with its token, and reads the responses.
#[derive(Clone)]
pub(crate) struct Session(Arc<Inner>);

/// The fields of a [`Session`], in one `Arc`, since every handle is a clone.
pub(crate) struct Inner {
    core: Arc<Core>,
    state: Arc<SessionState>,
    /// How the session logs in and refreshes, if it has credentials.
    method: Option<Arc<dyn LoginMethod>>,
    /// The settings of its calls: the client's, or those that a caller has made of them.
    settings: Arc<CallSettings>,
}

impl Deref for Session {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Session {
    fn of(
        core: Arc<Core>,
        state: Arc<SessionState>,
        method: Option<Arc<dyn LoginMethod>>,
        settings: Arc<CallSettings>,
    ) -> Self {
        Self(Arc::new(Inner { core, state, method, settings }))
    }

    /// Returns a session with this token. It is in no store, is shared with no other handle, and ends with its handles.
    pub(crate) fn with_token(&self, token: UserToken) -> Result<Self> {
        let token = ActiveToken::new(self.core.dialect, StoredToken::new(token), Now::read())?;
        let state = SessionState::new(None, None, TokenState::SignedIn(Box::new(token)));
        Ok(Self::of(self.core.clone(), Arc::new(state), None, self.settings.clone()))
    }

    /// Returns the counter of the flights that are under way for this client.
    #[cfg(feature = "blocking")]
    pub(crate) fn running(&self) -> Arc<Running> {
        self.core.running.clone()
    }

    /// Fails in a session with credentials: it would replace another user's token with one of its own user.
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

    /// Sends `request` and reads its response with `read`.
    pub(crate) async fn call_with<T>(&self, request: Request, read: fn(&Data) -> Result<T>) -> Result<T> {
        Ok(self.send(&request, read).await?.0)
    }

    /// Sends a request whose response brings a token, and makes that the session's token.
    pub(crate) async fn call_for_token<T>(&self, request: Request) -> Result<T>
    where
        T: DeserializeOwned + TokenResponse + Send + 'static,
    {
        let operation = request.operation.name;
        if request.token_use == TokenUse::Never {
            self.check_foreign().map_err(|error| error.operation_named(operation))?;
        }
        let session = self.clone();
        let work = async move {
            let (response, used): (T, _) = session.send(&request, Data::decode).await?;
            let named = |error: Error| error.operation_named(operation);
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
            Ok(response)
        };
        self.run_to_completion(work).await
    }

    /// Logs in, makes the token the session's, and reads the response that brought it.
    pub(crate) async fn log_in<T: DeserializeOwned + Send + 'static>(&self, mut login: Box<dyn Login>) -> Result<T> {
        let operation = login.operation();
        self.check_foreign().and_then(|()| self.check_context()).map_err(|error| error.operation_named(operation))?;
        if self.settings.dry_run
            && let Step::Send { request, .. } = login.next(Input::default())?
        {
            return Err(dry_run::error(&request, &self.core.base_url).operation_named(operation));
        }
        let session = self.clone();
        let work = async move {
            let LoggedIn { token, response } = session.drive(login, &session.settings, session.deadline()).await?;
            let state = session.issued(token)?;
            session.state.set(state, Origin::Issued);
            session.save_issued().await.map_err(|error| error.operation_named(operation))?;
            response.decode()
        };
        self.run_to_completion(work).await
    }

    /// Sends a request that ends the session at the service, and removes its token from the session and the store.
    pub(crate) async fn log_out(&self, request: Request) -> Result<()> {
        let session = self.clone();
        let work = async move {
            let token = session.current_token().await.map_err(|error| error.operation_named(request.operation.name))?;
            // Such a session logs in when it needs to, which is not now.
            if token.is_none() && session.method.is_some() {
                return Ok(());
            }
            let ((), used) = session.send(&request, Data::acknowledge).await?;
            let ended = used.token().is_some_and(|ended| session.state.clear_token_if(ended.token()));
            let saved = if ended { session.save(session.deadline()).await } else { Ok(()) };
            let what = "the user was logged out, but the token is still in the store";
            saved.map_err(|error| error.after(what).operation_named(request.operation.name))
        };
        self.run_to_completion(work).await
    }

    /// Returns the session's token. The first call reads it from the store.
    pub(crate) async fn current_token(&self) -> Result<Option<UserToken>> {
        self.check_context()?;
        let snapshot = self.snapshot_for(TokenUse::AsItIs).await?;
        Ok(snapshot.token().map(|active| active.token().clone()))
    }

    /// Sets the session's token, or removes it.
    pub(crate) async fn set_token(&self, token: Option<UserToken>) -> Result<()> {
        let state = match token {
            Some(token) => {
                self.check_foreign()?;
                let token = ActiveToken::new(self.core.dialect, StoredToken::new(token), Now::read())?;
                TokenState::SignedIn(Box::new(token))
            }
            None => TokenState::SignedOut,
        };
        let session = self.clone();
        let work = async move {
            session.state.set(state, Origin::Found);
            session.save(session.deadline()).await
        };
        self.run_to_completion(work).await
    }

    /// Writes a newly issued token to the store. It stays the session's token if the store fails.
    async fn save_issued(&self) -> Result<()> {
        let saved = self.save(self.deadline()).await;
        saved.map_err(|error| error.after("the session has the new token, which could not be stored"))
    }

    /// Returns the state of this session with a newly issued token.
    fn issued(&self, token: StoredToken) -> Result<TokenState> {
        let mut token = token.just_issued(SystemTime::now());
        token.secret = self.state.secret.clone();
        ActiveToken::new(self.core.dialect, token, Now::read())
            .map(|token| TokenState::SignedIn(Box::new(token)))
            .map_err(|_| Error::new(ErrorKind::Decode).http_status(200).detail("the token cannot be sent in a header"))
    }

    /// Runs `work` to its end, even if the caller drops its future: a newly issued token must not be lost.
    async fn run_to_completion<T: Send + 'static>(
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
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("service", &self.core.service)
            .field("base_url", &self.core.base_url.as_str())
            .finish_non_exhaustive()
    }
}
