mod renewal;

use super::{Transport, maybe_async};
use crate::{
    Error, Result,
    config::Settings,
    protocol::{
        decode::{Data, Response},
        dialect::Dialect,
        renewal::Renewal,
        request::{Request, TokenUse},
        retry::{Attempts, Budget},
        session::{ActiveToken, Session, Sessions, State},
        token::BringsToken,
    },
    secret::UserToken,
    token_store::{MemoryStore, StoreKey, StoredToken, TokenStore},
    transport::Outgoing,
};
use http::HeaderMap;
use serde::de::DeserializeOwned;
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};
use tracing::field::Empty;
use url::Url;
use zeroize::Zeroizing;

/// One session of a client: sends requests with its token, maps and decodes the answers.
#[derive(Clone)]
pub(super) struct Pipeline {
    shared: Arc<Shared>,
    session: Arc<Session>,
    /// How the session gets a token by itself, if it does.
    renewal: Option<Arc<dyn Renewal>>,
}

struct Shared {
    transport: Transport,
    dialect: &'static dyn Dialect,
    base_url: Url,
    timeout: Duration,
    budget: Budget,
    store: Arc<dyn TokenStore>,
    sessions: Sessions,
    service: &'static str,
    /// What names the application to the service: part of every session's key.
    application: Zeroizing<String>,
}

impl Pipeline {
    /// `application` is what names it to the service.
    pub(super) fn new(
        service: &'static str,
        dialect: &'static dyn Dialect,
        application: &str,
        settings: Settings,
        headers: HeaderMap,
        renewal: Option<Arc<dyn Renewal>>,
    ) -> Result<Self> {
        let base_url = settings.origin()?;
        let transport = Transport::new(&settings, headers)?;
        let sessions = Sessions::default();
        let key = StoreKey::new(service, base_url.as_str(), application, None);
        let session = sessions.open(of_credentials(key, &renewal));
        let shared = Shared {
            transport,
            dialect,
            base_url,
            timeout: settings.timeout,
            budget: Budget::new(),
            store: settings.token_store.unwrap_or_else(|| Arc::new(MemoryStore::new())),
            sessions,
            service,
            application: Zeroizing::new(application.to_owned()),
        };
        Ok(Self { shared: Arc::new(shared), session, renewal })
    }

    /// Another session over the same pool.
    pub(super) fn with_session(&self, name: &str, renewal: Option<Arc<dyn Renewal>>) -> Self {
        let shared = self.shared.clone();
        let key = StoreKey::new(shared.service, shared.base_url.as_str(), &shared.application, Some(name));
        let session = shared.sessions.open(of_credentials(key, &renewal));
        Self { shared, session, renewal }
    }

    /// Whether the session gets a token by itself.
    pub(super) fn has_credentials(&self) -> bool {
        self.renewal.is_some()
    }

    /// Refuses another user's token in a session that would renew it as its own user.
    fn check_foreign(&self) -> Result<()> {
        match self.renewal {
            None => Ok(()),
            Some(_) => {
                Err(Error::configuration("the session has credentials and logs in by itself: take another session"))
            }
        }
    }

    /// Takes what the service echoed of this request's secrets out of an error.
    fn redact(&self, error: Error, request: &Request, state: &State) -> Error {
        let application = self.shared.dialect.application_is_secret().then_some(self.shared.application.as_str());
        let mut secrets: Vec<&str> = application.into_iter().collect();
        secrets.extend(state.token().map(|active| active.token.expose_secret()));
        secrets.extend(request.secrets.iter().map(|secret| secret.as_str()));
        error.redact(&secrets)
    }

    /// Gives the session a token before its first call.
    pub(super) fn start_with(&self, token: UserToken) -> Result<()> {
        self.check_foreign()?;
        let state = State::of(self.shared.dialect, Some(StoredToken::new(token)))?;
        self.session.state.store(Arc::new(state));
        Ok(())
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.shared.transport
    }
}

/// The key of a session that logs in by itself is its user's own.
fn of_credentials(key: StoreKey, renewal: &Option<Arc<dyn Renewal>>) -> StoreKey {
    match renewal.as_ref().and_then(|renewal| renewal.credentials()) {
        Some(credentials) => key.with(&credentials.identity()),
        None => key,
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("service", &self.shared.service)
            .field("base_url", &self.shared.base_url.as_str())
            .finish_non_exhaustive()
    }
}

