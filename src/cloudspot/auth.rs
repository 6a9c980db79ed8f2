//! Requests below `auth/`; every path ends in a slash.

use super::{AuthenticatedLicense, CompanyPermissions};
use crate::{
    Password, Result, UserToken,
    protocol::{
        operation::operations,
        request::Request,
        token::{TokenResponse, first_token},
    },
    token_store::StoredToken,
};
use crate::{
    credentials::{Credentials, PasswordLogin},
    protocol::login::{Login, LoginMethod, SingleRequestLogin, Source},
};
use serde_json::json;

// The profile has the user's pin.
operations! {
    AUTHENTICATE = "cloudspot.authenticate" Other Never Secret POST "/auth/authenticate/"
        | Authentication: "bad credentials, never a 429 or a 5xx; the session keeps the token that it had"
        | InvalidArgument: "the user name or the password is empty; nothing is sent"
        | Configuration: "the session has credentials, and logs in by itself; nothing is sent";
    GET_USER = "cloudspot.get_user" Read Required Secret GET "/auth/users/profile/"
        | Authentication: "the session has no token; nothing is sent";
    GET_PERMISSIONS = "cloudspot.get_permissions" Read Required Secret GET "/auth/get-permissions/"
        | Authentication: "the session has no token; nothing is sent";
    GET_COMPANY_PERMISSIONS = "cloudspot.get_company_permissions" Read Required Data GET "/auth/get-company-permissions/{company_id}/"
        | Authentication: "the session has no token; nothing is sent";
    VALIDATE_IMPERSONATION = "cloudspot.validate_impersonation" Other IfAny Secret POST "/auth/impersonation-validation/";
    REQUEST = "cloudspot.request" Other IfAny Secret GET "";
}

pub(crate) fn authenticate(username: &str, password: &Password) -> Result<Request> {
    let authenticate = AUTHENTICATE.has_text("username", username)?.has_text("password", password.expose_secret())?;
    let request = authenticate.json(&json!({"username": username, "password": password.expose_secret()}))?;
    Ok(request.secret(password.expose_secret()))
}

pub(crate) fn get_user() -> Result<Request> {
    Ok(GET_USER.request())
}

pub(crate) fn get_permissions() -> Result<Request> {
    Ok(GET_PERMISSIONS.request())
}

pub(crate) fn get_company_permissions(company_id: &str) -> Result<Request> {
    GET_COMPANY_PERMISSIONS.at(company_id)
}

/// Completes a response, which has the slugs alone, with the company that was asked for.
pub(crate) fn of_company(company_id: String, mut permissions: CompanyPermissions) -> CompanyPermissions {
    permissions.company_id.get_or_insert(company_id);
    permissions
}

pub(crate) fn validate_impersonation(token: &UserToken) -> Result<Request> {
    let request = VALIDATE_IMPERSONATION.json(&json!({"token": token.expose_secret()}))?;
    Ok(request.secret(token.expose_secret()))
}

/// A session that logs in with credentials.
pub(crate) struct CredentialLogin(pub(crate) Credentials);

impl LoginMethod for CredentialLogin {
    fn source(&self) -> Source<'_> {
        Source::Credentials(&self.0)
    }

    fn log_in(&self, login: PasswordLogin, _: Option<&str>, _: Option<&str>) -> Result<Box<dyn Login>> {
        Ok(SingleRequestLogin::new(authenticate(&login.user, &login.password)?, |response| {
            response.decode::<AuthenticatedLicense>()?.to_stored_token(None)
        }))
    }
}

impl TokenResponse for AuthenticatedLicense {
    fn to_stored_token(&self, _: Option<&StoredToken>) -> Result<StoredToken> {
        first_token([&self.token])
    }
}
