//! How Cloudspot spells its errors. Its responses stand in no envelope.

use super::auth::{AUTHENTICATE, VALIDATE_IMPERSONATION};
use crate::{
    Error, ErrorKind,
    protocol::{
        dialect::{Dialect, ErrorResponse, text},
        meter::UsualEnvelope,
        operation::Operation,
    },
};
use http::HeaderName;
use serde::Deserialize;
use serde_json::value::RawValue;

pub(crate) const MODULE_HEADER: HeaderName = HeaderName::from_static("x-license-module");
pub(crate) const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-license-token");
pub(crate) static RESERVED_HEADERS: [HeaderName; 2] = [MODULE_HEADER, TOKEN_HEADER];
pub(crate) static DIALECT: Cloudspot = Cloudspot;

pub(crate) struct Cloudspot;

/// Members that are not known stay in the error's body.
#[derive(Default, Deserialize)]
struct ErrorBody<'a> {
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    error_code: Option<&'a RawValue>,
    /// What Huawei's gateway has in place of `message`.
    #[serde(borrow)]
    error_msg: Option<&'a RawValue>,
}

impl Dialect for Cloudspot {
    fn application_is_secret(&self) -> bool {
        false
    }

    fn reserved_headers(&self) -> &'static [HeaderName] {
        &RESERVED_HEADERS
    }

    fn token_header(&self) -> HeaderName {
        TOKEN_HEADER
    }

    fn data<'a>(&self, _: &'static Operation, body: &'a [u8]) -> Result<&'a [u8], ErrorResponse> {
        Ok(body)
    }

    fn usual_envelope(&self, _: &'static Operation) -> Option<UsualEnvelope> {
        None
    }

    /// Returns whether it is a 401 to the session's own token. The validation of an impersonation refuses the impersonation's, and no
    /// other token helps against a 403, for which the kind is the one that the vendor's client has.
    fn refuses_token(&self, operation: &'static Operation, error: &Error) -> bool {
        *operation != VALIDATE_IMPERSONATION && error.status() == Some(401)
    }

    fn error_response(&self, operation: &'static Operation, status: u16, body: &[u8]) -> ErrorResponse {
        let said: ErrorBody<'_> = serde_json::from_slice(body).unwrap_or_default();
        let by_the_service = said.message.is_some() || said.error_code.is_some();
        let refused = |detail: &'static str| (Some(ErrorKind::Authentication), Some(detail.into()));
        let (kind, detail) = match (*operation == AUTHENTICATE, status) {
            (true, 400 | 401 | 403) => refused("bad credentials"),
            (true, 404 | 405) if by_the_service => refused("bad credentials"),
            (_, 401 | 403) => refused("no valid token"),
            _ => (None, None),
        };
        ErrorResponse {
            kind,
            detail,
            // `message` alone is what gateways send, too.
            in_own_form: said.error_code.and_then(text).is_some() && said.error_msg.is_none(),
            code: said.error_code.and_then(text),
            message: said.message.and_then(text),
            ..ErrorResponse::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::auth::GET_USER, *};
    use std::borrow::Cow;

    fn kind(operation: &'static Operation, status: u16, body: &str) -> (Option<ErrorKind>, Option<Cow<'static, str>>) {
        let said = DIALECT.error_response(operation, status, body.as_bytes());
        (said.kind, said.detail)
    }

    #[test]
    fn only_a_refusal_is_bad_credentials() {
        let own = r#"{"message": "no", "error_code": "NOT_AUTHORIZED", "new_member": 1}"#;
        let bad = (Some(ErrorKind::Authentication), Some("bad credentials".into()));
        for status in [400, 401, 403, 404, 405] {
            assert_eq!(kind(&AUTHENTICATE, status, own), bad, "{status}");
        }
        for status in [429, 500, 502, 503] {
            assert_eq!(kind(&AUTHENTICATE, status, own), (None, None), "{status}");
        }
        assert_eq!(kind(&AUTHENTICATE, 404, "<html>"), (None, None));
        let invalid = (Some(ErrorKind::Authentication), Some("no valid token".into()));
        assert_eq!(kind(&GET_USER, 401, own), invalid);
        assert_eq!(kind(&GET_USER, 404, own), (None, None));
    }
}
