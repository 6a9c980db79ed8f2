//! Authing management (v2): models, and how its requests are made and its responses read.
//!
//! | code | kind |
//! | --- | --- |
//! | 2005 user locked, 2006, 2333 wrong password, 2020 not logged in | `Authentication` |
//! | 1001, 1576 | `Authorization` |
//! | 2004 user, 2011 application | `NotFound` |
//! | 2224 user pool; any refusal of the request for the management token | `Application` |
//! | 499, 2003, 2014, 2015, 2016, 2029, 2030 | `Validation` |
//! | 2026, 2034, 2035 | `Conflict` |
//! | 1000 busy | `Server`, and [`is_retryable`](crate::Error::is_retryable) |
//! | 400, 401, 403, 404, 429, 5xx | what they mean in HTTP |
//! | any other | `Business`, with code and message |
//!
//! The codes come in GraphQL errors, in REST responses and in a mutation's own `{"code", "message"}`; each is an error, whatever the
//! HTTP status. `null` in place of a requested object is `NotFound`, where the vendor's Python client returns `None`.
//! The vendor documents these codes, not which calls respond with them: where the docs of a call name one, the emulator does so.
//!
//! Times are ISO 8601 texts as the service has them, but those of custom data are [`SystemTime`](std::time::SystemTime).
//!
//! The operations, by the names that errors and logs have for them. *Class*: what sending a request a second time would do. After a
//! failure that leaves open whether the service has seen it, a `read` or an `idempotent` write is sent again; any `other` write is
//! sent again only if the service cannot have seen it. The caller of a raw call decides. *Token*: whether the management token goes along.
//!
#![doc = include_str!("operations.md")]

pub(crate) mod account;
mod builder;
mod credentials;
mod dialect;
mod document;
pub(crate) mod documents;
mod graphql;
pub(crate) mod groups;
mod ids;
mod lookup;
mod models;
mod options;
pub(crate) mod orgs;
mod pages;
mod password;
mod request;
mod search;
mod token;
mod tree;
mod udf;
pub(crate) mod users;
mod values;

pub(crate) use account::{
    REQUEST, check_login_status, graphql, is_password_valid, password_check, send_email, userpool_detail,
};
pub use builder::ManagementClientBuilder;
pub(crate) use builder::Prepared;
pub use credentials::Credentials;
pub(crate) use dialect::DIALECT;
pub use ids::{AppId, GroupCode, MemberMove, Namespace, NodeCode, NodeId, NodeMove, RoleCode};
pub use lookup::UserLookup;
pub use models::{
    AllowLists, AuthorizedResource, FrequencyCheck, Group, Identity, LoginStatus, Org, OrgNode, OrgNodeDetails,
    PasswordCheck, PolicyAssignment, RareOrgNodeDetails, RefreshedToken, Role, TokenOwner, TokenStatus, User,
    UserAction, UserDepartment, UserPool, UserPoolType,
};
pub use options::{
    AddNodeOptions, AuthorizedResourceOptions, BatchGetOptions, CreateGroupOptions, CreateOrgOptions,
    CreateUserOptions, DepartmentOptions, GroupUsersOptions, LoginStatusOptions, MemberListOptions, NamespaceOptions,
    PageOptions, SortedPageOptions, UpdateGroupOptions, UpdateNodeOptions, UserActionOptions, UserDetailOptions,
    UserInfo, UserListOptions, UserLogoutOptions,
};
pub use orgs::ImportTree;
pub(crate) use pages::{Paged, Pages};
pub use password::DEFAULT_PUBLIC_KEY_PEM;
pub(crate) use password::PasswordKey;
pub(crate) use request::{
    FIRST_PAGE, PAGE_SIZE, check_status, non_null_field, non_null_page, resource_list, resources,
};
pub use search::UserSearchOptions;
pub(crate) use token::ManagementToken;
pub use tree::{Children, Forest, OrgTree, TreeFault, treeify};
pub use udf::{CustomData, UdfValue, Udv};
pub use values::{DataType, EmailScene, QueryField, ResourceType, SortBy, SyncProvider, TargetType, UserStatus};

pub use crate::protocol::paging::Page;
use http::{HeaderName, header::AUTHORIZATION};

/// The public service.
pub const PUBLIC_SERVICE: &str = "https://core.authing.cn";

const USER_POOL: HeaderName = HeaderName::from_static("x-authing-userpool-id");
const FROM: HeaderName = HeaderName::from_static("x-authing-request-from");
const VERSION: HeaderName = HeaderName::from_static("x-authing-sdk-version");
const APP: HeaderName = HeaderName::from_static("x-authing-app-id");
const LANGUAGE: HeaderName = HeaderName::from_static("x-authing-lang");
static RESERVED_HEADERS: [HeaderName; 6] = [USER_POOL, FROM, VERSION, APP, LANGUAGE, AUTHORIZATION];

/// Returns the operations of the service.
#[cfg(any(test, feature = "emulator"))]
pub(crate) fn operations() -> impl Iterator<Item = &'static crate::protocol::operation::Operation> {
    let lists = [documents::OPERATIONS, account::OPERATIONS, users::OPERATIONS, orgs::OPERATIONS];
    lists.into_iter().flatten().copied()
}
