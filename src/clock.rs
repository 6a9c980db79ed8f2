//! The clocks that what is cached ages by.

use crate::session::Now;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

/// The clock of a guard or of a verifier of JWTs: the system's, or one that a test sets.
///
/// Guards and verifiers with clones of one manual clock age together. A closure that returns the time is a clock, too.
///
/// ```
/// # #[cfg(feature = "server")] {
/// # use iam_sdk::server::{Clock, Guard};
/// # use std::time::Duration;
/// let clock = Clock::manual();
/// let guard = Guard::fixed([("token", "ann".to_owned())]).clock(clock.clone()).build()?;
/// clock.advance(Duration::from_secs(31));
/// # drop(guard); }
/// # Ok::<(), iam_sdk::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Clock(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    System,
    /// The milliseconds that the clock is ahead of the system's.
    Manual(Arc<AtomicU64>),
    Function(Arc<Function>),
}

/// A function tells the wall clock alone; the monotonic one is derived from it.
struct Function {
    read: Box<dyn Fn() -> SystemTime + Send + Sync>,
    first: Now,
}

impl Clock {
    /// Returns a clock that runs as the system's does, and that [`advance`](Self::advance) sets ahead. Clones are the same clock.
    pub fn manual() -> Self {
        Self(Source::Manual(Arc::default()))
    }

    /// Sets a manual clock ahead, in whole milliseconds. Any other clock cannot be set: on it this does nothing.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(ahead) = &self.0 {
            ahead.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
        }
    }

    pub(crate) fn now(&self) -> Now {
        let ahead = match &self.0 {
            Source::System => return Now::read(),
            Source::Manual(ahead) => Duration::from_millis(ahead.load(Ordering::SeqCst)),
            Source::Function(function) => {
                let wall = (function.read)();
                let passed = wall.duration_since(function.first.wall).unwrap_or_default();
                let instant = function.first.instant.checked_add(passed).unwrap_or(function.first.instant);
                return Now { instant, wall };
            }
        };
        let now = Now::read();
        let instant = now.instant.checked_add(ahead).unwrap_or(now.instant);
        Now { instant, wall: now.wall.checked_add(ahead).unwrap_or(now.wall) }
    }

    /// Returns the time of the wall clock.
    #[cfg_attr(not(feature = "jwt"), allow(dead_code, reason = "read by verifiers of JWTs"))]
    pub(crate) fn wall(&self) -> SystemTime {
        match &self.0 {
            Source::System => SystemTime::now(),
            Source::Manual(_) => self.now().wall,
            Source::Function(function) => (function.read)(),
        }
    }
}

impl<F: Fn() -> SystemTime + Send + Sync + 'static> From<F> for Clock {
    fn from(read: F) -> Self {
        let first = Now { wall: read(), ..Now::read() };
        Self(Source::Function(Arc::new(Function { read: Box::new(read), first })))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::System => "Clock(system)",
            Source::Manual(_) => "Clock(manual)",
            Source::Function(_) => "Clock(function)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_clones_of_a_clock_are_the_same_time_in_both_of_its_clocks() {
        let hours = Duration::from_secs(7200);
        let manual = Clock::manual();
        let clone = manual.clone();
        let before = manual.now();
        clone.advance(hours);
        let after = manual.now();
        assert!(after.instant - before.instant >= hours && after.wall >= before.wall + hours);
        assert!(clone.wall() >= before.wall + hours);

        let set = Arc::new(AtomicU64::new(0));
        let told = set.clone();
        let start = SystemTime::UNIX_EPOCH + hours;
        let function = Clock::from(move || start + Duration::from_secs(told.load(Ordering::SeqCst)));
        let before = function.now();
        set.store(30, Ordering::SeqCst);
        let after = function.now();
        assert_eq!(after.instant - before.instant, Duration::from_secs(30));
        assert_eq!((after.wall, function.wall()), (start + Duration::from_secs(30), after.wall));

        let system = Clock::default();
        let before = system.now();
        system.advance(hours);
        assert!(system.now().instant - before.instant < hours, "it is not ours to set");
    }
}
