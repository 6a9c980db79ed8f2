//! How much a store keeps and does, for whoever looks without its lock.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The numbers of a store.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    entries: AtomicUsize,
    in_flight: AtomicUsize,
    waiting: AtomicUsize,
}

/// A caller that waits, until this is dropped.
pub(crate) struct Waiting<'a>(&'a AtomicUsize);

impl Gauges {
    /// Sets the numbers of values and of flights. The store's lock is held.
    pub(super) fn set(&self, entries: usize, in_flight: usize) {
        self.entries.store(entries, Ordering::Relaxed);
        self.in_flight.store(in_flight, Ordering::Relaxed);
    }

    /// Returns the number of values.
    pub(crate) fn entries(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    /// Returns the number of flights under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Returns the number of callers that wait for a flight, or for its place.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(super) fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(&self.waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
