//! A request that a guard does not let through.

use super::{JsonResponder, Respond as _, fault::rejection_kind, layer::Returned, respond::trailers_only};
use crate::Error;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
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
        ///
        /// | kind | HTTP | gRPC | code |
        /// | --- | --- | --- | --- |
        /// | [`Ambiguous`](Self::Ambiguous) | 400 | 3 `INVALID_ARGUMENT` | `invalid_request` |
        /// | [`MissingToken`](Self::MissingToken) | 401 | 16 `UNAUTHENTICATED` | `missing_token` |
        /// | [`InvalidToken`](Self::InvalidToken) | 401 | 16 `UNAUTHENTICATED` | `invalid_token` |
        /// | [`Forbidden`](Self::Forbidden) | 403 | 7 `PERMISSION_DENIED` | `insufficient_scope` |
        /// | [`Refused`](Self::Refused) | 400, 404, 409 or 422 | 9 `FAILED_PRECONDITION` | `refused` |
        /// | [`Unavailable`](Self::Unavailable) | 503 | 14 `UNAVAILABLE` | `temporarily_unavailable` |
        /// | [`Misconfigured`](Self::Misconfigured) | 500 | 13 `INTERNAL` | `server_error` |
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RejectionKind {
            $($(#[$doc])* $kind,)+
        }

        impl RejectionKind {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$kind),+];

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
/// [`suggested_status`](Error::suggested_status). Calls that it makes with the server's own credentials are for
/// [`from_own_call`](Self::from_own_call).
#[derive(Clone)]
pub struct Rejection(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: RejectionKind,
    realm: Option<Arc<str>>,
    retry_after: Option<Duration>,
    error: Option<Error>,
    /// Whether it is a call of the handler's that failed, and not the check of who calls.
    is_of_call: bool,
}

impl Rejection {
    pub(crate) fn new(kind: RejectionKind) -> Self {
        Self::of(kind, None)
    }

    pub(crate) fn of(kind: RejectionKind, error: Option<Error>) -> Self {
        let retry_after = error.as_ref().and_then(Error::retry_after);
        Self(Box::new(Inner { kind, realm: None, retry_after, error, is_of_call: false }))
    }

    /// Creates the rejection of a caller whose token is not good enough, for checks of your own: 401.
    pub fn unauthorized() -> Self {
        Self::new(RejectionKind::InvalidToken)
    }

    /// Creates the rejection of a caller who may not do this, for rules of your own: 403.
    pub fn forbidden() -> Self {
        Self::new(RejectionKind::Forbidden)
    }

    /// Creates the rejection of a request that cannot be served at the moment: 503, with so long a `Retry-After`; `None` is a second.
    pub fn unavailable(retry_after: impl Into<Option<Duration>>) -> Self {
        let mut rejection = Self::new(RejectionKind::Unavailable);
        (rejection.0.retry_after, rejection.0.is_of_call) = (retry_after.into(), true);
        rejection
    }

    /// Creates the rejection of a request whose handler made a call with the server's own credentials, which failed: that the service
    /// refuses those is not the caller's fault, but 503.
    ///
    /// `?` is for calls that the handler makes as the caller, and would say 401 or 403. What else can go wrong is the same.
    ///
    /// ```
    /// # use iam_sdk::{Client, server::{Caller, Rejection}};
    /// /// Counts the caller's tenants with the server's own session, which may see all of them.
    /// async fn tenants(reports: &Client, _: Caller) -> Result<usize, Rejection> {
    ///     let tenants = reports.tenants().get_tenants().await.map_err(Rejection::from_own_call)?;
    ///     Ok(tenants.len())
    /// }
    /// ```
    pub fn from_own_call(error: Error) -> Self {
        let is_refusal = error.is_authentication() || error.is_authorization();
        let kind = if is_refusal { RejectionKind::Unavailable } else { rejection_kind(&error) };
        let mut rejection = Self::of(kind, Some(error));
        rejection.0.is_of_call = true;
        rejection
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
    ///
    /// For a token that is refused it is the reason that the introspection gave. A guard keeps those of the last 1,000 refused tokens or
    /// so: of an older one that is still known to be refused there is none.
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

    /// Returns what clients are told.
    pub(super) fn text(&self) -> &'static str {
        match self.0.kind {
            RejectionKind::Unavailable if self.0.is_of_call => "a service that this needs fails at the moment",
            kind => kind.row().3,
        }
    }

    /// Returns the body to respond with: `{"error":"invalid_token","error_description":"…"}`.
    pub fn body(&self) -> String {
        serde_json::json!({"error": self.code(), "error_description": self.text()}).to_string()
    }

    /// Returns the response, for servers that are no tower services: status, headers and JSON.
    ///
    /// The body is of any type that can be made of text, such as `http_body_util::Full<Bytes>`. With the feature `axum` a rejection
    /// is a response by itself. A [`GuardLayer`](super::GuardLayer) that the response passes makes its own of it.
    pub fn into_http_response<B: From<String>>(self) -> Response<B> {
        let mut response: Response<B> = JsonResponder.respond(&self);
        response.extensions_mut().insert(Returned(self));
        response
    }

    /// Returns the response of a gRPC service: HTTP status 200, and [`grpc_status`](Self::grpc_status) in a response of trailers alone.
    pub fn into_grpc_response<B: Default>(self) -> Response<B> {
        trailers_only(&self, HeaderValue::from_static("application/grpc"))
    }
}

/// The error of a call that a handler makes.
impl From<Error> for Rejection {
    fn from(error: Error) -> Self {
        let mut rejection = Self::of(rejection_kind(&error), Some(error));
        rejection.0.is_of_call = true;
        rejection
    }
}

/// What clients are told and, for logs, which call of the handler's failed.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())?;
        match self.0.error.as_ref().and_then(Error::operation) {
            Some(operation) if self.0.is_of_call => write!(f, " ({operation})"),
            _ => Ok(()),
        }
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
    fn the_table_has_every_kind_its_statuses_and_its_code() {
        let lines = include_str!("rejection.rs").lines().map(str::trim_start);
        let rows: Vec<Vec<&str>> = lines
            .filter_map(|line| line.strip_prefix("/// | [`"))
            .map(|line| line.trim_end_matches(" |").split(" | ").collect())
            .collect();
        assert_eq!(rows.len(), RejectionKind::ALL.len());
        let names = [
            (3, "INVALID_ARGUMENT"),
            (7, "PERMISSION_DENIED"),
            (9, "FAILED_PRECONDITION"),
            (13, "INTERNAL"),
            (14, "UNAVAILABLE"),
            (16, "UNAUTHENTICATED"),
        ];
        for &kind in RejectionKind::ALL {
            let name = format!("{kind:?}`](Self::{kind:?})");
            let row = rows.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("{kind:?}"));
            let (status, grpc, code, _) = kind.row();
            let (_, grpc_name) = names.iter().find(|(number, _)| *number == grpc).unwrap();
            assert_eq!((row[2], row[3]), (&*format!("{grpc} `{grpc_name}`"), &*format!("`{code}`")), "{kind:?}");
            match kind {
                Refused => {
                    for error in [Error::new(crate::ErrorKind::InvalidArgument), Error::new(crate::ErrorKind::NotFound)]
                    {
                        assert!(row[1].contains(Rejection::from(error).status().as_str()));
                    }
                }
                _ => assert_eq!(row[1], status.to_string(), "{kind:?}"),
            }
        }
    }

    #[test]
    fn a_rejection_of_ones_own_is_a_response_of_any_kind() {
        let rejections = [
            (Rejection::unauthorized(), 401, "16", None),
            (Rejection::forbidden(), 403, "7", None),
            (Rejection::unavailable(None), 503, "14", Some("1")),
            (Rejection::unavailable(Duration::from_secs(7)), 503, "14", Some("7")),
        ];
        for (rejection, status, grpc, retry_after) in rejections {
            let response: Response<Vec<u8>> = rejection.clone().into_http_response();
            assert_eq!((response.status().as_u16(), response.body()), (status, &rejection.body().into_bytes()));
            let header =
                |response: &HeaderMap, name: &str| response.get(name).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(header(response.headers(), "retry-after").as_deref(), retry_after);
            let response: Response<()> = rejection.into_grpc_response();
            assert_eq!(response.status(), 200);
            assert_eq!(header(response.headers(), "grpc-status").as_deref(), Some(grpc));
            assert_eq!(header(response.headers(), "retry-after").as_deref(), retry_after);
        }
    }

    #[test]
    fn a_call_with_the_servers_own_credentials_blames_no_caller() {
        use crate::ErrorKind::*;
        for (kind, status, expected) in [
            (Authentication, 401, 503),
            (Authentication, 403, 503),
            (Authorization, 403, 503),
            (Application, 401, 503),
            (Server, 500, 503),
            (NotFound, 404, 404),
            (Configuration, 0, 500),
        ] {
            let error = Error::new(kind).with_status(status).with_operation("digiwin.users.get_user");
            let rejection = Rejection::from_own_call(error);
            assert_eq!(rejection.status(), expected, "{kind:?} {status}");
            assert!(rejection.to_string().ends_with("(digiwin.users.get_user)"), "{rejection}");
            assert_eq!(rejection.headers().get(WWW_AUTHENTICATE), None, "{kind:?} {status}");
        }
    }

    #[test]
    fn a_failing_call_of_a_handler_is_named_to_its_operator_alone() {
        let error = Error::new(crate::ErrorKind::Timeout).with_operation("digiwin.users.get_user");
        let rejection = Rejection::from(error.clone());
        assert_eq!(rejection.to_string(), "a service that this needs fails at the moment (digiwin.users.get_user)");
        assert!(!rejection.body().contains("digiwin") && rejection.body().contains("a service that this needs"));
        let of_guard = Rejection::of(Unavailable, Some(error));
        assert_eq!(of_guard.to_string(), "who calls cannot be told at the moment");
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
