//! Sessions: they hold a token, refresh it ahead of its end, and send calls with it. Written once, for both flavours.

mod call;
mod decide;
mod flight;
mod gained;
mod handle;
mod held_lock;
mod join;
mod key_fetch;
mod lifetime;
mod limiter;
mod login;
mod login_keys;
#[cfg(test)]
mod model;
mod observe;
mod on_refusal;
mod provider;
mod reading;
mod reentry;
mod refresh;
mod refusal;
mod registry;
mod running;
mod save;
mod send;
mod service_key;
mod shared;
mod spare_pair;
mod state;
mod store;
mod token;

use crate::{
    Error, ErrorKind, Result, UserToken,
    call_options::CallSettings,
    protocol::{login::LoginMethod, operation::TokenUse},
    token_store::StoredToken,
    transport::Transport,
};
#[cfg(feature = "jwt")]
pub(crate) use flight::{Flight, Goal, SingleFlight};
pub(crate) use handle::{Drive, Handle};
use lifetime::ActiveToken;
pub(crate) use lifetime::Now;
pub(crate) use on_refusal::OnRefusal;
#[cfg(feature = "blocking")]
pub(crate) use running::Running;
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
    pub(crate) fn with_token(&self, token: UserToken, on_refusal: OnRefusal) -> Result<Self> {
        let token = ActiveToken::new(self.core.dialect, StoredToken::new(token), Now::read())?;
        let mut state = SessionState::new(None, None, TokenState::SignedIn(Box::new(token)));
        state.on_refusal = on_refusal;
        Ok(Self::of(self.core.clone(), Arc::new(state), None, self.settings.clone()))
    }

    /// Returns the counter of the flights that are under way for this client.
    #[cfg(feature = "blocking")]
    pub(crate) fn running(&self) -> Arc<Running> {
        self.core.running.clone()
    }

    #[cfg(feature = "server")]
    pub(crate) fn app_token_check(&self) -> &crate::server::AppTokenCheck {
        &self.core.app_token
    }

    #[cfg(feature = "server")]
    pub(crate) fn source_id(&self) -> crate::server::SourceId {
        self.core.source_id
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

    /// Returns the session's token. The first call reads it from the store.
    pub(crate) async fn current_token(&self) -> Result<Option<UserToken>> {
        self.check_context()?;
        let snapshot = self.snapshot_for(TokenUse::AsItIs).await?;
        Ok(snapshot.token().map(|active| active.token().clone()))
    }

    /// Logs in with the session's credentials, whatever token it has, which stays the session's until another one is there.
    pub(crate) async fn log_in_with_credentials(&self) -> Result<()> {
        if self.method.is_none() {
            return Err(Error::configuration(
                "this session has no credentials to log in with: give them to the builder, or to `with_session_as`",
            ));
        }
        self.check_context()?;
        if self.settings.dry_run {
            return Err(Error::configuration(
                "a dry run cannot show `log_in()`: its requests depend on the credentials; nothing was sent",
            ));
        }
        self.wait_for_flight(flight::Goal::LogIn, None, self.deadline()).await
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
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("service", &self.core.service)
            .field("base_url", &self.core.base_url.as_str())
            .finish_non_exhaustive()
    }
}
