//! How Authing wraps its answers and spells its errors.

use crate::{
    Error, ErrorKind, Result, UserToken,
    protocol::dialect::{Dialect, Fault, text},
};
use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess},
};
use serde_json::{Value, value::RawValue};
use std::{fmt, marker::PhantomData};

pub(crate) static DIALECT: Authing = Authing;

pub(crate) struct Authing;

const NOT_LOGGED_IN: &str = "2020";

impl Dialect for Authing {
    fn application_is_secret(&self) -> bool {
        false
    }

    fn token_header(&self) -> HeaderName {
        AUTHORIZATION
    }

    fn token_value(&self, token: &UserToken) -> Result<HeaderValue> {
        HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
            .map_err(|_| Error::argument("the token is not a valid header value"))
    }

    fn data<'a>(&self, body: &'a [u8]) -> Result<&'a [u8], Fault> {
        let answer: Answer = serde_json::from_slice(body).map_err(|_| unreadable("no JSON object"))?;
        if let Some(fault) = answer.fault() {
            return Err(fault);
        }
        let data = answer.data.map(RawValue::get);
        match (answer.is_rest(), data) {
            (true, data) => Ok(data.unwrap_or_default().as_bytes()),
            // GraphQL: what stands under the one root field.
            (false, Some(data)) => {
                let Sole(field): Sole<&RawValue> =
                    serde_json::from_str(data).map_err(|_| unreadable("no field in the data"))?;
                Ok(field.get().as_bytes())
            }
            (false, None) => Err(unreadable("neither data nor an error")),
        }
    }

    fn refuses_token(&self, _operation: &'static str, error: &Error) -> bool {
        error.is_authentication() && (error.code() == Some(NOT_LOGGED_IN) || error.status() == Some(401))
    }

    fn fault(&self, _: &'static str, _: u16, body: &[u8]) -> Fault {
        serde_json::from_slice(body).ok().and_then(|answer: Answer<'_>| answer.fault()).unwrap_or_default()
    }
}

fn unreadable(detail: &'static str) -> Fault {
    Fault { kind: Some(ErrorKind::Decode), detail: Some(detail), ..Fault::default() }
}

/// What a code means; those of HTTP mean here what they mean there.
pub(super) fn kind_of(code: &str) -> ErrorKind {
    let kind = match code.parse() {
        Ok(1000) => Some(ErrorKind::Server),
        Ok(1001 | 1576) => Some(ErrorKind::Authorization),
        Ok(2005 | 2006 | 2020 | 2333) => Some(ErrorKind::Authentication),
        Ok(2004 | 2011 | 2224) => Some(ErrorKind::NotFound),
        Ok(499 | 2003 | 2014 | 2015 | 2016 | 2029 | 2030) => Some(ErrorKind::Validation),
        Ok(2026 | 2034 | 2035) => Some(ErrorKind::Conflict),
        Ok(code) => ErrorKind::of_status(code),
        Err(_) => None,
    };
    kind.unwrap_or(ErrorKind::Business)
}

/// Whether a code says that all is well.
pub(super) fn is_success(code: &str) -> bool {
    code == "200"
}

/// The members of an answer, and of the object that can stand as a GraphQL error's message.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    errors: Option<Vec<GraphqlError>>,
    code: Option<Value>,
    status_code: Option<Value>,
    api_code: Option<Value>,
    message: Option<Value>,
    unique_id: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GraphqlError {
    message: Value,
}

impl Answer<'_> {
    fn is_rest(&self) -> bool {
        self.code.is_some() || self.status_code.is_some() || self.api_code.is_some()
    }

    /// What went wrong, if anything did. Data beside an error do not make it a success.
    fn fault(&self) -> Option<Fault> {
        if let Some(error) = self.errors.as_ref().and_then(|errors| errors.first()) {
            let own = Answer::of_message(&error.message);
            let fault = own.fault().unwrap_or_default();
            return Some(Fault {
                kind: Some(fault.kind.unwrap_or(ErrorKind::Business)),
                message: fault.message.or_else(|| own.message.and_then(text)),
                ..fault
            });
        }
        let said = |member: &Option<Value>| member.clone().and_then(text);
        let (code, status) = (said(&self.code), said(&self.status_code));
        let code = said(&self.api_code).filter(|code| !is_success(code)).or(code).or(status.clone())?;
        if is_success(&code) {
            return None;
        }
        let kind = match kind_of(&code) {
            // A code of its own, beside a status that tells more.
            ErrorKind::Business => status.as_deref().map_or(ErrorKind::Business, kind_of),
            kind => kind,
        };
        let retryable = code == "1000";
        let (message, request_id) = (said(&self.message), said(&self.unique_id));
        Some(Fault { kind: Some(kind), retryable, code: Some(code), message, request_id, ..Fault::default() })
    }
}

