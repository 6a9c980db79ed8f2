//! The span of a logical call.

use super::{millis, show_error};
use crate::{Error, ErrorKind, Result, observe::CallInfo, session::shared::Core};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};
use tracing::{Span, field::Empty};

/// A logical call under way. Dropped before its end, it was cancelled.
pub(in crate::session) struct CallScope<'a> {
    core: &'a Core,
    operation: &'static str,
    attempts: AtomicU32,
    /// Those of requests that are sent side by side.
    batched: Option<Arc<AtomicU32>>,
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
        CallScope { core: self, operation, attempts: AtomicU32::new(0), batched: None, begun, span }
    }
}

impl CallScope<'_> {
    pub(in crate::session) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Counts the attempts of the call's only request.
    pub(in crate::session) fn attempts(&self) -> &AtomicU32 {
        &self.attempts
    }

    /// Counts the attempts with this counter too.
    pub(in crate::session) fn counted_by(mut self, attempts: Arc<AtomicU32>) -> Self {
        self.batched = Some(attempts);
        self
    }

    /// Counts the attempts of requests that are sent side by side.
    pub(in crate::session) fn batched(&mut self) -> Arc<AtomicU32> {
        self.batched.get_or_insert_default().clone()
    }

    pub(in crate::session) fn finish<T>(mut self, result: Result<T>) -> Result<T> {
        self.end(result.as_ref().err().map(Error::kind), false);
        result
    }

    fn end(&mut self, error: Option<ErrorKind>, cancelled: bool) {
        let Some(begun) = self.begun.take() else { return };
        let mut call = CallInfo::new(self.core.service, self.operation);
        call.attempts = [Some(&self.attempts), self.batched.as_deref()]
            .into_iter()
            .flatten()
            .map(|attempts| attempts.load(Ordering::Relaxed))
            .sum();
        (call.duration, call.error, call.cancelled) = (begun.elapsed(), error, cancelled);
        self.span.record("iam.attempts", call.attempts);
        show_error(&self.span, call.error_type(), cancelled);
        self.span.in_scope(|| {
            tracing::debug!(
                target: "iam_sdk",
                {
                    "iam.operation" = call.operation,
                    "iam.attempts" = call.attempts,
                    "iam.duration_ms" = millis(call.duration),
                    "error.type" = call.error_type(),
                },
                "call finished",
            );
            self.core.observing.call_finished(&call);
        });
    }
}

impl Drop for CallScope<'_> {
    fn drop(&mut self) {
        self.end(None, true);
    }
}
