//! The states of a guard that an operator must know of: the log tells of each once, when it begins and when it is over.

use crate::{Error, sync::Mutex};
use std::{
    sync::PoisonError,
    time::{Duration, Instant},
};

/// How long nothing of a state must have been seen before it counts as over. Where a service fails now and then, the log says so once.
const QUIET: Duration = Duration::from_secs(10);

/// When a state was seen last, if it is not over.
#[derive(Debug, Default)]
pub(crate) struct Outage(Option<Instant>);

impl Outage {
    /// Notes that the state is seen; returns whether that is to be told.
    fn begins(&mut self, now: Instant) -> bool {
        self.0.replace(now).is_none()
    }

    /// Notes that the state is seen, of which nothing says when it is over; returns whether that is to be told.
    fn is_seen(&mut self, now: Instant) -> bool {
        self.0.replace(now).is_none_or(|last| now.saturating_duration_since(last) >= QUIET)
    }

    /// Notes that all is well; returns whether that is to be told.
    fn ends(&mut self, now: Instant) -> bool {
        let is_over = self.0.is_some_and(|last| now.saturating_duration_since(last) >= QUIET);
        if is_over {
            self.0 = None;
        }
        is_over
    }
}

/// An outage that all callers see.
#[derive(Debug, Default)]
pub(crate) struct Outages(Mutex<Outage>);

impl Outages {
    pub(crate) fn note_stale(&self, now: Instant) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).begins(now) {
            tracing::warn!(target: "iam_sdk", "the service cannot tell who calls: stale results are used");
        }
    }

    /// For results that had to be looked up; a hit says nothing about the service.
    pub(crate) fn note_known(&self, now: Instant) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).ends(now) {
            tracing::warn!(target: "iam_sdk", "the service can tell again who calls: no stale results any more");
        }
    }
}

/// Requests that are rejected for what this server is built with: nobody but its operator can change that.
#[derive(Debug, Default)]
pub(crate) struct OwnFaults {
    of_checks: Mutex<Outage>,
    /// Of sources of roles and permissions, and of handlers' calls, which can ask other services than the checks.
    of_calls: Mutex<Outage>,
}

impl OwnFaults {
    pub(crate) fn note_of_check(&self, error: &Error, now: Instant) {
        if self.of_checks.lock().unwrap_or_else(PoisonError::into_inner).begins(now) {
            warn(error);
        }
    }

    /// That a check succeeds says nothing about these: they are told again after a while.
    pub(crate) fn note_of_call(&self, error: &Error, now: Instant) {
        if self.of_calls.lock().unwrap_or_else(PoisonError::into_inner).is_seen(now) {
            warn(error);
        }
    }

    /// For checks that had to ask the service.
    pub(crate) fn note_success(&self, now: Instant) {
        if self.of_checks.lock().unwrap_or_else(PoisonError::into_inner).ends(now) {
            tracing::warn!(target: "iam_sdk", "the credentials and the settings of this server are right again");
        }
    }
}

fn warn(error: &Error) {
    // What the service says of it is shown as its code alone.
    let own_text = error.is_configuration().then(|| tracing::field::display(error));
    tracing::warn!(
        target: "iam_sdk",
        {
            "iam.operation" = error.operation(),
            "http.response.status_code" = error.status(),
            "iam.code" = error.code(),
            "error.type" = error.kind().as_str(),
            error = own_text,
        },
        "requests are rejected: the credentials or the settings of this server are wrong",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_that_comes_and_goes_is_told_once() {
        let (mut outage, begun) = (Outage::default(), Instant::now());
        let at = |seconds| begun + Duration::from_secs(seconds);
        assert!(!outage.ends(at(0)) && outage.begins(at(0)));
        for second in 1..9 {
            assert!(!outage.ends(at(second)) && !outage.begins(at(second)), "{second}");
        }
        assert!(!outage.ends(at(17)) && outage.ends(at(18)) && !outage.ends(at(19)));
        assert!(outage.begins(at(20)));
    }

    #[test]
    fn what_nothing_ends_is_told_again_after_it_was_quiet() {
        let (mut outage, begun) = (Outage::default(), Instant::now());
        let seen = [0, 1, 9, 18, 28, 29, 39].map(|second| outage.is_seen(begun + Duration::from_secs(second)));
        assert_eq!(seen, [true, false, false, false, true, false, true]);
    }
}
