//! Digiwin IAM: models, options, and how its requests are made and its responses read.
//!
//! The names of the methods are those of the vendor's Python client: see [`guide::from_python`](crate::guide::from_python). Every
//! field of every model may be missing, and members that a model does not know are in its `extra`. A response object that has
//! none of its model's members is an error of kind [`Decode`](crate::ErrorKind::Decode). This holds for all three services, but not
//! for elements of a list or for nested objects.
//!
//! A thing that is asked for by its id and does not exist is an error of kind [`NotFound`](crate::ErrorKind::NotFound), whether the
//! service says so or sends nothing: `get_user`, `get_user_roles`, `get_simple`. `get_current` and `get_current_simple` name no
//! tenant, so that "none" is a response, and return an `Option`. A list that the service leaves out is empty. This rule too holds
//! for all three services.
//!
//! The operations, by the names that errors and logs have for them. *Class*: what sending a request a second time would do. After a
//! failure that leaves open whether the service has seen it, a `read` or an `idempotent` write is sent again; any `other` write is
//! sent again only if the service cannot have seen it. The caller of a raw call decides. *Token*: whether the session's token goes along.
//!
#![doc = include_str!("operations.md")]

mod builder;
mod credentials;
mod dialect;
pub(crate) mod identity;
mod login;
mod models;
mod options;
pub(crate) mod orgs;
mod references;
pub(crate) mod tenants;
pub(crate) mod users;

pub use builder::ClientBuilder;
pub(crate) use builder::login_method;
pub use credentials::Credentials;
pub(crate) use dialect::{APP_HEADER, DIALECT, RESERVED_HEADERS};
pub(crate) use login::{CredentialLogin, Handshake, LastRequest};
pub use models::{
    AuthoredUser, ChangedToken, Org, OrgUser, Role, Tenant, TenantApplication, User, UserSimple, UserTokenInfo,
    UserType, UserWithRoles,
};
pub use options::{
    AccessTokenOptions, ApplicationFilter, ExistsOptions, IdentityType, InternalLoginOptions, InviteOptions,
    LoginAdOptions, LoginOptions, LogoutOptions, TenantListOptions, TenantSimpleOptions, UserQueryOptions,
    UserQueryType,
};
pub use references::{OrgRef, TenantId, TenantRef, UserRef};

use crate::protocol::operation::operations;

operations! {
    REQUEST = "digiwin.request" Other IfAny Secret GET "";
}

/// Returns the operations of the service.
#[cfg(any(test, feature = "emulator"))]
pub(crate) fn operations() -> impl Iterator<Item = &'static crate::protocol::operation::Operation> {
    let lists = [OPERATIONS, identity::OPERATIONS, users::OPERATIONS, tenants::OPERATIONS, orgs::OPERATIONS];
    lists.into_iter().flatten().copied()
}
