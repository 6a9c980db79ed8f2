//! A request that a guard does not let through.

use super::fault::rejection_kind;
use crate::Error;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use std::{fmt, sync::Arc, time::Duration};

/// How long a client is asked to wait where nothing says how long.
const WAIT: Duration = Duration::from_secs(1);
/// The longest wait that a client is asked for.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Declares the kinds: HTTP status (0: that of the error), `grpc-status`, code and text.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $status:literal, $grpc:literal, $code:literal, $text:literal;)+) => {
        /// Why a guard does not let a request through.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RejectionKind {
            $($(#[$doc])* $kind,)+
        }

        impl RejectionKind {
            fn row(self) -> (u16, u8, &'static str, &'static str) {
                match self {
                    $(Self::$kind => ($status, $grpc, $code, $text),)+
                }
            }
        }
    };
}

kinds! {
    /// The request has more than one token, or a token that cannot be told from its surroundings: 400.
    Ambiguous = 400, 3, "invalid_request", "the request has more than one token";
    /// The request has no token: 401.
    MissingToken = 401, 16, "missing_token", "a token is needed";
    /// The service says that the token is for nobody, or it cannot be a token at all: 401.
    InvalidToken = 401, 16, "invalid_token", "the token is invalid or has expired";
    /// The caller is known and may not do this: 403.
    Forbidden = 403, 7, "insufficient_scope", "the caller may not do this";
    /// The service refuses what the handler asked it for in the caller's name: the status that the error
    /// [suggests](Error::suggested_status).
    Refused = 0, 9, "refused", "the service refuses this";
    /// The service cannot tell who calls, or refuses this server: 503.
    Unavailable = 503, 14, "temporarily_unavailable", "who calls cannot be told at the moment";
    /// The server is wired wrongly, for example a handler takes a caller and no guard stands before it: 500.
    Misconfigured = 500, 13, "server_error", "the server is wired wrongly";
}

/// Why a guard does not let a request through, with the response for it: status, headers, and a body of JSON.
///
/// Neither headers nor body have anything that a service or the request said. [`error`](Self::error) has the cause, for logs.
///
/// A handler that returns `Result<_, Rejection>` can use `?` on the calls that it makes as the caller: an
/// [`Error`] becomes 401 or 403 where it is the caller's fault, 503 where it is that of the service or of this server, and else has its
/// [`suggested_status`](Error::suggested_status).
#[derive(Clone)]
pub struct Rejection(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: RejectionKind,
    realm: Option<Arc<str>>,
    retry_after: Option<Duration>,
    error: Option<Error>,
}

impl Rejection {
    pub(crate) fn new(kind: RejectionKind) -> Self {
        Self::of(kind, None)
    }

    pub(crate) fn of(kind: RejectionKind, error: Option<Error>) -> Self {
        let retry_after = error.as_ref().and_then(Error::retry_after);
        Self(Box::new(Inner { kind, realm: None, retry_after, error }))
    }

    /// Creates the rejection of a caller who may not do this, for rules of your own: 403.
    pub fn forbidden() -> Self {
        Self::new(RejectionKind::Forbidden)
    }

    pub(crate) fn realm(mut self, realm: &Arc<str>) -> Self {
        self.0.realm = Some(realm.clone());
        self
    }

    /// Returns why the request is rejected.
    pub fn kind(&self) -> RejectionKind {
        self.0.kind
    }

    /// Returns the HTTP status to respond with.
    pub fn status(&self) -> StatusCode {
        let status = match (self.0.kind.row().0, &self.0.error) {
            (0, Some(error)) => error.suggested_status(),
            (0, None) => 422,
            (status, _) => status,
        };
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Returns gRPC's status code to respond with, such as 16 (`UNAUTHENTICATED`).
    pub fn grpc_status(&self) -> u8 {
        self.0.kind.row().1
    }

    /// Returns the code of the rejection, as in the JSON: OAuth's where it has one, such as `invalid_token`.
    pub fn code(&self) -> &'static str {
        self.0.kind.row().2
    }

