//! A cached result and its age, without I/O and without a clock of its own.

use crate::{session::Now, transport::after};
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

/// How long results are kept.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    pub(crate) ttl: Duration,
    pub(crate) negative_ttl: Duration,
    /// How long after the TTL a result is still used while the service cannot tell.
    pub(crate) stale_if_error: Duration,
    pub(crate) refresh_ahead: bool,
    /// How long before its expiry a token is no longer taken from the cache.
    pub(crate) skew: Duration,
    /// How long a failed flight keeps others from being begun for a result that is still usable.
    pub(crate) retry_stale: Duration,
}

/// When a token expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expiry {
    pub(crate) at: SystemTime,
    /// Whether it is by this server's own clock and rules, so that no skew is needed.
    pub(crate) is_exact: bool,
}

impl Expiry {
    /// Expiries that others set.
    #[cfg(test)]
    fn told(at: SystemTime) -> Self {
        Self { at, is_exact: false }
    }

    pub(crate) fn is_past(self, now: Now) -> bool {
        self.at <= now.wall
    }
}

/// Which use may be made of a cached result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    Fresh,
    /// Fresh, and to be renewed in the background.
    Due,
    /// Usable only if the service cannot tell, which has to be tried first.
    Stale,
    /// Usable, and the service could not tell a moment ago.
    StaleWhileFailing,
    Gone,
}

#[derive(Debug)]
pub(crate) struct Entry<T> {
    pub(crate) value: Arc<T>,
    fresh_until: Instant,
    due_at: Instant,
    stale_until: Instant,
    retry_at: Option<Instant>,
    /// By the wall clock, which can be set: both clocks must agree that the token has not expired.
    expires: Option<SystemTime>,
}

impl<T> Entry<T> {
    /// Creates the entry of a result that came now; `None` if it has expired or expires within the skew.
    pub(crate) fn new(value: Arc<T>, expiry: Option<Expiry>, times: &Times, now: Now) -> Option<Self> {
        // An expiry before the epoch of the clock is one, too.
        let expires = expiry.map(|expiry| {
            let skew = if expiry.is_exact { Duration::ZERO } else { times.skew };
            expiry.at.checked_sub(skew).unwrap_or(SystemTime::UNIX_EPOCH)
        });
        let left = match expires {
            Some(expires) => expires.duration_since(now.wall).ok().filter(|left| !left.is_zero())?,
            None => Duration::MAX,
        };
        let fresh = times.ttl.min(left);
        // A time that no clock can tell is one of decades.
        let fresh_until = after(now.instant, fresh);
        let stale = fresh.saturating_add(times.stale_if_error).min(left);
        let due = if times.refresh_ahead { fresh / 5 * 4 } else { fresh };
        Some(Self {
            value,
            fresh_until,
            due_at: after(now.instant, due),
            stale_until: after(now.instant, stale),
            retry_at: None,
            expires,
        })
    }

    pub(crate) fn freshness(&self, now: Now) -> Freshness {
        if self.expires.is_some_and(|expires| now.wall >= expires) || now.instant >= self.stale_until {
            Freshness::Gone
        } else if now.instant < self.due_at {
            Freshness::Fresh
        } else if now.instant < self.fresh_until {
            let failed_just_now = self.retry_at.is_some_and(|at| now.instant < at);
            if failed_just_now { Freshness::Fresh } else { Freshness::Due }
        } else if self.retry_at.is_some_and(|at| now.instant < at) {
            Freshness::StaleWhileFailing
        } else {
            Freshness::Stale
        }
    }

