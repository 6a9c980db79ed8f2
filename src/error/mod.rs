//! The one error type of the crate.

mod kind;
mod partial;
mod redact;
mod text;

pub use kind::ErrorKind;
pub use partial::Partial;
use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};
use text::{LIMIT, OneLine, cut};

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Arc<dyn StdError + Send + Sync>;

/// Why a call failed.
///
/// One pointer wide and cheap to clone. `Display` is one line: the operation, what happened, the status, the service's
/// code, message and request id. The [source](StdError::source) is not repeated in it. Neither `Display` nor `Debug` shows
/// a password, a token or the response's body.
///
/// # Troubleshooting
///
/// | predicate | look at |
/// | --- | --- |
/// | [`is_authentication`](Self::is_authentication) | the password, or whether the session's token has expired: log in again |
/// | [`is_authorization`](Self::is_authorization) | whether the token is in a tenant (`refresh_token_with_tenant`) and that tenant has bought the application |
/// | [`is_timeout`](Self::is_timeout), [`is_connect`](Self::is_connect) | the base URL, the proxy, the time limits of the builder |
/// | [`is_decode`](Self::is_decode) | the base URL (an HTML page?), then the JSON path in the text |
/// | [`is_configuration`](Self::is_configuration) | the setting that the text names |
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    operation: Option<&'static str>,
    status: Option<u16>,
    code: Option<String>,
    server_message: Option<String>,
    detail: Option<String>,
    json_path: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    body: Option<String>,
    sent: bool,
    retryable: bool,
    unreadable: bool,
    unprocessed: bool,
    partial: Option<Arc<Partial>>,
    source: Option<Source>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Arc::new(Inner {
            kind,
            operation: None,
            status: None,
            code: None,
            server_message: None,
            detail: None,
            json_path: None,
            request_id: None,
            retry_after: None,
            body: None,
            sent: false,
            retryable: false,
            unreadable: false,
            unprocessed: false,
            partial: None,
            source: None,
        }))
    }

    pub(crate) fn configuration(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration).detail(detail)
    }

    pub(crate) fn argument(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument).detail(detail)
    }

    /// Creates an error of kind [`Store`](ErrorKind::Store), for a [`TokenStore`](crate::token_store::TokenStore) of your
    /// own.
    pub fn store(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = source.into();
        // Without it a log line would say no more than that the store failed.
        let detail = source.to_string();
        Self::new(ErrorKind::Store).detail(detail).source(source)
    }

    /// Creates an error of kind [`Store`](ErrorKind::Store) that [`is_retryable`](Self::is_retryable): the store cannot be
    /// reached at the moment.
    pub fn store_unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::store(source).retryable(true)
    }

    /// Creates an error of kind [`Store`](ErrorKind::Store) for an entry that is there and cannot be opened. A session with
    /// credentials passes over it and logs in.
    pub fn store_unreadable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::store(source).with(|e| e.unreadable = true)
    }

    /// The service told that it never looked at the request.
    pub(crate) fn unprocessed(self, unprocessed: bool) -> Self {
        self.with(|e| e.unprocessed = unprocessed)
    }

    pub(crate) fn is_unprocessed(&self) -> bool {
        self.0.unprocessed
    }

    pub(crate) fn is_unreadable_entry(&self) -> bool {
        self.0.unreadable
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    pub(crate) fn operation_named(self, operation: &'static str) -> Self {
        self.with(|e| e.operation = Some(operation))
    }

    /// Names the operation, unless another one was under way for it.
    pub(crate) fn operation_unless_named(self, operation: &'static str) -> Self {
        self.with(|e| {
            e.operation.get_or_insert(operation);
        })
    }

    /// A failure after the service has done what it was asked for, which `what` says.
    pub(crate) fn after(self, what: &str) -> Self {
        self.with(|e| {
            e.sent = true;
            e.detail = Some(match e.detail.take() {
                Some(detail) => format!("{what}: {detail}"),
                None => what.to_owned(),
            });
        })
    }

    pub(crate) fn detail(self, detail: impl Into<String>) -> Self {
        self.with(|e| e.detail = Some(cut(detail.into())))
    }

    pub(crate) fn http_status(self, status: u16) -> Self {
        self.with(|e| {
            e.status = Some(status);
            e.sent = true;
        })
    }

    pub(crate) fn service_said(
        self,
        code: Option<String>,
        message: Option<String>,
        request_id: Option<String>,
    ) -> Self {
        self.with(|e| {
            e.code = code.map(cut);
            e.server_message = message.map(cut);
            e.request_id = request_id.map(cut);
        })
    }

    pub(crate) fn at_json_path(self, path: String) -> Self {
        self.with(|e| e.json_path = Some(cut(path)))
    }

    pub(crate) fn wait(self, retry_after: Option<Duration>) -> Self {
        self.with(|e| e.retry_after = retry_after)
    }

    pub(crate) fn response_body(self, body: &[u8]) -> Self {
        let mut kept = &body[..body.len().min(LIMIT)];
        // A character that the limit cuts in two would become another one.
        if let Err(error) = str::from_utf8(kept)
            && error.error_len().is_none()
        {
            kept = &kept[..error.valid_up_to()];
        }
        // A byte that is no text becomes a longer character.
        self.with(|e| e.body = (!kept.is_empty()).then(|| cut(String::from_utf8_lossy(kept).into_owned())))
    }

    pub(crate) fn sent(self, sent: bool) -> Self {
        self.with(|e| e.sent = sent)
    }

    /// Whether the same may succeed later, whatever the kind and the HTTP status say.
    pub(crate) fn retryable(self, retryable: bool) -> Self {
        self.with(|e| e.retryable = retryable)
    }

    pub(crate) fn partly(self, partial: Partial) -> Self {
        self.with(|e| e.partial = Some(Arc::new(partial)))
    }

    pub(crate) fn source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.with(|e| e.source = Some(Arc::from(source.into())))
    }

    /// Removes what a service echoed of these secrets from every text that the error holds, however it is escaped there.
    pub(crate) fn redact(self, secrets: &[&str]) -> Self {
        self.with(|e| {
            let texts =
                [&mut e.server_message, &mut e.body, &mut e.code, &mut e.request_id, &mut e.detail, &mut e.json_path];
            for text in texts.into_iter().flatten() {
                for secret in secrets {
                    redact::redact(text, secret);
                }
            }
        })
    }

    /// Returns what went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the call that failed, such as `digiwin.users.get_user`.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Returns the HTTP status, if a response came.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Returns the service's own code, as text even if it was sent as a number; 8 KiB at most.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Returns the service's own message; 8 KiB at most.
    pub fn server_message(&self) -> Option<&str> {
        self.0.server_message.as_deref()
    }

    /// Returns the id under which the service knows the request, if it sent one.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns where in the response's data decoding failed, such as `[3].sid`.
    pub fn json_path(&self) -> Option<&str> {
        self.0.json_path.as_deref()
    }

    /// Returns how long the service asks to wait (`Retry-After`).
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the beginning of the response's body, 8 KiB at most. It can hold personal data.
    ///
    /// `None` where no body came, and for a successful HTTP response of a call that brings a token or another secret.
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// Returns whether the service may have seen the request; `false` means that it has not.
    pub fn was_sent(&self) -> bool {
        self.0.sent
    }

    /// Returns which identifiers are done and which are not, for a call that is sent in batches.
    pub fn partial(&self) -> Option<&Partial> {
        self.0.partial.as_deref()
    }

    /// A setting of the client is wrong.
    pub fn is_configuration(&self) -> bool {
        self.kind() == ErrorKind::Configuration
    }

    /// Wrong credentials, or a missing, expired or revoked token. Never a 429 or a 5xx.
    pub fn is_authentication(&self) -> bool {
        self.kind() == ErrorKind::Authentication
    }

    /// The caller is known and not permitted.
    pub fn is_authorization(&self) -> bool {
        self.kind() == ErrorKind::Authorization
    }

    /// The thing does not exist.
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::NotFound
    }

    /// The service found the request wrong.
    pub fn is_validation(&self) -> bool {
        self.kind() == ErrorKind::Validation
    }

    /// Something of that name, address or number exists already.
    pub fn is_conflict(&self) -> bool {
        self.kind() == ErrorKind::Conflict
    }

    /// The service asks to slow down; see [`retry_after`](Self::retry_after).
    pub fn is_rate_limited(&self) -> bool {
        self.kind() == ErrorKind::RateLimited
    }

    /// The service itself failed.
    pub fn is_server(&self) -> bool {
        self.kind() == ErrorKind::Server
    }

    /// The response could not be decoded.
    pub fn is_decode(&self) -> bool {
        self.kind() == ErrorKind::Decode
    }

    /// The login handshake failed.
    pub fn is_crypto(&self) -> bool {
        self.kind() == ErrorKind::Crypto
    }

    /// A time limit ran out.
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// There was no connection, with TLS or without.
    pub fn is_connect(&self) -> bool {
        matches!(self.kind(), ErrorKind::Connect | ErrorKind::Tls)
    }

    /// The same call may succeed later: rate limited, 502, 503, 504, timed out, connection refused or broken.
    ///
    /// Whether repeating it is *safe* depends on the call: see [`was_sent`](Self::was_sent).
    pub fn is_retryable(&self) -> bool {
        match self.kind() {
            ErrorKind::RateLimited | ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Transport => true,
            ErrorKind::Server if matches!(self.status(), Some(502..=504)) => true,
            _ => self.0.retryable,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        if let Some(operation) = e.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(e.kind.text())?;
        match (e.status, &e.code) {
            (Some(status), Some(code)) => write!(f, " (HTTP {status}, code {})", OneLine(code))?,
            (Some(status), None) => write!(f, " (HTTP {status})")?,
            (None, Some(code)) => write!(f, " (code {})", OneLine(code))?,
            (None, None) => {}
        }
        for text in [&e.detail, &e.server_message].into_iter().flatten() {
            write!(f, ": {}", OneLine(text))?;
        }
        if let Some(partial) = &e.partial {
            write!(f, " ({partial})")?;
        }
        if let Some(path) = &e.json_path {
            write!(f, " at `{}`", OneLine(path))?;
        }
        if let Some(id) = &e.request_id {
            write!(f, " [request {}]", OneLine(id))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &*self.0;
        f.debug_struct("Error")
            .field("kind", &e.kind)
            .field("operation", &e.operation)
            .field("status", &e.status)
            .field("code", &e.code)
            .field("server_message", &e.server_message)
            .field("detail", &e.detail)
            .field("json_path", &e.json_path)
            .field("request_id", &e.request_id)
            .field("retry_after", &e.retry_after)
            .field("body_bytes", &e.body.as_ref().map(String::len))
            .field("sent", &e.sent)
            .field("partial", &e.partial)
            .field("source", &e.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_pointer_wide_and_shareable() {
        fn shareable<T: Clone + Send + Sync + 'static>() {}
        shareable::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn is_one_line() {
        let error = Error::new(ErrorKind::Server)
            .operation_named("digiwin.users.get_user")
            .http_status(503)
            .service_said(Some("E1".into()), Some("try\nlater".into()), Some("r-9".into()))
            .source("inner");
        assert_eq!(
            error.to_string(),
            "digiwin.users.get_user: the service failed (HTTP 503, code E1): try later [request r-9]"
        );
        assert!(StdError::source(&error).is_some());
    }

    #[test]
    fn redacts_an_echoed_secret() {
        let error = Error::new(ErrorKind::Authentication)
            .service_said(None, Some("no such token tok-1".into()), None)
            .response_body(b"{\"token\":\"tok-1\"}")
            .redact(&["tok-1", ""]);
        assert_eq!(error.server_message(), Some("no such token (redacted)"));
        assert!(!error.body().unwrap().contains("tok-1"));
    }

    #[test]
    fn keeps_a_bounded_body() {
        let error = Error::new(ErrorKind::Server).response_body(&vec![b'x'; 100_000]);
        assert_eq!(error.body().unwrap().len(), LIMIT);
    }

    #[test]
    fn every_text_is_bounded() {
        let long = || "ü".repeat(50_000);
        let error = Error::new(ErrorKind::Server)
            .detail(long())
            .service_said(Some(long()), Some(long()), Some(long()))
            .at_json_path(long())
            .response_body(&vec![0xFF; 100_000]);
        let texts = [error.server_message(), error.code(), error.request_id(), error.json_path(), error.body()];
        for text in texts.into_iter().chain([error.0.detail.as_deref()]) {
            let length = text.unwrap().len();
            assert!(length <= LIMIT && length > LIMIT - 4, "{length}");
        }
        assert!(format!("{error} {error:?}").len() < 10 * LIMIT);
    }
}
