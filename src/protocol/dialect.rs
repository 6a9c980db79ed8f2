//! What differs from service to service in how a token travels and an error is spelled.

use super::{meter::UsualEnvelope, operation::Operation};
use crate::{Error, ErrorKind, Result, secret::UserToken};
use http::{HeaderName, HeaderValue};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A service's way of saying things; one static value each.
pub(crate) trait Dialect: Send + Sync + 'static {
    /// Whether what names the application is a secret.
    fn application_is_secret(&self) -> bool;

    /// The header that carries a session's token.
    fn token_header(&self) -> HeaderName;

    /// The headers that the client sets for this service, the token's included: they are not the user's to set.
    fn reserved_headers(&self) -> &'static [HeaderName];

    /// The token as that header's value.
    fn token_value(&self, token: &UserToken) -> Result<HeaderValue> {
        HeaderValue::from_str(token.expose_secret())
            .map_err(|_| Error::argument("the token is not a valid header value"))
    }

    /// Returns where the data of a successful HTTP response to `operation` stands, or the error that it is all the same.
    fn data<'a>(&self, operation: &'static Operation, body: &'a [u8]) -> Result<&'a [u8], ErrorResponse>;

    /// Returns the usual form of a successful response to `operation`, if it has an envelope.
    fn usual_envelope(&self, operation: &'static Operation) -> Option<UsualEnvelope>;

    /// Returns whether a successful response to `operation` can hold a token or another secret: no error keeps its body.
    fn brings_secret(&self, operation: &'static Operation) -> bool {
        operation.holds_secret()
    }

    /// Whether an error of `operation` says that the session's token is not, or no longer, valid.
    fn refuses_token(&self, _operation: &'static Operation, error: &Error) -> bool {
        error.is_authentication()
    }

    /// Returns what an unsuccessful HTTP response to `operation` says, as far as it can be read.
    fn error_response(&self, operation: &'static Operation, status: u16, body: &[u8]) -> ErrorResponse;
}

/// Returns a member of an error as text: a string without its quotes, a number or an object as written, `null` and "" as
/// nothing.
pub(crate) fn text(member: &RawValue) -> Option<String> {
    let text = match member.get() {
        "null" => return None,
        string if string.starts_with('"') => serde_json::from_str(string).ok()?,
        other => other.to_owned(),
    };
    (!text.is_empty()).then_some(text)
}

/// What a service says went wrong.
#[derive(Debug, Default)]
pub(crate) struct ErrorResponse {
    /// The kind, where the service's code tells more than the HTTP status.
    pub(crate) kind: Option<ErrorKind>,
    /// What that kind means for the operation.
    pub(crate) detail: Option<Cow<'static, str>>,
    /// The service asks to try again later.
    pub(crate) retryable: bool,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) request_id: Option<String>,
    /// The response has the service's own form of an error, as no gateway, proxy or firewall before it sends it.
    pub(crate) in_own_form: bool,
}