    /// Returns the entry after the service could not tell, if it is still usable.
    pub(crate) fn after_failure(&self, times: &Times, now: Now) -> Option<Self> {
        use Freshness::{Due, Stale, StaleWhileFailing};
        let usable = matches!(self.freshness(now), Due | Stale | StaleWhileFailing);
        usable.then(|| Self {
            value: self.value.clone(),
            retry_at: Some(after(now.instant, times.retry_stale)),
            ..*self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Freshness::*, *};

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn later(now: Now, n: u64) -> Now {
        Now { instant: now.instant + seconds(n), wall: now.wall + seconds(n) }
    }

    fn times() -> Times {
        Times {
            ttl: seconds(30),
            negative_ttl: seconds(5),
            stale_if_error: seconds(100),
            refresh_ahead: true,
            skew: seconds(2),
            retry_stale: seconds(1),
        }
    }

    #[test]
    fn a_result_ages_by_ttl_and_by_the_tokens_expiry() {
        let now = Now::read();
        // Expiry in seconds from now, then what the entry is at these seconds.
        type Row<'a> = (Option<u64>, &'a [(u64, Freshness)]);
        let table: [Row<'_>; 5] = [
            (None, &[(0, Fresh), (23, Fresh), (24, Due), (29, Due), (30, Stale), (129, Stale), (130, Gone)]),
            (Some(12), &[(0, Fresh), (7, Fresh), (8, Due), (9, Due), (10, Gone), (11, Gone), (50, Gone)]),
            (Some(52), &[(29, Due), (30, Stale), (49, Stale), (50, Gone)]),
            (Some(3), &[(0, Fresh), (1, Gone)]),
            (Some(1000), &[(29, Due), (30, Stale), (130, Gone)]),
        ];
        for (expires, rows) in table {
            let entry =
                Entry::new(Arc::new(()), expires.map(|n| Expiry::told(now.wall + seconds(n))), &times(), now).unwrap();
            for (at, expected) in rows {
                assert_eq!(entry.freshness(later(now, *at)), *expected, "{expires:?} at {at}");
            }
        }
        for expired in [0, 1, 2] {
            assert!(
                Entry::new(Arc::new(()), Some(Expiry::told(now.wall + seconds(expired))), &times(), now).is_none(),
                "{expired}"
            );
        }
        assert!(Entry::new(Arc::new(()), Some(Expiry::told(SystemTime::UNIX_EPOCH)), &times(), now).is_none());
        let exact = Expiry { at: now.wall + seconds(2), is_exact: true };
        let entry = Entry::new(Arc::new(()), Some(exact), &times(), now).unwrap();
        assert_eq!((entry.freshness(later(now, 1)), entry.freshness(later(now, 2))), (Fresh, Gone));
    }

    #[test]
    fn a_time_that_no_clock_can_tell_turns_nothing_off() {
        let now = Now::read();
        for refresh_ahead in [false, true] {
            let times = Times { ttl: Duration::MAX, stale_if_error: Duration::ZERO, refresh_ahead, ..times() };
            let entry = Entry::new(Arc::new(()), None, &times, now).unwrap();
            assert_eq!(entry.freshness(later(now, 365 * 24 * 3600)), Fresh);
            // A token's expiry bounds it all the same.
            let entry = Entry::new(Arc::new(()), Some(Expiry::told(now.wall + seconds(52))), &times, now).unwrap();
            assert_eq!(entry.freshness(later(now, 50)), Gone);
        }
    }

    #[test]
    fn both_clocks_must_agree_that_a_token_has_not_expired() {
        let now = Now::read();
        let entry = Entry::new(Arc::new(()), Some(Expiry::told(now.wall + seconds(20))), &times(), now).unwrap();
        let wall_ahead = Now { instant: now.instant, wall: now.wall + seconds(19) };
        let wall_set_back = Now { instant: now.instant + seconds(19), wall: now.wall - seconds(1000) };
        assert_eq!((entry.freshness(wall_ahead), entry.freshness(wall_set_back)), (Gone, Gone));
    }

    #[test]
    fn without_stale_if_error_and_refresh_ahead_a_result_ends_with_its_ttl() {
        let now = Now::read();
        let times = Times { stale_if_error: Duration::ZERO, refresh_ahead: false, ..times() };
        let entry = Entry::new(Arc::new(()), None, &times, now).unwrap();
        assert_eq!((entry.freshness(later(now, 29)), entry.freshness(later(now, 30))), (Fresh, Gone));
        assert!(entry.after_failure(&times, later(now, 29)).is_none());
    }

    #[test]
    fn after_a_failure_the_service_is_left_alone_for_a_moment() {
        let now = Now::read();
        let entry = Entry::new(Arc::new(()), None, &times(), now).unwrap();
        assert!(entry.after_failure(&times(), later(now, 10)).is_none(), "it is fresh");
        let due = entry.after_failure(&times(), later(now, 25)).unwrap();
        assert_eq!([25, 26, 29, 30].map(|at| due.freshness(later(now, at))), [Fresh, Due, Due, Stale]);
        let failed = entry.after_failure(&times(), later(now, 40)).unwrap();
        assert_eq!(failed.freshness(later(now, 40)), StaleWhileFailing);
        assert_eq!((failed.freshness(later(now, 41)), failed.freshness(later(now, 130))), (Stale, Gone));
    }
}
