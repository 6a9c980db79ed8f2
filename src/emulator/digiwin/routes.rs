//! The routes of the service, and what every call requires.

use super::{
    call::{Call, Handler, Requirement},
    handlers::{identity, orgs, tenants, users},
    handshake::ServerKeys,
    populate::populate,
    response::{HandlerResponse, PathFamily},
    service::Digiwin,
    settings::Settings,
    state::error_response::ErrorResponse,
};
use crate::emulator::service::{ErrorResponses, Service};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use http::{HeaderMap, StatusCode, request::Parts};
use serde_json::json;
use std::{collections::HashMap, io, sync::Arc};

impl Service for Digiwin {
    type Settings = Settings;

    fn new(Settings { seed, response_style, token_lifetime, server_key_bits }: Settings) -> io::Result<Self> {
        if server_key_bits < 1024 {
            let mistake = format!("digiwin settings: server_key_bits is {server_key_bits}; it must be 1024 or more");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, mistake));
        }
        let account = seed.account();
        let directory = populate(seed, token_lifetime).map_err(|mistake| mistake.of("digiwin"))?;
        Ok(Self::new(account, response_style, ServerKeys::generate(server_key_bits)?, directory))
    }

    fn router(self: Arc<Self>) -> io::Result<Router> {
        Ok(router(self))
    }
}

impl ErrorResponses for Digiwin {
    fn error(&self, head: &Parts, code: u32) -> Response {
        let body = Json(json!({"status": code, "message": "a fault of the emulator", "data": null}));
        match PathFamily::of(head.uri.path()).is_enveloped(self.style) {
            true => body.into_response(),
            false => (StatusCode::BAD_REQUEST, body).into_response(),
        }
    }

    fn token_refused(&self, head: &Parts) -> Response {
        let family = PathFamily::of(head.uri.path());
        HandlerResponse { style: self.style, family, result: Err(ErrorResponse::not_signed_in()) }.into_response()
    }
}

fn router(digiwin: Arc<Digiwin>) -> Router {
    use Requirement::{Application, Tenant, User};
    let get = |family, access, handler: Handler| route(MethodFilter::GET, family, access, handler);
    let post = |family, access, handler: Handler| route(MethodFilter::POST, family, access, handler);
    let (identity, other) = (PathFamily::Identity, PathFamily::Other);
    let at = |path: &str| format!("/api/iam/v2/{path}");
    Router::new()
        .route(&at("identity/publickey"), get(identity, Application, identity::public_key))
        .route(&at("identity/aeskey"), post(identity, Application, identity::aes_key))
        .route(&at("identity/login"), post(identity, Application, identity::login))
        .route(&at("identity/internal/login"), post(identity, Application, identity::internal_login))
        .route(&at("identity/logout"), post(identity, User, identity::logout))
        .route(&at("identity/token/analyze"), post(identity, User, identity::analyze_token))
        .route(&at("identity/token/analyze/internal"), get(identity, User, identity::analyze_token))
        .route(&at("identity/login/info"), post(identity, User, identity::login_info))
        .route(&at("identity/token/refresh/tenant"), post(identity, User, identity::switch_tenant))
        .route(&at("identity/token/refresh/user"), post(identity, User, identity::refresh))
        .route(&at("identity/token/grant/access"), post(identity, Application, identity::grant_access))
        .route(&at("user"), post(other, User, users::get))
        .route(&at("user/list"), post(other, User, users::list))
        .route(&at("user/query"), post(other, User, users::query))
        .route(&at("user/simple"), get(other, User, users::simple))
        .route(&at("user/email/exist"), post(other, User, users::email_exists))
        .route(&at("user/mobilephone/exist"), post(other, User, users::phone_exists))
        .route(&at("user/exists"), post(other, User, users::id_exists))
        .route(&at("user/update"), post(other, User, users::update))
        .route(&at("user/role"), post(other, User, users::roles))
        .route(&at("tenant"), post(other, User, tenants::of_user))
        .route(&at("tenant/current"), post(other, Tenant, tenants::current))
        .route(&at("tenant/simple"), post(other, User, tenants::simple))
        .route(&at("tenant/current/simple"), get(other, Tenant, tenants::current_simple))
        .route(&at("tenant/query"), post(other, User, tenants::query))
        .route(&at("tenant/check/userintenant"), get(other, User, tenants::has_user))
        .route(&at("tenant/application"), get(other, Tenant, tenants::applications))
        .route(&at("tenant/user/invite/new"), post(other, User, tenants::invite))
        .route(&at("tenant/remove/user"), post(other, Tenant, tenants::remove))
        .route(&at("org/cascade"), get(other, Tenant, orgs::cascade))
        .route(&at("org/list"), post(other, Tenant, orgs::list))
        .route(&at("org/userinorg"), post(other, Tenant, orgs::users))
        .route(&at("org/userinorg/cascade"), post(other, Tenant, orgs::users_cascade))
        .route(&at("org/update"), post(other, Tenant, orgs::create_or_update))
        .route(&at("org/del"), post(other, Tenant, orgs::delete))
        .with_state(digiwin)
}

fn route(
    method: MethodFilter,
    family: PathFamily,
    access: Requirement,
    handler: Handler,
) -> MethodRouter<Arc<Digiwin>> {
    let handle = move |State(digiwin): State<Arc<Digiwin>>,
                       Query(query): Query<HashMap<String, String>>,
                       headers: HeaderMap,
                       body: Bytes| async move {
        let result = admit(&digiwin, access, &headers, &query, &body).and_then(|call| {
            let mut directory = digiwin.directory();
            handler(&mut directory, &call)
        });
        HandlerResponse { style: digiwin.style, family, result }
    };
    on(method, handle)
}

/// Checks what every call requires: content type, application, user, tenant.
fn admit<'a>(
    digiwin: &'a Digiwin,
    access: Requirement,
    headers: &'a HeaderMap,
    query: &'a HashMap<String, String>,
    body: &'a [u8],
) -> Result<Call<'a>, ErrorResponse> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if !body.is_empty() && !header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(ErrorResponse::new(415, "the content type must be application/json"));
    }
    if header("digi-middleware-auth-app") != Some(digiwin.account().app_token.expose_secret()) {
        return Err(ErrorResponse::new(401, "the application's token is missing or wrong"));
    }
    let token = header("digi-middleware-auth-user");
    let session = match access {
        Requirement::Application => None,
        Requirement::User | Requirement::Tenant => {
            let session = token.and_then(|token| digiwin.directory().session(token));
            Some(session.ok_or_else(ErrorResponse::not_signed_in)?)
        }
    };
    let call = Call { keys: &digiwin.keys, query, body, session, token };
    if matches!(access, Requirement::Tenant) {
        call.tenant()?;
    }
    Ok(call)
}
