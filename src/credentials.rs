//! Credentials with which a session logs in by itself.

use crate::{Error, Password, Result, token_store::StoredToken};
use std::{fmt, future::Future, pin::Pin, sync::Arc};

pub(crate) type ProviderFuture = Pin<Box<dyn Future<Output = Result<Credentials>> + Send>>;
type Blocking = dyn Fn() -> Result<Credentials> + Send + Sync;
type Async = dyn Fn() -> ProviderFuture + Send + Sync;

/// Credentials with which a session logs in by itself: at the first call that needs a token, when its token cannot be
/// refreshed, and when the service refuses the token.
///
/// ```
/// # use iam_sdk::Credentials;
/// let ann = Credentials::password("ann", "her password").tenant_id("T1");
/// let from_a_vault = Credentials::from_fn("ann", || Ok(Credentials::password("ann", "read from a vault")));
/// ```
#[derive(Clone)]
pub struct Credentials {
    pub(crate) kind: Kind,
    pub(crate) tenant: Option<String>,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Password { user: String, password: Password },
    Directory { user: String, password: Password },
    Internal { user: String, password: Password },
    Token(StoredToken),
    Blocking { name: String, provide: Arc<Blocking> },
    Async { name: String, provide: Arc<Async> },
}

impl Credentials {
    fn new(kind: Kind) -> Self {
        Self { kind, tenant: None }
    }

    /// Creates credentials from a user and their password: Digiwin's `login`, Cloudspot's `authenticate`.
    pub fn password(user: impl Into<String>, password: impl Into<Password>) -> Self {
        Self::new(Kind::Password { user: user.into(), password: password.into() })
    }

    /// Creates credentials from a user of Digiwin's Active Directory: `login_ad`.
    pub fn active_directory(user: impl Into<String>, password: impl Into<Password>) -> Self {
        Self::new(Kind::Directory { user: user.into(), password: password.into() })
    }

    /// Creates credentials from a tenant's internal user at Digiwin: `internal_login`.
    pub fn internal(tenant_id: impl Into<String>, user: impl Into<String>, password: impl Into<Password>) -> Self {
        Self::new(Kind::Internal { user: user.into(), password: password.into() }).tenant_id(tenant_id)
    }

    /// Creates credentials from an existing token, for a provider to return.
    pub fn token(token: StoredToken) -> Self {
        Self::new(Kind::Token(token))
    }

    /// Takes what `provide` returns, called anew for each login, one call at a time. It may block: it is called on a thread of
    /// its own. `name` tells sessions apart, in a token store too: use the user's name.
    ///
    /// A call gives up waiting for it at its time limit. It may use other sessions, also with the blocking client; a call of the
    /// session that waits for it is an error of kind [`Configuration`](crate::ErrorKind::Configuration).
    pub fn from_fn(name: impl Into<String>, provide: impl Fn() -> Result<Self> + Send + Sync + 'static) -> Self {
        Self::new(Kind::Blocking { name: name.into(), provide: Arc::new(provide) })
    }

    /// Takes what the future that `provide` returns comes to, as [`from_fn`](Self::from_fn) does. The async flavour polls it on
    /// the caller's runtime; the blocking flavour on a thread with a tokio runtime of its own.
    pub fn from_async_fn<F>(name: impl Into<String>, provide: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Self>> + Send + 'static,
    {
        Self::new(Kind::Async { name: name.into(), provide: Arc::new(move || Box::pin(provide())) })
    }

    /// Logs in to this tenant (Digiwin). After a tenant switch the next token is in the tenant that was switched to.
    pub fn tenant_id(mut self, id: impl Into<String>) -> Self {
        self.tenant = Some(id.into());
        self
    }

    /// What tells the session of these credentials from others.
    pub(crate) fn identity(&self) -> [&str; 3] {
        let (kind, user) = match &self.kind {
            Kind::Password { user, .. } => ("password", user.as_str()),
            Kind::Directory { user, .. } => ("directory", user.as_str()),
            Kind::Internal { user, .. } => ("internal", user.as_str()),
            Kind::Token(_) => ("token", ""),
            Kind::Blocking { name, .. } | Kind::Async { name, .. } => ("provider", name.as_str()),
        };
        [kind, user, self.tenant.as_deref().unwrap_or_default()]
    }

    /// The secret that they log in with, where they have it.
    pub(crate) fn secret(&self) -> Option<&str> {
        match &self.kind {
            Kind::Password { password, .. } | Kind::Directory { password, .. } | Kind::Internal { password, .. } => {
                Some(password.expose_secret())
            }
            // Sessions of two tokens are two sessions.
            Kind::Token(stored) => Some(stored.token.expose_secret()),
            Kind::Blocking { .. } | Kind::Async { .. } => None,
        }
    }

    pub(crate) fn as_token(&self) -> Option<&StoredToken> {
        match &self.kind {
            Kind::Token(token) => Some(token),
            _ => None,
        }
    }

    /// What a provider gave: no other provider, and in the tenant named here if it names none.
    pub(crate) fn provided(&self, credentials: Self) -> Result<Self> {
        match credentials.kind {
            Kind::Blocking { .. } | Kind::Async { .. } => {
                Err(Error::configuration("the credentials provider returned another provider; return a password, say"))
            }
            _ => Ok(Self { tenant: credentials.tenant.or_else(|| self.tenant.clone()), ..credentials }),
        }
    }
}

impl Kind {
    /// The error of a service that these credentials cannot log in to.
    pub(crate) fn unsupported(&self, service: &str, instead: &str) -> Error {
        let what = match self {
            Self::Password { .. } => "a password",
            Self::Directory { .. } => "Active Directory credentials",
            Self::Internal { .. } => "an internal user's credentials",
            Self::Token(_) => "a token",
            Self::Blocking { .. } | Self::Async { .. } => "a provider's credentials",
        };
        Error::configuration(format!("the client of {service} cannot log in with {what}; use {instead}"))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [kind, user, tenant] = self.identity();
        f.debug_struct("Credentials")
            .field("kind", &kind)
            .field("user", &user)
            .field("tenant", &tenant)
            .finish_non_exhaustive()
    }
}
