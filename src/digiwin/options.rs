use crate::{
    Json,
    protocol::{open_enum::open_enum, options::options},
};

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
        /// Adds a role that the user gets. The vendor does not document its form; the emulator takes `{"id": "viewer"}`.
        role: Json,
        /// Adds an organization that the user joins. The vendor does not document its form; the emulator takes `{"sid": 11}`.
        org: Json,
        /// Adds an application that the user may use. The vendor does not document its form; the emulator takes
        /// `{"id": "crm"}`.
        app: Json,
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
