//! Who can tell whom a token is for.

use super::Introspection;
use crate::{Result, UserToken};

/// The identity that a token stands for.
///
/// ```
/// use iam_sdk::server::{HasTenant, Identity};
///
/// #[derive(Clone)]
/// struct Employee {
///     number: String,
///     company: String,
/// }
///
/// impl Identity for Employee {
///     type Client = (); // `who.client()` does not compile
///
///     fn user_id(&self) -> &str {
///         &self.number
///     }
///
///     fn tenant_id(&self) -> Option<&str> {
///         Some(&self.company)
///     }
/// }
///
/// impl HasTenant for Employee {} // `who.require_tenant(…)` does
/// ```
pub trait Identity: Clone + Send + Sync + 'static {
    /// The client that [`Caller::client`](super::Caller::client) acts for a caller with: one that [`ActsFor`](super::ActsFor) callers, or
    /// `()` if there is none.
    type Client: Clone + Send + Sync + 'static;

    /// Returns the id of the user, which [`Guard::forget_user`](super::Guard::forget_user) goes by, and the cache of roles and permissions.
    fn user_id(&self) -> &str;

    /// Returns the id of the tenant that the token is in. Default: `None`. See [`HasTenant`].
    fn tenant_id(&self) -> Option<&str> {
        None
    }

    /// Returns about how many bytes of memory the identity takes, for the bound of the cache.
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.user_id().len() + self.tenant_id().map_or(0, str::len)
    }
}

/// An identity whose [`tenant_id`](Identity::tenant_id) says which tenant the token is in: what
/// [`Caller::require_tenant`](super::Caller::require_tenant) needs.
///
/// Digiwin's and Authing's identities have it. Cloudspot's has no tenant; the claims of a JWT have the one that the issuer chooses: see
/// `Caller::require_claim`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which tenant a token is in",
    note = "for the claims of a JWT use `require_claim`; for an identity of your own implement `Identity::tenant_id` and `HasTenant`"
)]
pub trait HasTenant: Identity {}

/// The text is the user's id.
impl Identity for String {
    type Client = ();

    fn user_id(&self) -> &str {
        self
    }
}

/// Tells whom a token is for.
///
/// The async clients of the three services implement it, and so do closures from a token to an [`Introspection`] whose identity has no
/// client:
///
/// ```
/// use iam_sdk::{Result, UserToken, server::{Guard, Introspection}};
///
/// # fn build() -> Result<()> {
/// let guard = Guard::builder(|token: UserToken| async move {
///     Ok(match token.expose_secret() {
///         "swordfish" => Introspection::active("ann".to_owned()),
///         _ => Introspection::inactive(),
///     })
/// });
/// # guard.build()?; Ok(()) }
/// ```
pub trait Introspect: Send + Sync + 'static {
    /// What the service knows about the owner of a token.
    type Identity: Identity;

    /// Returns whom the token is for, or that it is [for nobody](Introspection::inactive).
    ///
    /// # Errors
    ///
    /// The service could not tell. The guard responds with 503 then, and caches nothing: an outage, a wrong app token or a response
    /// that cannot be decoded MUST NOT become [`inactive`](Introspection::inactive).
    fn introspect(&self, token: &UserToken) -> impl Future<Output = Result<Introspection<Self::Identity>>> + Send;

    /// Returns the client that [`Caller::client`](super::Caller::client) acts for a caller with: `Ok(())` where the identity has none.
    ///
    /// # Errors
    ///
    /// What hinders it: [`Caller::client`](super::Caller::client) returns it.
    fn client(&self) -> Result<<Self::Identity as Identity>::Client>;

    /// Returns whether the results are found without asking anybody else: then 10,000 may be looked for at once where
    /// [`max_in_flight`](super::GuardBuilder::max_in_flight) sets no other limit. Default: no.
    fn is_local(&self) -> bool {
        false
    }

    /// Returns the name of the service, for observers and metrics. Default: `custom`.
    fn service(&self) -> &'static str {
        "custom"
    }
}

impl<F, R, I> Introspect for F
where
    F: Fn(UserToken) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Introspection<I>>> + Send,
    I: Identity<Client = ()>,
{
    type Identity = I;

    fn introspect(&self, token: &UserToken) -> impl Future<Output = Result<Introspection<I>>> + Send {
        self(token.clone())
    }

    fn client(&self) -> Result<()> {
        Ok(())
    }
}
