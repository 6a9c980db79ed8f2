use crate::protocol::options::options;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::fmt;

/// How a login proves who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityType {
    /// `query`.
    #[default]
    Query,
    /// `token`.
    Token,
    /// One that this version does not know.
    Other(String),
}

impl Serialize for IdentityType {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(match self {
            Self::Query => "query",
            Self::Token => "token",
            Self::Other(name) => name,
        })
    }
}

/// Which users `query_users` gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum UserQueryType {
    /// Those directly in an organization.
    Org,
    /// Those in an organization and all below it.
    OrgCascade,
    /// The disabled ones.
    Disabled,
    /// All.
    All,
}

options! {
    /// Of `login`.
    LoginOptions {
        /// Logs in to this tenant. Without it the token is in no tenant.
        tenant_id: String,
        /// Default: [`IdentityType::Query`].
        identity_type: IdentityType,
    }
}

options! {
    /// Of `login_ad`.
    LoginAdOptions {
        /// Logs in to this tenant.
        tenant_id: String,
    }
}

options! {
    /// Of `internal_login`.
    InternalLoginOptions {
        /// Default: [`IdentityType::Query`].
        identity_type: IdentityType,
    }
}

options! {
    /// Of `logout`.
    LogoutOptions {
        /// Ends all sessions of the user.
        clear_all: bool,
    }
}

options! {
    /// Of `create_access_token`.
    AccessTokenOptions {
        /// Default: `verifyUser_credentials`.
        grant_type: String,
        /// An account; what it means is not documented.
        account: String,
    }
}

options! {
    /// Of `query_users`.
    UserQueryOptions {
        /// The organization, by sid.
        org_sid: i64,
        /// The organization, by uri.
        org_uri: String,
    }
}

options! {
    /// Of `check_email_exists` and `check_phone_exists`.
    ExistsOptions {
        /// Leaves this user out of the search: whose own address it may be.
        user_id: String,
    }
}

options! {
    /// Of `get_tenants`.
    TenantListOptions {
        /// Only tenants that have bought this application.
        app_id: String,
        /// Leaves Digiwin's own tenant out.
        exclude_digiwin_tenant: bool,
    }
}

options! {
    /// Of `get_simple`.
    TenantSimpleOptions {
        /// With the invoice's members.
        with_invoice_info: bool,
    }
}

options! {
    /// Of `get_applications`. The service documents no format for the times; its own responses have `2026-11-21 00:00:00`.
    ApplicationFilter {
        /// Expires then or later.
        expire_time_start: String,
        /// Expires then or earlier.
        expire_time_end: String,
    }
}

options! {
    /// Of `invite_user`.
    InviteOptions [
        /// Adds a role that the user gets, or a list of them, such as `{"id": "viewer"}`.
        role,
        /// Adds an organization that the user joins, or a list of them, such as `{"sid": 11}`.
        org,
        /// Adds an application that the user may use, or a list of them, such as `{"id": "crm"}`.
        app,
    ] {
        /// The invitation's text.
        content: String,
        /// When the membership ends.
        due_date: String,
        /// The application that invites.
        invite_app: String,
        /// The kind of user; the service does not document which is which.
        user_type: bool,
        /// The employee number in the tenant.
        emp_id: String,
        /// The language of the invitation, such as `zh-CN`.
        language: String,
        /// Where the invitation is mailed.
        user_email: String,
        /// The application that the invitation comes from.
        source_app_id: String,
        /// A WeChat account.
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
