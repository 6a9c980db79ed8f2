//! Makes a worker's calls: within the rate, and again where that is safe.

use super::{
    gate::{Gate, Stopped},
    rate::LONGEST_PAUSE,
};
use iam_sdk::{Error, ErrorKind};
use rand::RngExt as _;
use std::time::{Duration, Instant};

/// How often a call is made before its failure ends the import. A rate limit is no failure of the call.
const ATTEMPTS: u32 = 6;
const REFUSALS: u32 = 100;
/// How long a call is made again that the service refuses: pauses of any length must not keep an import for days.
const REFUSED_FOR: Duration = Duration::from_secs(60 * 60);
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Why there is no result of a call.
#[derive(Debug)]
pub enum CallError {
    Stopped,
    Failed(Error),
}

impl From<Stopped> for CallError {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

/// What a second request would do, where the first one may have been carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// A call that leaves the service in the same state when it is repeated: a read or an idempotent write.
    Always,
    /// Perhaps something else.
    IfNotSent,
}

/// What follows the failure of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The service asked to slow down.
    Pause,
    /// Repeats the call after a random time up to this.
    Again(Duration),
    GiveUp,
}

/// The calls of one worker.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    gate: &'a Gate,
    /// Tests do not wait.
    waits: bool,
}

impl<'a> Caller<'a> {
    pub fn new(gate: &'a Gate) -> Self {
        Self { gate, waits: true }
    }

    #[cfg(test)]
    pub fn without_waits(gate: &'a Gate) -> Self {
        Self { gate, waits: false }
    }

    /// Makes a call, again as long as that is safe and can help. The client's own retries must be off: they would not be seen
    /// here, where all workers slow down together.
    pub fn call<T>(&self, repeat: Repeat, make: impl Fn() -> iam_sdk::Result<T>) -> Result<T, CallError> {
        let (mut attempts, mut refusals, mut refused_at) = (0, 0, None);
        loop {
            let sent = self.gate.enter()?;
            let error = match make() {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let refused_for = refused_at.as_ref().map_or(Duration::ZERO, Instant::elapsed);
            match after(&error, repeat, attempts, (refusals, refused_for)) {
                Next::Pause => {
                    refusals += 1;
                    refused_at.get_or_insert_with(Instant::now);
                    self.gate.refused(sent, error.retry_after());
                }
                Next::Again(longest) => {
                    attempts += 1;
                    self.wait(longest)?;
                }
                Next::GiveUp => return Err(CallError::Failed(error)),
            }
        }
    }

    /// Waits a random time up to `longest`, as many workers fail at once.
    fn wait(&self, longest: Duration) -> Result<(), Stopped> {
        let longest = if self.waits { longest } else { Duration::ZERO };
        self.gate.wait(longest.mul_f64(rand::rng().random_range(0.5..=1.0)))
    }

    /// Waits before the whole of a row is tried once more.
    pub fn wait_before(&self, attempt: u32) -> Result<(), Stopped> {
        self.wait(wait_after(attempt))
    }
}

fn wait_after(attempts: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << attempts.min(10)).min(LONGEST_WAIT)
}

/// `refused`: how often the service has refused the call so far, and since how long.
fn after(error: &Error, repeat: Repeat, attempts: u32, refused: (u32, Duration)) -> Next {
    if error.is_rate_limited() {
        let (refusals, refused_for) = refused;
        let is_too_long = refused_for >= REFUSED_FOR || error.retry_after().is_some_and(|wait| wait > LONGEST_PAUSE);
        return if refusals < REFUSALS && !is_too_long { Next::Pause } else { Next::GiveUp };
    }
    let is_safe = repeat == Repeat::Always || !error.was_sent();
    match is_safe && error.is_retryable() && attempts + 1 < ATTEMPTS {
        true => Next::Again(wait_after(attempts)),
        false => Next::GiveUp,
    }
}

/// What a failure says about the rows that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The row is at fault.
    Row,
    /// The service did not answer: perhaps because of the row, perhaps because it answers nothing.
    Unclear,
    /// Every other row would fail as well, or may succeed later.
    All,
}

