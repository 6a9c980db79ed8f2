//! What a session shows of its work: spans and events, and what the client's observer is told.

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

/// Marks a span as that of a failure.
fn show_error(span: &Span, error_type: Option<&'static str>) {
    if let Some(error_type) = error_type {
        span.record("error.type", error_type).record("otel.status_code", "ERROR");
    }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}
