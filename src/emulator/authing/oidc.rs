//! What applications are asked for about users' tokens: discovery, keys and introspection.
//!
//! Discovery and keys are as OpenID Connect Discovery 1.0 and RFC 7517 have them, the introspection as RFC 7662. Its path, and that the
//! client's id and secret stand in the form or in `Authorization: Basic`, are as in the vendor's Python client. An application has the
//! secret of the user pool here. What the discovery document names besides is not served.

use super::service::Authing;
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};

pub(super) fn router(authing: Arc<Authing>) -> Router {
    Router::new()
        .route("/oidc/.well-known/openid-configuration", get(discovery))
        .route("/oidc/.well-known/jwks.json", get(keys))
        .route("/oidc/token/introspection", post(introspection))
        .with_state(authing)
}

async fn discovery(State(authing): State<Arc<Authing>>) -> Json<Value> {
    let issuer = authing.issuer();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/auth"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "introspection_endpoint": format!("{issuer}/token/introspection"),
        "introspection_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "response_types_supported": ["code", "id_token", "code id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256"],
        "scopes_supported": ["openid"],
    }))
}

async fn keys(State(authing): State<Arc<Authing>>) -> Response {
    match authing.signing_keys().jwks() {
        Ok(jwks) => Json(jwks).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn introspection(State(authing): State<Arc<Authing>>, headers: HeaderMap, body: Bytes) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| basic(value.to_str().ok()?));
    let posted = || Some((form.get("client_id")?.clone(), form.get("client_secret")?.clone()));
    let is_known = match basic.or_else(posted) {
        Some((id, secret)) => !id.is_empty() && secret == authing.account().secret.expose_secret(),
        None => false,
    };
    if !is_known {
        let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"oidc\"")];
        return (StatusCode::UNAUTHORIZED, challenge, Json(json!({"error": "invalid_client"}))).into_response();
    }
    let Some(token) = form.get("token").filter(|token| !token.is_empty()) else {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_request"}))).into_response();
    };
    let issuer = authing.issuer();
    let pool = authing.pool();
    // Why a token is not active is nobody's business (RFC 7662, 2.2).
    let Some(session) = pool.sessions.get(token) else { return Json(json!({"active": false})).into_response() };
    let mut response = json!({
        "active": true, "sub": session.user_id, "iss": issuer, "iat": session.issued, "exp": session.expires,
        "token_type": "Bearer",
    });
    if let Some(app_id) = &session.app_id {
        response["client_id"] = app_id.as_str().into();
    }
    Json(response).into_response()
}

/// Returns user and password of HTTP Basic, which OAuth has form-encoded (RFC 6749, 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':').filter(|_| scheme.eq_ignore_ascii_case("Basic"))?;
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(String::from);
    Some((decoded(id)?, decoded(secret)?))
}
