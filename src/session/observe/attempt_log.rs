//! What the attempts of a call came to.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

/// Counts the attempts of a call, and keeps what came of the last one.
#[derive(Debug, Default)]
pub(in crate::session) struct AttemptLog {
    made: AtomicU32,
    /// Noted only where somebody sees it.
    last: Mutex<Option<Box<LastAttempt>>>,
}

/// What came of an attempt. No text has a secret.
#[derive(Debug, Default)]
pub(super) struct LastAttempt {
    pub(super) status: Option<u16>,
    pub(super) code: Option<String>,
    pub(super) request_id: Option<String>,
}

impl AttemptLog {
    pub(super) fn count(&self) {
        self.made.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn made(&self) -> u32 {
        self.made.load(Ordering::Relaxed)
    }

    pub(super) fn note(&self, attempt: LastAttempt) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(attempt));
    }

    pub(super) fn take_last(&self) -> Option<Box<LastAttempt>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
