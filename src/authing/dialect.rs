//! How Authing wraps its responses and spells its errors.

use super::{account::GRAPHQL, document::selects_secret, documents::ACCESS_TOKEN};
use crate::{
    Error, ErrorKind, Result, UserToken,
    protocol::{
        dialect::{Dialect, ErrorResponse, text},
        meter::{Member, UsualEnvelope},
        model::Name,
        operation::Operation,
    },
};
use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, marker::PhantomData};

pub(crate) static DIALECT: Authing = Authing;

pub(crate) struct Authing;

const NOT_LOGGED_IN: &str = "2020";
pub(super) const BUSY: &str = "1000";

impl Dialect for Authing {
    fn application_is_secret(&self) -> bool {
        false
    }

    fn reserved_headers(&self) -> &'static [HeaderName] {
        &super::RESERVED_HEADERS
    }

    fn token_header(&self) -> HeaderName {
        AUTHORIZATION
    }

    fn token_value(&self, token: &UserToken) -> Result<HeaderValue> {
        HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
            .map_err(|_| Error::argument("the token is not a valid header value"))
    }

    fn data<'a>(&self, operation: &'static Operation, body: &'a [u8]) -> Result<&'a [u8], ErrorResponse> {
        let envelope = Envelope::read(body).ok_or_else(|| unreadable("no JSON object"))?;
        if let Some(said) = envelope.error_response() {
            return Err(whose(operation, said));
        }
        let data = envelope.data.map(RawValue::get);
        let is_graphql = *operation == GRAPHQL;
        match (&operation.document, data) {
            (Some(document), Some(data)) => {
                let root = document.root;
                let field = Field(root)
                    .deserialize(&mut serde_json::Deserializer::from_str(data))
                    .map_err(|_| unreadable("the data is no object"))?
                    .ok_or_else(|| unreadable(format!("the data has no field `{root}`")))?;
                Ok(field.get().as_bytes())
            }
            (None, Some(data)) if is_graphql => match serde_json::from_str::<FirstField<IgnoredAny>>(data) {
                Ok(_) => Ok(data.as_bytes()),
                Err(_) => Err(unreadable("no field in the data")),
            },
            (None, data) if !is_graphql && envelope.is_rest() => Ok(data.unwrap_or_default().as_bytes()),
            (None, _) if !is_graphql => Err(unreadable("no code that says whether it is a success")),
            _ => Err(unreadable("neither data nor an error")),
        }
    }

    fn brings_secret(&self, operation: &'static Operation) -> bool {
        operation.holds_secret() || operation.document.as_ref().is_some_and(selects_secret)
    }

    fn usual_envelope(&self, operation: &'static Operation) -> Option<UsualEnvelope> {
        let field = operation.document.as_ref().map(|document| document.root);
        let graphql = |name: &str| if name == "data" { Member::Data } else { Member::Unusual };
        let rest = |name: &str| match name {
            "data" => Member::Data,
            "code" => Member::Verdict(|code| text(code).is_some_and(|code| is_success(&code))),
            "message" => Member::Passed,
            _ => Member::Unusual,
        };
        let member: fn(&str) -> Member = if field.is_some() { graphql } else { rest };
        (*operation != GRAPHQL).then_some(UsualEnvelope { member, has_verdict: field.is_none(), field })
    }

    fn refuses_token(&self, _operation: &'static Operation, error: &Error) -> bool {
        error.is_authentication() && (error.code() == Some(NOT_LOGGED_IN) || error.status() == Some(401))
    }

    fn error_response(&self, operation: &'static Operation, status: u16, body: &[u8]) -> ErrorResponse {
        let said = Envelope::read(body).and_then(|envelope| envelope.error_response());
        // Without an error of the service's, a 404 is a page of something in between: the host is wrong.
        let by_status = matches!(status, 401 | 403).then(|| ErrorKind::of_status(status)).flatten();
        whose(operation, said.unwrap_or(ErrorResponse { kind: by_status, ..ErrorResponse::default() }))
    }
}

/// Whose credentials were refused: the request for the management token has nothing but the user pool's id and secret.
fn whose(operation: &Operation, said: ErrorResponse) -> ErrorResponse {
    use ErrorKind::{Application, Authentication, Authorization, NotFound, Validation};
    match said.kind {
        Some(Authentication | Authorization | NotFound | Validation) if *operation == ACCESS_TOKEN => {
            ErrorResponse { kind: Some(Application), ..said }
        }
        _ => said,
    }
}

fn unreadable(detail: impl Into<Cow<'static, str>>) -> ErrorResponse {
    ErrorResponse { kind: Some(ErrorKind::Decode), detail: Some(detail.into()), ..ErrorResponse::default() }
}

