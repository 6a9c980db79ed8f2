//! What a session shows of its work: spans, events, and the calls of the client's observer.

mod attempt;
mod attempt_log;
mod call;
mod refresh;

use super::shared::Core;
pub(super) use attempt::{AttemptScope, Sending};
pub(super) use attempt_log::AttemptLog;
pub(super) use refresh::{RefreshScope, joined};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};
use tracing::Span;

impl Core {
    /// Reads the clock, if a span or an observer wants to know how long something takes.
    fn begun(&self, span: &Span) -> Option<Instant> {
        (!span.is_disabled() || self.observing.is_observed()).then(Instant::now)
    }
}

/// Runs what calls the subscriber. The panic hook has reported a panic in it, and the call goes on: where a panic of the caller drops the
/// call, a second one would abort the process.
fn shielded(show: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(show));
}

/// Closes a span, unless somebody else has it too.
fn close(span: &mut Span) {
    let span = std::mem::replace(span, Span::none());
    shielded(|| drop(span));
}

/// Marks a span as that of a failure, or as cancelled, which is no failure of the service.
fn show_error(span: &Span, error_type: Option<&'static str>, cancelled: bool) {
    if let Some(error_type) = error_type {
        span.record("error.type", error_type);
        if !cancelled {
            span.record("otel.status_code", "ERROR");
        }
    }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}
