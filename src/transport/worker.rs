//! Threads for blocking work: token stores, credentials providers and the arithmetic of a login.
//!
//! Tokio's blocking pool is not used: an application that fills it with calls of this crate would deadlock.

use super::runtime::work_lost;
use crate::Result;
use arc_swap::ArcSwapOption;
use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    thread,
};
use tokio::sync::{Semaphore, oneshot};
use tracing::{Span, dispatcher};

/// Runs blocking work on threads, with a limit of how many are under way at once.
#[derive(Clone, Debug)]
pub(crate) struct Workers(Arc<Semaphore>);

impl Workers {
    pub(crate) fn new(limit: usize) -> Self {
        Self(Arc::new(Semaphore::new(limit)))
    }

    /// Returns the workers for arithmetic, one per core, so that many logins at once do not starve other work.
    pub(crate) fn cpu() -> Self {
        // With the process's id: work that was under way at a fork ends in the parent alone.
        static CPU: ArcSwapOption<(u32, Workers)> = ArcSwapOption::const_empty();
        let process = std::process::id();
        loop {
            let current = CPU.load_full();
            if let Some(current) = current.as_ref().filter(|current| current.0 == process) {
                return current.1.clone();
            }
            let cores = thread::available_parallelism().map_or(1, usize::from);
            CPU.compare_and_swap(&current, Some(Arc::new((process, Workers::new(cores)))));
        }
    }

    /// Returns whether another piece of work could start at once.
    pub(crate) fn are_idle(&self) -> bool {
        self.0.available_permits() > 0
    }

    /// Runs `work` on a thread of its own, and resumes a panic of it. If the caller stops waiting, the result is dropped on that
    /// thread.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let permit = self.0.clone().acquire_owned().await.map_err(|_| work_lost())?;
        let (sender, receiver) = oneshot::channel();
        let (span, subscriber) = (Span::current(), dispatcher::get_default(Clone::clone));
        let run = move || {
            let _subscriber = dispatcher::set_default(&subscriber);
            // Dropped before the subscriber: what closes a span asks the thread's own for the span around it.
            let _entered = span.entered();
            let result = catch_unwind(AssertUnwindSafe(work));
            let _ = sender.send(result);
            drop(permit);
        };
        spawn(run).map_err(|_| work_lost())?;
        match receiver.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(work_lost()),
        }
    }

    /// Starts `work` that nobody waits for yet on a thread of its own, if it need not wait for another piece of work. If the receiver
    /// is gone by then, the result is dropped on that thread.
    pub(crate) fn start<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<oneshot::Receiver<T>> {
        let permit = self.0.clone().try_acquire_owned().ok()?;
        let (sender, receiver) = oneshot::channel();
        let run = move || {
            let _permit = permit;
            let _ = sender.send(work());
        };
        spawn(run).ok().map(|_| receiver)
    }
}

fn spawn(run: impl FnOnce() + Send + 'static) -> std::io::Result<thread::JoinHandle<()>> {
    thread::Builder::new().name("iam-sdk-worker".to_owned()).spawn(run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn a_result_that_nobody_takes_is_dropped_on_its_thread() {
        struct Told(std::sync::mpsc::Sender<thread::ThreadId>);
        impl Drop for Told {
            fn drop(&mut self) {
                self.0.send(thread::current().id()).unwrap();
            }
        }
        let (workers, (told, dropped), gate) = (Workers::new(1), std::sync::mpsc::channel(), Arc::new(Barrier::new(2)));
        let closed = gate.clone();
        let coming = workers.start(move || {
            closed.wait();
            Told(told)
        });
        assert!(workers.start(|| ()).is_none(), "another piece of work would have to wait");
        drop(coming.unwrap());
        gate.wait();
        assert_ne!(dropped.recv().unwrap(), thread::current().id());
        while !workers.are_idle() {
            thread::yield_now();
        }
        assert_eq!(workers.start(|| 7).unwrap().blocking_recv(), Ok(7));
    }

    #[test]
    fn arithmetic_takes_as_many_threads_as_there_are_cores() {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let [begun, checked] = [(); 2].map(|()| Arc::new(Barrier::new(cores + 1)));
        thread::scope(|scope| {
            for _ in 0..cores {
                let (begun, checked) = (begun.clone(), checked.clone());
                let work = move || {
                    begun.wait();
                    checked.wait();
                };
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                scope.spawn(move || runtime.block_on(Workers::cpu().run(work)).unwrap());
            }
            begun.wait();
            let is_full = !Workers::cpu().are_idle();
            checked.wait();
            assert!(is_full, "another login would take time from all others");
        });
    }
}
