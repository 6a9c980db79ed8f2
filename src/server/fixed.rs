//! Guards of tests: what they know is fixed.

use super::{Guard, GuardBuilder, Identity, Introspect, Introspection, decisions::Subject};
use crate::{Error, Result, UserToken};
use std::{collections::HashMap, fmt, sync::Arc};

/// Knows the tokens that it was given, and no others: see [`Guard::fixed`].
pub struct Fixed<I: Identity> {
    identities: HashMap<String, I>,
    /// By user.
    roles: HashMap<String, Arc<[String]>>,
    /// By user, then by company.
    permissions: HashMap<String, HashMap<String, Arc<[String]>>>,
    client: Option<I::Client>,
}

impl<I: Identity> Guard<Fixed<I>> {
    /// Begins a guard that knows these tokens and asks no service, for unit tests of handlers.
    ///
    /// [`roles`](GuardBuilder::roles) and [`permissions`](GuardBuilder::permissions) say what a user may do; sources are asked about no user
    /// of whom they say it. A handler that calls [`Caller::client`](super::Caller::client) needs a [`client`](GuardBuilder::client).
    ///
    /// ```
    /// use iam_sdk::{Client, digiwin::UserTokenInfo, server::{Caller, Guard, Rejection}};
    ///
    /// // The handler's own part.
    /// async fn remove(iam: &Client, who: Caller) -> Result<(), Rejection> {
    ///     who.require_tenant("T1")?;
    ///     who.require_role(iam, "admin").await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ann = UserTokenInfo::default().with_user_id("ann").with_tenant_id("T1");
    /// let bob = UserTokenInfo::default().with_user_id("bob").with_tenant_id("T1");
    /// let guard = Guard::fixed([("ann's", ann), ("bob's", bob)]).roles("ann", ["admin"]).roles("bob", ["staff"]).build()?;
    /// // Nobody listens there, and nobody is asked.
    /// let iam = Client::builder("http://127.0.0.1:9", "app-token").build()?;
    /// remove(&iam, guard.check_token("ann's".into()).await?).await?;
    /// let rejection = remove(&iam, guard.check_token("bob's".into()).await?).await.unwrap_err();
    /// assert_eq!(rejection.status(), 403);
    /// # Ok(()) }
    /// ```
    pub fn fixed(identities: impl IntoIterator<Item = (impl Into<String>, I)>) -> GuardBuilder<Fixed<I>> {
        let identities = identities.into_iter().map(|(token, identity)| (token.into(), identity)).collect();
        Guard::builder(Fixed { identities, roles: HashMap::new(), permissions: HashMap::new(), client: None })
    }
}

impl<I: Identity> GuardBuilder<Fixed<I>> {
    /// Sets a user's roles. [`require_role`](super::Caller::require_role) asks no source about this user then.
    pub fn roles(mut self, user_id: impl Into<String>, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.introspect.roles.insert(user_id.into(), names(roles));
        self
    }

    /// Sets what a user may do in a company. [`require_permission`](super::Caller::require_permission) asks no source about this user then,
    /// who may do nothing in other companies.
    pub fn permissions(
        mut self,
        user_id: impl Into<String>,
        company_id: impl Into<String>,
        permissions: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let companies = self.introspect.permissions.entry(user_id.into()).or_default();
        companies.insert(company_id.into(), names(permissions));
        self
    }

    /// Sets the client that [`Caller::client`](super::Caller::client) acts for callers with, such as one of the
    /// [emulator](crate::guide::testing).
    ///
    /// It sends the very tokens that the guard knows: fix one that the emulator has issued. Where the emulator refuses it, the guard still
    /// says that it is good, so that the handler's call is rejected with 503 and not with 401.
    pub fn client(mut self, client: I::Client) -> Self {
        self.introspect.client = Some(client);
        self
    }
}

fn names(names: impl IntoIterator<Item = impl Into<String>>) -> Arc<[String]> {
    names.into_iter().map(Into::into).collect()
}

impl<I: Identity> Fixed<I> {
    /// Returns what a user has been granted; `None` if the test does not say it.
    pub(super) fn grants(&self, user_id: &str, subject: &Subject) -> Option<Arc<[String]>> {
        match subject {
            Subject::Roles(_) => self.roles.get(user_id).cloned(),
            Subject::Permissions(_, company) => {
                let companies = self.permissions.get(user_id)?;
                Some(companies.get(&**company).cloned().unwrap_or_default())
            }
        }
    }
}

impl<I: Identity> Introspect for Fixed<I> {
    type Identity = I;

    fn introspect(&self, token: &UserToken) -> impl Future<Output = Result<Introspection<I>>> + Send {
        let identity = self.identities.get(token.expose_secret()).cloned();
        std::future::ready(Ok(identity.map_or_else(Introspection::inactive, Introspection::active)))
    }

    fn client(&self) -> Result<I::Client> {
        let none = || Error::configuration("the fixed guard of this test has no client: set one with `client`");
        self.client.clone().ok_or_else(none)
    }

    fn is_local(&self) -> bool {
        true
    }
}

impl<I: Identity> fmt::Debug for Fixed<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixed").field("tokens", &self.identities.len()).finish_non_exhaustive()
    }
}
