//! The runtimes on which an async client is used: each must have a timer, and one that ends drops the requests under way.

use super::runtime::Flavour;
use crate::Result;
use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};
use tokio::runtime::{Handle, Id};

/// The runtimes on which a client was used, and which its connections belong to.
#[derive(Debug, Default)]
pub(super) struct Runtimes {
    first: OnceLock<Id>,
    several: AtomicBool,
}

impl Runtimes {
    /// Notes the current runtime, on which a connection may be opened. Fails where there is none, or none with a timer.
    pub(super) fn note(&self) -> Result<()> {
        let current = Handle::try_current().ok().map(|handle| handle.id());
        // Most programs have one runtime: it is checked once.
        if current.is_some() && self.first.get() == current.as_ref() {
            return Ok(());
        }
        Flavour::Async.check_context()?;
        Flavour::Async.check_timer()?;
        if let Some(current) = current
            && *self.first.get_or_init(|| current) != current
        {
            self.several.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Returns whether at most one runtime was noted.
    pub(super) fn is_one(&self) -> bool {
        !self.several.load(Ordering::Relaxed)
    }
}
