//! The form of responses and refusals.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Value, json};

/// Which responses are wrapped in the envelope `{"status", "message", "data"}`. Releases of the server differ in this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseStyle {
    /// All but those below `/api/iam/v2/identity`, as the vendor's Python client expects.
    #[default]
    Mixed,
    /// No response is wrapped.
    Bare,
    /// All responses are wrapped, and refusals have HTTP status 200.
    Enveloped,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Identity,
    Other,
}

#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, message)
    }

    pub(super) fn not_signed_in() -> Self {
        Self::new(401, "the user's token is missing, unknown or expired")
    }

    pub(super) fn no_tenant() -> Self {
        Self::forbidden("the token is in no tenant: switch to one first")
    }

    pub(super) fn wrong_password() -> Self {
        Self::new(401, "用户名或密码错误 (wrong user name or password)")
    }
}

pub(super) struct Reply {
    pub(super) style: ResponseStyle,
    pub(super) family: Family,
    pub(super) result: Result<Value, Refusal>,
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let enveloped = match self.style {
            ResponseStyle::Bare => false,
            ResponseStyle::Mixed => self.family == Family::Other,
            ResponseStyle::Enveloped => true,
        };
        match self.result {
            Ok(data) if enveloped => Json(json!({"status": 200, "message": "success", "data": data})).into_response(),
            Ok(Value::Null) => StatusCode::OK.into_response(),
            Ok(data) => Json(data).into_response(),
            Err(Refusal { status, message }) => {
                let body = Json(json!({"status": status, "message": message, "data": null}));
                match self.style {
                    ResponseStyle::Enveloped => body.into_response(),
                    _ => (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), body).into_response(),
                }
            }
        }
    }
}
