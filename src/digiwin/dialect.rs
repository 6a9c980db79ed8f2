//! How Digiwin wraps its responses and spells its errors.
//!
//! An object with the members `status` and `data` is the service's envelope: the status decides, and the data is what was
//! asked for. An object without `data` is data, but for two forms of error that come in HTTP's name of success:
//!
//! - An object that has a failing `status` (400 to 599, as number or text) and a member that only an error has (`message`,
//!   `msg`, `error`, `errorMessage`, `exception` or `detail`), whatever stands beside them. That is Spring's own error body,
//!   which gateways and filters send.
//! - An object that has only members of an envelope or of Spring's error body, and whose `status` fails, or is no success and
//!   is explained by such a member.
//!
//! No model has a member that only an error has. Two have a `status` of their own, [`Tenant`](super::Tenant) a text and
//! [`UserSimple`](super::UserSimple) a small number: with it they stay data, since it stands beside an id or a name.

use super::identity::{GET_AES_KEY, GET_PUBLIC_KEY};
use crate::{
    ErrorKind,
    protocol::{
        dialect::{Dialect, ErrorResponse, text},
        meter::{Member, UsualEnvelope},
        model::Name,
        operation::Operation,
    },
};
use http::HeaderName;
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::value::RawValue;
use std::fmt;

pub(crate) const APP_HEADER: HeaderName = HeaderName::from_static("digi-middleware-auth-app");
pub(crate) const USER_HEADER: HeaderName = HeaderName::from_static("digi-middleware-auth-user");
pub(crate) static RESERVED_HEADERS: [HeaderName; 2] = [APP_HEADER, USER_HEADER];

pub(crate) static DIALECT: Digiwin = Digiwin;

pub(crate) struct Digiwin;

impl Dialect for Digiwin {
    fn application_is_secret(&self) -> bool {
        true
    }

    fn reserved_headers(&self) -> &'static [HeaderName] {
        &RESERVED_HEADERS
    }

    fn token_header(&self) -> HeaderName {
        USER_HEADER
    }

    fn data<'a>(&self, operation: &'static Operation, body: &'a [u8]) -> Result<&'a [u8], ErrorResponse> {
        let Some(envelope) = Envelope::read(body) else { return Ok(body) };
        let said = match (envelope.status, envelope.data) {
            (Some(status), Some(data)) if is_success(status) => return Ok(data.get().as_bytes()),
            (Some(_), Some(_)) => envelope.error_response(),
            (Some(status), None) if envelope.is_error(status) => envelope.error_response(),
            _ => return Ok(body),
        };
        Err(ErrorResponse { kind: said.kind.map(|kind| whose(operation, kind)), ..said })
    }

    fn usual_envelope(&self, _: &'static Operation) -> Option<UsualEnvelope> {
        let member = |name: &str| match name {
            "data" => Member::Data,
            "status" => Member::Verdict(is_success),
            "message" | "msg" | "success" | "code" | "timestamp" | "requestId" | "traceId" => Member::Passed,
            _ => Member::Unusual,
        };
        Some(UsualEnvelope { member, has_verdict: true, field: None })
    }

    fn error_response(&self, operation: &'static Operation, status: u16, body: &[u8]) -> ErrorResponse {
        let said = Envelope::read(body).map(|envelope| envelope.error_response()).unwrap_or_default();
        // The HTTP status decides the kind; the code in the body is kept beside it.
        ErrorResponse { kind: ErrorKind::of_status(status).map(|kind| whose(operation, kind)), ..said }
    }
}

/// Whose credentials were refused: the handshake's first requests carry the application's token and nothing of a user.
fn whose(operation: &Operation, kind: ErrorKind) -> ErrorKind {
    let of_application = *operation == GET_PUBLIC_KEY || *operation == GET_AES_KEY;
    match kind {
        ErrorKind::Authentication | ErrorKind::Authorization if of_application => ErrorKind::Application,
        _ => kind,
    }
}

/// StdData: `{"status", "message" or "msg", "data"}`, and what Spring's own errors have.
#[derive(Default)]
struct Envelope<'a> {
    status: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
    code: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
    /// What Spring says where there is no message.
    error: Option<&'a RawValue>,
    request_id: Option<&'a RawValue>,
    /// Has a member that only an error or an envelope has, and that says something.
    explains: bool,
    /// Has another member than those of an envelope or an error.
    has_own_members: bool,
    /// Has a member that only a problem of RFC 7807 has, which gateways send, too.
    is_problem: bool,
}

