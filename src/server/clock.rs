//! The clocks that cached results age by.

use crate::session::Now;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The clock of a guard: the system's, or one that a test moves.
///
/// ```
/// # use iam_sdk::server::{Clock, Guard};
/// # use std::time::Duration;
/// let clock = Clock::manual();
/// let guard = Guard::fixed([("token", "ann".to_owned())]).clock(clock.clone()).build()?;
/// clock.advance(Duration::from_secs(31));
/// # Ok::<(), iam_sdk::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicU64>>);

impl Clock {
    /// Returns a clock that runs as the system's does, and that [`advance`](Self::advance) sets ahead. Clones are the same clock.
    pub fn manual() -> Self {
        Self(Some(Arc::default()))
    }

    /// Sets the clock ahead, in whole milliseconds. The system's own clock cannot be: on it this does nothing.
    pub fn advance(&self, by: Duration) {
        if let Some(ahead) = &self.0 {
            ahead.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
        }
    }

    pub(crate) fn now(&self) -> Now {
        let now = Now::read();
        let Some(ahead) = &self.0 else { return now };
        let ahead = Duration::from_millis(ahead.load(Ordering::SeqCst));
        let instant = now.instant.checked_add(ahead).unwrap_or(now.instant);
        Now { instant, wall: now.wall.checked_add(ahead).unwrap_or(now.wall) }
    }
}
