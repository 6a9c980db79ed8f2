//! What a session shows of its work: spans, events, and the calls of the client's observer.

mod attempt;
mod call;
mod refresh;

use super::shared::Core;
pub(super) use attempt::{AttemptScope, Sending};
pub(super) use refresh::{RefreshScope, joined};
use std::time::{Duration, Instant};
use tracing::Span;

impl Core {
    /// Reads the clock, if a span or an observer wants to know how long something takes.
    fn begun(&self, span: &Span) -> Option<Instant> {
        (!span.is_disabled() || self.observing.is_observed()).then(Instant::now)
    }
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
