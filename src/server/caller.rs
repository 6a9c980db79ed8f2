//! Who calls.

use super::{ActsFor, HasTenant, Identity, Permissions, Rejection, Roles, decisions::Subject, guard::Who};
#[cfg(feature = "digiwin")]
use crate::digiwin::UserTokenInfo;
use crate::{Error, Result, UserToken, session::OnRefusal};
use std::{fmt, pin::Pin, sync::Arc, time::Duration};

pub(super) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Asks a source what a caller has been granted.
pub(super) type AskSource = Box<dyn Fn() -> BoxFuture<Result<Vec<String>>> + Send + Sync>;

/// The guard of a caller, whatever service it asks.
pub(super) trait Authority<I: Identity>: Send + Sync {
    /// Returns the caller's roles, or permissions in a company: from the cache, or from the source.
    fn grants(
        self: Arc<Self>,
        caller: Caller<I>,
        subject: Subject,
        ask: AskSource,
    ) -> BoxFuture<Result<Arc<[String]>, Rejection>>;

    /// Returns whose fault it is that the service refused a call with the caller's token: `Ok` if that is no good any more, which the
    /// guard knows from now on; otherwise the error that counts.
    fn whose(self: Arc<Self>, token: UserToken, refusal: Error) -> BoxFuture<Result<()>>;

    fn client(&self) -> Result<I::Client>;

    fn time_limit(&self) -> Duration;

    fn forbidden(&self) -> Rejection;
}

/// Who calls: an identity that a [`Guard`](super::Guard) has confirmed. Cheap to clone.
///
/// With the feature `axum` it is an extractor, and so is `Option<Caller>`: `None` only if the request has no token, and stands behind
/// an [`optional_layer`](super::Guard::optional_layer).
///
/// Without a type argument the identity is Digiwin's (feature `digiwin`). `Caller<TokenOwner>` is Authing's, `Caller<LicenseUser>` Cloudspot's,
/// `Caller<Claims>` a JWT's. What an identity cannot tell does not compile:
///
/// | identity | `require_tenant` | `require_role(&…)` | `require_permission(&…)` | `client()` |
/// | --- | --- | --- | --- | --- |
/// | `UserTokenInfo`, Digiwin | yes | `Client` | a source of your own | `Client` |
/// | `TokenOwner`, Authing | the user pool | `ManagementClient` | a source of your own | no |
/// | `LicenseUser`, Cloudspot | no | a source of your own | `LicenseClient` | `LicenseClient` |
/// | `Claims`, a JWT | no: `require_claim`, `require_scope` | a source of your own | a source of your own | no |
/// | your own [`Identity`] | with [`HasTenant`] | a source of your own | a source of your own | with [`Identity::Client`] |
///
/// ```compile_fail,E0277
/// // The management client's calls are made as the user pool, not as the caller.
/// # fn example(who: iam_sdk::server::Caller<iam_sdk::authing::TokenOwner>) {
/// let _ = who.client();
/// # }
/// ```
pub struct Caller<#[cfg(feature = "digiwin")] I: Identity = UserTokenInfo, #[cfg(not(feature = "digiwin"))] I: Identity>(
    Arc<Inner<I>>,
);

struct Inner<I: Identity> {
    who: Arc<Who<I>>,
    token: UserToken,
    authority: Arc<dyn Authority<I>>,
}

impl<I: Identity> Caller<I> {
    pub(super) fn new(who: Arc<Who<I>>, token: UserToken, authority: Arc<dyn Authority<I>>) -> Self {
        Self(Arc::new(Inner { who, token, authority }))
    }

    /// Returns what the service knows about the owner of the token.
    pub fn identity(&self) -> &I {
        &self.0.who.0
    }

    /// Returns the id of the user.
    pub fn user_id(&self) -> &str {
        self.identity().user_id()
    }

    /// Returns the id of the tenant that the token is in, if it is in one and the identity [says so](HasTenant).
    pub fn tenant_id(&self) -> Option<&str> {
        self.identity().tenant_id()
    }

    /// Returns the token that the request brought.
    pub fn token(&self) -> &UserToken {
        &self.0.token
    }

