//! Cloudspot License: models, and how its requests are made and its responses read.
//!
//! | status | `authenticate` | later calls |
//! | --- | --- | --- |
//! | 400 | `Authentication`, bad credentials | `Validation` |
//! | 401, 403 | `Authentication`, bad credentials | `Authentication`, no valid token |
//! | 404, 405 | `Authentication`, bad credentials, if the service itself says so; else `NotFound`, `Api` | `NotFound`, `Api` |
//! | 429 | `RateLimited` | `RateLimited` |
//! | 5xx | `Server` | `Server` |
//!
//! The service itself says so where the body is its `{"message", "error_code"}`, and not a page of something in between.
//!
//! A successful HTTP response whose object has none of the members of the call's model, such as
//! `{"status": 500, "message": "…"}` or `{}`, is `Decode`, not an empty user or set of permissions.
//!
//! The operations, by the names that errors and logs have for them. *Class*: what sending a request a second time would do. After a
//! failure that leaves open whether the service has seen it, a `read` or an `idempotent` write is sent again; any `other` write is
//! sent again only if the service cannot have seen it. The caller of a raw call decides. *Token*: whether the session's token goes along.
//!
#![doc = include_str!("operations.md")]

pub(crate) mod auth;
mod builder;
mod credentials;
mod dialect;
mod models;

pub(crate) use auth::{
    CredentialLogin, REQUEST, authenticate, get_company_permissions, get_permissions, get_user, of_company,
    validate_impersonation,
};
pub use builder::LicenseClientBuilder;
pub(crate) use builder::login_method;
pub use credentials::Credentials;
pub(crate) use dialect::{DIALECT, MODULE_HEADER, RESERVED_HEADERS};
pub use models::{AuthenticatedLicense, CompanyPermissions, Impersonation, LicenseUser};

/// The public service.
pub const PUBLIC_SERVICE: &str = "https://license.cloudspot.be/api/v1";

/// Returns the operations of the service.
#[cfg(any(test, feature = "emulator"))]
pub(crate) fn operations() -> impl Iterator<Item = &'static crate::protocol::operation::Operation> {
    auth::OPERATIONS.iter().copied()
}
