//! Credentials with which a session logs in by itself; each service has a type of its own around them.

use crate::{Error, Password, Result, token_store::StoredToken};
use std::{error::Error as StdError, fmt, future::Future, pin::Pin, sync::Arc};

/// What a provider gives. It may fail with an error of any type.
pub(crate) type Provided = Result<Credentials, Box<dyn StdError + Send + Sync>>;
pub(crate) type ProviderFuture = Pin<Box<dyn Future<Output = Provided> + Send>>;
type Blocking = dyn Fn() -> Provided + Send + Sync;
type Async = dyn Fn() -> ProviderFuture + Send + Sync;

/// Credentials of any service.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) kind: Kind,
    pub(crate) tenant: Option<String>,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Login(PasswordLogin),
    Token(StoredToken),
    Blocking { name: String, provide: Arc<Blocking> },
    Async { name: String, provide: Arc<Async> },
}

/// What a login is made with. Every service can use one: those that check passwords in one way alone do not look at `way`, and
/// their credentials have no constructor for another.
#[derive(Clone, Debug)]
pub(crate) struct PasswordLogin {
    pub(crate) way: Way,
    pub(crate) user: String,
    pub(crate) password: Password,
}

/// The way in which Digiwin checks a password.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Password,
    Directory,
    Internal,
}

/// What credentials are once their provider was asked.
pub(crate) enum Resolved {
    /// A login, and the tenant that the credentials name.
    Login(PasswordLogin, Option<String>),
    Token(StoredToken),
}

impl Credentials {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, tenant: None }
    }

    pub(crate) fn login(way: Way, user: impl Into<String>, password: impl Into<Password>) -> Self {
        Self::new(Kind::Login(PasswordLogin { way, user: user.into(), password: password.into() }))
    }

    pub(crate) fn tenant_id(mut self, id: impl Into<String>) -> Self {
        self.tenant = Some(id.into());
        self
    }

    /// What tells the session of these credentials from others.
    pub(crate) fn identity(&self) -> [&str; 3] {
        let (kind, user) = match &self.kind {
            Kind::Login(PasswordLogin { way: Way::Password, user, .. }) => ("password", user.as_str()),
            Kind::Login(PasswordLogin { way: Way::Directory, user, .. }) => ("directory", user.as_str()),
            Kind::Login(PasswordLogin { way: Way::Internal, user, .. }) => ("internal", user.as_str()),
            Kind::Token(_) => ("token", ""),
            Kind::Blocking { name, .. } | Kind::Async { name, .. } => ("provider", name.as_str()),
        };
        [kind, user, self.tenant.as_deref().unwrap_or_default()]
    }

    /// The secret that they log in with, where they have it.
    pub(crate) fn secret(&self) -> Option<&str> {
        match &self.kind {
            Kind::Login(login) => Some(login.password.expose_secret()),
            // Sessions of two tokens are two sessions.
            Kind::Token(stored) => Some(stored.token.expose_secret()),
            Kind::Blocking { .. } | Kind::Async { .. } => None,
        }
    }

    /// Says what is missing, without which no login can succeed.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let missing = |text: &str, what| if text.is_empty() { Err(what) } else { Ok(()) };
        match &self.kind {
            Kind::Login(PasswordLogin { way, user, .. }) => {
                missing(user, "the user is empty")?;
                if let Way::Internal = way {
                    missing(self.tenant.as_deref().unwrap_or_default(), "the tenant is empty")?;
                }
            }
            Kind::Token(_) => return missing(self.secret().unwrap_or_default(), "the token is empty"),
            Kind::Blocking { .. } | Kind::Async { .. } => return Ok(()),
        }
        missing(self.secret().unwrap_or_default(), "the password is empty")
    }

    /// What a provider gave: complete, no other provider, and in the tenant named here if it names none.
    pub(crate) fn provided(&self, credentials: Self) -> Result<Resolved> {
        let unusable = |what: &str| Error::new(crate::ErrorKind::Credentials).detail(format!("it returned {what}"));
        credentials.check().map_err(|what| unusable(&format!("credentials that are incomplete: {what}")))?;
        match credentials.kind {
            Kind::Login(login) => Ok(Resolved::Login(login, credentials.tenant.or_else(|| self.tenant.clone()))),
            Kind::Token(token) => Ok(Resolved::Token(token)),
            Kind::Blocking { .. } | Kind::Async { .. } => {
                Err(unusable("another provider; let it return a password, say"))
            }
        }
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

/// The constructors that the credentials of every service have, for a tuple struct around [`Credentials`].
macro_rules! credentials_methods {
    () => {
        /// Creates credentials from an existing token. They log nobody in: once the service refuses the token, calls fail.
        pub fn token(token: crate::token_store::StoredToken) -> Self {
            Self(Inner::new(Kind::Token(token)))
        }

        /// Creates credentials from a provider, which each login calls anew, one call at a time.
        ///
        /// It may block: it is called on a thread of its own. `name` tells sessions apart, in a token store too: use the user's
        /// name. It may fail with an error of any type, also because a user cancelled a prompt: the call is then an error of kind
        /// [`Credentials`](crate::ErrorKind::Credentials) with that error as its source, and no failed login is counted.
        ///
        /// A call gives up waiting for it at its time limit. It may use other sessions, also with the blocking client; a call of
        /// the session that waits for it is an error of kind [`Configuration`](crate::ErrorKind::Configuration).
        pub fn from_fn<E>(
            name: impl Into<String>,
            provide: impl Fn() -> Result<Self, E> + Send + Sync + 'static,
        ) -> Self
        where
            E: Into<Box<dyn std::error::Error + Send + Sync>>,
        {
            let provide = move || provide().map(|provided| provided.0).map_err(Into::into);
            Self(Inner::new(Kind::Blocking { name: name.into(), provide: std::sync::Arc::new(provide) }))
        }

        /// Creates credentials from an async provider: each login calls `provide` and awaits its future. Otherwise like
        /// [`from_fn`](Self::from_fn).
        ///
        /// The async flavour polls it on the caller's runtime; the blocking flavour on a thread with a tokio runtime of its own.
        pub fn from_async_fn<F, E>(name: impl Into<String>, provide: impl Fn() -> F + Send + Sync + 'static) -> Self
        where
            F: Future<Output = Result<Self, E>> + Send + 'static,
            E: Into<Box<dyn std::error::Error + Send + Sync>>,
        {
            let provide = move || {
                let provided = provide();
                Box::pin(async { provided.await.map(|provided| provided.0).map_err(Into::into) }) as ProviderFuture
            };
            Self(Inner::new(Kind::Async { name: name.into(), provide: std::sync::Arc::new(provide) }))
        }
    };
}

pub(crate) use credentials_methods;
