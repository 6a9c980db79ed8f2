//! What all workers pass before a call: the one rate bucket, and the wish to stop.

use super::rate::TokenBucket;
use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// No further call is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// Why no further call is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// A signal: Ctrl-C.
    Interrupted,
    /// The work itself ends it; it knows why.
    Ended,
}

/// Shared by all workers.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    bucket: TokenBucket,
    stopped: Option<StopReason>,
}

impl Gate {
    /// Lets so many calls a second pass; `None` lets all pass until the service refuses one.
    pub fn new(rate: Option<f64>) -> Self {
        let bucket = TokenBucket::new(rate, Instant::now());
        Self { state: Mutex::new(State { bucket, stopped: None }), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves a bucket that is as good as before.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a call may be made, and returns when it is.
    pub fn enter(&self) -> Result<Instant, Stopped> {
        let mut state = self.lock();
        loop {
            if state.stopped.is_some() {
                return Err(Stopped);
            }
            let now = Instant::now();
            match state.bucket.take(now) {
                Ok(()) => return Ok(now),
                Err(wait) => {
                    let (woken, _) = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner);
                    state = woken;
                }
            }
        }
    }

    /// Waits so long, unless the work is stopped meanwhile.
    pub fn wait(&self, time: Duration) -> Result<(), Stopped> {
        let until = Instant::now() + time;
        let mut state = self.lock();
        loop {
            if state.stopped.is_some() {
                return Err(Stopped);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let (woken, _) = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
            state = woken;
        }
    }

    /// The service has refused the call that was made then: see [`TokenBucket::refused`].
    pub fn refused(&self, sent: Instant, retry_after: Option<Duration>) {
        self.lock().bucket.refused(sent, Instant::now(), retry_after);
    }

    /// Returns how long the service still asks to wait.
    pub fn pause(&self) -> Option<Duration> {
        self.lock().bucket.pause(Instant::now())
    }

    /// Lets no further call pass. Those under way go on. The first reason counts: others follow from it.
    pub fn stop(&self, reason: StopReason) {
        self.lock().stopped.get_or_insert(reason);
        self.changed.notify_all();
    }

    /// Returns why no further call is to be made.
    pub fn stopped(&self) -> Option<StopReason> {
        self.lock().stopped
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped().is_some()
    }

    pub fn is_interrupted(&self) -> bool {
        self.stopped() == Some(StopReason::Interrupted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_waiting_worker_is_woken_when_the_work_stops() {
        let gate = Gate::new(Some(1000.0));
        let sent = gate.enter().unwrap();
        gate.refused(sent, Some(Duration::from_secs(600)));
        thread::scope(|scope| {
            let entering = scope.spawn(|| gate.enter());
            let waiting = scope.spawn(|| gate.wait(Duration::from_secs(600)));
            gate.stop(StopReason::Interrupted);
            gate.stop(StopReason::Ended);
            assert_eq!(entering.join().unwrap(), Err(Stopped));
            assert_eq!(waiting.join().unwrap(), Err(Stopped));
        });
        assert!(gate.is_interrupted() && gate.enter().is_err());
    }
}
