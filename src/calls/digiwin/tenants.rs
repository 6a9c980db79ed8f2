use super::{Call, Session, options_method};
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
    options_method!();

    /// Returns the tenants of the user.
    #[doc = tenants::docs!(GET_TENANTS)]
    pub fn get_tenants(&self) -> Call<Vec<Tenant>> {
        self.get_tenants_with(TenantListOptions::new())
    }

    /// Returns some of the tenants of the user: see [`get_tenants`](Self::get_tenants).
    pub fn get_tenants_with(&self, options: TenantListOptions) -> Call<Vec<Tenant>> {
        self.session.call_with(tenants::get_tenants(&options), Data::list)
    }

    /// Returns the tenant that the token is in, if the service names one.
    ///
    /// Needs a token in a tenant.
    #[doc = tenants::docs!(GET_CURRENT)]
    pub fn get_current(&self) -> Call<Option<Tenant>> {
        self.session.call(tenants::get_current())
    }

    /// Returns a tenant with few members.
    #[doc = tenants::docs!(GET_SIMPLE)]
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
    /// Needs a token in a tenant.
    #[doc = tenants::docs!(GET_CURRENT_SIMPLE)]
    pub fn get_current_simple(&self) -> Call<Option<Tenant>> {
        self.session.call(tenants::get_current_simple())
    }

    /// Returns the tenants that a keyword finds.
    #[doc = tenants::docs!(QUERY_TENANTS)]
    pub fn query_tenants(&self, keyword: &str) -> Call<Vec<Tenant>> {
        self.session.call_with(tenants::query_tenants(keyword), Data::list)
    }

    /// Returns whether a user is in the tenant.
    #[doc = tenants::docs!(CHECK_USER_IN_TENANT)]
    pub fn check_user_in_tenant(&self, user_id: impl AsRef<str>) -> Call<bool> {
        self.session.call_with(tenants::check_user_in_tenant(user_id.as_ref()), tenants::is_member)
    }

    /// Returns the applications that the tenant has bought.
    ///
    /// Needs a token in a tenant.
    #[doc = tenants::docs!(GET_APPLICATIONS)]
    pub fn get_applications(&self) -> Call<Vec<TenantApplication>> {
        self.get_applications_with(ApplicationFilter::new())
    }

    /// Returns the applications that expire within a time: see [`get_applications`](Self::get_applications).
    pub fn get_applications_with(&self, filter: ApplicationFilter) -> Call<Vec<TenantApplication>> {
        self.session.call_with(tenants::get_applications(&filter), Data::list)
    }

    /// Invites a user into a tenant, named by id, mail address or phone number.
    ///
    /// The vendor does not document the response; it is returned unchanged.
    #[doc = tenants::docs!(INVITE_USER)]
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
    /// The vendor does not document the response; it is returned unchanged.
    #[doc = tenants::docs!(REMOVE_USER)]
    pub fn remove_user(&self, user: impl Into<UserRef>) -> Call<Json> {
        self.session.call(tenants::remove_user(&user.into()))
    }
}
