//! The flights of a client that are under way, so that the last handle of a blocking client can wait for them.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Counts the flights that are under way.
#[derive(Debug, Default)]
pub(crate) struct Running {
    flights: Mutex<usize>,
    ended: Condvar,
}

/// One flight under way; it ends when the value is dropped.
pub(crate) struct Flying(Arc<Running>);

impl Running {
    pub(crate) fn begin(self: Arc<Self>) -> Flying {
        *self.flights.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Flying(self)
    }

    /// Waits until no flight is under way, but no longer than `limit`.
    #[cfg(feature = "blocking")]
    pub(crate) fn wait_for_all(&self, limit: std::time::Duration) {
        let flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.ended.wait_timeout_while(flights, limit, |flights| *flights > 0));
    }
}

impl Drop for Flying {
    fn drop(&mut self) {
        *self.0.flights.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.ended.notify_all();
    }
}
