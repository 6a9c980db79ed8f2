//! How often a failed request is sent again, and how long is waited before.

use crate::{Error, Result};
use std::time::Duration;

/// How often a failed request is sent again, and how long the client waits before.
///
/// The builder's `retry` sets the policy of all calls, [`CallOptions::retry`](crate::CallOptions::retry) that of some. What
/// *may* be sent again is not the policy's to decide: once the service may have seen a request, only reads and idempotent writes
/// are. [The guide](crate::guide::errors) has the table.
///
/// ```
/// use iam_sdk::RetryPolicy;
/// use std::time::Duration;
///
/// // A batch job has time.
/// let patient = RetryPolicy::new().max_attempts(6).initial_backoff(Duration::from_secs(1)).max_backoff(Duration::from_secs(60));
/// assert_ne!(patient, RetryPolicy::new());
/// ```
///
/// The waits are exponential backoff with full jitter: before the second attempt the client waits a random time between zero and
/// [`initial_backoff`](Self::initial_backoff), and that bound doubles from attempt to attempt up to [`max_backoff`](Self::max_backoff).
/// The client waits at least as long as the service asks for with `Retry-After`, which may be longer. Where a wait would not end
/// within the call's time limit, the call fails at once with the error of its last attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    pub(crate) max_attempts: u32,
    pub(crate) initial_backoff: Duration,
    pub(crate) max_backoff: Duration,
    pub(crate) budget: bool,
}

impl RetryPolicy {
    /// Creates the default policy: at most three attempts, an initial backoff of 200 ms, a maximum of 20 s, within the budget.
    pub fn new() -> Self {
        Self {
            max_attempts: 3,
            initial_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(20),
            budget: true,
        }
    }

    /// Creates a policy of a single attempt.
    ///
    /// Two things that are no retries still happen: a request that the service reports as unprocessed when it closes a connection
    /// (HTTP/2 GOAWAY, REFUSED_STREAM) goes over another connection, and one whose token is refused is sent with another
    /// token.
    pub fn never() -> Self {
        Self::new().max_attempts(1)
    }

    /// Sets the most attempts for a request, the first one included. Default: 3. Zero is an error of kind
    /// [`Configuration`](crate::ErrorKind::Configuration) where the policy is used.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets the upper bound of the random wait before the second attempt. Default: 200 ms. Zero sends again at once; more than
    /// [`max_backoff`](Self::max_backoff) is an error of kind [`Configuration`](crate::ErrorKind::Configuration) where the policy is
    /// used.
    pub fn initial_backoff(mut self, wait: Duration) -> Self {
        self.initial_backoff = wait;
        self
    }

    /// Sets the upper bound of the random wait before any attempt. Default: 20 s. A longer `Retry-After` is respected nevertheless.
    pub fn max_backoff(mut self, wait: Duration) -> Self {
        self.max_backoff = wait;
        self
    }

    /// Sets whether retries come out of the client's budget. Default: `true`.
    ///
    /// The budget of a client, which its sessions share, is 100 retries; 5 calls that succeed bring one back. While it is
    /// empty nothing is retried, so that a service that is down does not get a multiple of its usual load. With `false` a retry
    /// neither needs nor spends it.
    pub fn budget(mut self, budget: bool) -> Self {
        self.budget = budget;
        self
    }

    /// Refuses a policy that says nothing sensible.
    pub(crate) fn check(&self) -> Result<()> {
        if self.max_attempts == 0 {
            let detail = "retry: max_attempts: no attempt sends nothing; RetryPolicy::never() sends once";
            return Err(Error::configuration(detail));
        }
        if self.initial_backoff > self.max_backoff {
            let (first, longest) = (self.initial_backoff, self.max_backoff);
            let detail = format!("retry: initial_backoff: {first:?} is longer than max_backoff, {longest:?}");
            return Err(Error::configuration(detail));
        }
        Ok(())
    }

    /// Returns the upper bound of the random wait after this many attempts.
    pub(crate) fn wait_after(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(31);
        self.initial_backoff.saturating_mul(1 << doublings).min(self.max_backoff)
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = RetryPolicy::new().initial_backoff(Duration::from_secs(1)).max_backoff(Duration::from_secs(5));
        let waits = [0, 1, 2, 3, 4, 5, u32::MAX].map(|attempts| policy.wait_after(attempts).as_secs());
        assert_eq!(waits, [1, 1, 2, 4, 5, 5, 5]);
        let endless = policy.max_backoff(Duration::MAX).initial_backoff(Duration::MAX);
        assert_eq!(endless.wait_after(u32::MAX), Duration::MAX);
        assert_eq!(RetryPolicy::new().initial_backoff(Duration::ZERO).wait_after(9), Duration::ZERO);
    }

    #[test]
    fn a_policy_that_says_nothing_sensible_is_refused() {
        let new = RetryPolicy::new;
        for good in [new(), RetryPolicy::never(), new().initial_backoff(Duration::ZERO).max_backoff(Duration::ZERO)] {
            assert!(good.check().is_ok(), "{good:?}");
        }
        for (setting, wrong) in [
            ("retry: max_attempts: ", new().max_attempts(0)),
            ("retry: initial_backoff: ", new().initial_backoff(Duration::from_secs(21))),
            ("retry: initial_backoff: ", new().max_backoff(Duration::ZERO)),
        ] {
            let error = wrong.check().unwrap_err();
            assert!(error.is_configuration() && error.to_string().contains(setting), "{error}");
        }
    }
}
