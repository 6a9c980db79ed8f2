//! Threads for what blocks: stores, credentials providers and the arithmetic of a login.
//!
//! Not the pool of tokio: whoever fills it with calls of this crate would wait for a thread for ever.

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

/// How many pieces of work may be under way at once; the next ones wait for one to end.
#[derive(Clone, Debug)]
pub(crate) struct Workers(Arc<Semaphore>);

impl Workers {
    pub(crate) fn new(limit: usize) -> Self {
        Self(Arc::new(Semaphore::new(limit)))
    }

    /// The workers for arithmetic, one a core: hundreds of logins at once must not starve everything else.
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

    /// Whether nothing is under way.
    pub(crate) fn are_idle(&self) -> bool {
        self.0.available_permits() > 0
    }

    /// Runs `work` on a thread of its own. A panic in it goes on in the caller. If the caller stops waiting, the result is
    /// dropped on that thread, once it comes.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let permit = self.0.clone().acquire_owned().await.map_err(|_| work_lost())?;
        let (sender, receiver) = oneshot::channel();
        let (span, subscriber) = (Span::current(), dispatcher::get_default(Clone::clone));
        let run = move || {
            let _subscriber = dispatcher::set_default(&subscriber);
            let _entered = span.enter();
            let result = catch_unwind(AssertUnwindSafe(work));
            let _ = sender.send(result);
            drop(permit);
        };
        thread::Builder::new().name("iam-sdk-worker".to_owned()).spawn(run).map_err(|_| work_lost())?;
        match receiver.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(work_lost()),
        }
    }
}
