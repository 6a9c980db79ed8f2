use crate::protocol::{open_enum::open_enum, options::options};
use serde_json::Value;
use std::fmt;

open_enum! {
    /// Ways in which a login proves an identity.
    IdentityType {
        /// A user id and a password, the default:
        Query = "query",
        /// A token:
        Token = "token",
    }

    /// Kinds of user that `query_users` returns.
    UserQueryType {
        /// Users directly in an organization:
        Org = "org",
        /// Users in an organization and in all below it:
        OrgCascade = "orgCascade",
        /// Disabled users:
        Disabled = "disabled",
        /// All users:
        All = "all",
    }
}

#[allow(clippy::derivable_impls, reason = "the macro declares the variants")]
impl Default for IdentityType {
    fn default() -> Self {
        Self::Query
    }
}

options! {
    /// Optional arguments of `login`.
    LoginOptions {
        /// Logs in to a tenant. Without it the token is in no tenant.
        tenant_id: String,
        /// Sets how the login proves the identity. Default: [`IdentityType::Query`].
        identity_type: IdentityType,
    }
}

options! {
    /// Optional arguments of `login_ad`.
    LoginAdOptions {
        /// Logs in to a tenant.
        tenant_id: String,
    }
}

options! {
    /// Optional arguments of `internal_login`.
    InternalLoginOptions {
        /// Sets how the login proves the identity. Default: [`IdentityType::Query`].
        identity_type: IdentityType,
    }
}

options! {
    /// Optional arguments of `logout`.
    LogoutOptions {
        /// Ends all sessions of the user, not only this one. Default: `false`.
        clear_all: bool,
    }
}

options! {
    /// Optional arguments of `create_access_token`.
    AccessTokenOptions {
        /// Sets the type of the grant. Default: `verifyUser_credentials`.
        grant_type: String,
        /// Sets an account. The vendor does not document what it means.
        account: String,
    }
}

options! {
    /// Optional arguments of `query_users`.
    UserQueryOptions {
        /// Names the organization by its sid.
        org_sid: i64,
        /// Names the organization by its uri.
        org_uri: String,
    }
}

options! {
    /// Optional arguments of `check_email_exists` and `check_phone_exists`.
    ExistsOptions {
        /// Leaves a user out of the search, whose own address it may be.
        user_id: String,
    }
}

options! {
    /// Optional arguments of `get_tenants`.
    TenantListOptions {
        /// Keeps only tenants that have bought an application.
        app_id: String,
        /// Leaves out Digiwin's own tenant. Default: the service's.
        exclude_digiwin_tenant: bool,
    }
}

options! {
    /// Optional arguments of `get_simple`.
    TenantSimpleOptions {
        /// Asks for the members about invoices too. Default: `false`.
        with_invoice_info: bool,
    }
}

options! {
    /// Optional arguments of `get_applications`.
///
/// The vendor documents no format for the times; the service's own responses have `2026-11-21 00:00:00`.
    ApplicationFilter {
        /// Keeps only applications that expire at this time or later.
        expire_time_start: String,
        /// Keeps only applications that expire at this time or earlier.
        expire_time_end: String,
    }
}

options! {
    /// Optional arguments of `invite_user`.
    InviteOptions [
        /// Adds a role that the user gets, or a list of them, such as `{"id": "viewer"}`.
        role,
        /// Adds an organization that the user joins, or a list of them, such as `{"sid": 11}`.
        org,
        /// Adds an application that the user may use, or a list of them, such as `{"id": "crm"}`.
        app,
    ] {
        /// Sets the text of the invitation.
        content: String,
        /// Sets when the membership ends. The vendor documents no format.
        due_date: String,
        /// Sets the application that invites.
        invite_app: String,
        /// Sets the type of the user. The vendor does not document which type is which.
        user_type: bool,
        /// Sets the user's employee number in the tenant.
        emp_id: String,
        /// Sets the language of the invitation, such as `zh-CN`.
        language: String,
        /// Sets the address that the invitation is mailed to.
        user_email: String,
        /// Sets the application that the invitation comes from.
        source_app_id: String,
        /// Sets the user's WeChat account.
        wechat: String,
    }
}

/// Optional arguments of `Client::request_with`.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct RequestOptions {
    pub(crate) query: Vec<(String, String)>,
    pub(crate) json: Option<Value>,
    pub(crate) repeatable: bool,
}

impl RequestOptions {
    /// Creates options with nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Sends this body.
    pub fn json(mut self, body: impl Into<Value>) -> Self {
        self.json = Some(body.into());
        self
    }

    /// Declares that the service may carry out the request more than once without harm: it is then sent again after a
    /// failure that leaves open whether the service has seen it. Default: `false`, whatever the HTTP verb is.
    pub fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }
}

impl fmt::Debug for RequestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.query.iter().map(|(name, _)| name).collect();
        f.debug_struct("RequestOptions")
            .field("query", &names)
            .field("json", &self.json.is_some())
            .field("repeatable", &self.repeatable)
            .finish()
    }
}
