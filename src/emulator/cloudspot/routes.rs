//! The routes of the service.

use super::{directory::Directory, service::Cloudspot, settings::Settings};
use crate::emulator::service::{ErrorResponses, Service};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, request::Parts};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{io, sync::Arc};

/// An error response: `{"message", "error_code"}` and its status.
#[derive(Debug)]
struct ErrorResponse(StatusCode, &'static str, &'static str);

impl ErrorResponse {
    const BAD_CREDENTIALS: Self = Self(StatusCode::UNAUTHORIZED, "NOT_AUTHORIZED", "Username or password not correct.");
    const NO_TOKEN: Self = Self(StatusCode::UNAUTHORIZED, "NOT_AUTHORIZED", "No valid token found.");
    const NO_MODULE: Self = Self(StatusCode::BAD_REQUEST, "EXPECTED_VALUE", "X-LICENSE-MODULE is missing.");
    const UNKNOWN_MODULE: Self = Self(StatusCode::UNAUTHORIZED, "NOT_AUTHORIZED", "Unknown application.");
    const BAD_BODY: Self = Self(StatusCode::BAD_REQUEST, "INVALID_FORMAT", "The body cannot be read.");
    const NO_COMPANY: Self = Self(StatusCode::NOT_FOUND, "NOT_FOUND", "No such company.");
    const NO_IMPERSONATION: Self = Self(StatusCode::NOT_FOUND, "NOT_FOUND", "No such impersonation.");
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"message": self.2, "error_code": self.1}))).into_response()
    }
}

type HandlerResult = Result<Json<Value>, ErrorResponse>;

impl Service for Cloudspot {
    type Settings = Settings;

    const PREFIX: &'static str = "/api/v1";

    fn new(Settings { seed, token_lifetime }: Settings) -> io::Result<Self> {
        let account = seed.account();
        let directory = Directory::new(seed, token_lifetime).map_err(|mistake| mistake.of("cloudspot"))?;
        Ok(Self::new(account, directory))
    }

    fn router(self: Arc<Self>) -> io::Result<Router> {
        Ok(router(self))
    }

    fn listens_at(&self, base_url: &str) {
        self.set_base_url(format!("{base_url}{}", Self::PREFIX));
    }
}

impl ErrorResponses for Cloudspot {
    fn error(&self, _: &Parts, code: u32) -> Response {
        let body = json!({"message": "a fault of the emulator", "error_code": code.to_string()});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }

    fn token_refused(&self, _: &Parts) -> Response {
        ErrorResponse::NO_TOKEN.into_response()
    }
}

fn router(cloudspot: Arc<Cloudspot>) -> Router {
    Router::new()
        .route("/api/v1/auth/authenticate/", post(authenticate))
        .route("/api/v1/auth/users/profile/", get(profile))
        .route("/api/v1/auth/get-permissions/", get(permissions))
        .route("/api/v1/auth/get-company-permissions/{company}/", get(company_permissions))
        .route("/api/v1/auth/impersonation-validation/", post(validate_impersonation))
        .with_state(cloudspot)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty())
}

/// Returns the application that sent the request.
fn application<'a>(directory: &Directory, headers: &'a HeaderMap) -> Result<&'a str, ErrorResponse> {
    let application = header(headers, "x-license-module").ok_or(ErrorResponse::NO_MODULE)?;
    if directory.has_application(application) { Ok(application) } else { Err(ErrorResponse::UNKNOWN_MODULE) }
}

/// Returns the application that sent the request, and the user of its token.
fn caller<'a>(directory: &Directory, headers: &'a HeaderMap) -> Result<(&'a str, String), ErrorResponse> {
    let application = application(directory, headers)?;
    let token = header(headers, "x-license-token").ok_or(ErrorResponse::NO_TOKEN)?;
    let username = directory.user_of(token, application).ok_or(ErrorResponse::NO_TOKEN)?;
    Ok((application, username.to_owned()))
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, ErrorResponse> {
    let is_json = header(headers, "content-type").is_some_and(|kind| kind.starts_with("application/json"));
    serde_json::from_slice(body).ok().filter(|_| is_json).ok_or(ErrorResponse::BAD_BODY)
}

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

async fn authenticate(State(cloudspot): State<Arc<Cloudspot>>, headers: HeaderMap, body: Bytes) -> HandlerResult {
    let mut directory = cloudspot.directory();
    let application = application(&directory, &headers)?;
    let credentials: Credentials = read(&headers, &body)?;
    let person = directory.person(&credentials.username);
    let right = person.is_some_and(|person| person.password.expose_secret() == credentials.password);
    if !right {
        return Err(ErrorResponse::BAD_CREDENTIALS);
    }
    let token = directory.sign_in(&credentials.username, application);
    Ok(Json(json!({"token": token, "permissions": directory.permissions(&credentials.username, application)})))
}

async fn profile(State(cloudspot): State<Arc<Cloudspot>>, headers: HeaderMap) -> HandlerResult {
    let directory = cloudspot.directory();
    let (_, username) = caller(&directory, &headers)?;
    Ok(Json(directory.profile(&username)))
}

async fn permissions(State(cloudspot): State<Arc<Cloudspot>>, headers: HeaderMap) -> HandlerResult {
    let directory = cloudspot.directory();
    let (application, username) = caller(&directory, &headers)?;
    let token = header(&headers, "x-license-token");
    Ok(Json(json!({"token": token, "permissions": directory.permissions(&username, application)})))
}

async fn company_permissions(
    State(cloudspot): State<Arc<Cloudspot>>,
    Path(company): Path<String>,
    headers: HeaderMap,
) -> HandlerResult {
    let directory = cloudspot.directory();
    let (application, username) = caller(&directory, &headers)?;
    let slugs = directory.slugs(&username, &company, application).ok_or(ErrorResponse::NO_COMPANY)?;
    Ok(Json(json!({"permissions": slugs})))
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

async fn validate_impersonation(
    State(cloudspot): State<Arc<Cloudspot>>,
    headers: HeaderMap,
    body: Bytes,
) -> HandlerResult {
    let mut directory = cloudspot.directory();
    let application = application(&directory, &headers)?;
    let Token { token } = read(&headers, &body)?;
    let (username, company) = directory.impersonation(&token).ok_or(ErrorResponse::NO_IMPERSONATION)?;
    let auth_token = directory.sign_in(&username, application);
    let (user, company) = (directory.profile(&username), directory.company(&company));
    Ok(Json(json!({"token": token, "auth_token": auth_token, "user": user, "company": company})))
}
