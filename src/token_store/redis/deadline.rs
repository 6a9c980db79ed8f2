//! One time limit over everything that a call does.

use std::{
    io,
    time::{Duration, Instant},
};

/// The moment at which a call ends, whatever it still waits for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// A time limit is never longer than this, so that no sum overflows.
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

    pub(super) fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit.min(Self::LONGEST))
    }

    /// Returns what is left, which is never zero: sockets take zero for "for ever".
    pub(super) fn left(self) -> io::Result<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_runs_out_and_never_overflows() {
        assert!(Deadline::after(Duration::ZERO).left().is_err());
        let left = Deadline::after(Duration::MAX).left().unwrap();
        assert!(left <= Deadline::LONGEST && left > Duration::from_secs(60 * 60));
    }
}
