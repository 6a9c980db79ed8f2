//! The span of a logical call.

use super::{
    attempt_log::{AttemptLog, LastAttempt},
    close, millis, shielded, show_error,
};
use crate::{Error, ErrorKind, Result, observe::CallInfo, session::shared::Core};
use std::{sync::Arc, time::Instant};
use tracing::{Span, field::Empty};

/// A logical call under way. Dropped before its end, it was cancelled.
pub(in crate::session) struct CallScope<'a> {
    core: &'a Core,
    operation: &'static str,
    attempts: AttemptLog,
    /// Those of requests that are sent side by side.
    batched: Option<Arc<AttemptLog>>,
    /// `None` if nobody sees the call: then no clock is read for it.
    begun: Option<Instant>,
    span: Span,
}

impl Core {
    pub(in crate::session) fn begin_call(&self, operation: &'static str) -> CallScope<'_> {
        let span = tracing::debug_span!(
            target: "iam_sdk",
            "iam_sdk.call",
            "otel.kind" = "internal",
            "otel.name" = operation,
            "iam.service" = self.service,
            "iam.operation" = operation,
            "iam.attempts" = Empty,
            "error.type" = Empty,
            "otel.status_code" = Empty,
        );
        let begun = self.begun(&span);
        CallScope { core: self, operation, attempts: AttemptLog::default(), batched: None, begun, span }
    }
}

impl CallScope<'_> {
    pub(in crate::session) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Notes the attempts of the call's only request.
    pub(in crate::session) fn attempts(&self) -> &AttemptLog {
        &self.attempts
    }

    /// Notes the attempts here too.
    pub(in crate::session) fn counted_by(mut self, attempts: Arc<AttemptLog>) -> Self {
        self.batched = Some(attempts);
        self
    }

    /// Notes the attempts of requests that are sent side by side.
    pub(in crate::session) fn batched(&mut self) -> Arc<AttemptLog> {
        self.batched.get_or_insert_default().clone()
    }

    pub(in crate::session) fn finish<T>(mut self, result: Result<T>) -> Result<T> {
        self.end(result.as_ref().err().map(Error::kind), false);
        result
    }

    fn end(&mut self, error: Option<ErrorKind>, cancelled: bool) {
        let Some(begun) = self.begun.take() else { return };
        let mut call = CallInfo::new(self.core.service, self.operation);
        let logs = [Some(&self.attempts), self.batched.as_deref()].into_iter().flatten();
        call.attempts = logs.clone().map(AttemptLog::made).sum();
        (call.duration, call.error, call.cancelled) = (begun.elapsed(), error, cancelled);
        let last = logs.filter_map(AttemptLog::take_last).last();
        shielded(|| {
            self.span.record("iam.attempts", call.attempts);
            show_error(&self.span, call.error_type(), cancelled);
            self.span.in_scope(|| log(&call, last.as_deref().unwrap_or(&LastAttempt::default())));
        });
        shielded(|| self.span.in_scope(|| self.core.observing.call_finished(&call)));
    }
}

/// Logs a call and what came of its last attempt.
fn log(call: &CallInfo, last: &LastAttempt) {
    if call.cancelled {
        tracing::debug!(
            target: "iam_sdk",
            {
                "iam.operation" = call.operation,
                "iam.attempts" = call.attempts,
                "iam.duration_ms" = millis(call.duration),
                "http.response.status_code" = last.status,
                "error.type" = call.error_type(),
            },
            "call cancelled: its caller has dropped it",
        );
        return;
    }
    tracing::debug!(
        target: "iam_sdk",
        {
            "iam.operation" = call.operation,
            "iam.attempts" = call.attempts,
            "iam.duration_ms" = millis(call.duration),
            "http.response.status_code" = last.status,
            "iam.code" = last.code.as_deref(),
            "iam.request_id" = last.request_id.as_deref(),
            "error.type" = call.error_type(),
        },
        "call finished",
    );
}

impl Drop for CallScope<'_> {
    fn drop(&mut self) {
        self.end(None, true);
        close(&mut self.span);
    }
}
