//! What a guard tells about its checks: counters, a span, an event.

use super::{RejectionKind, gauges::Gauges, lookup::CacheStatus};
use crate::{
    ErrorKind,
    observe::{CheckInfo, Observing},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use tracing::{Instrument as _, Span, field::Empty};

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckResult {
    Ok,
    Missing,
    Invalid,
    Forbidden,
    Unavailable,
    /// No look-up could be begun: too many are under way.
    Overloaded,
    /// The request's own limit ran out.
    Timeout,
    /// The request was dropped meanwhile, for example because its client hung up.
    Cancelled,
}

impl CheckResult {
    pub(crate) fn of(kind: RejectionKind) -> Self {
        match kind {
            RejectionKind::MissingToken => Self::Missing,
            RejectionKind::Ambiguous | RejectionKind::InvalidToken => Self::Invalid,
            RejectionKind::Forbidden | RejectionKind::Refused => Self::Forbidden,
            RejectionKind::Unavailable | RejectionKind::Misconfigured => Self::Unavailable,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::Forbidden => "forbidden",
            Self::Unavailable => "unavailable",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
        }
    }

    /// Returns whether the request failed by the fault of the service or of this server.
    fn is_failure(self) -> bool {
        matches!(self, Self::Unavailable | Self::Overloaded | Self::Timeout)
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $($name: AtomicU64,)+
        }

        /// What a guard did so far, and how much it keeps: see [`Guard::stats`](super::Guard::stats).
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)+
            /// The identities in the cache, those whose TTL has passed included.
            pub entries: usize,
            /// About how many bytes of memory the identities take.
            pub bytes: u64,
            /// The refused tokens in the cache, those whose TTL has passed included.
            pub refused_entries: usize,
            /// The introspections under way.
            pub in_flight: usize,
            /// The requests that wait for an introspection, or for their turn to begin one.
            pub waiting: usize,
        }

        impl Counters {
            fn stats(&self, gauges: &Gauges, bytes: u64, refused_entries: usize) -> Stats {
                let (entries, in_flight, waiting) = (gauges.entries(), gauges.in_flight(), gauges.waiting());
                Stats {
                    $($name: self.$name.load(Ordering::Relaxed),)+
                    entries, bytes, refused_entries, in_flight, waiting,
                }
            }
        }
    };
}

counters! {
    /// Requests whose caller is known.
    accepted,
    /// Requests without a token.
    missing,
    /// Requests whose token is invalid, or that have more than one.
    invalid,
    /// Requests whose caller is known and did not pass the rule of [`Guard::require_layer`](super::Guard::require_layer).
    forbidden,
    /// Requests that were rejected because the service could not tell, or the server is wired wrongly.
    unavailable,
    /// Requests that were let through, or rejected, from the cache alone.
    hits,
    /// Requests that waited for an introspection of another one.
    joined,
    /// Requests that were let through with a result past its TTL, because the service could not tell.
    stale,
    /// Requests that were dropped before it was known who calls, for example because the client hung up.
    cancelled,
    /// Introspections that were begun.
    introspections,
}

impl Counters {
    fn note(&self, result: CheckResult, status: Option<CacheStatus>) {
        let by_result = match result {
            CheckResult::Ok => &self.accepted,
            CheckResult::Missing => &self.missing,
            CheckResult::Invalid => &self.invalid,
            CheckResult::Forbidden => &self.forbidden,
            CheckResult::Unavailable | CheckResult::Overloaded | CheckResult::Timeout => &self.unavailable,
            CheckResult::Cancelled => &self.cancelled,
        };
        let by_status = match status {
            Some(CacheStatus::Hit | CacheStatus::Negative) => Some(&self.hits),
            Some(CacheStatus::Joined) => Some(&self.joined),
            Some(CacheStatus::Stale) => Some(&self.stale),
            Some(CacheStatus::Miss) | None => None,
        };
        for counter in [by_result].into_iter().chain(by_status) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The one that tells of a guard's checks.
pub(crate) struct Reporter {
    counters: Counters,
    observing: Observing,
    service: &'static str,
    gauges: Arc<Gauges>,
}

impl Reporter {
    pub(crate) fn new(observing: Observing, service: &'static str, gauges: Arc<Gauges>) -> Self {
        Self { counters: Counters::default(), observing, service, gauges }
    }

    pub(crate) fn note_introspection(&self) {
        self.counters.introspections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self, bytes: u64, refused_entries: usize) -> Stats {
        self.counters.stats(&self.gauges, bytes, refused_entries)
    }

    pub(crate) fn begin(&self) -> Report<'_> {
        let span = tracing::debug_span!(
            target: "iam_sdk",
            "iam_sdk.introspect",
            otel.kind = "internal",
            otel.name = "iam.guard.check",
            iam.service = self.service,
            iam.cache = Empty,
            "error.type" = Empty,
            otel.status_code = Empty,
        );
        let begun = (self.observing.is_observed() || !span.is_disabled()).then(Instant::now);
        Report { reporter: self, span, begun, has_ended: false }
    }
}

/// A check under way. Dropped before its end, it was cancelled.
pub(crate) struct Report<'a> {
    reporter: &'a Reporter,
    span: Span,
    /// Read only where somebody looks.
    begun: Option<Instant>,
    has_ended: bool,
}

/// What came of a check, and how.
pub(crate) struct Checked {
    pub(crate) result: CheckResult,
    pub(crate) status: Option<CacheStatus>,
    pub(crate) error: Option<ErrorKind>,
    /// Whether the request is let through nevertheless: it has no token, and needs none.
    pub(crate) is_fine: bool,
}

impl Report<'_> {
    pub(crate) async fn within<F: Future>(&self, work: F) -> F::Output {
        work.instrument(self.span.clone()).await
    }

    pub(crate) fn finish(mut self, checked: &Checked) {
        self.end(checked);
    }

    /// Ends the check. The one place that tells of it.
    fn end(&mut self, checked: &Checked) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let Checked { result, status, error, is_fine } = *checked;
        let reporter = self.reporter;
        reporter.counters.note(result, status);
        let Some(duration) = self.begun.map(|begun| begun.elapsed()) else { return };
        let cache = status.map_or("none", CacheStatus::name);
        if let Some(status) = status {
            self.span.record("iam.cache", status.name());
        }
        if result != CheckResult::Ok && !is_fine {
            self.span.record("error.type", error.map_or(result.name(), ErrorKind::as_str));
        }
        if result.is_failure() {
            self.span.record("otel.status_code", "ERROR");
        }
        self.span.in_scope(|| {
            tracing::debug!(target: "iam_sdk", { "iam.guard.result" = result.name(), "iam.cache" = cache }, "checked who calls");
            if reporter.observing.is_observed() {
                let mut info = CheckInfo::new(reporter.service, result.name(), cache);
                (info.duration, info.error, info.cancelled) = (duration, error, result == CheckResult::Cancelled);
                (info.entries, info.in_flight) = (reporter.gauges.entries(), reporter.gauges.in_flight());
                reporter.observing.check_finished(&info);
            }
        });
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            let checked = Checked { result: CheckResult::Cancelled, status: None, error: None, is_fine: false };
            // A panic of a subscriber, while another one unwinds, would end the process.
            let _ = catch_unwind(AssertUnwindSafe(|| self.end(&checked)));
        }
    }
}