/// Returns whether a failure is one row's own.
pub fn severity(error: &Error) -> Severity {
    match error.kind() {
        ErrorKind::InvalidArgument
        | ErrorKind::NotFound
        | ErrorKind::Validation
        | ErrorKind::Conflict
        | ErrorKind::Business
        | ErrorKind::Decode
        | ErrorKind::TooLarge
        | ErrorKind::Api => Severity::Row,
        ErrorKind::Server if !error.is_retryable() => Severity::Row,
        ErrorKind::Server | ErrorKind::Timeout | ErrorKind::Transport => Severity::Unclear,
        _ => Severity::All,
    }
}

/// Returns whether the service may have carried out a call that failed.
pub fn is_ambiguous(error: &Error) -> bool {
    let is_unclear = matches!(
        error.kind(),
        ErrorKind::Timeout
            | ErrorKind::Transport
            | ErrorKind::Server
            | ErrorKind::Decode
            | ErrorKind::TooLarge
            | ErrorKind::Api
    );
    error.was_sent() && is_unclear
}

/// Returns the kind and the code of an error: what a journal keeps, which holds nothing of the row.
pub fn short(error: &Error) -> String {
    match error.code() {
        Some(code) => format!("{:?} {code}", error.kind()),
        None => format!("{:?}", error.kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind)
    }

    #[test]
    fn a_call_is_made_again_where_that_is_safe() {
        use ErrorKind::*;
        let again = |attempts| Next::Again(wait_after(attempts));
        for (error, repeat, attempts, next) in [
            (error(Connect), Repeat::IfNotSent, 0, again(0)),
            (error(Connect), Repeat::IfNotSent, 4, again(4)),
            (error(Connect), Repeat::IfNotSent, 5, Next::GiveUp),
            (error(Server).with_status(503), Repeat::IfNotSent, 0, Next::GiveUp),
            (error(Server).with_status(503), Repeat::Always, 0, again(0)),
            (error(Server).with_status(500), Repeat::Always, 0, Next::GiveUp),
            (error(Conflict).with_status(200), Repeat::Always, 0, Next::GiveUp),
            (error(RateLimited).with_status(429), Repeat::IfNotSent, 5, Next::Pause),
        ] {
            assert_eq!(after(&error, repeat, attempts, (0, Duration::ZERO)), next, "{error}");
        }
        for refused in [(REFUSALS, Duration::ZERO), (1, REFUSED_FOR)] {
            assert_eq!(after(&error(RateLimited), Repeat::Always, 0, refused), Next::GiveUp);
        }
        for (wait, next) in [(LONGEST_PAUSE, Next::Pause), (LONGEST_PAUSE * 2, Next::GiveUp)] {
            assert_eq!(after(&error(RateLimited).with_retry_after(wait), Repeat::Always, 0, (0, Duration::ZERO)), next);
        }
        assert_eq!((wait_after(0), wait_after(40)), (FIRST_WAIT, LONGEST_WAIT));
    }

    #[test]
    fn a_refused_call_is_made_again_once_the_service_allows_it() {
        let gate = Gate::new(None);
        let refusal = || error(ErrorKind::RateLimited).with_status(429).with_retry_after(Duration::from_millis(30));
        let responses = RefCell::new(vec![Ok(7), Err(error(ErrorKind::Connect)), Err(refusal()), Err(refusal())]);
        let begun = std::time::Instant::now();
        let result = Caller::new(&gate).call(Repeat::IfNotSent, || responses.borrow_mut().pop().unwrap());
        assert!(matches!(result, Ok(7)));
        assert!(begun.elapsed() >= Duration::from_millis(60) && responses.borrow().is_empty());
    }

    #[test]
    fn whose_fault_a_failure_is() {
        use ErrorKind::*;
        for kind in [InvalidArgument, NotFound, Validation, Conflict, Business, Decode] {
            assert_eq!(severity(&error(kind)), Severity::Row, "{kind:?}");
        }
        for kind in
            [Configuration, Application, Authentication, Authorization, LoginLimited, Connect, Store, RateLimited]
        {
            assert_eq!(severity(&error(kind)), Severity::All, "{kind:?}");
        }
        assert_eq!(severity(&error(Server).with_status(500)), Severity::Row);
        for unclear in [error(Server).with_status(503), error(Timeout), error(Transport)] {
            assert_eq!(severity(&unclear), Severity::Unclear, "{unclear}");
        }
    }
}
