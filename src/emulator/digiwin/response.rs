//! The form of responses and error responses.

use super::{settings::ResponseStyle, state::error_response::ErrorResponse};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Value, json};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PathFamily {
    Identity,
    Other,
}

impl PathFamily {
    pub(super) fn of(path: &str) -> Self {
        if path.starts_with("/api/iam/v2/identity/") { Self::Identity } else { Self::Other }
    }

    /// Returns whether responses are wrapped.
    pub(super) fn is_enveloped(self, style: ResponseStyle) -> bool {
        match style {
            ResponseStyle::Bare => false,
            ResponseStyle::Mixed => self == Self::Other,
            ResponseStyle::Enveloped => true,
        }
    }
}

pub(super) struct HandlerResponse {
    pub(super) style: ResponseStyle,
    pub(super) family: PathFamily,
    pub(super) result: Result<Value, ErrorResponse>,
}

impl IntoResponse for HandlerResponse {
    fn into_response(self) -> Response {
        let enveloped = self.family.is_enveloped(self.style);
        match self.result {
            Ok(data) if enveloped => Json(json!({"status": 200, "message": "success", "data": data})).into_response(),
            Ok(Value::Null) => StatusCode::OK.into_response(),
            Ok(data) => Json(data).into_response(),
            Err(ErrorResponse { status, message }) => {
                let body = Json(json!({"status": status, "message": message, "data": null}));
                match self.style {
                    ResponseStyle::Enveloped => body.into_response(),
                    _ => (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), body).into_response(),
                }
            }
        }
    }
}
