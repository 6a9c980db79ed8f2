//! Whether a client is used on one runtime alone.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};
use tokio::runtime::{Handle, Id};

/// The runtimes that a client sends on, and so those that its connections live on. One that is shut down drops requests in their
/// midst.
#[derive(Debug, Default)]
pub(super) struct Runtimes {
    first: OnceLock<Id>,
    several: AtomicBool,
}

impl Runtimes {
    /// Notes the runtime that runs this; before each request, any of which may connect.
    pub(super) fn note(&self) {
        let Ok(handle) = Handle::try_current() else { return };
        if *self.first.get_or_init(|| handle.id()) != handle.id() {
            self.several.store(true, Ordering::Relaxed);
        }
    }

    /// Whether only one was ever noted.
    pub(super) fn is_one(&self) -> bool {
        !self.several.load(Ordering::Relaxed)
    }
}
