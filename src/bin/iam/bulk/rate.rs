//! How many calls a second all workers together make.

use std::time::{Duration, Instant};

/// What is waited after a refusal that does not say how long.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest wait that a service can ask for: where it asks for more, the import ends, and can go on later.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// After so long without a refusal the rate rises by a quarter.
const RISE_AFTER: Duration = Duration::from_secs(2);
const SLOWEST: f64 = 0.2;
/// A rate that is no limit any more, for an import that was given none.
const UNLIMITED: f64 = 10_000.0;
/// How much of a second's calls may be made at once.
const BURST: f64 = 0.1;

/// Decides when the next call may be made. It has no clock of its own.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    /// What the user set.
    most: Option<f64>,
    /// Calls a second; `None`: no limit.
    rate: Option<f64>,
    tokens: f64,
    filled_at: Instant,
    paused_until: Instant,
    /// When the rate was last halved, or raised again.
    halved_at: Option<Instant>,
    raised_at: Instant,
    /// Counts calls, so that there is a rate to halve where none is set.
    window: (Instant, u32),
    seen: f64,
}

impl TokenBucket {
    pub fn new(most: Option<f64>, now: Instant) -> Self {
        let tokens = most.map_or(0.0, burst);
        let (paused_until, raised_at, window) = (now, now, (now, 0));
        Self { most, rate: most, tokens, filled_at: now, paused_until, halved_at: None, raised_at, window, seen: 0.0 }
    }

    /// Takes the right to make a call; or says how long to wait before asking again.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        if now < self.paused_until {
            return Err(self.paused_until - now);
        }
        self.rise(now);
        if let Some(rate) = self.rate {
            let elapsed = now.saturating_duration_since(self.filled_at).as_secs_f64();
            self.tokens = (self.tokens + elapsed * rate).min(burst(rate));
            self.filled_at = now;
            // The sum of many small fills comes a little short of a whole.
            if self.tokens < 1.0 - 1e-6 {
                return Err(Duration::from_secs_f64((1.0 - self.tokens) / rate));
            }
            self.tokens -= 1.0;
        }
        self.count(now);
        Ok(())
    }

    /// The service has refused a call that was made at `sent`, and asks to wait so long.
    ///
    /// Nobody calls before that is over. The rate is halved, once for all calls that were under way.
    pub fn refused(&mut self, sent: Instant, now: Instant, retry_after: Option<Duration>) {
        let pause = retry_after.unwrap_or(PAUSE).min(LONGEST_PAUSE);
        self.paused_until = self.paused_until.max(now + pause);
        self.raised_at = self.paused_until;
        if self.halved_at.is_none_or(|halved| sent > halved) {
            self.halved_at = Some(now);
            let rate = self.rate.unwrap_or_else(|| self.measured(now));
            self.rate = Some((rate / 2.0).max(SLOWEST));
            self.tokens = 0.0;
        }
        self.filled_at = self.paused_until;
    }

    /// Returns how long nobody may call, because the service has asked for it.
    pub fn pause(&self, now: Instant) -> Option<Duration> {
        Some(self.paused_until.saturating_duration_since(now)).filter(|pause| !pause.is_zero())
    }

    /// Returns the rate, where there is a limit.
    #[cfg(test)]
    fn rate(&self) -> Option<f64> {
        self.rate
    }

    fn rise(&mut self, now: Instant) {
        if self.rate == self.most {
            return;
        }
        while let Some(rate) = self.rate.filter(|_| now.saturating_duration_since(self.raised_at) >= RISE_AFTER) {
            self.raised_at += RISE_AFTER;
            let raised = rate * 1.25;
            self.rate = match self.most {
                Some(most) => Some(raised.min(most)),
                None => Some(raised).filter(|raised| *raised < UNLIMITED),
            };
            if self.rate == self.most {
                break;
            }
        }
    }

    fn count(&mut self, now: Instant) {
        let (begun, calls) = self.window;
        let elapsed = now.saturating_duration_since(begun).as_secs_f64();
        if elapsed >= 1.0 {
            self.seen = f64::from(calls) / elapsed;
            self.window = (now, 1);
        } else {
            self.window.1 += 1;
        }
    }

    /// Returns the rate of calls in the last second or two.
    fn measured(&self, now: Instant) -> f64 {
        let (begun, calls) = self.window;
        let elapsed = now.saturating_duration_since(begun).as_secs_f64();
        // Of the very first calls only their number is known.
        let current = f64::from(calls) / elapsed.max(if self.seen > 0.0 { 0.25 } else { 1.0 });
        current.max(self.seen).max(SLOWEST)
    }
}

