//! The span of an attempt to send a request.

use super::{
    attempt_log::{AttemptLog, LastAttempt},
    close, millis, shielded, show_error,
};
use crate::{
    Error, ErrorKind, Result,
    observe::AttemptInfo,
    protocol::{
        decode::{Data, Response},
        request::Request,
    },
    session::{Session, lifetime::ActiveToken},
};
use http::Method;
use std::{
    fmt,
    time::{Duration, Instant},
};
use tracing::{Span, field::Empty};
use url::Url;

/// What the attempts to send a request are told of it.
#[derive(Clone, Copy, Default)]
pub(in crate::session) struct Sending<'a> {
    /// Notes the attempts of the call; `None` for a login or refresh of the session's own.
    pub(in crate::session) attempts: Option<&'a AttemptLog>,
    /// How often the request was sent before.
    pub(in crate::session) resends: u32,
    /// Why it is sent again.
    pub(in crate::session) reason: Option<ErrorKind>,
}

impl<'a> Sending<'a> {
    pub(in crate::session) fn counted_by(attempts: Option<&'a AttemptLog>) -> Self {
        Self { attempts, ..Self::default() }
    }

    /// Notes that the request is sent again after `error`, `wait` later.
    pub(in crate::session) fn again(&mut self, request: &Request, error: &Error, wait: Duration) {
        self.reason = Some(error.kind());
        tracing::debug!(
            target: "iam_sdk",
            {
                "iam.operation" = request.operation.name,
                "error.type" = error.kind().as_str(),
                "http.response.status_code" = error.status(),
                "http.request.resend_count" = self.resends,
                "iam.retry.wait_ms" = millis(wait),
                "iam.retry.retry_after_ms" = error.retry_after().map(millis),
            },
            "the request is sent again",
        );
    }
}

/// An attempt under way. Dropped before its end, it was cancelled.
pub(in crate::session) struct AttemptScope<'a> {
    session: &'a Session,
    request: &'a Request,
    token: Option<&'a ActiveToken>,
    log: Option<&'a AttemptLog>,
    resends: u32,
    reason: Option<ErrorKind>,
    status: Option<u16>,
    begun: Option<Instant>,
    /// Until the response was read, without the time to decode it.
    took: Option<Duration>,
    span: Span,
}

impl<'a> AttemptScope<'a> {
    pub(in crate::session) fn begin<'b: 'a>(
        session: &'a Session,
        request: &'a Request,
        token: Option<&'a ActiveToken>,
        sending: &mut Sending<'b>,
        url: &Url,
    ) -> Self {
        let operation = request.operation;
        let Sending { attempts: log, resends, reason } = *sending;
        let span = tracing::debug_span!(
            target: "iam_sdk",
            "iam_sdk.request",
            "otel.kind" = "client",
            "otel.name" = %SpanName(request),
            "iam.operation" = operation.name,
            "http.request.method" = method(request),
            "http.request.resend_count" = (resends > 0).then_some(resends),
            "http.response.status_code" = Empty,
            "url.template" = operation.template(),
            "url.scheme" = url.scheme(),
            "url.full" = session.core.observing.trace_urls.then(|| session.redact_text(url.to_string(), request, token)),
            "server.address" = url.host_str(),
            "server.port" = url.port_or_known_default(),
            "graphql.operation.name" = operation.document.as_ref().map(|document| document.operation_name()),
            "iam.request_id" = Empty,
            "iam.code" = Empty,
            "error.type" = Empty,
            "otel.status_code" = Empty,
        );
        let begun = session.core.begun(&span);
        sending.resends += 1;
        if let Some(log) = log {
            log.count();
        }
        Self { session, request, token, log, resends, reason, status: None, begun, took: None, span }
    }

    pub(in crate::session) fn span(&self) -> &Span {
        &self.span
    }

    /// Notes the response, as soon as it was read.
    pub(in crate::session) fn responded(&mut self, response: &Result<Response>) {
        self.status = response.as_ref().ok().map(|response| response.status.as_u16());
        self.took = self.begun.map(|begun| begun.elapsed());
        if let Some(status) = self.status {
            shielded(|| {
                self.span.record("http.response.status_code", status);
            });
        }
    }

    pub(in crate::session) fn finish(mut self, error: Option<&Error>, data: Option<&Data>) {
        if !self.span.is_disabled() {
            // The service may have echoed a secret.
            let shown = |text: &str| self.session.redact_text(text.to_owned(), self.request, self.token);
            let request_id = error.and_then(Error::request_id).or_else(|| data.and_then(Data::request_id)).map(shown);
            let code = error.and_then(Error::code).map(shown);
            shielded(|| {
                self.span.record("iam.request_id", request_id.as_deref());
                self.span.record("iam.code", code.as_deref());
            });
            if let Some(log) = self.log {
                log.note(LastAttempt { status: self.status, code, request_id });
            }
        }
        self.end(error.map(Error::kind), false);
    }

    fn end(&mut self, error: Option<ErrorKind>, cancelled: bool) {
        let Some(begun) = self.begun.take() else { return };
        let core = &*self.session.core;
        let mut attempt =
            AttemptInfo::new(core.service, self.request.operation.name, core.base_url.host_str().unwrap_or_default());
        attempt.method = method(self.request);
        attempt.url_template = self.request.operation.template();
        attempt.server_port = core.base_url.port_or_known_default().unwrap_or_default();
        (attempt.resend_count, attempt.resend_reason, attempt.status) = (self.resends, self.reason, self.status);
        (attempt.duration, attempt.error) = (self.took.unwrap_or_else(|| begun.elapsed()), error);
        attempt.cancelled = cancelled;
        if let (true, Some(log)) = (cancelled && !self.span.is_disabled(), self.log) {
            log.note(LastAttempt { status: self.status, ..LastAttempt::default() });
        }
        shielded(|| show_error(&self.span, attempt.error_type(), cancelled));
        shielded(|| self.span.in_scope(|| core.observing.attempt_finished(&attempt)));
    }
}

impl Drop for AttemptScope<'_> {
    fn drop(&mut self) {
        self.end(None, true);
        close(&mut self.span);
    }
}

/// A span's name for people: the method, and the path without arguments. What differs from call to call is no name.
struct SpanName<'a>(&'a Request);

impl fmt::Display for SpanName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(method(self.0))?;
        self.0.operation.template().map_or(Ok(()), |template| write!(f, " {template}"))
    }
}

/// Returns the method's name. A caller's own method is none of a closed list.
fn method(request: &Request) -> &'static str {
    const KNOWN: [(Method, &str); 8] = [
        (Method::GET, "GET"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::DELETE, "DELETE"),
        (Method::PATCH, "PATCH"),
        (Method::HEAD, "HEAD"),
        (Method::OPTIONS, "OPTIONS"),
        (Method::TRACE, "TRACE"),
    ];
    KNOWN.iter().find(|(method, _)| *method == request.method).map_or("_OTHER", |(_, name)| name)
}
