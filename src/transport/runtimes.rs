//! The runtimes on which an async client is used: each must have a timer, and one that ends drops the requests under way.

use super::runtime::Flavour;
use crate::Result;
use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};
use tokio::runtime::{Handle, Id};

/// The runtimes on which a client sends, and which its connections belong to.
#[derive(Debug, Default)]
pub(super) struct Runtimes {
    first: OnceLock<Id>,
    several: AtomicBool,
}

impl Runtimes {
    /// Fails where there is no runtime, or one without a timer.
    pub(super) fn check(&self) -> Result<()> {
        // Most programs have one runtime: it is checked until a request was sent on it.
        match Handle::try_current() {
            Ok(current) if self.first.get() == Some(&current.id()) => Ok(()),
            _ => Flavour::Async.check_context().and_then(|()| Flavour::Async.check_timer()),
        }
    }

    /// Notes the current runtime. Called before each request, since each can open a connection.
    pub(super) fn note(&self) {
        let Ok(current) = Handle::try_current() else { return };
        if *self.first.get_or_init(|| current.id()) != current.id() {
            self.several.store(true, Ordering::Relaxed);
        }
    }

    /// Returns whether at most one runtime was noted.
    pub(super) fn is_one(&self) -> bool {
        !self.several.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::runtime::{Builder, Runtime};

    fn with_timer() -> Runtime {
        Builder::new_current_thread().enable_time().build().unwrap()
    }

    #[test]
    fn a_runtime_counts_when_a_request_is_sent_on_it() {
        let (runtimes, first, second) = (Runtimes::default(), with_timer(), with_timer());
        first.block_on(async { runtimes.note() });
        second.block_on(async { runtimes.check().unwrap() });
        first.block_on(async { runtimes.note() });
        assert!(runtimes.is_one());
        second.block_on(async { runtimes.note() });
        assert!(!runtimes.is_one());
    }

    #[test]
    fn each_runtime_must_have_a_timer() {
        let (runtimes, without) = (Runtimes::default(), Builder::new_current_thread().build().unwrap());
        let refused = || without.block_on(async { runtimes.check().unwrap_err().is_configuration() });
        assert!(runtimes.check().is_err() && refused());
        with_timer().block_on(async { runtimes.note() });
        assert!(runtimes.check().is_err() && refused());
    }
}
