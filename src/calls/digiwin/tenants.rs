use super::{Session, maybe_async};
use crate::{
    Result,
    digiwin::{
        ApplicationFilter, InviteOptions, Tenant, TenantApplication, TenantId, TenantListOptions, TenantSimpleOptions,
        UserRef,
        tenants::{self, Membership},
    },
    protocol::decode::Data,
};
use serde_json::Value;

/// Tenants and their applications: `/api/iam/v2/tenant`.
#[derive(Clone, Debug)]
pub struct Tenants {
    pub(super) session: Session,
}

#[maybe_async]
impl Tenants {
    /// The tenants of the user: `POST tenant`.
    pub async fn get_tenants(&self) -> Result<Vec<Tenant>> {
        self.get_tenants_with(TenantListOptions::new()).await
    }

    /// [`get_tenants`](Self::get_tenants), some left out.
    pub async fn get_tenants_with(&self, options: TenantListOptions) -> Result<Vec<Tenant>> {
        self.session.call_with(tenants::get_tenants(&options), Data::list).await
    }

    /// The tenant that the token is in: `POST tenant/current`. Needs a token in a tenant.
    pub async fn get_current(&self) -> Result<Option<Tenant>> {
        self.session.call(tenants::get_current()?).await
    }

    /// A tenant by id, in short: `POST tenant/simple`. The vendor's client also calls it `get_tenant_simple`.
    pub async fn get_simple(&self, id: &str) -> Result<Option<Tenant>> {
        self.get_simple_with(id, TenantSimpleOptions::new()).await
    }

    /// [`get_simple`](Self::get_simple), with the invoice's members if asked for.
    pub async fn get_simple_with(&self, id: &str, options: TenantSimpleOptions) -> Result<Option<Tenant>> {
        self.session.call(tenants::get_simple(id, &options)?).await
    }

    /// [`get_simple`](Self::get_simple) under its other name.
    pub async fn get_tenant_simple(&self, id: &str) -> Result<Option<Tenant>> {
        self.get_simple(id).await
    }

    /// The tenant that the token is in, in short: `GET tenant/current/simple`. Needs a token in a tenant.
    pub async fn get_current_simple(&self) -> Result<Option<Tenant>> {
        self.session.call(tenants::get_current_simple()).await
    }

    /// The tenants that a keyword finds: `POST tenant/query`.
    pub async fn query_tenants(&self, keyword: &str) -> Result<Vec<Tenant>> {
        self.session.call_with(tenants::query_tenants(keyword)?, Data::list).await
    }

    /// Returns whether a user is in the tenant: `GET tenant/check/userintenant`.
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::ErrorKind::Decode): the response says neither yes (an object of a user or tenant, or `true`) nor no
    /// (`false`, `null` or nothing).
    pub async fn check_user_in_tenant(&self, user_id: &str) -> Result<bool> {
        let Membership(yes) = self.session.call(tenants::check_user_in_tenant(user_id)).await?;
        Ok(yes)
    }

    /// What the tenant has bought: `GET tenant/application`. Needs a token in a tenant.
    pub async fn get_applications(&self) -> Result<Vec<TenantApplication>> {
        self.get_applications_with(ApplicationFilter::new()).await
    }

    /// [`get_applications`](Self::get_applications) that expire within a time.
    pub async fn get_applications_with(&self, filter: ApplicationFilter) -> Result<Vec<TenantApplication>> {
        self.session.call_with(tenants::get_applications(&filter), Data::list).await
    }

    /// Invites a user, by id, mail address or phone number, into a tenant: `POST tenant/user/invite/new`. The answer is not
    /// documented, and given as it is.
    pub async fn invite_user(&self, tenant_id: TenantId<'_>, user: &str) -> Result<Value> {
        self.invite_user_with(tenant_id, user, InviteOptions::new()).await
    }

    /// [`invite_user`](Self::invite_user) with roles, organizations and so on.
    pub async fn invite_user_with(&self, tenant_id: TenantId<'_>, user: &str, options: InviteOptions) -> Result<Value> {
        self.session.call(tenants::invite_user(tenant_id, user, &options)?).await
    }

    /// Takes a user out of the tenant: `POST tenant/remove/user`. The answer is not documented, and given as it is.
    pub async fn remove_user(&self, user: impl Into<UserRef>) -> Result<Value> {
        self.session.call(tenants::remove_user(&user.into())?).await
    }
}
