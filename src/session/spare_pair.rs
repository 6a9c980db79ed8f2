//! A key pair that is made ahead, for the next login.

use super::login_keys::PATIENCE;
use crate::{
    Result,
    crypto::KeyPair,
    transport::{
        runtime::{Flavour, work_lost},
        worker::Workers,
    },
};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::{oneshot, watch};

/// Holds one key pair at the most. A login takes it out, so that no two logins have the same one.
#[derive(Default)]
pub(super) struct SparePair(Mutex<Option<Spare>>);

struct Spare {
    /// The process that made it: after a fork the child would have the same pair as its parent.
    process: u32,
    /// When its making began.
    begun: Instant,
    pair: ComingPair,
    watched: WatchedPair,
}

/// A key pair that another thread makes, or has made. Where the client is gone by then, that thread drops it.
pub(super) type ComingPair = oneshot::Receiver<Result<KeyPair>>;

/// Tells when a key pair has been made, whoever has taken it out by then.
#[derive(Clone)]
pub(super) struct WatchedPair(watch::Receiver<Option<Result<()>>>);

/// The making of a key pair.
pub(super) struct PairTask {
    pair: oneshot::Sender<Result<KeyPair>>,
    made: watch::Sender<Option<Result<()>>>,
}

impl SparePair {
    /// Begins to make a pair, unless there is one or all cores are at work for other logins.
    pub(super) fn make(&self) {
        let mut spare = self.lock();
        if !spare.as_ref().is_some_and(Spare::is_usable) {
            let (task, coming) = Spare::begin();
            let started = Workers::cpu().start(move || task.complete(KeyPair::generate()));
            *spare = started.map(|_| coming);
        }
    }

    /// Returns the pair that is there, or is being made; else `start` is to have one made.
    pub(super) fn begin(&self, start: impl FnOnce(PairTask)) -> WatchedPair {
        let mut spare = self.lock();
        if let Some(spare) = spare.as_ref().filter(|spare| spare.is_usable()) {
            return spare.watched.clone();
        }
        let (task, coming) = Spare::begin();
        let watched = coming.watched.clone();
        *spare = Some(coming);
        drop(spare);
        start(task);
        watched
    }

    /// Takes the pair out.
    pub(super) fn take(&self) -> Option<ComingPair> {
        self.lock().take().filter(Spare::is_usable).map(|spare| spare.pair)
    }