    /// Rejects a caller whose token is not in this tenant.
    ///
    /// ```compile_fail,E0277
    /// // Cloudspot's users are in no tenant.
    /// # fn example(who: iam_sdk::server::Caller<iam_sdk::cloudspot::LicenseUser>) {
    /// let _ = who.require_tenant("T1");
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Forbidden`](super::RejectionKind::Forbidden).
    pub fn require_tenant(&self, tenant_id: impl AsRef<str>) -> Result<(), Rejection>
    where
        I: HasTenant,
    {
        match self.tenant_id() == Some(tenant_id.as_ref()) {
            true => Ok(()),
            false => Err(self.forbidden()),
        }
    }

    /// Rejects a caller who does not have this role, as `source` tells it: by the role's id (Digiwin) or code (Authing).
    ///
    /// The guard caches what the source says, as long as identities and apart from them, for this token alone. Digiwin's roles are those of
    /// the token's tenant; of a token in no tenant, those of all tenants: call [`require_tenant`](Self::require_tenant) first.
    ///
    /// # Errors
    ///
    /// - [`Forbidden`](super::RejectionKind::Forbidden): the caller does not have the role.
    /// - [`InvalidToken`](super::RejectionKind::InvalidToken): the token was revoked since the guard introspected it.
    /// - [`Unavailable`](super::RejectionKind::Unavailable): the source cannot tell.
    pub async fn require_role(&self, source: &(impl Roles<I> + Clone), role: impl AsRef<str>) -> Result<(), Rejection> {
        let subject = Subject::Roles(source.source_id());
        let (source, who) = (source.clone(), self.clone());
        let ask: AskSource = Box::new(move || {
            let (source, who) = (source.clone(), who.clone());
            Box::pin(async move { source.roles(&who).await })
        });
        self.require(subject, ask, role.as_ref()).await
    }

    /// Rejects a caller who does not have this permission in a company, as `source` tells it.
    ///
    /// The guard caches what the source says, as long as identities and apart from them, for this token alone.
    ///
    /// # Errors
    ///
    /// Those of [`require_role`](Self::require_role).
    pub async fn require_permission(
        &self,
        source: &(impl Permissions<I> + Clone),
        company_id: impl AsRef<str>,
        permission: impl AsRef<str>,
    ) -> Result<(), Rejection> {
        let company: Arc<str> = company_id.as_ref().into();
        let subject = Subject::Permissions(source.source_id(), company.clone());
        let (source, who) = (source.clone(), self.clone());
        let ask: AskSource = Box::new(move || {
            let (source, who, company) = (source.clone(), who.clone(), company.clone());
            Box::pin(async move { source.permissions(&who, &company).await })
        });
        self.require(subject, ask, permission.as_ref()).await
    }

    async fn require(&self, subject: Subject, ask: AskSource, name: &str) -> Result<(), Rejection> {
        let granted = self.0.authority.clone().grants(self.clone(), subject, ask).await?;
        match granted.iter().any(|granted| granted == name) {
            true => Ok(()),
            false => Err(self.forbidden()),
        }
    }

    /// Returns a client whose calls are made as the caller, over the connections of the guard's client.
    ///
    /// It is in no token store, is never refreshed, and is gone with its handles. Each of its calls has the guard's
    /// [time limit](super::GuardBuilder::timeout), or the client's own if that is shorter; `with_options` sets another one. If the service refuses
    /// the token, the guard asks anew whose it is, and forgets it if it is nobody's.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration): the guard is a [fixed](super::Guard::fixed) one without a client.
    pub fn client(&self) -> Result<I::Client>
    where
        I::Client: ActsFor,
    {
        self.0.authority.client()?.acting_for(self)
    }

    /// Returns how long a call for the caller may take: the guard's own [time limit](super::GuardBuilder::timeout).
    pub fn time_limit(&self) -> Duration {
        self.0.authority.time_limit()
    }

    /// Returns the error that counts where a service has refused a call with the caller's token.
    ///
    /// The guard asks anew whom the token is for. It is `refusal` itself if the token is good no longer, which the guard knows from now on;
    /// otherwise an error that is not the caller's fault. [`client`](Self::client) does so by itself.
    pub async fn confirm_refusal(&self, refusal: Error) -> Error {
        match self.0.authority.clone().whose(self.0.token.clone(), refusal.clone()).await {
            Ok(()) => refusal,
            Err(error) => error,
        }
    }

    /// Returns what a client that acts for the caller does when the service refuses a call: the guard finds out what was refused.
    pub(super) fn on_refusal(&self) -> OnRefusal {
        let (authority, token) = (self.0.authority.clone(), self.0.token.clone());
        OnRefusal::new(move |refusal| authority.clone().whose(token.clone(), refusal))
    }

    pub(super) fn forbidden(&self) -> Rejection {
        self.0.authority.forbidden()
    }
}

impl<I: Identity> Clone for Caller<I> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Shows neither the token nor who it is: logs keep it.
impl<I: Identity> fmt::Debug for Caller<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}
