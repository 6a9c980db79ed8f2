//! Whether a failed request is sent again, and when.

use super::operation::Effect;
use crate::Error;
use rand::RngExt as _;
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

const ATTEMPTS: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// Before sending again what the service passed over: at first almost at once, for a server that closes its connections after
/// so many requests; not in a loop, for one that passes everything over.
const FIRST_RESEND: Duration = Duration::from_millis(2);

/// What a client may spend on retries before it needs successes: when a service is down, retries must not double its load.
#[derive(Debug)]
pub(crate) struct Budget(AtomicU32);

impl Budget {
    const FULL: u32 = 500;
    const COST: u32 = 5;

    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(Self::FULL))
    }

    fn spend(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(Self::COST)).is_ok()
    }

    pub(crate) fn refill(&self) {
        // Full is the usual case, and then nothing is written that other threads read.
        if self.0.load(Ordering::Relaxed) < Self::FULL {
            let _ = self
                .0
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| (left < Self::FULL).then_some(left + 1));
        }
    }
}

/// The attempts of one call.
#[derive(Debug)]
pub(crate) struct Attempts {
    made: u32,
    /// Those that the service is known to have passed over.
    resends: u32,
    effect: Effect,
    deadline: Instant,
}

impl Attempts {
    pub(crate) fn new(effect: Effect, deadline: Instant) -> Self {
        Self { made: 0, resends: 0, effect, deadline }
    }

    /// Begins an attempt: the time that it may take.
    pub(crate) fn begin(&mut self, now: Instant) -> Duration {
        self.made += 1;
        self.deadline.saturating_duration_since(now)
    }

    /// The number of the attempt under way, from 1.
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// How long to wait before the next attempt after `error`; `None`: give up.
    pub(crate) fn after(&mut self, error: &Error, now: Instant, budget: &Budget) -> Option<Duration> {
        let left = self.deadline.saturating_duration_since(now);
        if error.is_unprocessed() {
            // It was no attempt, whatever it would have done, and costs nothing but the patience of the caller.
            self.resends += 1;
            let most = FIRST_RESEND.saturating_mul(1 << self.resends.min(8));
            return Some(jittered(most)).filter(|wait| *wait < left);
        }
        let safe = match self.effect {
            Effect::Read | Effect::Idempotent => true,
            Effect::Other => !error.was_sent(),
        };
        let attempts = self.made - self.resends;
        if !safe || !error.is_retryable() || attempts >= ATTEMPTS {
            return None;
        }
        let most = FIRST_WAIT.saturating_mul(1 << attempts.min(16)).min(LONGEST_WAIT);
        let wait = jittered(most).max(error.retry_after().unwrap_or_default());
        (wait < left && budget.spend()).then_some(wait)
    }
}

fn jittered(most: Duration) -> Duration {
    most.mul_f64(rand::rng().random())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn wait(effect: Effect, error: &Error) -> Option<Duration> {
        let now = Instant::now();
        let mut attempts = Attempts::new(effect, now + Duration::from_secs(30));
        attempts.begin(now);
        attempts.after(error, now, &Budget::new())
    }

    #[test]
    fn what_was_passed_over_is_sent_again_until_the_deadline() {
        let passed_over = Error::new(ErrorKind::Transport).unprocessed(true);
        let begun = Instant::now();
        let budget = Budget::new();
        for effect in [Effect::Read, Effect::Other] {
            let mut attempts = Attempts::new(effect, begun + Duration::from_secs(5));
            let (mut now, mut times) = (begun, 0);
            while let Some(wait) = {
                attempts.begin(now);
                attempts.after(&passed_over, now, &budget)
            } {
                assert!(wait <= FIRST_RESEND * 256);
                now += wait;
                times += 1;
            }
            assert!((10..200).contains(&times), "{times}");
            // It has its attempts still.
            let mut attempts = Attempts::new(effect, begun + Duration::from_secs(5));
            for _ in 0..10 {
                attempts.begin(begun);
                assert!(attempts.after(&passed_over, begun, &budget).is_some());
            }
            attempts.begin(begun);
            assert!(attempts.after(&Error::new(ErrorKind::Connect), begun, &budget).is_some());
        }
        assert_eq!(budget.0.load(Ordering::Relaxed), Budget::FULL - 2 * Budget::COST);
    }

    #[test]
    fn only_what_is_safe_is_repeated() {
        let unavailable = Error::new(ErrorKind::Server).http_status(503);
        assert!(wait(Effect::Read, &unavailable).is_some());
        assert!(wait(Effect::Idempotent, &unavailable).is_some());
        assert!(wait(Effect::Other, &unavailable).is_none());
        let refused = Error::new(ErrorKind::Connect);
        assert!(wait(Effect::Other, &refused).is_some());
        let denied = Error::new(ErrorKind::Authentication).http_status(401);
        assert!(wait(Effect::Read, &denied).is_none());
    }

    #[test]
    fn waits_as_long_as_the_service_asks_or_not_at_all() {
        let busy =
            |seconds| Error::new(ErrorKind::RateLimited).http_status(429).wait(Some(Duration::from_secs(seconds)));
        assert!(wait(Effect::Read, &busy(5)).unwrap() >= Duration::from_secs(5));
        assert_eq!(wait(Effect::Read, &busy(31)), None);
    }

    #[test]
    fn gives_up_after_three_attempts_or_an_empty_budget() {
        let error = Error::new(ErrorKind::Connect);
        let now = Instant::now();
        let mut attempts = Attempts::new(Effect::Read, now + Duration::from_secs(30));
        let budget = Budget::new();
        let retries = std::iter::from_fn(|| {
            attempts.begin(now);
            attempts.after(&error, now, &budget)
        });
        assert_eq!(retries.count(), 2);

        while budget.spend() {}
        assert_eq!(Attempts::new(Effect::Read, now + Duration::from_secs(30)).after(&error, now, &budget), None);
        for _ in 0..Budget::COST {
            budget.refill();
        }
        assert!(budget.spend() && !budget.spend());
    }
}
