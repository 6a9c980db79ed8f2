//! A gate that a test keeps shut.

use std::{
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

/// How long a gate stays shut when a test fails before it opens it.
const AT_MOST: Duration = Duration::from_secs(20);

/// Blocks the threads that pass until a test opens it. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    open: bool,
    arrived: usize,
    given_up: usize,
}

impl Gate {
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until the gate opens.
    pub fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        state.arrived += 1;
        let (mut state, waited) = changed.wait_timeout_while(state, AT_MOST, |state| !state.open).unwrap();
        state.given_up += usize::from(waited.timed_out());
    }

    pub fn open(&self) {
        let (state, changed) = &*self.0;
        // A test that panics opens it too.
        state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).open = true;
        changed.notify_all();
    }

    /// Returns how many threads have come to the gate so far.
    pub fn arrived(&self) -> usize {
        self.0.0.lock().unwrap().arrived
    }

    /// Returns whether all threads that came to the gate are still waiting.
    pub fn holds_all(&self) -> bool {
        let state = self.0.0.lock().unwrap();
        !state.open && state.given_up == 0
    }

    /// Opens the gate when the value is dropped, so that a failed test leaves no thread behind.
    pub fn open_at_end(&self) -> OpenAtEnd {
        OpenAtEnd(self.clone())
    }
}

#[must_use]
pub struct OpenAtEnd(Gate);

impl Drop for OpenAtEnd {
    fn drop(&mut self) {
        self.0.open();
    }
}
