//! The places of the look-ups that may be under way at once, and the queue of those that wait for one.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many may wait for each place. A burst of new tokens passes; a flood is turned away at once.
const WAITING_PER_PLACE: usize = 16;

#[derive(Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
    most_waiting: usize,
}

/// A place, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// Counts one that waits, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Places {
    pub(crate) fn new(places: usize) -> Self {
        let places = places.min(Semaphore::MAX_PERMITS);
        let most_waiting = places.saturating_mul(WAITING_PER_PLACE);
        Self { free: Arc::new(Semaphore::new(places)), waiting: AtomicUsize::new(0), most_waiting }
    }

    /// Takes a place, if one is free and nobody waits for it.
    pub(crate) fn take(&self) -> Option<Place> {
        self.free.clone().try_acquire_owned().ok().map(|permit| Place { _permit: permit })
    }

    /// Waits for a place, in the order of coming; `None` if too many wait.
    pub(crate) async fn wait(&self) -> Option<Place> {
        let waiting = Waiting(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.most_waiting {
            return None;
        }
        let permit = self.free.clone().acquire_owned().await.ok();
        drop(waiting);
        permit.map(|permit| Place { _permit: permit })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[test]
    fn places_are_given_in_order_and_so_many_wait_at_most() {
        let places = Places::new(1);
        let first = places.take().unwrap();
        assert!(places.take().is_none());
        let mut queue: Vec<_> = (0..WAITING_PER_PLACE).map(|_| Box::pin(places.wait())).collect();
        assert!(queue.iter_mut().all(|waits| waits.as_mut().now_or_never().is_none()));
        assert!(matches!(places.wait().now_or_never(), Some(None)), "the queue is full");
        drop(first);
        assert!(places.take().is_none(), "it is the first one's that waits");
        assert!(queue[1].as_mut().now_or_never().is_none());
        assert!(matches!(queue[0].as_mut().now_or_never(), Some(Some(_))));
        drop(queue);
        assert!(places.take().is_some() && places.waiting.load(Ordering::Relaxed) == 0);
    }
}
