//! How Digiwin wraps its answers and spells its errors.

use crate::{
    ErrorKind,
    protocol::{
        dialect::{Dialect, Fault, text},
        model::Name,
    },
};
use http::HeaderName;
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::value::RawValue;
use std::fmt;

pub(crate) const APP_HEADER: HeaderName = HeaderName::from_static("digi-middleware-auth-app");
pub(crate) const USER_HEADER: HeaderName = HeaderName::from_static("digi-middleware-auth-user");

pub(crate) static DIALECT: Digiwin = Digiwin;

pub(crate) struct Digiwin;

impl Dialect for Digiwin {
    fn application_is_secret(&self) -> bool {
        true
    }

    fn token_header(&self) -> HeaderName {
        USER_HEADER
    }

    fn data<'a>(&self, body: &'a [u8]) -> Result<&'a [u8], Fault> {
        let Some(envelope) = Envelope::read(body) else { return Ok(body) };
        match (envelope.status, envelope.data) {
            (Some(status), Some(data)) if is_success(status) => Ok(data.get().as_bytes()),
            (Some(_), Some(_)) => Err(envelope.fault()),
            // An envelope that left its null data out; a model with a `status` of its own has other members too.
            (Some(status), None) if envelope.is_bare && is_failure(status) => Err(envelope.fault()),
            _ => Ok(body),
        }
    }

    fn fault(&self, _: &'static str, _: u16, body: &[u8]) -> Fault {
        match Envelope::read(body) {
            // The HTTP status has decided the kind; the code in the body is kept beside it.
            Some(envelope) => Fault { kind: None, ..envelope.fault() },
            None => Fault::default(),
        }
    }
}

/// StdData: `{"status", "message" or "msg", "data"}`, and what Spring's own errors have.
#[derive(Default)]
struct Envelope<'a> {
    status: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
    code: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
    request_id: Option<&'a RawValue>,
    /// No member that an envelope would not have.
    is_bare: bool,
}

impl<'a> Envelope<'a> {
    /// The members of a JSON object that an envelope would have; `None` if `body` is none.
    fn read(body: &'a [u8]) -> Option<Self> {
        match body.trim_ascii_start().first() {
            Some(b'{') => serde_json::from_slice(body).ok(),
            _ => None,
        }
    }

    fn fault(&self) -> Fault {
        let code = self.code.and_then(raw_text).or_else(|| self.status.and_then(raw_text));
        let status = self.status.and_then(raw_text).and_then(|status| status.parse().ok());
        Fault {
            kind: Some(status.and_then(ErrorKind::of_status).unwrap_or(ErrorKind::Business)),
            code,
            message: self.message.and_then(raw_text),
            request_id: self.request_id.and_then(raw_text),
            ..Fault::default()
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
                let mut envelope = Envelope { is_bare: true, ..Envelope::default() };
                while let Some(Name(name)) = map.next_key()? {
                    match &*name {
                        "status" => envelope.status = Some(map.next_value()?),
                        "data" => envelope.data = Some(map.next_value()?),
                        "message" | "msg" => envelope.message = Some(map.next_value()?),
                        "code" | "errorCode" => envelope.code = Some(map.next_value()?),
                        "requestId" | "traceId" => envelope.request_id = Some(map.next_value()?),
                        other => {
                            envelope.is_bare &=
                                matches!(other, "error" | "errorMessage" | "path" | "success" | "timestamp");
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

fn raw_text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok().and_then(text)
}

fn is_success(status: &RawValue) -> bool {
    matches!(status.get(), "null" | "0" | "200" | "\"0\"" | "\"200\"")
}

fn is_failure(status: &RawValue) -> bool {
    status.get().trim_matches('"').parse::<u16>().is_ok_and(|status| (400..=599).contains(&status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(body: &str) -> Result<&str, Fault> {
        DIALECT.data(body.as_bytes()).map(|data| str::from_utf8(data).unwrap())
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
    fn a_business_error_maps_like_http() {
        let kind = |status: &str| {
            let fault = data(&format!(r#"{{"status": {status}, "msg": "no", "data": null}}"#)).unwrap_err();
            assert_eq!(fault.message.as_deref(), Some("no"));
            (fault.kind.unwrap(), fault.code.unwrap())
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
}