impl<'a> Envelope<'a> {
    /// The members of a JSON object that an envelope would have; `None` if `body` is none.
    fn read(body: &'a [u8]) -> Option<Self> {
        match body.trim_ascii_start().first() {
            Some(b'{') => serde_json::from_slice(body).ok(),
            _ => None,
        }
    }

    /// Whether an object with this status and without data is an error.
    fn is_error(&self, status: &RawValue) -> bool {
        match (self.explains, self.has_own_members) {
            (true, true) => is_failure(status),
            (true, false) => !is_success(status),
            (false, true) => false,
            (false, false) => is_failure(status),
        }
    }

    fn error_response(&self) -> ErrorResponse {
        let code = self.code.and_then(text).or_else(|| self.status.and_then(text));
        let status = self.status.and_then(text).and_then(|status| status.parse().ok());
        ErrorResponse {
            kind: Some(status.and_then(ErrorKind::of_status).unwrap_or(ErrorKind::Business)),
            code,
            message: self.message.and_then(text).or_else(|| self.error.and_then(text)),
            request_id: self.request_id.and_then(text),
            // The service's envelope, or Spring's own error.
            in_own_form: self.status.is_some() && (self.data.is_some() || self.explains) && !self.is_problem,
            ..ErrorResponse::default()
        }
    }
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Envelope<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut envelope = Envelope::default();
                while let Some(Name(name)) = map.next_key()? {
                    match &*name {
                        "status" => envelope.status = Some(map.next_value()?),
                        "data" => envelope.data = Some(map.next_value()?),
                        "code" | "errorCode" => envelope.code = Some(map.next_value()?),
                        "requestId" | "traceId" => envelope.request_id = Some(map.next_value()?),
                        "message" | "msg" | "errorMessage" | "detail" | "error" | "exception" => {
                            let value: &RawValue = map.next_value()?;
                            envelope.explains |= value.get() != "null";
                            match &*name {
                                "message" | "msg" => envelope.message = Some(value),
                                "errorMessage" | "detail" => envelope.message = envelope.message.or(Some(value)),
                                "error" => envelope.error = Some(value),
                                _ => {}
                            }
                        }
                        other => {
                            envelope.is_problem |= matches!(other, "type" | "title");
                            envelope.has_own_members |= !matches!(
                                other,
                                "path" | "success" | "timestamp" | "trace" | "errors" | "type" | "title" | "instance"
                            );
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(envelope)
            }
        }

        from.deserialize_map(Visitor)
    }
}

fn is_success(status: &RawValue) -> bool {
    matches!(status.get(), "null" | "0" | "200" | "\"0\"" | "\"200\"")
}

/// Whether a status is one of HTTP's failures.
fn is_failure(status: &RawValue) -> bool {
    status.get().trim_matches('"').parse::<u16>().is_ok_and(|status| (400..=599).contains(&status))
}

#[cfg(test)]
mod tests {
    use super::{super::identity::LOGIN, *};

    fn data(body: &str) -> Result<&str, ErrorResponse> {
        DIALECT.data(&super::super::users::GET_USER, body.as_bytes()).map(|data| str::from_utf8(data).unwrap())
    }

