//! Who can tell whom a token is for.

use super::{ActingClient, entry::Expiry};
use crate::{Error, Result, UserToken};
use std::time::SystemTime;

/// The identity that a token stands for.
///
/// ```
/// use iam_sdk::server::Identity;
///
/// #[derive(Clone)]
/// struct Employee {
///     number: String,
///     company: String,
/// }
///
/// impl Identity for Employee {
///     fn user_id(&self) -> &str {
///         &self.number
///     }
///
///     fn tenant_id(&self) -> Option<&str> {
///         Some(&self.company)
///     }
/// }
/// ```
pub trait Identity: Clone + Send + Sync + 'static {
    /// Returns the id of the user, which [`Guard::forget_user`](super::Guard::forget_user) goes by, and the cache of roles and permissions.
    fn user_id(&self) -> &str;

    /// Returns the id of the tenant that the token is in.
    fn tenant_id(&self) -> Option<&str> {
        None
    }

    /// Returns about how many bytes of memory the identity takes, for the bound of the cache.
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.user_id().len() + self.tenant_id().map_or(0, str::len)
    }
}

/// The text is the user's id.
impl Identity for String {
    fn user_id(&self) -> &str {
        self
    }
}

/// An identity that a service has confirmed.
#[derive(Clone, Debug)]
pub struct Known<I> {
    pub(crate) identity: I,
    pub(crate) expiry: Option<Expiry>,
}

impl<I> Known<I> {
    /// Creates the answer for a token whose expiry is not known: the guard's TTL alone bounds how long it is believed.
    pub fn new(identity: I) -> Self {
        Self { identity, expiry: None }
    }

    /// Sets when the token expires. The guard does not use the answer beyond that; a token that has expired already is refused.
    pub fn expires_at(mut self, at: SystemTime) -> Self {
        self.expiry = Some(Expiry { at, is_exact: false });
        self
    }

    /// Sets when the token expires by this server's own clock and rules, so that no skew is to be added.
    #[cfg(feature = "jwt")]
    pub(crate) fn expires_exactly_at(mut self, at: SystemTime) -> Self {
        self.expiry = Some(Expiry { at, is_exact: true });
        self
    }
}

/// Tells whom a token is for.
///
/// The async clients of the three services implement it, and so do closures from a token to an answer:
///
/// ```
/// use iam_sdk::{Result, UserToken, server::{Guard, Known}};
///
/// # fn build() -> Result<()> {
/// let guard = Guard::builder(|token: UserToken| async move {
///     let known = token.expose_secret() == "swordfish";
///     Ok(known.then(|| Known::new("ann".to_owned())))
/// });
/// # guard.build()?; Ok(()) }
/// ```
pub trait Introspect: Send + Sync + 'static {
    /// What the service knows about the owner of a token.
    type Identity: Identity;

    /// Returns whom the token is for; `Ok(None)` if the service says that it is for nobody.
    ///
    /// # Errors
    ///
    /// The service could not tell. The guard responds with 503 then, and caches nothing: an outage, a wrong app token or a response
    /// that cannot be decoded MUST NOT become `Ok(None)`.
    fn introspect(&self, token: &UserToken) -> impl Future<Output = Result<Option<Known<Self::Identity>>>> + Send;

    /// Returns the roles of a caller, for [`Caller::require_role`](super::Caller::require_role). They are cached for this token alone.
    ///
    /// If the service refuses the call with 401, the guard asks [`introspect`](Self::introspect) anew before it believes that the token is bad.
    /// What refuses this server's own credentials MUST be another kind, such as [`Application`](crate::ErrorKind::Application).
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) by default: nothing says what the roles are.
    fn roles(
        &self,
        _token: &UserToken,
        _identity: &Self::Identity,
    ) -> impl Future<Output = Result<Vec<String>>> + Send {
        std::future::ready(Err(Error::configuration("the guard's `Introspect` does not implement `roles`")))
    }

    /// Returns what a caller may do in a company, for [`Caller::require_permission`](super::Caller::require_permission).
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) by default: nothing says what the permissions are.
    fn permissions(
        &self,
        _token: &UserToken,
        _identity: &Self::Identity,
        _company: &str,
    ) -> impl Future<Output = Result<Vec<String>>> + Send {
        std::future::ready(Err(Error::configuration("the guard's `Introspect` does not implement `permissions`")))
    }

    /// Returns whether the answers are found without asking anybody else: then any number may be looked for at once. Default: no.
    fn is_local(&self) -> bool {
        false
    }

    /// Returns the name of the service, for observers and metrics. Default: `custom`.
    fn service(&self) -> &'static str {
        "custom"
    }

    /// Returns the client that [`Caller::client`](super::Caller::client) acts for a caller with, if there is one.
    fn acting_client(&self) -> Option<ActingClient> {
        None
    }
}

impl<F, R, I> Introspect for F
where
    F: Fn(UserToken) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Option<Known<I>>>> + Send,
    I: Identity,
{
    type Identity = I;

    fn introspect(&self, token: &UserToken) -> impl Future<Output = Result<Option<Known<I>>>> + Send {
        self(token.clone())
    }
}
