//! Errors as the services write them.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Value, json};

const NOT_CARRIED_OUT: &str = "a fault of the emulator";

/// What kind of request an error responds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Digiwin,
    GraphQl,
    Rest,
    Cloudspot,
}

impl Form {
    pub(super) fn of(service: &str, path: &str) -> Self {
        match service {
            "digiwin" => Self::Digiwin,
            "cloudspot" => Self::Cloudspot,
            _ if path.starts_with("/graphql") => Self::GraphQl,
            _ => Self::Rest,
        }
    }

    /// Returns an error with a code of the service's own.
    pub(super) fn error(self, code: u32) -> Response {
        let message = NOT_CARRIED_OUT;
        match self {
            Self::Digiwin => respond(200, json!({"status": code, "message": message, "data": null})),
            Self::GraphQl | Self::Rest => self.authing(code, message),
            Self::Cloudspot => respond(400, json!({"message": message, "error_code": code.to_string()})),
        }
    }

    /// Returns what the service says of a token that expired.
    pub(super) fn token_refused(self) -> Response {
        match self {
            Self::Digiwin => respond(401, json!({"status": 401, "message": "the token has expired", "data": null})),
            Self::GraphQl | Self::Rest => self.authing(2020, "尚未登录，无权限访问此请求"),
            Self::Cloudspot => {
                respond(401, json!({"message": "No valid token found.", "error_code": "NOT_AUTHORIZED"}))
            }
        }
    }

    fn authing(self, code: u32, message: &str) -> Response {
        let error = json!({"code": code, "message": message, "data": null});
        match self {
            Self::GraphQl => respond(200, json!({"errors": [{"message": error}], "data": null})),
            _ => respond(200, error),
        }
    }
}

fn respond(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Json(body)).into_response()
}