/// What a code means; those of HTTP mean here what they mean there.
pub(super) fn kind_of(code: &str) -> ErrorKind {
    let kind = match code.parse() {
        Ok(1000) => Some(ErrorKind::Server),
        Ok(1001 | 1576) => Some(ErrorKind::Authorization),
        Ok(2005 | 2006 | 2020 | 2333) => Some(ErrorKind::Authentication),
        Ok(2004 | 2011) => Some(ErrorKind::NotFound),
        // The user pool is the client's own; no call names another one.
        Ok(2224) => Some(ErrorKind::Application),
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

/// The members of a response, and of the object that can stand as a GraphQL error's message.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    errors: Option<&'a RawValue>,
    code: Option<&'a RawValue>,
    status_code: Option<&'a RawValue>,
    api_code: Option<&'a RawValue>,
    message: Option<&'a RawValue>,
    unique_id: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        match body.trim_ascii_start().first() {
            Some(b'{') => serde_json::from_slice(body).ok(),
            _ => None,
        }
    }

    fn is_rest(&self) -> bool {
        self.code.is_some() || self.status_code.is_some() || self.api_code.is_some()
    }

    /// What went wrong, if anything did. Data beside an error do not make it a success.
    fn error_response(&self) -> Option<ErrorResponse> {
        if let Some(error) = self.first_error() {
            let own = Self::of_message(error);
            let said = own.error_response().unwrap_or_default();
            return Some(ErrorResponse {
                kind: Some(said.kind.unwrap_or(ErrorKind::Business)),
                message: said.message.or_else(|| own.message.and_then(text)),
                in_own_form: said.code.is_some(),
                ..said
            });
        }
        let (code, status) = (self.code.and_then(text), self.status_code.and_then(text));
        let code = self.api_code.and_then(text).filter(|code| !is_success(code)).or(code).or(status.clone())?;
        if is_success(&code) {
            return None;
        }
        let kind = match kind_of(&code) {
            // A code of its own, beside a status that tells more.
            ErrorKind::Business => status.as_deref().map_or(ErrorKind::Business, kind_of),
            kind => kind,
        };
        Some(ErrorResponse {
            kind: Some(kind),
            retryable: code == BUSY,
            // A code of HTTP beside a message is what gateways send, too.
            in_own_form: self.api_code.is_some() || code.parse().is_ok_and(|code: u32| code >= 1000),
            code: Some(code),
            message: self.message.and_then(text),
            request_id: self.unique_id.and_then(text),
            ..ErrorResponse::default()
        })
    }

    /// The first of the GraphQL errors, or what stands in the place of their list.
    fn first_error(&self) -> Option<&'a RawValue> {
        let errors = self.errors?;
        match errors.get().as_bytes().first() {
            Some(b'[') => serde_json::from_str(errors.get()).map_or(Some(errors), |FirstElement(first)| first),
            _ => Some(errors).filter(|errors| errors.get() != "null"),
        }
    }

    /// A GraphQL error: its message is an object with the members of a REST error, or text.
    fn of_message(error: &'a RawValue) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct GraphqlError<'a> {
            #[serde(borrow)]
            message: Option<&'a RawValue>,
        }
        let message = match error.get().as_bytes().first() {
            Some(b'{') => serde_json::from_str(error.get()).unwrap_or(GraphqlError::default()).message,
            _ => Some(error),
        };
        let own = message.and_then(|message| Self::read(message.get().as_bytes()));
        own.unwrap_or(Self { message, ..Self::default() })
    }
}

/// The first value of a list, if there is one.
struct FirstElement<'a>(Option<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for FirstElement<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Elements;

        impl<'de> Visitor<'de> for Elements {
            type Value = Option<&'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let first = list.next_element()?;
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(first)
            }
        }

        from.deserialize_seq(Elements).map(FirstElement)
    }
}

