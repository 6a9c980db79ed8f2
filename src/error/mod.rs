//! The one error type of the crate.

mod kind;
mod new;
mod partial;
mod predicates;
mod redact;
mod show;
mod text;

use crate::protocol::{dry_run::DryRun, retry::GaveUp};
pub use kind::ErrorKind;
pub use partial::Partial;
pub(crate) use redact::redact_text;
use std::{error::Error as StdError, sync::Arc, time::Duration};
use text::{LIMIT, cut};

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Arc<dyn StdError + Send + Sync>;

/// Why a call failed.
///
/// Match on its [`kind`](Self::kind), or ask one of the predicates. [`ErrorKind`] has a table: what each kind means, whether
/// another attempt helps, and which errors any call can meet.
///
/// `Display` is one line: the operation, what happened, the status, the service's code, message and request id. It does not
/// repeat the [source](StdError::source). `Debug` is the same line followed by the causes, which is what
/// `fn main() -> iam_sdk::Result<()>` prints; `{:#?}` shows every field. None of them shows a password, a token or the
/// response's body. An error is one pointer wide and cheap to clone.
///
/// Code that handles errors can be tested without a server: [`Error::new`] creates an error of any kind.
///
/// # Troubleshooting
///
/// | predicate | look at |
/// | --- | --- |
/// | [`is_authentication`](Self::is_authentication) | the password, or whether the session's token has expired: log in again |
/// | [`is_application`](Self::is_application) | the app token, or the user pool's id and secret, that the client was built with |
/// | [`is_authorization`](Self::is_authorization) | whether the token is in a tenant (`refresh_token_with_tenant`) and that tenant has bought the application |
/// | [`is_login_limited`](Self::is_login_limited) | the [source](StdError::source): why the last login failed |
/// | [`is_credentials`](Self::is_credentials) | the [source](StdError::source): what the credentials provider failed with |
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
    attempts: u32,
    gave_up: Option<GaveUp>,
    session_login: bool,
    retryable: bool,
    unreadable: bool,
    unprocessed: bool,
    in_own_form: bool,
    partial: Option<Arc<Partial>>,
    dry_run: Option<Arc<DryRun>>,
    source: Option<Source>,
}

impl Error {
    pub(crate) fn configuration(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration).detail(detail)
    }

    pub(crate) fn argument(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument).detail(detail)
    }

    /// A credentials provider has failed with `source`, whatever that is: nothing of it says anything about a password.
    pub(crate) fn provider(source: Box<dyn StdError + Send + Sync>) -> Self {
        let retryable = source.downcast_ref::<Self>().is_some_and(Self::is_retryable);
        Self::new(ErrorKind::Credentials).retryable(retryable).source(source)
    }

    /// The service told that it never looked at the request.
    pub(crate) fn unprocessed(self, unprocessed: bool) -> Self {
        self.with(|e| e.unprocessed = unprocessed)
    }

    pub(crate) fn is_unprocessed(&self) -> bool {
        self.0.unprocessed
    }

    /// The response had the service's own form of an error, which nothing between here and there sends.
    pub(crate) fn in_own_form(self, in_own_form: bool) -> Self {
        self.with(|e| e.in_own_form = in_own_form)
    }

    #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "asked by guards"))]
    pub(crate) fn is_in_own_form(&self) -> bool {
        self.0.in_own_form
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

    pub(crate) fn attempts_made(self, attempts: u32) -> Self {
        self.with(|e| e.attempts = attempts)
    }

    pub(crate) fn gave_up(self, reason: Option<GaveUp>) -> Self {
        match reason {
            Some(_) => self.with(|e| e.gave_up = reason),
            None => self,
        }
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

    pub(crate) fn not_sent(self, request: DryRun) -> Self {
        let detail = request.to_string();
        self.with(|e| e.dry_run = Some(Arc::new(request))).detail(detail)
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

    /// Returns how long to wait: as long as the service asks for (`Retry-After`), or until the session may log in again.
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

    /// Returns how many times the request was sent that the call failed with, or was tried to be sent; 0 where the call failed
    /// before. Attempts that the service did not process count too.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns which identifiers are done and which are not, for a call that is sent in batches.
    pub fn partial(&self) -> Option<&Partial> {
        self.0.partial.as_deref()
    }

    /// Returns the request that was not sent, for a call made with [`CallOptions::dry_run`](crate::CallOptions::dry_run).
    pub fn dry_run(&self) -> Option<&DryRun> {
        self.0.dry_run.as_deref()
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