    #[test]
    fn an_envelope_needs_both_members() {
        for status in ["null", "0", "200", "\"0\"", "\"200\""] {
            let body = format!(r#"{{"status": {status}, "message": "ok", "data": {{"sid": 1}}}}"#);
            assert_eq!(data(&body).unwrap(), r#"{"sid": 1}"#);
        }
        assert_eq!(data(r#"{"data":null,"status":200}"#).unwrap(), "null");
        for bare in [r#"{"id":"T1","status":"active"}"#, r#"{"status":1,"name":"x"}"#, r#"{"data":1}"#, "[1]", "", "x"]
        {
            assert_eq!(data(bare).unwrap(), bare);
        }
    }

    #[test]
    fn a_request_without_a_user_is_refused_for_the_application() {
        let kinds = |operation, status: u16| {
            let body = format!(r#"{{"status":{status},"message":"no","data":null}}"#);
            let in_envelope = DIALECT.data(operation, body.as_bytes()).unwrap_err().kind;
            (in_envelope, DIALECT.error_response(operation, status, b"").kind)
        };
        for operation in [&GET_PUBLIC_KEY, &GET_AES_KEY] {
            assert_eq!(kinds(operation, 401), (Some(ErrorKind::Application), Some(ErrorKind::Application)));
            assert_eq!(kinds(operation, 403), (Some(ErrorKind::Application), Some(ErrorKind::Application)));
            assert_eq!(kinds(operation, 500), (Some(ErrorKind::Server), Some(ErrorKind::Server)));
            assert_eq!(kinds(operation, 404), (Some(ErrorKind::NotFound), Some(ErrorKind::NotFound)));
        }
        let user = (Some(ErrorKind::Authentication), Some(ErrorKind::Authentication));
        assert_eq!(kinds(&LOGIN, 401), user);
    }

    #[test]
    fn a_business_error_maps_like_http() {
        let kind = |status: &str| {
            let said = data(&format!(r#"{{"status": {status}, "msg": "no", "data": null}}"#)).unwrap_err();
            assert_eq!(said.message.as_deref(), Some("no"));
            (said.kind.unwrap(), said.code.unwrap())
        };
        assert_eq!(kind("401"), (ErrorKind::Authentication, "401".into()));
        assert_eq!(kind("\"403\""), (ErrorKind::Authorization, "403".into()));
        assert_eq!(kind("404").0, ErrorKind::NotFound);
        assert_eq!(kind("400").0, ErrorKind::Validation);
        assert_eq!(kind("500").0, ErrorKind::Server);
        assert_eq!(kind("\"IAM-21\""), (ErrorKind::Business, "IAM-21".into()));
        assert_eq!(kind("-1").0, ErrorKind::Business);
    }

    #[test]
    fn an_envelope_without_its_data_is_an_error_all_the_same() {
        assert_eq!(data(r#"{"status":500,"message":"x"}"#).unwrap_err().kind, Some(ErrorKind::Server));
        assert!(data(r#"{"status":500,"sid":1}"#).is_ok());
        assert!(data(r#"{"status":200,"message":"x"}"#).is_ok());
    }

    #[test]
    fn an_error_of_spring_is_one_whatever_stands_beside_it() {
        use ErrorKind::*;
        let errors = [
            (r#"{"status":401,"message":"expired","exception":"x.TokenException"}"#, Authentication, "expired"),
            (r#"{"status":401,"message":"expired","sid":1,"id":"u","name":"n"}"#, Authentication, "expired"),
            (
                r#"{"timestamp":"2026-01-01T00:00:00","status":403,"error":"Forbidden","path":"/x"}"#,
                Authorization,
                "Forbidden",
            ),
            (r#"{"timestamp":1,"status":"404","error":"Not Found","message":"","path":"/x"}"#, NotFound, "Not Found"),
            (
                r#"{"status":500,"error":"Internal Server Error","trace":"at x","errors":[1]}"#,
                Server,
                "Internal Server Error",
            ),
            (r#"{"id":"u","msg":"no","status":400}"#, Validation, "no"),
            (
                r#"{"type":"about:blank","title":"Gone","status":410,"detail":"moved","instance":"/x"}"#,
                Business,
                "moved",
            ),
            (r#"{"status":503,"errorMessage":"busy","errorCode":"B-1","new":true}"#, Server, "busy"),
            (r#"{"status":21009,"message":"no such thing"}"#, Business, "no such thing"),
            (r#"{"status":-1,"msg":"no"}"#, Business, "no"),
            (r#"{"status":"ERROR","message":"no"}"#, Business, "no"),
        ];
        for (body, kind, message) in errors {
            let said = data(body).unwrap_err();
            assert_eq!((said.kind, said.message.as_deref()), (Some(kind), Some(message)), "{body}");
        }
    }

    #[test]
    fn a_model_with_a_status_of_its_own_is_data() {
        for body in [
            r#"{"sid":1,"id":"T1","name":"Tenant","status":"active"}"#,
            r#"{"id":"T1","status":"404"}"#,
            r#"{"sid":1,"id":"u","status":1}"#,
            r#"{"sid":1,"id":"u","status":401}"#,
            r#"{"sid":1,"status":500,"message":null,"error":null}"#,
            r#"{"sid":1,"status":1,"message":"a note"}"#,
            r#"{"status":"active"}"#,
            r#"{"status":200,"message":"ok"}"#,
            r#"{"status":null,"message":"ok"}"#,
            r#"{"message":"ok"}"#,
            r#"[{"status":401,"message":"no"}]"#,
        ] {
            assert_eq!(data(body).unwrap(), body);
        }
    }
}