fn burst(rate: f64) -> f64 {
    (rate * BURST).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Calls as often as the bucket allows from `from` on, and returns at which times.
    fn calls(bucket: &mut TokenBucket, from: Instant, lasting: Duration) -> Vec<Duration> {
        let (mut now, mut made) = (from, Vec::new());
        while now < from + lasting {
            match bucket.take(now) {
                Ok(()) => made.push(now - from),
                Err(wait) => now += wait.max(Duration::from_nanos(1)),
            }
        }
        made
    }

    #[test]
    fn calls_come_at_the_rate() {
        let begun = Instant::now();
        for (rate, seconds, expected) in
            [(10.0, 10, 100..=101), (0.5, 10, 5..=6), (1000.0, 2, 2000..=2101), (1.0, 5, 5..=6)]
        {
            let mut bucket = TokenBucket::new(Some(rate), begun);
            let made = calls(&mut bucket, begun, SECOND * seconds).len();
            assert!(expected.contains(&made), "{rate}: {made}");
            // An idle time is no credit, but for a tenth of a second's calls.
            let later = calls(&mut bucket, begun + SECOND * 100, SECOND / 100).len();
            assert!(later as f64 <= burst(rate) + rate / 100.0 + 1.0, "{rate}: {later}");
        }
        let mut unlimited = TokenBucket::new(None, begun);
        assert!((0..10_000).all(|_| unlimited.take(begun).is_ok()));
    }

    #[test]
    fn nobody_calls_before_the_service_says() {
        let begun = Instant::now();
        for (retry_after, pause) in [
            (Some(SECOND * 7), SECOND * 7),
            (None, PAUSE),
            (Some(Duration::ZERO), Duration::ZERO),
            (Some(Duration::MAX), LONGEST_PAUSE),
        ] {
            let mut bucket = TokenBucket::new(Some(10.0), begun);
            assert!(bucket.take(begun).is_ok());
            bucket.refused(begun, begun, retry_after);
            // A shorter pause of another call does not end this one.
            bucket.refused(begun, begun, Some(Duration::ZERO));
            let first = calls(&mut bucket, begun, pause + SECOND)[0];
            assert!(first >= pause && first <= pause + SECOND / 4, "{first:?} after {pause:?}");
        }
    }

    #[test]
    fn a_refusal_halves_the_rate_once_and_it_recovers() {
        let begun = Instant::now();
        let mut bucket = TokenBucket::new(Some(100.0), begun);
        let sent = begun + SECOND;
        // Eight calls were under way.
        for after in 1..=8 {
            bucket.refused(sent, sent + Duration::from_millis(after), Some(SECOND));
        }
        assert_eq!(bucket.rate(), Some(50.0));
        let resumed = sent + SECOND * 2;
        let made = calls(&mut bucket, resumed, SECOND).len();
        assert!((45..=56).contains(&made), "{made}");
        // A call that was made since is refused: the rate was still too high.
        bucket.refused(resumed, resumed + SECOND, Some(Duration::ZERO));
        assert_eq!(bucket.rate(), Some(25.0));
        let now = resumed + SECOND;
        for (seconds, rate) in [(1, 25.0), (3, 31.25), (5, 39.0625), (20, 100.0), (100, 100.0)] {
            // Whether it is allowed is another question.
            let _ = bucket.take(now + SECOND * seconds);
            assert_eq!(bucket.rate(), Some(rate), "{seconds}");
        }
    }

    #[test]
    fn without_a_limit_the_rate_so_far_is_halved() {
        let begun = Instant::now();
        let mut bucket = TokenBucket::new(None, begun);
        for call in 0..800_u32 {
            assert!(bucket.take(begun + SECOND * call / 200).is_ok());
        }
        let now = begun + SECOND * 4;
        bucket.refused(now, now, Some(SECOND));
        let rate = bucket.rate().unwrap();
        assert!((95.0..=105.0).contains(&rate), "{rate}");
        let _ = bucket.take(now + SECOND * 200);
        assert_eq!(bucket.rate(), None, "the limit is forgotten");

        let mut first = TokenBucket::new(None, begun);
        assert!((0..8).all(|_| first.take(begun).is_ok()));
        first.refused(begun, begun, None);
        assert_eq!(first.rate(), Some(4.0));
        for refusal in 1..20 {
            first.refused(begun + SECOND * refusal, begun + SECOND * refusal, None);
        }
        assert_eq!(first.rate(), Some(SLOWEST));
    }
}