/// The value of an object's member of this name; `None` if it has none.
struct Field<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Field<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Name(name)) = map.next_key()? {
            match name == self.0 {
                true => found = Some(map.next_value()?),
                false => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// The value of an object's first member, whatever its name; `null` too.
pub(super) struct FirstField<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for FirstField<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = FirstField<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a member")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let Some(IgnoredAny) = map.next_key()? else { return Err(A::Error::custom("no member")) };
                let first = map.next_value()?;
                while let Some((IgnoredAny, IgnoredAny)) = map.next_entry()? {}
                Ok(FirstField(first))
            }
        }

        from.deserialize_map(Fields(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{documents::ORGS, users::DETAIL},
        *,
    };

    fn data(body: &str) -> Result<String, ErrorResponse> {
        data_of(&GRAPHQL, body)
    }

    fn data_of(operation: &'static Operation, body: &str) -> Result<String, ErrorResponse> {
        DIALECT.data(operation, body.as_bytes()).map(|data| String::from_utf8(data.to_vec()).unwrap())
    }

    #[test]
    fn data_is_what_was_asked_for() {
        let wrapped = [
            (r#"{"data": {"a": {"totalCount": 1}, "b": 2}}"#, r#"{"a": {"totalCount": 1}, "b": 2}"#),
            (r#"{"errors": [], "data": {"isUserExists": false}}"#, r#"{"isUserExists": false}"#),
            (r#"{"data": {"node": null}}"#, r#"{"node": null}"#),
        ];
        for (body, expected) in wrapped {
            assert_eq!(data(body).unwrap(), expected, "{body}");
        }
        let wrapped = [
            (r#"{"code": 200, "message": "ok", "data": [1]}"#, "[1]"),
            (r#"{"statusCode": 200, "message": "ok", "data": 1}"#, "1"),
            (r#"{"code": 200, "message": "ok"}"#, ""),
        ];
        for (body, expected) in wrapped {
            assert_eq!(data_of(&DETAIL, body).unwrap(), expected, "{body}");
        }
    }

    #[test]
    fn the_root_field_is_the_one_that_was_asked_for() {
        const OPERATION: &Operation = &ORGS;
        for (body, expected) in [
            (r#"{"data": {"orgs": {"totalCount": 1}}}"#, r#"{"totalCount": 1}"#),
            (r#"{"data": {"users": {"totalCount": 2}, "or\u0067s": [1]}, "extensions": {}}"#, "[1]"),
            (r#"{"data": {"orgs": null}}"#, "null"),
            (r#"{"code": 200, "data": {"orgs": 1}}"#, "1"),
        ] {
            assert_eq!(data_of(OPERATION, body).unwrap(), expected, "{body}");
        }
        for body in [
            r#"{"data": {"users": {"totalCount": 1, "list": []}}}"#,
            r#"{"data": {"Orgs": 1}}"#,
            r#"{"data": {}}"#,
            r#"{"data": [{"orgs": 1}]}"#,
            r#"{"data": "orgs"}"#,
            r#"{"data": null}"#,
            r#"{"orgs": {}}"#,
        ] {
            assert_eq!(data_of(OPERATION, body).unwrap_err().kind, Some(ErrorKind::Decode), "{body}");
        }
        let said = data_of(OPERATION, r#"{"data": {"users": 1}}"#).unwrap_err();
        assert_eq!(said.detail.as_deref(), Some("the data has no field `orgs`"));
        // Nor does a REST call take another form for a success.
        assert!(data_of(&DETAIL, r#"{"data": {"id": "u"}}"#).is_err());
    }

    #[test]
    fn no_error_looks_like_success() {
        let errors = [
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
            (r#"{"errors": {"message": {"code": 2004}}, "data": {"x": 1}}"#, ErrorKind::NotFound),
            (r#"{"errors": "broken", "data": {"x": 1}}"#, ErrorKind::Business),
            (r#"{"errors": [null], "data": {"x": 1}}"#, ErrorKind::Business),
            ("{}", ErrorKind::Decode),
            (r#"{"data": null}"#, ErrorKind::Decode),
            (r#"{"data": {}}"#, ErrorKind::Decode),
            ("[1]", ErrorKind::Decode),
            ("<html>", ErrorKind::Decode),
            ("", ErrorKind::Decode),
        ];
        for (body, kind) in errors {
            assert_eq!(data(body).unwrap_err().kind, Some(kind), "{body}");
        }
    }

    #[test]
    fn a_refused_user_pool_or_secret_is_the_applications() {
        let of = |operation, status, body: &str| match status {
            200 => data_of(operation, body).unwrap_err().kind,
            _ => DIALECT.error_response(operation, status, body.as_bytes()).kind,
        };
        let token = &ACCESS_TOKEN;
        for code in [2333, 2224, 2020, 1001, 401, 400] {
            let body = format!(r#"{{"errors": [{{"message": {{"code": {code}, "message": "no"}}}}]}}"#);
            assert_eq!(of(token, 200, &body), Some(ErrorKind::Application), "{code}");
            assert_eq!(of(token, 400, &body), Some(ErrorKind::Application), "{code}");
        }
        assert_eq!(of(&ORGS, 200, r#"{"code": 2224}"#), Some(ErrorKind::Application));
        assert_eq!(of(token, 401, ""), Some(ErrorKind::Application));
        assert_eq!(of(&ORGS, 401, ""), Some(ErrorKind::Authentication));
        for (status, body) in [(200, r#"{"code": 500}"#), (503, "<html>"), (429, ""), (404, "<html>")] {
            assert_ne!(of(token, status, body), Some(ErrorKind::Application), "{status}");
        }
    }

    #[test]
    fn code_message_and_request_are_kept() {
        let said =
            data(r#"{"uniqueId": "u-1", "statusCode": 499, "apiCode": "2011", "message": "no app"}"#).unwrap_err();
        let kept = (said.code.as_deref(), said.message.as_deref(), said.request_id.as_deref());
        assert_eq!(kept, (Some("2011"), Some("no app"), Some("u-1")));
        let said = data(r#"{"errors": [{"message": "Syntax Error"}]}"#).unwrap_err();
        assert_eq!((said.code, said.message.as_deref()), (None, Some("Syntax Error")));
        assert!(data(r#"{"code": 1000}"#).unwrap_err().retryable);
    }
}
