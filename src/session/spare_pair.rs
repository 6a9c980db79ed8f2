//! A key pair that is made ahead, for the next login.

use crate::{Result, crypto::KeyPair, transport::worker::Workers};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Holds one key pair at the most. A login takes it out, so that no two logins have the same one.
#[derive(Default)]
pub(super) struct SparePair(Mutex<Option<Spare>>);

struct Spare {
    /// The process that made it: after a fork the child would have the same pair as its parent.
    process: u32,
    pair: ComingPair,
}

/// A key pair that another thread makes, or has made. Where the client is gone by then, that thread drops it.
pub(super) type ComingPair = oneshot::Receiver<Result<KeyPair>>;

impl SparePair {
    /// Begins to make a pair, unless there is one or all cores are at work for other logins.
    pub(super) fn make(&self) {
        let mut spare = self.lock();
        if !spare.as_ref().is_some_and(Spare::is_own) {
            *spare = Workers::cpu().start(KeyPair::generate).map(Spare::new);
        }
    }

    /// Takes the pair out.
    pub(super) fn take(&self) -> Option<ComingPair> {
        self.lock().take().filter(Spare::is_own).map(|spare| spare.pair)
    }

    /// Keeps a pair that no login has used, unless there is another one.
    pub(super) fn keep(&self, pair: KeyPair) {
        let (sender, coming) = oneshot::channel();
        // The receiver is there.
        let _ = sender.send(Ok(pair));
        let mut spare = self.lock();
        if !spare.as_ref().is_some_and(Spare::is_own) {
            *spare = Some(Spare::new(coming));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Spare>> {
        // No code that can panic runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spare {
    fn new(pair: ComingPair) -> Self {
        Self { process: std::process::id(), pair }
    }

    fn is_own(&self) -> bool {
        self.process == std::process::id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(spare: &SparePair) -> Option<KeyPair> {
        spare.take().map(|coming| coming.blocking_recv().unwrap().unwrap())
    }

    /// The test's own threads may have all cores for the moment.
    fn make(spare: &SparePair) {
        while spare.lock().is_none() {
            spare.make();
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_pair_is_made_once_and_taken_once() {
        let spare = SparePair::default();
        assert!(spare.take().is_none(), "nothing is made before a login");
        make(&spare);
        // There is one already, or it is being made.
        spare.make();
        let first = taken(&spare).unwrap();
        assert!(spare.take().is_none());
        make(&spare);
        assert!(taken(&spare).unwrap() != first);
    }

    #[test]
    fn a_pair_that_was_not_used_is_kept_unless_there_is_another() {
        let (spare, [first, second]) = (SparePair::default(), [(); 2].map(|()| KeyPair::generate().unwrap()));
        spare.keep(first.clone());
        spare.keep(second);
        assert!(taken(&spare).is_some_and(|pair| pair == first));
    }

    #[test]
    fn the_pair_of_another_process_is_not_used() {
        let (spare, [theirs, own]) = (SparePair::default(), [(); 2].map(|()| KeyPair::generate().unwrap()));
        let inherit = || {
            spare.keep(theirs.clone());
            spare.lock().as_mut().unwrap().process += 1;
        };
        inherit();
        assert!(spare.take().is_none() && spare.lock().is_none(), "it is dropped");
        inherit();
        spare.keep(own.clone());
        assert!(taken(&spare).is_some_and(|pair| pair == own));
        inherit();
        spare.make();
        assert!(taken(&spare).is_none_or(|pair| pair != theirs));
    }
}
