//! A session's current token, its lifetime, and the time to refresh it.

use crate::{Error, Result, UserToken, crypto::random_unit, protocol::dialect::Dialect, token_store::StoredToken};
use http::HeaderValue;
use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime},
};

/// The longest lead before its end with which a token is refreshed.
const LONGEST_LEAD: Duration = Duration::from_secs(60 * 60);
/// How long the next refresh of a valid token is deferred after one failed.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// The current time by the two clocks that measure a token's lifetime.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// The monotonic clock, which measures the current token.
    pub(crate) instant: Instant,
    /// The wall clock, which relates to other processes and to earlier runs of this one.
    pub(crate) wall: SystemTime,
}

impl Now {
    pub(crate) fn read() -> Self {
        Self { instant: Instant::now(), wall: SystemTime::now() }
    }
}

/// A token as it is sent, with its lifetime.
#[derive(Debug)]
pub(crate) struct ActiveToken {
    pub(crate) stored: StoredToken,
    pub(crate) header: HeaderValue,
    lifetime: Option<Lifetime>,
    /// Whether a call succeeded with this token.
    served: AtomicBool,
    /// Milliseconds from `since` until the latest request with this token that succeeded was sent.
    accepted: AtomicU64,
    since: Instant,
}

/// When a token ends, and when to refresh it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    pub(crate) end: Instant,
    pub(crate) refresh: Instant,
}

impl Lifetime {
    /// Computes the lifetime of a stored token; `None` if its end is not known. `jitter`, from 0 to 1, shortens the lead before
    /// the end, so that processes that share a token do not all refresh it at once.
    pub(crate) fn new(stored: &StoredToken, now: Now, jitter: f64) -> Option<Self> {
        let left = stored.expires_at?.duration_since(now.wall).unwrap_or_default();
        // The lead goes by the lifetime as issued, however little of it is left.
        let issued = stored.lifetime.unwrap_or(left);
        let lead = LONGEST_LEAD.min(issued / 10).mul_f64(1.0 - 0.2 * jitter.clamp(0.0, 1.0));
        let end = now.instant.checked_add(left)?;
        Some(Self { end, refresh: end.checked_sub(lead).unwrap_or(now.instant) })
    }
}

impl ActiveToken {
    pub(crate) fn new(dialect: &dyn Dialect, stored: StoredToken, now: Now) -> Result<Self> {
        if stored.token.expose_secret().is_empty() {
            return Err(Error::argument("the token is empty"));
        }
        let mut header = dialect.token_value(&stored.token)?;
        header.set_sensitive(true);
        let lifetime = Lifetime::new(&stored, now, random_unit());
        Ok(Self::from_parts(stored, header, lifetime, now.instant))
    }

    fn from_parts(stored: StoredToken, header: HeaderValue, lifetime: Option<Lifetime>, since: Instant) -> Self {
        Self { stored, header, lifetime, served: AtomicBool::default(), accepted: AtomicU64::default(), since }
    }

    pub(crate) fn token(&self) -> &UserToken {
        &self.stored.token
    }

    /// Returns whether the token is due for a refresh.
    pub(crate) fn should_refresh(&self, now: Instant) -> bool {
        self.lifetime.is_some_and(|lifetime| lifetime.refresh <= now)
    }

    /// Returns whether the token has not expired, as far as is known.
    pub(crate) fn is_valid(&self, now: Instant) -> bool {
        self.lifetime.is_none_or(|lifetime| now < lifetime.end)
    }

    /// Returns the token with a later refresh; `None` if it has ended or its end is not known.
    pub(crate) fn defer_refresh(&self, now: Instant) -> Option<Self> {
        let lifetime = self.lifetime.filter(|lifetime| now < lifetime.end)?;
        let refresh = now.checked_add(AFTER_FAILURE)?.min(lifetime.end);
        let lifetime = Some(Lifetime { refresh, ..lifetime });
        let deferred = Self::from_parts(self.stored.clone(), self.header.clone(), lifetime, self.since);
        deferred.served.store(self.served.load(Ordering::Relaxed), Ordering::Relaxed);
        deferred.accepted.store(self.accepted.load(Ordering::Relaxed), Ordering::Relaxed);
        Some(deferred)
    }

