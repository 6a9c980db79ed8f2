//! Whether a failed request is sent again, and when.

use super::operation::Effect;
use crate::{Error, call_options::CallSettings, crypto::random_unit};
use std::{
    fmt,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

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

/// The time that an attempt may take, and why it is no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeLimit {
    /// What is left of the limit.
    pub(crate) left: Duration,
    /// The limit as it was set, for the error of an attempt that reaches it.
    pub(crate) limit: Duration,
    /// The setting that it comes from.
    pub(crate) setting: &'static str,
}

/// Why a request that might have been sent again was not, where nothing else in its error tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GaveUp {
    NoBudget,
    /// The service asks for a longer wait than the call has time.
    AskedToWait {
        wait: Duration,
        left: Duration,
    },
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBudget => f.write_str("the client's retry budget is empty"),
            Self::AskedToWait { wait, left } => {
                write!(f, "the service asks to wait {wait:?}, and the call has {:.1?} left", left)
            }
        }
    }
}

/// The attempts to send one request.
pub(crate) struct Attempts<'a> {
    made: u32,
    /// Those that the service is known to have passed over.
    resends: u32,
    effect: Effect,
    settings: &'a CallSettings,
    deadline: Instant,
    gave_up: Option<GaveUp>,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(effect: Effect, settings: &'a CallSettings, deadline: Instant) -> Self {
        Self { made: 0, resends: 0, effect, settings, deadline, gave_up: None }
    }

    /// Begins an attempt, and returns the time that it may take; `None`: no time is left for it.
    pub(crate) fn begin(&mut self, now: Instant) -> Option<TimeLimit> {
        let left = self.deadline.saturating_duration_since(now);
        if left.is_zero() {
            return None;
        }
        self.made += 1;
        Some(self.time_limit(left))
    }

    /// Returns the time for the attempt under way, where the call has `left`.
    fn time_limit(&self, left: Duration) -> TimeLimit {
        let CallSettings { timeout, attempt_timeout, .. } = *self.settings;
        match attempt_timeout {
            Some(limit) if limit < left => TimeLimit { left: limit, limit, setting: "attempt_timeout" },
            _ => TimeLimit { left, limit: timeout, setting: "timeout" },
        }
    }

    pub(crate) fn settings(&self) -> &'a CallSettings {
        self.settings
    }

    /// Returns the number of the current attempt, from 1.
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// Returns the wait before the next attempt after `error`, or `None` to give up.
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
        let retry = &self.settings.retry;
        if !safe || !error.is_retryable() || attempts >= retry.max_attempts {
            return None;
        }
        let asked = error.retry_after();
        let wait = jittered(retry.wait_after(attempts)).max(asked.unwrap_or_default());
        if wait >= left {
            let asked = asked.filter(|asked| *asked >= left);
            self.gave_up = asked.map(|wait| GaveUp::AskedToWait { wait, left });
            return None;
        }
        if retry.budget && !budget.spend() {
            self.gave_up = Some(GaveUp::NoBudget);
            return None;
        }
        Some(wait)
    }

    /// Returns why [`after`](Self::after) gave up, if the error does not tell.
    pub(crate) fn gave_up(&self) -> Option<GaveUp> {
        self.gave_up
    }
}

