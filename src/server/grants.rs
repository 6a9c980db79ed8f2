//! Who can tell what a caller may do.

use super::{Caller, Identity};
use crate::Result;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Tells the roles of callers with this identity: what [`Caller::require_role`] asks.
///
/// `Client` tells those of Digiwin's callers, and `ManagementClient`
/// those of Authing's. For other identities a source does not compile until you write it:
///
/// ```compile_fail,E0277
/// # async fn example(license: iam_sdk::r#async::cloudspot::LicenseClient, who: iam_sdk::server::Caller) {
/// // Cloudspot has permissions, and no roles.
/// let _ = who.require_role(&license, "admin").await;
/// # }
/// ```
///
/// Implement it for a source of your own as [`Permissions`] shows.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot tell the roles of a caller whose identity is `{I}`",
    note = "implement `Roles<{I}>` for a type of your own: see the guide's page `servers`"
)]
pub trait Roles<I: Identity>: Send + Sync + 'static {
    /// Returns what tells this source from others: see [`SourceId`].
    fn source_id(&self) -> SourceId;

    /// Returns the roles of a caller. The guard caches them for the caller's token alone.
    ///
    /// # Errors
    ///
    /// What hinders it: the guard rejects the request by whose fault it is, see [`Rejection`](super::Rejection). If it is an
    /// [`Authentication`](crate::ErrorKind::Authentication), the guard asks [`Introspect`](super::Introspect) anew before it believes that the token is
    /// bad. What refuses this server's own credentials MUST be another kind, such as [`Application`](crate::ErrorKind::Application).
    fn roles(&self, who: &Caller<I>) -> impl Future<Output = Result<Vec<String>>> + Send;
}

/// Tells what callers with this identity may do in a company: what [`Caller::require_permission`] asks.
///
/// `LicenseClient` tells it of Cloudspot's callers. A caller of another service has no token of
/// Cloudspot's, so that this does not compile:
///
/// ```compile_fail,E0277
/// # async fn example(license: iam_sdk::r#async::cloudspot::LicenseClient, who: iam_sdk::server::Caller) {
/// let _ = who.require_permission(&license, "c1", "order.delete").await;
/// # }
/// ```
///
/// A source of your own says how the two belong together:
///
/// ```
/// use iam_sdk::{Result, digiwin::UserTokenInfo, r#async::cloudspot::LicenseClient, server::{Caller, Permissions, SourceId}};
///
/// /// Cloudspot's permissions of Digiwin's users, each of whom has a Cloudspot session under their Digiwin id.
/// #[derive(Clone)]
/// struct Licenses {
///     cloudspot: LicenseClient,
///     id: SourceId, // `SourceId::new()`, once
/// }
///
/// impl Permissions<UserTokenInfo> for Licenses {
///     fn source_id(&self) -> SourceId {
///         self.id
///     }
///
///     async fn permissions(&self, who: &Caller, company_id: &str) -> Result<Vec<String>> {
///         let session = self.cloudspot.with_session(who.user_id());
///         if session.current_token().await?.is_none() {
///             return Ok(Vec::new()); // never logged in at Cloudspot: may do nothing
///         }
///         Ok(session.get_company_permissions(company_id).await?.permissions)
///     }
/// }
///
/// # async fn example(licenses: Licenses, who: Caller) -> Result<(), iam_sdk::server::Rejection> {
/// who.require_permission(&licenses, "c1", "order.delete").await
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot tell the permissions of a caller whose identity is `{I}`",
    note = "the services do not share tokens: implement `Permissions<{I}>` for a type of your own, see the guide's page `servers`"
)]
pub trait Permissions<I: Identity>: Send + Sync + 'static {
    /// Returns what tells this source from others: see [`SourceId`].
    fn source_id(&self) -> SourceId;

    /// Returns what a caller may do in a company: nothing where there is no such company. The guard caches it for the caller's token
    /// alone.
    ///
    /// # Errors
    ///
    /// Those of [`Roles::roles`].
    fn permissions(&self, who: &Caller<I>, company_id: &str) -> impl Future<Output = Result<Vec<String>>> + Send;
}

/// Tells a source of roles or permissions from others in a guard's cache.
///
/// Two sources that can say different things of one caller MUST have two. Clones of a
/// source share its id: create it once, when the server starts. With a new id for each request, nothing would be found in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceId(u64);

impl SourceId {
    /// Creates an id that no other source of this process has.
    #[allow(clippy::new_without_default, reason = "two defaults would differ")]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn number(self) -> u64 {
        self.0
    }
}

impl<I: Identity, S: Roles<I>> Roles<I> for Arc<S> {
    fn source_id(&self) -> SourceId {
        (**self).source_id()
    }

    fn roles(&self, who: &Caller<I>) -> impl Future<Output = Result<Vec<String>>> + Send {
        (**self).roles(who)
    }
}

impl<I: Identity, S: Permissions<I>> Permissions<I> for Arc<S> {
    fn source_id(&self) -> SourceId {
        (**self).source_id()
    }

    fn permissions(&self, who: &Caller<I>, company_id: &str) -> impl Future<Output = Result<Vec<String>>> + Send {
        (**self).permissions(who, company_id)
    }
}
