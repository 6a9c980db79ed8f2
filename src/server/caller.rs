//! Who calls.

use super::{ActingClient, Identity, Rejection, acting_client::Service, decisions::Question, guard::Who};
use crate::{Error, Result, UserToken, session::OnRefusal};
#[cfg(feature = "digiwin")]
use crate::{r#async::Client, digiwin::UserTokenInfo};
#[cfg(feature = "cloudspot")]
use crate::{r#async::cloudspot::LicenseClient, cloudspot::LicenseUser};
use std::{fmt, pin::Pin, sync::Arc};

pub(super) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The guard of a caller, whatever service it asks.
pub(super) trait Authority<I>: Send + Sync {
    /// Returns the caller's roles, or permissions in a company.
    fn grants(self: Arc<Self>, caller: Caller<I>, question: Question) -> BoxFuture<Result<Arc<[String]>, Rejection>>;

    /// Returns whose fault it is that the service refused a call with the caller's token: `Ok` if that is no good any more, which the
    /// guard knows from now on; otherwise the error that counts.
    fn whose(self: Arc<Self>, token: UserToken, refusal: Error) -> BoxFuture<Result<()>>;

    fn acting_client(&self) -> Option<ActingClient>;

    fn forbidden(&self) -> Rejection;
}

/// Who calls: an identity that a [`Guard`](super::Guard) has confirmed. Cheap to clone.
///
/// With the feature `axum` it is an extractor, and so is `Option<Caller>`: `None` only if the request has no token, and stands behind
/// an [`optional_layer`](super::Guard::optional_layer).
///
/// Without a type argument the identity is Digiwin's (feature `digiwin`); `Caller<TokenOwner>` is Authing's, `Caller<LicenseUser>`
/// Cloudspot's.
pub struct Caller<#[cfg(feature = "digiwin")] I = UserTokenInfo, #[cfg(not(feature = "digiwin"))] I>(Arc<Inner<I>>);

struct Inner<I> {
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

    /// Returns the id of the tenant that the token is in.
    pub fn tenant_id(&self) -> Option<&str> {
        self.identity().tenant_id()
    }

    /// Returns the token that the request brought.
    pub fn token(&self) -> &UserToken {
        &self.0.token
    }

    /// Rejects a caller whose token is not in this tenant.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](super::RejectionKind::Forbidden).
    pub fn require_tenant(&self, tenant_id: impl AsRef<str>) -> Result<(), Rejection> {
        match self.tenant_id() == Some(tenant_id.as_ref()) {
            true => Ok(()),
            false => Err(self.0.authority.forbidden()),
        }
    }

    /// Rejects a caller who does not have the role with this id (Digiwin) or code (Authing).
    ///
    /// The roles are cached as long as identities are, and apart from them. Those of Digiwin are of the token's tenant; of a token in no
    /// tenant, those of all tenants: call [`require_tenant`](Self::require_tenant) first.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](super::RejectionKind::Forbidden); [`Unavailable`](super::RejectionKind::Unavailable), if the service cannot tell.
    pub async fn require_role(&self, role: impl AsRef<str>) -> Result<(), Rejection> {
        self.require(Question::Roles, role.as_ref()).await
    }

    /// Rejects a caller who does not have the permission with this slug in a company.
    ///
    /// The permissions are cached as long as identities are, and apart from them.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](super::RejectionKind::Forbidden); [`Unavailable`](super::RejectionKind::Unavailable), if the service cannot tell.
    pub async fn require_permission(
        &self,
        company_id: impl AsRef<str>,
        permission: impl AsRef<str>,
    ) -> Result<(), Rejection> {
        self.require(Question::Permissions(company_id.as_ref().to_owned()), permission.as_ref()).await
    }

    async fn require(&self, question: Question, name: &str) -> Result<(), Rejection> {
        let grants = self.0.authority.clone().grants(self.clone(), question).await?;
        match grants.iter().any(|granted| granted == name) {
            true => Ok(()),
            false => Err(self.0.authority.forbidden()),
        }
    }

    /// Returns what a client that acts for the caller does when the service refuses a call: the guard finds out what was refused.
    fn on_refusal(&self) -> OnRefusal {
        let (authority, token) = (self.0.authority.clone(), self.0.token.clone());
        OnRefusal::new(move |refusal| authority.clone().whose(token.clone(), refusal))
    }

    #[cfg(feature = "jwt")]
    pub(super) fn forbidden(&self) -> Rejection {
        self.0.authority.forbidden()
    }

    fn acting_client(&self) -> Result<Service> {
        let none = || Error::configuration("this caller's guard has no client of the service that the identity is of");
        self.0.authority.acting_client().map(|client| client.0).ok_or_else(none)
    }
}

#[cfg(feature = "digiwin")]
impl Caller<UserTokenInfo> {
    /// Returns a client whose calls are made as the caller, over the connections of the guard's client.
    ///
    /// It is in no token store, is never refreshed, and is gone with its handles. If the service refuses the token, the guard
    /// asks anew whose it is, and forgets it if it is nobody's.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration): the guard does not ask a [`Client`], for example in a test.
    pub fn client(&self) -> Result<Client> {
        match self.acting_client()? {
            Service::Digiwin(client) => client.with_watched_token(self.0.token.clone(), self.on_refusal()),
            #[cfg(feature = "cloudspot")]
            Service::Cloudspot(_) => Err(wrong_service()),
        }
    }
}

#[cfg(feature = "cloudspot")]
impl Caller<LicenseUser> {
    /// Returns a client whose calls are made as the caller, over the connections of the guard's client.
    ///
    /// It is in no token store, is never refreshed, and is gone with its handles. If the service refuses the token, the guard
    /// asks anew whose it is, and forgets it if it is nobody's.
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration): the guard does not ask a [`LicenseClient`], for example in a test.
    pub fn client(&self) -> Result<LicenseClient> {
        match self.acting_client()? {
            Service::Cloudspot(client) => client.with_watched_token(self.0.token.clone(), self.on_refusal()),
            #[cfg(feature = "digiwin")]
            Service::Digiwin(_) => Err(wrong_service()),
        }
    }
}

fn wrong_service() -> Error {
    Error::configuration("this caller's guard acts with a client of another service")
}

impl<I> Clone for Caller<I> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Shows neither the token nor who it is: logs keep it.
impl<I> fmt::Debug for Caller<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}