fn jittered(most: Duration) -> Duration {
    // The longest duration there is would be rounded up to a longer one.
    Duration::try_from_secs_f64(most.as_secs_f64() * random_unit()).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CallOptions, ErrorKind, RetryPolicy, config::Settings};

    fn settings(options: CallOptions) -> CallSettings {
        CallSettings::of(&Settings::new("https://h".into())).with(options, &[]).unwrap()
    }

    fn usual() -> CallSettings {
        settings(CallOptions::new())
    }

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn wait(effect: Effect, error: &Error) -> Option<Duration> {
        let (now, settings) = (Instant::now(), usual());
        let mut attempts = Attempts::new(effect, &settings, now + secs(30));
        attempts.begin(now);
        attempts.after(error, now, &Budget::new())
    }

    /// Returns how many attempts are made where each fails at once with `error`, and what is left of the budget.
    fn attempts_of(options: CallOptions, effect: Effect, error: &Error) -> (u32, u32) {
        let (now, settings, budget) = (Instant::now(), settings(options), Budget::new());
        let mut attempts = Attempts::new(effect, &settings, now + settings.timeout);
        while attempts.begin(now).is_some() && attempts.after(error, now, &budget).is_some() {}
        (attempts.made(), budget.0.load(Ordering::Relaxed))
    }

    #[test]
    fn what_was_passed_over_is_sent_again_until_the_deadline() {
        let passed_over = Error::new(ErrorKind::Transport).unprocessed(true);
        let begun = Instant::now();
        let budget = Budget::new();
        for (effect, settings) in [
            (Effect::Read, usual()),
            (Effect::Other, usual()),
            (Effect::Other, settings(CallOptions::new().retry(RetryPolicy::new().initial_backoff(secs(20))))),
        ] {
            let mut attempts = Attempts::new(effect, &settings, begun + secs(5));
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
            let mut attempts = Attempts::new(effect, &settings, begun + secs(25));
            for _ in 0..10 {
                attempts.begin(begun);
                assert!(attempts.after(&passed_over, begun, &budget).is_some());
            }
            attempts.begin(begun);
            assert!(attempts.after(&Error::new(ErrorKind::Connect), begun, &budget).is_some());
        }
        assert_eq!(budget.0.load(Ordering::Relaxed), Budget::FULL - 3 * Budget::COST);
        let never = settings(CallOptions::new().retry(RetryPolicy::never()));
        let mut attempts = Attempts::new(Effect::Other, &never, begun + secs(5));
        attempts.begin(begun);
        assert!(attempts.after(&passed_over, begun, &budget).is_some(), "it is no retry");
        attempts.begin(begun);
        assert_eq!(attempts.after(&Error::new(ErrorKind::Connect), begun, &budget), None);
    }

    #[test]
    fn only_what_is_safe_is_repeated() {
        let unavailable = Error::new(ErrorKind::Server).http_status(503);
        let timed_out = Error::new(ErrorKind::Timeout);
        let denied = Error::new(ErrorKind::Authentication).http_status(401);
        use Effect::{Idempotent, Other, Read};
        let table = [
            (Read, unavailable.clone(), true),
            (Idempotent, unavailable.clone(), true),
            (Other, unavailable, false),
            (Read, timed_out.clone().sent(true), true),
            (Idempotent, timed_out.clone().sent(true), true),
            (Other, timed_out.clone().sent(true), false),
            (Other, timed_out, true),
            (Other, Error::new(ErrorKind::Connect), true),
            (Other, Error::new(ErrorKind::Transport).sent(true), false),
            (Read, denied, false),
        ];
        for (effect, error, again) in table {
            assert_eq!(wait(effect, &error).is_some(), again, "{effect:?} {error:#?}");
        }
    }

    #[test]
    fn an_attempt_has_the_limit_that_is_set_or_all_the_time_that_is_left() {
        let new = CallOptions::new;
        use Effect::{Idempotent, Other, Read};
        // Options, effect, which attempt, what is left of the call's time; the attempt's time and the setting it comes from.
        let table = [
            (new(), Read, 1, 30, (30, 30, "timeout")),
            (new(), Idempotent, 2, 20, (20, 30, "timeout")),
            (new(), Other, 1, 30, (30, 30, "timeout")),
            (new().timeout(secs(60)), Read, 3, 19, (19, 60, "timeout")),
            (new().attempt_timeout(secs(2)), Read, 3, 20, (2, 2, "attempt_timeout")),
            (new().attempt_timeout(secs(2)), Read, 3, 1, (1, 30, "timeout")),
            (new().attempt_timeout(secs(2)), Other, 1, 30, (2, 2, "attempt_timeout")),
            (new().attempt_timeout(secs(2)).retry(RetryPolicy::never()), Read, 1, 30, (2, 2, "attempt_timeout")),
            (new().attempt_timeout(secs(40)), Read, 1, 30, (30, 30, "timeout")),
        ];
        for (row, (options, effect, attempt, left, (time, limit, setting))) in table.into_iter().enumerate() {
            let (now, settings) = (Instant::now(), settings(options));
            let mut attempts = Attempts::new(effect, &settings, now + secs(left));
            let begun = (0..attempt).map(|_| attempts.begin(now)).last().flatten();
            assert_eq!(begun, Some(TimeLimit { left: secs(time), limit: secs(limit), setting }), "row {row}");
            assert_eq!((attempts.begin(now + secs(left)), attempts.made()), (None, attempt), "no time is left");
        }
    }

    #[test]
    fn waits_as_long_as_the_service_asks_or_not_at_all() {
        let busy = |wait| Error::new(ErrorKind::RateLimited).http_status(429).wait(Some(wait));
        assert!(wait(Effect::Read, &busy(secs(5))).unwrap() >= secs(5));
        assert!(wait(Effect::Read, &busy(secs(25))).unwrap() >= secs(25), "longer than the policy's longest");
        for too_long in [secs(31), Duration::MAX] {
            assert_eq!(wait(Effect::Read, &busy(too_long)), None);
        }
    }

    #[test]
    fn why_nothing_was_sent_again_is_told_where_the_error_does_not_tell() {
        let busy = |wait| Error::new(ErrorKind::Server).http_status(503).wait(Some(secs(wait)));
        let refused = Error::new(ErrorKind::Connect);
        let gave_up = |error: &Error, left: Duration, budget: &Budget| {
            let (now, settings) = (Instant::now(), usual());
            let mut attempts = Attempts::new(Effect::Read, &settings, now + left);
            attempts.begin(now);
            assert_eq!(attempts.after(error, now, budget), None);
            attempts.gave_up().map(|reason| reason.to_string())
        };
        let (full, empty) = (Budget::new(), Budget(AtomicU32::new(0)));
        let asked = "the service asks to wait 60s, and the call has 30.0s left";
        assert_eq!(gave_up(&busy(60), secs(30), &full).as_deref(), Some(asked));
        assert_eq!(gave_up(&refused, secs(30), &empty).as_deref(), Some("the client's retry budget is empty"));
        // A time limit that was reached says so itself, and what must not be repeated is in the docs of the call.
        assert_eq!(gave_up(&Error::new(ErrorKind::Timeout), Duration::ZERO, &full), None);
        assert_eq!(gave_up(&Error::new(ErrorKind::NotFound), secs(30), &full), None);
    }

    #[test]
    fn the_policy_says_how_many_attempts_there_are() {
        let retry = |policy: RetryPolicy| CallOptions::new().retry(policy.initial_backoff(Duration::ZERO));
        let new = RetryPolicy::new;
        let refused = Error::new(ErrorKind::Connect);
        const FULL: u32 = Budget::FULL;
        // Policy, effect; attempts and what is left of the budget.
        let table = [
            (new(), Effect::Read, (3, FULL - 2 * Budget::COST)),
            (new(), Effect::Other, (3, FULL - 2 * Budget::COST)),
            (new().max_attempts(7), Effect::Read, (7, FULL - 6 * Budget::COST)),
            (new().max_attempts(1_000), Effect::Read, (1 + FULL / Budget::COST, 0)),
            (new().max_attempts(1_000).budget(false), Effect::Read, (1_000, FULL)),
            (RetryPolicy::never(), Effect::Read, (1, FULL)),
        ];
        for (policy, effect, expected) in table {
            assert_eq!(attempts_of(retry(policy.clone()), effect, &refused), expected, "{policy:?} {effect:?}");
        }
        let waiting = new().max_attempts(1_000).budget(false).initial_backoff(secs(20));
        let (now, settings) = (Instant::now(), settings(CallOptions::new().retry(waiting)));
        let mut attempts = Attempts::new(Effect::Read, &settings, now + secs(30));
        while attempts.begin(now).is_some() {
            let Some(wait) = attempts.after(&refused, now, &Budget::new()) else { break };
            assert!(wait < secs(20));
        }
    }

    #[test]
    fn successes_fill_an_empty_budget() {
        let (now, settings, budget) = (Instant::now(), usual(), Budget::new());
        let error = Error::new(ErrorKind::Connect);
        while budget.spend() {}
        assert_eq!(Attempts::new(Effect::Read, &settings, now + secs(30)).after(&error, now, &budget), None);
        for _ in 0..Budget::COST {
            budget.refill();
        }
        assert!(budget.spend() && !budget.spend());
    }
}