    /// Returns how long the client should wait before it tries again; for 503 alone.
    pub fn retry_after(&self) -> Option<Duration> {
        let wait = self.0.retry_after.unwrap_or(WAIT).clamp(WAIT, LONGEST_WAIT);
        (self.0.kind == RejectionKind::Unavailable).then_some(wait)
    }

    /// Returns the error that the rejection comes from, if there is one.
    pub fn error(&self) -> Option<&Error> {
        self.0.error.as_ref()
    }

    /// Returns the headers to respond with: `Content-Type`, `Cache-Control`, and `WWW-Authenticate` or `Retry-After` where they belong.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge().and_then(|challenge| HeaderValue::try_from(challenge).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(wait) = self.retry_after() {
            // A part of a second is a whole one.
            headers.insert(RETRY_AFTER, wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).into());
        }
        headers
    }

    /// RFC 6750, section 3: no `error` where no token came.
    fn challenge(&self) -> Option<String> {
        let realm = self.0.realm.as_deref().unwrap_or(super::settings::REALM);
        match self.0.kind {
            RejectionKind::MissingToken => Some(format!("Bearer realm=\"{realm}\"")),
            RejectionKind::Ambiguous | RejectionKind::InvalidToken | RejectionKind::Forbidden => {
                Some(format!("Bearer realm=\"{realm}\", error=\"{}\"", self.code()))
            }
            _ => None,
        }
    }

    /// Returns the body to respond with: `{"error":"invalid_token","error_description":"…"}`.
    pub fn body(&self) -> String {
        let (.., code, text) = self.0.kind.row();
        serde_json::json!({"error": code, "error_description": text}).to_string()
    }
}

impl From<Error> for Rejection {
    fn from(error: Error) -> Self {
        Self::of(rejection_kind(&error), Some(error))
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.row().3)
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("kind", &self.0.kind)
            .field("retry_after", &self.retry_after())
            .field("error", &self.0.error)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Rejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.error.as_ref().map(|error| error as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RejectionKind::*;

    #[test]
    fn each_kind_has_its_status_and_headers() {
        for (kind, status, grpc, challenge, retry_after) in [
            (Ambiguous, 400, 3, Some("Bearer realm=\"r\", error=\"invalid_request\""), None),
            (MissingToken, 401, 16, Some("Bearer realm=\"r\""), None),
            (InvalidToken, 401, 16, Some("Bearer realm=\"r\", error=\"invalid_token\""), None),
            (Forbidden, 403, 7, Some("Bearer realm=\"r\", error=\"insufficient_scope\""), None),
            (Refused, 422, 9, None, None),
            (Unavailable, 503, 14, None, Some("1")),
            (Misconfigured, 500, 13, None, None),
        ] {
            let rejection = Rejection::new(kind).realm(&"r".into());
            let headers = rejection.headers();
            let header = |name| headers.get(name).map(|value| value.to_str().unwrap());
            assert_eq!((rejection.status().as_u16(), rejection.grpc_status()), (status, grpc), "{kind:?}");
            assert_eq!((header(WWW_AUTHENTICATE), header(RETRY_AFTER)), (challenge, retry_after), "{kind:?}");
            assert!(rejection.body().contains(rejection.code()), "{kind:?}");
        }
    }

    #[test]
    fn a_wait_is_whole_seconds_within_bounds() {
        for (millis, expected) in [(0, "1"), (1, "1"), (1001, "2"), (5000, "5"), (90_000_000, "3600")] {
            let error = Error::new(crate::ErrorKind::RateLimited).with_retry_after(Duration::from_millis(millis));
            assert_eq!(Rejection::from(error).headers()[RETRY_AFTER], expected, "{millis}");
        }
    }

    #[test]
    fn nothing_of_an_error_is_in_the_response() {
        let error = Error::new(crate::ErrorKind::NotFound).with_server_message("canary").with_detail("canary");
        let rejection = Rejection::from(error);
        assert_eq!(rejection.status(), 404);
        assert!(!format!("{} {:?} {rejection}", rejection.body(), rejection.headers()).contains("canary"));
    }
}