#[maybe_async]
impl Pipeline {
    /// Sends `request` and reads the data of its answer.
    pub(super) async fn call<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        self.exchange(request, Data::decode).await
    }

    /// Sends `request`, whose response has no data: only whether it succeeded counts.
    pub(super) async fn run(&self, request: Request) -> Result<()> {
        self.exchange(request, Data::acknowledge).await
    }

    /// Sends what ends in a new token, and makes it the session's.
    pub(super) async fn enter<T: DeserializeOwned + BringsToken>(&self, request: Request) -> Result<T> {
        let operation = request.operation;
        let named = |error: Error| error.operation_named(operation);
        if request.token_use == TokenUse::Never {
            self.check_foreign().map_err(named)?;
        }
        let answer: T = self.call(request).await?;
        let token = answer.stored_after(self.session.state.load().token()).map_err(named)?;
        self.replace_token(Some(token)).await.map_err(named)?;
        Ok(answer)
    }

    /// Sends `request` and reads its answer with `read`. A token that the service refuses is renewed once, where the session
    /// can do that, and the request sent again: it was refused unauthenticated, nothing was done.
    pub(super) async fn exchange<T>(&self, request: Request, read: fn(&Data) -> Result<T>) -> Result<T> {
        let named = |error: Error| error.operation_named(request.operation);
        let shared = &*self.shared;
        shared.transport.check_context().map_err(named)?;
        let deadline = Instant::now() + shared.timeout;
        let state = match request.token_use {
            // A login works, and heals, also when the store cannot be read.
            TokenUse::Never => self.session.state.load_full(),
            TokenUse::AsItIs => self.state().await.map_err(named)?,
            TokenUse::IfAny | TokenUse::Required => {
                self.ready().await.map_err(|error| error.operation_unless_named(request.operation))?
            }
        };
        let result = self.deliver(&request, &state, read, deadline).await;
        let refused = |error: &Error| shared.dialect.refuses_token(error);
        let renewable = self.renewal.is_some() && matches!(request.token_use, TokenUse::IfAny | TokenUse::Required);
        if !renewable || !result.as_ref().is_err_and(refused) {
            return result;
        }
        let renewed = self.renew(&state, true).await?;
        self.deliver(&request, &renewed, read, deadline).await
    }

    /// The same, for work that outlives the handle.
    pub(super) async fn exchange_owned<T>(self, request: Request, read: fn(&Data) -> Result<T>) -> Result<T> {
        self.exchange(request, read).await
    }

    async fn deliver<T>(
        &self,
        request: &Request,
        state: &State,
        read: fn(&Data) -> Result<T>,
        deadline: Instant,
    ) -> Result<T> {
        let named = |error: Error| error.operation_named(request.operation);
        let token = state.token_for(request.token_use).map_err(named)?;
        let mut attempts = Attempts::new(request.effect, deadline);
        loop {
            let (number, time) = attempts.begin(Instant::now());
            let result = self.attempt(request, token, number, time).await;
            let error = match result.and_then(|data| read(&data)) {
                Ok(value) => {
                    self.shared.budget.refill();
                    return Ok(value);
                }
                Err(error) => error,
            };
            match attempts.after(&error, Instant::now(), &self.shared.budget) {
                Some(wait) => self.shared.transport.sleep(wait).await,
                None => return Err(named(self.redact(error, request, state))),
            }
        }
    }

    async fn attempt(
        &self,
        request: &Request,
        token: Option<&ActiveToken>,
        number: u32,
        time: Duration,
    ) -> Result<Data> {
        let shared = &*self.shared;
        let span = tracing::debug_span!(
            "iam_sdk.request",
            operation = request.operation,
            attempt = number,
            status = Empty,
            duration_ms = Empty,
            error = Empty,
        );
        let outgoing = Outgoing {
            method: request.method.clone(),
            url: request.url(&shared.base_url),
            token: token.map(|token| (shared.dialect.token_header(), token.header.clone())),
            body: request.body.clone(),
            timeout: time,
        };
        let begun = Instant::now();
        let answer: Result<Response> = shared.transport.send(outgoing, &span).await;
        span.record("duration_ms", begun.elapsed().as_millis() as u64);
        if let Ok(answer) = &answer {
            span.record("status", answer.status.as_u16());
        }
        let data = answer.and_then(|answer| answer.into_data(request.operation, shared.dialect));
        if let Err(error) = &data {
            span.record("error", tracing::field::debug(error.kind()));
        }
        data
    }

    /// The session's token, read from the store the first time.
    async fn state(&self) -> Result<Arc<State>> {
        let state = self.session.state.load_full();
        if !matches!(*state, State::Unread) {
            return Ok(state);
        }
        let key = self.session.key.clone();
        let shared = &*self.shared;
        let stored = shared.transport.ask_store(&shared.store, move |store| store.get(&key)).await;
        if stored.is_err() && self.renewal.is_some() {
            self.session.state.compare_and_swap(&state, Arc::new(State::Unreadable));
        }
        let stored = stored?;
        let read = Arc::new(State::of(shared.dialect, stored)?);
        // A login that came in between wins.
        self.session.state.compare_and_swap(&state, read);
        Ok(self.session.state.load_full())
    }

    pub(super) async fn current_token(&self) -> Result<Option<UserToken>> {
        self.shared.transport.check_context()?;
        let state = self.state().await?;
        Ok(state.token().map(|active| active.token.clone()))
    }

    /// Signs out of `token`, unless another has come in its place.
    pub(super) async fn drop_token(&self, token: Option<UserToken>) -> Result<()> {
        if self.current_token().await? == token {
            self.replace_token(None).await?;
        }
        Ok(())
    }

    /// Takes a token from elsewhere, or signs out.
    pub(super) async fn adopt(&self, token: Option<UserToken>) -> Result<()> {
        if token.is_some() {
            self.check_foreign()?;
        }
        self.replace_token(token.map(StoredToken::new)).await
    }

    /// Makes a token that a caller brought the session's. A renewal under way ends first: it must not undo this.
    async fn replace_token(&self, token: Option<StoredToken>) -> Result<()> {
        self.shared.transport.check_context()?;
        let _renewing = self.shared.transport.lock(&self.session.renewing).await;
        self.set_token(token).await
    }

    /// Makes `token` the session's; `None` signs out.
    async fn set_token(&self, token: Option<StoredToken>) -> Result<()> {
        let shared = &*self.shared;
        let state = State::of(shared.dialect, token.clone())?;
        let key = self.session.key.clone();
        let write = move |store: &dyn TokenStore| match &token {
            Some(token) => store.put(&key, token),
            None => store.remove(&key),
        };
        shared.transport.ask_store(&shared.store, write).await?;
        self.session.state.store(Arc::new(state));
        Ok(())
    }
}