    /// Keeps a pair that no login has used, unless there is another one.
    pub(super) fn keep(&self, pair: KeyPair) {
        let mut spare = self.lock();
        if !spare.as_ref().is_some_and(Spare::is_usable) {
            let (task, made) = Spare::begin();
            task.complete(Ok(pair));
            *spare = Some(made);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Spare>> {
        // No code that can panic runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spare {
    fn begin() -> (PairTask, Self) {
        let ((sender, pair), (made, watched)) = (oneshot::channel(), watch::channel(None));
        let (process, begun, watched) = (std::process::id(), Instant::now(), WatchedPair(watched));
        (PairTask { pair: sender, made }, Self { process, begun, pair, watched })
    }

    fn is_own(&self) -> bool {
        self.process == std::process::id()
    }

    fn is_usable(&self) -> bool {
        // What has not come for long may never come: nobody may be driving the runtime that was to make it.
        self.is_own() && !self.watched.is_lost() && (self.watched.is_made() || self.begun.elapsed() < PATIENCE)
    }
}

impl PairTask {
    /// Makes the pair as soon as a core is free for it. Nobody needs to drive the runtime any more once that has begun.
    pub(super) fn make_in(self, flavour: Flavour) {
        let work = async { Workers::cpu().run(move || self.complete(KeyPair::generate())).await };
        drop(flavour.spawn_in(tracing::Span::none(), work));
    }

    pub(super) fn complete(self, pair: Result<KeyPair>) {
        let made = pair.as_ref().map(drop).map_err(Clone::clone);
        // Nobody may want it any more.
        let _ = self.pair.send(pair);
        self.made.send_replace(Some(made));
    }
}

impl WatchedPair {
    /// Waits until the pair has been made.
    pub(super) async fn made(&mut self) -> Result<()> {
        let made = self.0.wait_for(Option::is_some).await.map_err(|_| work_lost())?;
        made.clone().unwrap_or_else(|| Err(work_lost()))
    }

    fn is_made(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Returns whether none could be made, or what was to make it has ended.
    fn is_lost(&self) -> bool {
        match &*self.0.borrow() {
            Some(made) => made.is_err(),
            None => self.0.has_changed().is_err(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn taken(spare: &SparePair) -> Option<KeyPair> {
        spare.take().map(|coming| coming.blocking_recv().unwrap().unwrap())
    }

    /// The test's own threads may have all cores for the moment.
    fn make(spare: &SparePair) {
        while !spare.lock().as_ref().is_some_and(Spare::is_usable) {
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
    fn many_preparations_make_one_pair_and_a_login_uses_it_while_they_wait() {
        let (spare, mut tasks) = (SparePair::default(), Vec::new());
        let mut watched: Vec<_> = (0..100).map(|_| spare.begin(|task| tasks.push(task))).collect();
        assert_eq!(tasks.len(), 1);
        spare.make();
        let (coming, pair) = (spare.take().unwrap(), KeyPair::generate().unwrap());
        assert!(spare.take().is_none());
        tasks.pop().unwrap().complete(Ok(pair.clone()));
        assert!(coming.blocking_recv().unwrap().is_ok_and(|taken| taken == pair));
        for pair in &mut watched {
            pair.made().now_or_never().unwrap().unwrap();
        }
        // There is one now.
        spare.keep(pair.clone());
        spare.begin(|_| panic!("another one is made")).made().now_or_never().unwrap().unwrap();
        assert!(taken(&spare).is_some_and(|taken| taken == pair));
    }

    #[test]
    fn what_cannot_be_made_is_begun_again() {
        let (spare, mut tasks) = (SparePair::default(), Vec::new());
        let mut lost = spare.begin(drop);
        assert!(lost.made().now_or_never().unwrap().is_err());
        let mut failed = spare.begin(|task| task.complete(Err(work_lost())));
        assert!(failed.made().now_or_never().unwrap().is_err());
        spare.begin(|task| tasks.push(task));
        assert_eq!(tasks.len(), 1);
    }

    #[test]
    fn a_pair_that_does_not_come_is_begun_again() {
        let (spare, mut tasks) = (SparePair::default(), Vec::new());
        let late = || spare.lock().as_mut().unwrap().begun -= PATIENCE;
        let mut pair = spare.begin(|task| tasks.push(task));
        late();
        assert!(spare.take().is_none(), "a login waits for it");
        spare.begin(|task| tasks.push(task));
        late();
        spare.begin(|task| tasks.push(task));
        assert_eq!(tasks.len(), 3);
        // One that has come stays.
        tasks.pop().unwrap().complete(KeyPair::generate());
        late();
        spare.begin(|_| panic!("another one is made"));
        assert!(taken(&spare).is_some());
        tasks.clear();
        assert!(pair.made().now_or_never().unwrap().is_err());
    }

    #[cfg(feature = "async")]
    #[test]
    fn a_pair_comes_also_where_the_runtime_that_began_it_is_not_driven_any_more() {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let comes = || {
            let (spare, left, driven) = (SparePair::default(), runtime(), runtime());
            let mut pair = left.block_on(async {
                let pair = spare.begin(|task| task.make_in(Flavour::Async));
                tokio::task::yield_now().await;
                pair
            });
            driven.block_on(async { tokio::time::timeout(PATIENCE, pair.made()).await }).is_ok_and(|made| made.is_ok())
        };
        // Other tests may have all cores for the moment, and then it has not begun.
        assert!((0..10).any(|_| comes()));
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
        make(&spare);
        assert!(taken(&spare).unwrap() != theirs);
    }
}
