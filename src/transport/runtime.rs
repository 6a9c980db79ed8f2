//! The drivers of futures: the caller's tokio runtime, or the caller's own thread.

use crate::{Error, Result};
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, resume_unwind},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use tracing::{Instrument as _, Span, instrument::WithSubscriber as _};

/// The driver of a client's futures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    #[cfg(feature = "async")]
    Async,
    #[cfg(feature = "blocking")]
    Blocking,
    /// The model checker shuttle, which has no clock.
    #[cfg(test)]
    Shuttle,
}

/// The error of a time limit that has run out.
#[derive(Debug)]
pub(crate) struct Elapsed;

impl Flavour {
    /// Fails where a call cannot be made.
    #[cfg(any(feature = "async", feature = "jwt"))]
    pub(crate) fn check_context(self) -> Result<()> {
        match self {
            // A task's id is looked up without touching what other threads use too.
            #[cfg(feature = "async")]
            Self::Async if tokio::task::try_id().is_some() || tokio::runtime::Handle::try_current().is_ok() => Ok(()),
            #[cfg(feature = "async")]
            Self::Async => Err(Error::configuration("an async call needs a running tokio runtime")),
            // Its driver checks before it polls.
            #[cfg(feature = "blocking")]
            Self::Blocking => Ok(()),
            #[cfg(test)]
            Self::Shuttle => Ok(()),
        }
    }

    /// Fails where nothing can wait with a time limit.
    #[cfg(any(feature = "async", feature = "jwt"))]
    pub(crate) fn check_timer(self) -> Result<()> {
        match self {
            // tokio tells in no other way: without a timer, a sleep panics when it is created.
            #[cfg(feature = "async")]
            Self::Async => std::panic::catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).map_err(|_| {
                Error::configuration("the tokio runtime has no timer: build it with `enable_time` or `enable_all`")
            }),
            #[cfg(feature = "blocking")]
            Self::Blocking => Ok(()),
            #[cfg(test)]
            Self::Shuttle => Ok(()),
        }
    }

    pub(crate) async fn sleep(self, time: Duration) {
        match self {
            #[cfg(feature = "async")]
            Self::Async => tokio::time::sleep(time).await,
            #[cfg(feature = "blocking")]
            Self::Blocking => super::park::sleep_until(super::after(Instant::now(), time)).await,
            #[cfg(test)]
            Self::Shuttle => shuttle::future::yield_now().await,
        }
    }

    /// Returns the output of `future`, or [`Elapsed`] if it is not ready before `deadline`.
    pub(crate) async fn until<F: Future>(self, deadline: Instant, future: F) -> Result<F::Output, Elapsed> {
        match self {
            #[cfg(feature = "async")]
            Self::Async => tokio::time::timeout_at(deadline.into(), future).await.map_err(|_| Elapsed),
            #[cfg(feature = "blocking")]
            Self::Blocking => super::park::until(deadline, future).await,
            #[cfg(test)]
            Self::Shuttle => Ok(future.await),
        }
    }

    /// Spawns `work`, which runs to its end even if the caller is dropped. It keeps the caller's tracing span.
    pub(crate) fn spawn_detached<T: Send + 'static>(
        self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.spawn_in(Span::current(), work)
    }

    /// Spawns `work`, which runs to its end even if the caller is dropped, in this tracing span.
    pub(crate) fn spawn_in<T: Send + 'static>(
        self,
        span: Span,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let (sender, receiver) = oneshot::channel();
        let work = async move {
            // Its last use of the span is a part of the work: only that runs with the subscriber, which closes the span around it.
            let result = AssertUnwindSafe(work).catch_unwind().instrument(span).await;
            // The caller may have gone away.
            let _ = sender.send(result);
        };
        let work = work.with_current_subscriber();
        match self {
            #[cfg(feature = "async")]
            Self::Async => drop(tokio::spawn(work)),
            #[cfg(feature = "blocking")]
            Self::Blocking => {
                let thread = std::thread::Builder::new().name("iam-sdk-detached".to_owned());
                // If no thread can be started, the handle reports that the work is lost.
                drop(thread.spawn(move || super::park::block_on(work)));
            }
            #[cfg(test)]
            Self::Shuttle => drop(shuttle::future::spawn(work)),
        }
        JoinHandle(receiver)
    }

    /// Runs `work` on each item, at most `limit` at once, and returns the results in order. After a failure no further item is
    /// begun: its result is `None`.
    pub(crate) async fn for_each_concurrent<I, T, F>(
        self,
        limit: usize,
        items: Vec<I>,
        work: impl Fn(I) -> F,
    ) -> Vec<Option<Result<T>>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let mut results: Vec<Option<Result<T>>> = items.iter().map(|_| None).collect();
        let mut running = FuturesUnordered::new();
        // One alone needs no thread of its own.
        let alone = items.len() == 1;
        let mut waiting = items.into_iter().enumerate();
        loop {
            let failed = results.iter().any(|result| matches!(result, Some(Err(_))));
            while !failed && running.len() < limit {
                let Some((at, item)) = waiting.next() else { break };
                let work = work(item);
                running.push(async move { (at, if alone { work.await } else { self.concurrently(work).await }) });
            }
            match running.next().await {
                Some((at, result)) => results[at] = Some(result),
                None => return results,
            }
        }
    }

    /// Runs one of several concurrent futures. Those of the blocking flavour block, and each needs a thread.
    async fn concurrently<T: Send + 'static>(
        self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        match self {
            #[cfg(feature = "blocking")]
            Self::Blocking => self.spawn_detached(work).join().await?,
            #[allow(unreachable_patterns)]
            _ => work.await,
        }
    }
}

/// A handle to spawned work, to wait for its result.
pub(crate) struct JoinHandle<T>(oneshot::Receiver<Result<T, Box<dyn Any + Send>>>);

impl<T> JoinHandle<T> {
    /// Waits for the result. Resumes a panic of the work.
    pub(crate) async fn join(self) -> Result<T> {
        match self.0.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(work_lost()),
        }
    }
}

/// Returns the error of work that ended without a result: its runtime was shut down, or no thread could be started.
pub(crate) fn work_lost() -> Error {
    Error::configuration("the runtime that worked on the call was shut down, or no thread could be started for it")
}
