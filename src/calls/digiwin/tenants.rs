use super::{Call, Session};
use crate::{
    Json,
    digiwin::{
        ApplicationFilter, InviteOptions, Tenant, TenantApplication, TenantId, TenantListOptions, TenantSimpleOptions,
        UserRef, tenants,
    },
    protocol::decode::Data,
};

/// Finds tenants, their members and their applications: `/api/iam/v2/tenant`. Any call can fail as [`Error`](crate::Error)
/// says.
#[derive(Clone, Debug)]
pub struct Tenants {
    pub(super) session: Session,
}

impl Tenants {
    /// Returns the tenants of the user.
    ///
    /// Sends `POST /api/iam/v2/tenant`.
    pub fn get_tenants(&self) -> Call<Vec<Tenant>> {
        self.get_tenants_with(TenantListOptions::new())
    }

    /// Returns some of the tenants of the user: see [`get_tenants`](Self::get_tenants).
    pub fn get_tenants_with(&self, options: TenantListOptions) -> Call<Vec<Tenant>> {
        self.session.call_with(tenants::get_tenants(&options), Data::list)
    }

    /// Returns the tenant that the token is in, if the service names one.
    ///
    /// Sends `POST /api/iam/v2/tenant/current`. Needs a token in a tenant.
    pub fn get_current(&self) -> Call<Option<Tenant>> {
        self.session.call(tenants::get_current())
    }

    /// Returns a tenant with few members.
    ///
    /// Sends `POST /api/iam/v2/tenant/simple`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound): the service has no tenant of this id.
    pub fn get_simple(&self, id: impl AsRef<str>) -> Call<Tenant> {
        self.get_simple_with(id, TenantSimpleOptions::new())
    }

    /// Returns a tenant with few members, those of its invoice too if asked for: see [`get_simple`](Self::get_simple).
    pub fn get_simple_with(&self, id: impl AsRef<str>, options: TenantSimpleOptions) -> Call<Tenant> {
        self.session.call_with(tenants::get_simple(id.as_ref(), &options), Data::non_null)
    }

    /// Returns a tenant with few members: the vendor's second name of [`get_simple`](Self::get_simple).
    pub fn get_tenant_simple(&self, id: impl AsRef<str>) -> Call<Tenant> {
        self.get_simple(id)
    }

    /// Returns the tenant that the token is in, with few members, if the service names one.
    ///
    /// Sends `GET /api/iam/v2/tenant/current/simple`. Needs a token in a tenant.
    pub fn get_current_simple(&self) -> Call<Option<Tenant>> {
        self.session.call(tenants::get_current_simple())
    }

    /// Returns the tenants that a keyword finds.
    ///
    /// Sends `POST /api/iam/v2/tenant/query`.
    pub fn query_tenants(&self, keyword: &str) -> Call<Vec<Tenant>> {
        self.session.call_with(tenants::query_tenants(keyword), Data::list)
    }

    /// Returns whether a user is in the tenant.
    ///
    /// Sends `GET /api/iam/v2/tenant/check/userintenant`.
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::ErrorKind::Decode): the response says neither yes (an object of a user or tenant, or `true`) nor no
    /// (`false`, `null` or nothing).
    pub fn check_user_in_tenant(&self, user_id: impl AsRef<str>) -> Call<bool> {
        self.session.call_with(tenants::check_user_in_tenant(user_id.as_ref()), tenants::is_member)
    }

    /// Returns the applications that the tenant has bought.
    ///
    /// Sends `GET /api/iam/v2/tenant/application`. Needs a token in a tenant.
    pub fn get_applications(&self) -> Call<Vec<TenantApplication>> {
        self.get_applications_with(ApplicationFilter::new())
    }

    /// Returns the applications that expire within a time: see [`get_applications`](Self::get_applications).
    pub fn get_applications_with(&self, filter: ApplicationFilter) -> Call<Vec<TenantApplication>> {
        self.session.call_with(tenants::get_applications(&filter), Data::list)
    }

    /// Invites a user into a tenant, named by id, mail address or phone number.
    ///
    /// Sends `POST /api/iam/v2/tenant/user/invite/new`. The vendor does not document the response; it is returned unchanged.
    pub fn invite_user(&self, tenant_id: TenantId<'_>, user: impl AsRef<str>) -> Call<Json> {
        self.invite_user_with(tenant_id, user, InviteOptions::new())
    }

    /// Invites a user into a tenant, with roles, organizations and so on: see [`invite_user`](Self::invite_user).
    pub fn invite_user_with(
        &self,
        tenant_id: TenantId<'_>,
        user: impl AsRef<str>,
        options: InviteOptions,
    ) -> Call<Json> {
        self.session.call(tenants::invite_user(tenant_id, user.as_ref(), &options))
    }

    /// Takes a user out of the tenant.
    ///
    /// Sends `POST /api/iam/v2/tenant/remove/user`. The vendor does not document the response; it is returned unchanged.
    pub fn remove_user(&self, user: impl Into<UserRef>) -> Call<Json> {
        self.session.call(tenants::remove_user(&user.into()))
    }
}