impl Answer<'static> {
    /// A GraphQL error's message: an object with the members of a REST error, or text.
    fn of_message(message: &Value) -> Self {
        let member = |name: &str| message.get(name).cloned();
        match message {
            Value::Object(_) => Self {
                code: member("code"),
                status_code: member("statusCode"),
                api_code: member("apiCode"),
                message: member("message"),
                unique_id: member("uniqueId"),
                ..Self::default()
            },
            other => Self { message: Some(other.clone()), ..Self::default() },
        }
    }
}

/// The value of an object's first member, whatever its name; `null` too.
pub(super) struct Sole<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Sole<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = Sole<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a member")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let Some(IgnoredAny) = map.next_key()? else { return Err(A::Error::custom("no member")) };
                let first = map.next_value()?;
                while let Some((IgnoredAny, IgnoredAny)) = map.next_entry()? {}
                Ok(Sole(first))
            }
        }

        from.deserialize_map(Visitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(body: &str) -> Result<String, Fault> {
        DIALECT.data(body.as_bytes()).map(|data| String::from_utf8(data.to_vec()).unwrap())
    }

    #[test]
    fn data_is_what_was_asked_for() {
        let wrapped = [
            (r#"{"data": {"users": {"totalCount": 1}}}"#, r#"{"totalCount": 1}"#),
            (r#"{"errors": [], "data": {"isUserExists": false}}"#, "false"),
            (r#"{"data": {"node": null}}"#, "null"),
            (r#"{"code": 200, "message": "ok", "data": [1]}"#, "[1]"),
            (r#"{"statusCode": 200, "message": "ok", "data": 1}"#, "1"),
            (r#"{"code": 200, "message": "ok"}"#, ""),
        ];
        for (body, expected) in wrapped {
            assert_eq!(data(body).unwrap(), expected, "{body}");
        }
    }

    #[test]
    fn no_error_looks_like_success() {
        let faults = [
            (
                r#"{"errors": [{"message": {"code": 2004, "message": "gone"}}], "data": {"user": {"id": 1}}}"#,
                ErrorKind::NotFound,
            ),
            (r#"{"errors": [{"message": "Cannot query field"}]}"#, ErrorKind::Business),
            (r#"{"errors": [{}], "data": {"x": 1}}"#, ErrorKind::Business),
            (r#"{"errors": [{"message": {"apiCode": "2034", "statusCode": 499}}]}"#, ErrorKind::Conflict),
            (r#"{"code": 2020, "message": "no", "data": null}"#, ErrorKind::Authentication),
            (r#"{"code": "1001"}"#, ErrorKind::Authorization),
            (r#"{"uniqueId": "u", "statusCode": 499, "apiCode": 2011, "data": {}}"#, ErrorKind::NotFound),
            (r#"{"statusCode": 499, "apiCode": "77777"}"#, ErrorKind::Validation),
            (r#"{"code": 500, "data": {"id": 1}}"#, ErrorKind::Server),
            (r#"{"code": 31415}"#, ErrorKind::Business),
            ("{}", ErrorKind::Decode),
            (r#"{"data": null}"#, ErrorKind::Decode),
            (r#"{"data": {}}"#, ErrorKind::Decode),
            ("[1]", ErrorKind::Decode),
            ("<html>", ErrorKind::Decode),
            ("", ErrorKind::Decode),
        ];
        for (body, kind) in faults {
            assert_eq!(data(body).unwrap_err().kind, Some(kind), "{body}");
        }
    }

    #[test]
    fn code_message_and_request_are_kept() {
        let fault =
            data(r#"{"uniqueId": "u-1", "statusCode": 499, "apiCode": "2011", "message": "no app"}"#).unwrap_err();
        let kept = (fault.code.as_deref(), fault.message.as_deref(), fault.request_id.as_deref());
        assert_eq!(kept, (Some("2011"), Some("no app"), Some("u-1")));
        let fault = data(r#"{"errors": [{"message": "Syntax Error"}]}"#).unwrap_err();
        assert_eq!((fault.code, fault.message.as_deref()), (None, Some("Syntax Error")));
        assert!(data(r#"{"code": 1000}"#).unwrap_err().retryable);
    }
}
