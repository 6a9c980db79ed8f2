//! What a guard tells about its checks: counters, a span, an event.

use super::{RejectionKind, memo::How};
use crate::{
    ErrorKind,
    observe::{CheckInfo, Observing},
};
use std::{
    sync::atomic::{AtomicU64, Ordering},
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
        }
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
        }

        impl Counters {
            pub(crate) fn stats(&self, entries: usize, bytes: u64, refused_entries: usize, in_flight: usize) -> Stats {
                Stats {
                    $($name: self.$name.load(Ordering::Relaxed),)+
                    entries, bytes, refused_entries, in_flight,
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
    /// Requests whose caller is known and did not pass the rule of [`Guard::require`](super::Guard::require).
    forbidden,
    /// Requests that were rejected because the service could not tell, or the server is wired wrongly.
    unavailable,
    /// Requests that were let through, or rejected, from the cache alone.
    hits,
    /// Requests that waited for an introspection of another one.
    joined,
    /// Requests that were let through with a result past its TTL, because the service could not tell.
    stale,
    /// Introspections that were begun.
    introspections,
}

impl Counters {
    pub(crate) fn note_introspection(&self) {
        self.introspections.fetch_add(1, Ordering::Relaxed);
    }

    fn note(&self, result: CheckResult, how: Option<How>) {
        let by_result = match result {
            CheckResult::Ok => &self.accepted,
            CheckResult::Missing => &self.missing,
            CheckResult::Invalid => &self.invalid,
            CheckResult::Forbidden => &self.forbidden,
            CheckResult::Unavailable | CheckResult::Overloaded | CheckResult::Timeout => &self.unavailable,
        };
        let by_how = match how {
            Some(How::Hit | How::Negative) => Some(&self.hits),
            Some(How::Joined) => Some(&self.joined),
            Some(How::Stale) => Some(&self.stale),
            Some(How::Miss) | None => None,
        };
        for counter in [by_result].into_iter().chain(by_how) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A check under way.
pub(crate) struct Report {
    span: Span,
    /// Read only where somebody looks.
    begun: Option<Instant>,
}

/// What came of a check, and how.
pub(crate) struct Checked {
    pub(crate) result: CheckResult,
    pub(crate) how: Option<How>,
    pub(crate) error: Option<ErrorKind>,
    /// Whether the request is let through nevertheless: it has no token, and needs none.
    pub(crate) is_fine: bool,
}

impl Report {
    pub(crate) fn begin(observing: &Observing) -> Self {
        let span = tracing::debug_span!(
            target: "iam_sdk",
            "iam_sdk.introspect",
            otel.kind = "internal",
            iam.cache = Empty,
            "error.type" = Empty,
        );
        let begun = (observing.is_observed() || !span.is_disabled()).then(Instant::now);
        Self { span, begun }
    }

    pub(crate) async fn within<F: Future>(&self, work: F) -> F::Output {
        work.instrument(self.span.clone()).await
    }

    /// Ends the check. The one place that tells of it; `sizes` are the numbers of entries and of introspections under way.
    pub(crate) fn finish(
        self,
        checked: &Checked,
        (counters, observing): (&Counters, &Observing),
        service: &'static str,
        sizes: impl FnOnce() -> (usize, usize),
    ) {
        let Checked { result, how, error, is_fine } = *checked;
        counters.note(result, how);
        let Some(duration) = self.begun.map(|begun| begun.elapsed()) else { return };
        let _entered = self.span.enter();
        let cache = how.map_or("none", How::name);
        if let Some(how) = how {
            self.span.record("iam.cache", how.name());
        }
        if result != CheckResult::Ok && !is_fine {
            self.span.record("error.type", error.map_or(result.name(), ErrorKind::as_str));
        }
        tracing::debug!(target: "iam_sdk", { "iam.guard.result" = result.name(), iam.cache = cache }, "checked who calls");
        if observing.is_observed() {
            let (entries, in_flight) = sizes();
            let info = CheckInfo::new(service, result.name(), cache);
            observing.check_finished(&CheckInfo { duration, error, entries, in_flight, ..info });
        }
    }
}