    /// Notes that a request with this token, sent at `sent`, succeeded. Returns whether it was the first one.
    pub(crate) fn note_accepted(&self, sent: Instant) -> bool {
        let at = self.millis(sent);
        // Written once a millisecond at the most: all threads read it.
        if at > self.accepted.load(Ordering::Relaxed) {
            self.accepted.fetch_max(at, Ordering::Relaxed);
        }
        !self.served.load(Ordering::Relaxed) && !self.served.swap(true, Ordering::Relaxed)
    }

    /// Returns whether a call succeeded with this token.
    pub(crate) fn has_served(&self) -> bool {
        self.served.load(Ordering::Relaxed)
    }

    /// Returns whether a request with this token succeeded that was sent after `sent`.
    pub(crate) fn accepted_since(&self, sent: Instant) -> bool {
        self.has_served() && self.accepted.load(Ordering::Relaxed) > self.millis(sent)
    }

    fn millis(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.since).as_millis().try_into().unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;

    fn stored(lifetime: Option<u64>, left: i64, now: Now) -> StoredToken {
        let mut stored = StoredToken::new("t".into());
        stored.lifetime = lifetime.map(Duration::from_secs);
        stored.expires_at = Some(match u64::try_from(left) {
            Ok(left) => now.wall + Duration::from_secs(left),
            Err(_) => now.wall - Duration::from_secs(left.unsigned_abs()),
        });
        stored
    }

    #[test]
    fn a_refresh_goes_by_the_lifetime_as_issued() {
        let now = Now::read();
        // Lifetime as issued, seconds left, then seconds until the end and until the refresh.
        let table = [
            (Some(1000), 1000, 1000, 900),
            (Some(1000), 500, 500, 400),
            (Some(1000), 50, 50, 0),
            (Some(1000), 0, 0, 0),
            (Some(1000), -5, 0, 0),
            (None, 1000, 1000, 900),
            (Some(2), 2, 2, 1),
            (Some(100 * HOUR), 100 * HOUR as i64, 100 * HOUR, 99 * HOUR),
            (Some(100 * HOUR), 2 * HOUR as i64, 2 * HOUR, HOUR),
        ];
        for (issued, left, end, refresh) in table {
            let lifetime = Lifetime::new(&stored(issued, left, now), now, 0.0).unwrap();
            let seconds = |at: Instant| at.saturating_duration_since(now.instant).as_secs();
            assert_eq!((seconds(lifetime.end), seconds(lifetime.refresh)), (end, refresh), "{issued:?} {left}");
            let jittered = Lifetime::new(&stored(issued, left, now), now, 1.0).unwrap();
            assert!(
                jittered.end == lifetime.end
                    && jittered.refresh >= lifetime.refresh
                    && jittered.refresh <= jittered.end
            );
        }
        assert_eq!(Lifetime::new(&StoredToken::new("t".into()), now, 0.5), None, "not known");
    }

    #[test]
    fn a_deferred_refresh_comes_before_the_end() {
        let now = Now::read();
        let token = |left| ActiveToken::new(&crate::cloudspot::DIALECT, stored(Some(1000), left, now), now).unwrap();
        for (left, deferred) in [(1000, Some(30)), (50, Some(30)), (20, Some(20)), (0, None)] {
            let token = token(left).defer_refresh(now.instant);
            let refresh = token.map(|token| token.lifetime.unwrap().refresh.duration_since(now.instant).as_secs());
            assert_eq!(refresh, deferred, "{left}");
        }
    }

    #[test]
    fn a_token_knows_since_when_it_is_accepted() {
        let now = Now::read();
        let token = ActiveToken::new(&crate::cloudspot::DIALECT, StoredToken::new("t".into()), now).unwrap();
        let at = |millis| now.instant + Duration::from_millis(millis);
        assert!(!token.accepted_since(at(0)));
        assert!(token.note_accepted(at(10)) && !token.note_accepted(at(5)));
        assert!(token.accepted_since(at(9)) && !token.accepted_since(at(10)) && !token.accepted_since(at(11)));
    }
}
