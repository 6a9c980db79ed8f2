//! Detection of clients that are used on several runtimes.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};
use tokio::runtime::{Handle, Id};

/// The runtimes on which a client sends, and which its connections belong to. A runtime that is shut down drops requests that
/// are under way.
#[derive(Debug, Default)]
pub(super) struct Runtimes {
    first: OnceLock<Id>,
    several: AtomicBool,
}

impl Runtimes {
    /// Notes the current runtime. Called before each request, since each can open a connection.
    pub(super) fn note(&self) {
        let Ok(handle) = Handle::try_current() else { return };
        if *self.first.get_or_init(|| handle.id()) != handle.id() {
            self.several.store(true, Ordering::Relaxed);
        }
    }

    /// Returns whether at most one runtime was noted.
    pub(super) fn is_one(&self) -> bool {
        !self.several.load(Ordering::Relaxed)
    }
}
