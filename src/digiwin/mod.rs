//! Digiwin IAM: models, options, and how its requests are made and its responses read.
//!
//! Method names are those of the vendor's Python client; see the README for the table. Every field of every model may be
//! missing, and members that a model does not know are in its `extra`. An object that has none of its model's members, not even
//! as `null`, is no such thing, and an error of kind [`Decode`](crate::ErrorKind::Decode); so for all three services, but not
//! for the elements of a list or for objects inside of others.

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

pub use credentials::Credentials;
pub(crate) use dialect::{APP_HEADER, DIALECT, USER_HEADER};
pub(crate) use login::{CredentialLogin, Handshake, LastRequest};
pub use models::{
    AuthoredUser, ChangedToken, Org, OrgUser, Role, Tenant, TenantApplication, User, UserSimple, UserTokenInfo,
    UserType, UserWithRoles,
};
pub use options::{
    AccessTokenOptions, ApplicationFilter, ExistsOptions, IdentityType, InternalLoginOptions, InviteOptions,
    LoginAdOptions, LoginOptions, LogoutOptions, RequestOptions, TenantListOptions, TenantSimpleOptions,
    UserQueryOptions, UserQueryType,
};
pub use references::{OrgRef, TenantId, TenantRef, UserRef};

use crate::{
    AppToken, Error, Result,
    config::Settings,
    protocol::request::{Effect, Request, check_path},
};
use http::{HeaderMap, HeaderValue, Method};

/// The headers of every request.
pub(crate) fn headers(settings: &Settings, app_token: &AppToken) -> Result<HeaderMap> {
    if app_token.expose_secret().trim().is_empty() {
        return Err(Error::configuration("app token: it is empty"));
    }
    let mut value = HeaderValue::from_str(app_token.expose_secret())
        .map_err(|_| Error::configuration("app token: not a valid header value"))?;
    value.set_sensitive(true);
    let mut headers = settings.header_map(&[APP_HEADER, USER_HEADER])?;
    headers.insert(APP_HEADER, value);
    Ok(headers)
}

/// Makes a request of a call that has no method of its own.
pub(crate) fn raw_request(method: Method, path: &str, options: RequestOptions) -> Result<Request> {
    const OPERATION: &str = "digiwin.request";
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    check_path(OPERATION, path)?;
    // The verb says little: these services read with POST, and Authing signs users out with GET.
    let effect = if options.repeatable { Effect::Idempotent } else { Effect::Other };
    let mut request = Request::new(OPERATION, method, path.to_owned()).effect(effect);
    let in_path = url::form_urlencoded::parse(query.as_bytes()).into_owned();
    for (name, value) in in_path.chain(options.query) {
        request = request.query(name, Some(value));
    }
    match options.json {
        Some(body) => request.json(&body),
        None => Ok(request),
    }
}
