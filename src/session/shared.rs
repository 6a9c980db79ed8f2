//! The parts of a client that its sessions share.

use super::{Session, login_keys::LoginKeys, registry::Registry, running::Running, state::SessionState};
use crate::{
    CallOptions, Error, Result,
    call_options::CallSettings,
    config::Settings,
    observe::Observing,
    protocol::application::Application,
    protocol::{decode::Response, dialect::Dialect, login::LoginMethod, retry::Budget},
    token_store::{MemoryStore, StoreKey, TokenStore},
    transport::{HttpRequest, Transport, after, runtime::Flavour, worker::Workers},
};
use futures_util::future::BoxFuture;
use std::{future::ready, sync::Arc, time::Instant};
use url::Url;
use zeroize::Zeroizing;

/// The most calls of a token store that are under way at once.
pub(super) const STORE_WORKERS: usize = 16;

/// The parts of a client that its sessions share.
pub(super) struct Core {
    pub(super) flavour: Flavour,
    /// `None` only in the model checker.
    pub(super) transport: Option<Transport>,
    pub(super) dialect: &'static dyn Dialect,
    pub(super) base_url: Url,
    /// What the builder has set for calls.
    pub(super) settings: Arc<CallSettings>,
    pub(super) budget: Budget,
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) store_workers: Workers,
    pub(super) registry: Registry,
    pub(super) login_keys: LoginKeys,
    pub(super) running: Arc<Running>,
    pub(super) service: &'static str,
    pub(super) observing: Observing,
    /// The application's identity at the service, which is part of every session's key.
    pub(super) application: Zeroizing<String>,
    #[cfg(feature = "server")]
    pub(super) app_token: crate::server::AppTokenCheck,
    #[cfg(feature = "server")]
    pub(super) source_id: crate::server::SourceId,
}

impl Core {
    pub(super) fn send<'a>(&'a self, request: HttpRequest<'_>) -> BoxFuture<'a, Result<Response>> {
        match &self.transport {
            Some(transport) => transport.send(request),
            None => Box::pin(ready(Err(Error::configuration("there is no network")))),
        }
    }

    pub(super) fn open(&self, name: Option<&str>, method: Option<&Arc<dyn LoginMethod>>) -> Arc<SessionState> {
        let key = StoreKey::new(self.service, self.base_url.as_str(), &self.application, name);
        match method.and_then(|method| method.credentials()) {
            // A session with credentials belongs to their user.
            Some(credentials) => self.registry.open(key.with(&credentials.identity()), credentials.secret()),
            None => self.registry.open(key, None),
        }
    }
}

impl Session {
    /// Creates a client, and returns its own session. `application` is the application's identity at the service.
    pub(crate) fn new(flavour: Flavour, application: Application, settings: Settings) -> Result<Self> {
        let Application { service, dialect, identity, headers, method } = application;
        settings.check_limits()?;
        if let Some(credentials) = method.as_ref().and_then(|method| method.credentials()) {
            credentials.check().map_err(|what| Error::configuration(format!("credentials: {what}")))?;
        }
        if !settings.verify_tls {
            tracing::warn!(target: "iam_sdk", { "iam.service" = service }, "the server's certificate is not checked: an attacker on the network can read every password");
        }
        let core = Core {
            flavour,
            base_url: settings.origin()?,
            transport: Some(Transport::new(flavour, &settings, headers)?),
            dialect,
            settings: Arc::new(CallSettings::of(&settings)),
            budget: Budget::new(),
            store: settings.token_store.unwrap_or_else(|| Arc::new(MemoryStore::new())),
            store_workers: Workers::new(STORE_WORKERS),
            registry: Registry::default(),
            login_keys: LoginKeys::new(settings.login_key_lifetime),
            running: Arc::default(),
            service,
            observing: settings.observing,
            application: identity,
            #[cfg(feature = "server")]
            app_token: Default::default(),
            #[cfg(feature = "server")]
            source_id: crate::server::SourceId::new(),
        };
        let (state, settings) = (core.open(None, method.as_ref()), core.settings.clone());
        Ok(Self::of(Arc::new(core), state, method, settings))
    }

    /// Returns another session that uses the same connections, and has the same settings for its calls.
    pub(crate) fn with_session(&self, name: &str, method: Option<Arc<dyn LoginMethod>>) -> Self {
        let state = self.core.open(Some(name), method.as_ref());
        Self::of(self.core.clone(), state, method, self.settings.clone())
    }

    /// Returns this session with other settings for its calls.
    pub(crate) fn with_options(&self, options: CallOptions) -> Result<Self> {
        let settings = Arc::new(self.settings.with(options, self.core.dialect.reserved_headers())?);
        Ok(Self::of(self.core.clone(), self.state.clone(), self.method.clone(), settings))
    }

    /// Returns this session with calls that take no longer than this, or than they do already.
    #[cfg(feature = "server")]
    pub(crate) fn with_time_limit(&self, longest: std::time::Duration) -> Self {
        let timeout = self.settings.timeout.min(longest);
        let settings = Arc::new(CallSettings { timeout, ..(*self.settings).clone() });
        Self::of(self.core.clone(), self.state.clone(), self.method.clone(), settings)
    }

    /// Returns the deadline of a call, or of another piece of work for a caller, that begins now.
    pub(super) fn deadline(&self) -> Instant {
        after(Instant::now(), self.settings.timeout)
    }
}
