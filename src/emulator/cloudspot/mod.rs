//! The emulator's Cloudspot License service, and its seed.

mod seed;
mod world;

pub use seed::{Account, Person, Seed};

use crate::UserToken;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use world::World;

/// The Cloudspot License service of an [`Emulator`](super::Emulator).
pub struct Cloudspot {
    account: Account,
    world: Mutex<World>,
}

impl Cloudspot {
    pub(super) fn new(seed: Seed) -> Self {
        Self { account: seed.account(), world: Mutex::new(World::new(seed)) }
    }

    /// Returns the application's id and the credentials of the seed's first person, with a company in which they may use it.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Issues an impersonation token for a user in a company, as Cloudspot's own pages do; `None` if there is no such user or
    /// company.
    pub fn impersonate(&self, username: &str, company_id: &str) -> Option<UserToken> {
        self.world().impersonate(username, company_id).map(UserToken::from)
    }

    /// Revokes all tokens of a user, as an administrator would.
    pub fn revoke_tokens(&self, username: &str) {
        self.world().revoke(username);
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A handler that panicked has failed its own request; the next ones go on.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cloudspot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloudspot").field("account", &self.account).finish_non_exhaustive()
    }
}

/// An error response: `{"message", "error_code"}` and its status.
#[derive(Debug)]
struct Refusal(StatusCode, &'static str, &'static str);

impl Refusal {
    const BAD_CREDENTIALS: Self = Self(StatusCode::UNAUTHORIZED, "NOT_AUTHORIZED", "Username or password not correct.");
    const NO_TOKEN: Self = Self(StatusCode::UNAUTHORIZED, "NOT_AUTHORIZED", "No valid token found.");
    const NO_MODULE: Self = Self(StatusCode::BAD_REQUEST, "EXPECTED_VALUE", "X-LICENSE-MODULE is missing.");
    const UNKNOWN_MODULE: Self = Self(StatusCode::UNAUTHORIZED, "NOT_AUTHORIZED", "Unknown application.");
    const BAD_BODY: Self = Self(StatusCode::BAD_REQUEST, "INVALID_FORMAT", "The body cannot be read.");
    const NO_COMPANY: Self = Self(StatusCode::NOT_FOUND, "NOT_FOUND", "No such company.");
    const NO_IMPERSONATION: Self = Self(StatusCode::NOT_FOUND, "NOT_FOUND", "No such impersonation.");
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"message": self.2, "error_code": self.1}))).into_response()
    }
}

type HandlerResult = Result<Json<Value>, Refusal>;

pub(super) fn router(cloudspot: Arc<Cloudspot>) -> Router {
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
fn application<'a>(world: &World, headers: &'a HeaderMap) -> Result<&'a str, Refusal> {
    let application = header(headers, "x-license-module").ok_or(Refusal::NO_MODULE)?;
    if world.has_application(application) { Ok(application) } else { Err(Refusal::UNKNOWN_MODULE) }
}

/// Returns the application that sent the request, and the user of its token.
fn caller<'a>(world: &World, headers: &'a HeaderMap) -> Result<(&'a str, String), Refusal> {
    let application = application(world, headers)?;
    let token = header(headers, "x-license-token").ok_or(Refusal::NO_TOKEN)?;
    let username = world.user_of(token, application).ok_or(Refusal::NO_TOKEN)?;
    Ok((application, username.to_owned()))
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Refusal> {
    let is_json = header(headers, "content-type").is_some_and(|kind| kind.starts_with("application/json"));
    serde_json::from_slice(body).ok().filter(|_| is_json).ok_or(Refusal::BAD_BODY)
}

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

async fn authenticate(State(cloudspot): State<Arc<Cloudspot>>, headers: HeaderMap, body: Bytes) -> HandlerResult {
    let mut world = cloudspot.world();
    let application = application(&world, &headers)?;
    let credentials: Credentials = read(&headers, &body)?;
    let known = world.person(&credentials.username);
    let right = known.is_some_and(|person| person.password.expose_secret() == credentials.password);
    if !right {
        return Err(Refusal::BAD_CREDENTIALS);
    }
    let token = world.sign_in(&credentials.username, application);
    Ok(Json(json!({"token": token, "permissions": world.permissions(&credentials.username, application)})))
}

async fn profile(State(cloudspot): State<Arc<Cloudspot>>, headers: HeaderMap) -> HandlerResult {
    let world = cloudspot.world();
    let (_, username) = caller(&world, &headers)?;
    Ok(Json(world.profile(&username)))
}

async fn permissions(State(cloudspot): State<Arc<Cloudspot>>, headers: HeaderMap) -> HandlerResult {
    let world = cloudspot.world();
    let (application, username) = caller(&world, &headers)?;
    let token = header(&headers, "x-license-token");
    Ok(Json(json!({"token": token, "permissions": world.permissions(&username, application)})))
}

async fn company_permissions(
    State(cloudspot): State<Arc<Cloudspot>>,
    Path(company): Path<String>,
    headers: HeaderMap,
) -> HandlerResult {
    let world = cloudspot.world();
    let (application, username) = caller(&world, &headers)?;
    let slugs = world.slugs(&username, &company, application).ok_or(Refusal::NO_COMPANY)?;
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
    let mut world = cloudspot.world();
    let application = application(&world, &headers)?;
    let Token { token } = read(&headers, &body)?;
    let (username, company) = world.impersonation(&token).ok_or(Refusal::NO_IMPERSONATION)?;
    let auth_token = world.sign_in(&username, application);
    let (user, company) = (world.profile(&username), world.company(&company));
    Ok(Json(json!({"token": token, "auth_token": auth_token, "user": user, "company": company})))
}
