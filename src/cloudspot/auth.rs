//! Requests below `auth/`; every path ends in a slash.

use super::{
    AuthenticatedLicense, CompanyId, CompanyPermissions,
    dialect::{AUTHENTICATE, GET_PERMISSIONS, GET_USER, VALIDATE_IMPERSONATION},
};
use crate::{
    Error, Password, Result, UserToken,
    protocol::{
        request::{Effect, Request, segment},
        token::{TokenResponse, first_token},
    },
    token_store::StoredToken,
};
use crate::{
    credentials::{Credentials, Kind, unsupported},
    protocol::login::{Login, LoginMethod, SingleRequestLogin},
};
use http::Method;
use serde_json::json;

pub(crate) fn authenticate(username: &str, password: &Password) -> Result<Request> {
    for (what, text) in [("username", username), ("password", password.expose_secret())] {
        if text.is_empty() {
            return Err(Error::argument(format!("{what}: it is empty")).operation_named(AUTHENTICATE));
        }
    }
    let body = json!({"username": username, "password": password.expose_secret()});
    let request = Request::post(AUTHENTICATE, "/auth/authenticate/").without_session().json(&body)?;
    Ok(request.secret(password.expose_secret()))
}

pub(crate) fn get_user() -> Request {
    Request::get(GET_USER, "/auth/users/profile/").needs_token()
}

pub(crate) fn get_permissions() -> Request {
    Request::get(GET_PERMISSIONS, "/auth/get-permissions/").needs_token()
}

pub(crate) fn get_company_permissions(company_id: &CompanyId) -> Result<Request> {
    const OPERATION: &str = "cloudspot.get_company_permissions";
    let id = segment(OPERATION, "company id", company_id.as_str())?;
    let path = format!("/auth/get-company-permissions/{id}/");
    Ok(Request::new(OPERATION, Method::GET, path).effect(Effect::Read).needs_token())
}

/// Completes a response, which has the slugs alone, with the company that was asked for.
pub(crate) fn of_company(company_id: CompanyId, mut permissions: CompanyPermissions) -> CompanyPermissions {
    permissions.company_id.get_or_insert(company_id);
    permissions
}

pub(crate) fn validate_impersonation(token: &UserToken) -> Result<Request> {
    let body = json!({"token": token.expose_secret()});
    let request = Request::post(VALIDATE_IMPERSONATION, "/auth/impersonation-validation/").json(&body)?;
    Ok(request.secret(token.expose_secret()))
}

/// A session that logs in with credentials.
pub(crate) struct CredentialLogin(pub(crate) Credentials);

impl LoginMethod for CredentialLogin {
    fn credentials(&self) -> Option<&Credentials> {
        Some(&self.0)
    }

    fn log_in(&self, credentials: Option<Credentials>, _: Option<&str>) -> Result<Box<dyn Login>> {
        match &credentials.as_ref().unwrap_or(&self.0).kind {
            Kind::Password { user, password } => {
                Ok(SingleRequestLogin::new(authenticate(user, password)?, |response| {
                    response.decode::<AuthenticatedLicense>()?.to_stored_token(None)
                }))
            }
            _ => Err(unsupported()),
        }
    }
}

impl TokenResponse for AuthenticatedLicense {
    fn to_stored_token(&self, _: Option<&StoredToken>) -> Result<StoredToken> {
        first_token([&self.token])
    }
}
