//! Drives a future on the caller's own thread, without a runtime. The thread sleeps until it is woken or a deadline passes.

use super::runtime::Elapsed;
use crate::{Error, ErrorKind, Result};
use std::{
    cell::Cell,
    future::poll_fn,
    panic::resume_unwind,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Instant,
};
use tokio::{runtime::Handle, task::coop};
use tracing::{Span, dispatcher};

thread_local! {
    /// When to poll the future that this thread drives again, even if nothing wakes it.
    static WAKE_AT: Cell<Option<Instant>> = const { Cell::new(None) };
}

struct Parked {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Runs `future` to its end on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let parked = Arc::new(Parked { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(parked.clone());
    loop {
        // A nested call has deadlines of its own.
        let outer = WAKE_AT.take();
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        let wake_at = WAKE_AT.replace(outer);
        if let Poll::Ready(output) = polled {
            return output;
        }
        // A thread can be unparked for reasons of its own.
        while !parked.woken.swap(false, Ordering::Acquire) {
            match wake_at.map(|at| at.saturating_duration_since(Instant::now())) {
                None => thread::park(),
                Some(left) if left.is_zero() => break,
                Some(left) => thread::park_timeout(left),
            }
        }
    }
}

fn wake_at(at: Instant) {
    WAKE_AT.set(Some(WAKE_AT.get().map_or(at, |earlier| earlier.min(at))));
}

pub(super) async fn sleep_until(at: Instant) {
    poll_fn(|_| {
        if Instant::now() >= at {
            return Poll::Ready(());
        }
        wake_at(at);
        Poll::Pending
    })
    .await;
}

pub(super) async fn until<F: Future>(deadline: Instant, future: F) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        if Instant::now() >= deadline {
            return Poll::Ready(Err(Elapsed));
        }
        wake_at(deadline);
        Poll::Pending
    })
    .await
}

/// The kind of thread that a blocking call runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallContext {
    /// A thread outside of any runtime.
    Plain,
    /// A thread of a tokio runtime that may block: `spawn_blocking`, `block_in_place`.
    MayBlock,
    /// A thread that drives a runtime's tasks.
    Executor,
}

impl CallContext {
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Self::Plain | Self::MayBlock => Ok(()),
            Self::Executor => Err(Error::new(ErrorKind::BlockingInAsync)
                .detail("use iam_sdk::r#async::Client here, or tokio::task::spawn_blocking")),
        }
    }
}

/// Returns the kind of this thread.
///
/// Tasks that a runtime polls have a limited budget; closures of `spawn_blocking` have none.
pub(crate) fn context() -> CallContext {
    if Handle::try_current().is_err() {
        return CallContext::Plain;
    }
    const MORE_THAN_ANY_BUDGET: usize = 1024;
    let mut context = Context::from_waker(Waker::noop());
    let unlimited = (0..MORE_THAN_ANY_BUDGET).all(|_| match coop::poll_proceed(&mut context) {
        Poll::Ready(unit) => {
            unit.made_progress();
            true
        }
        Poll::Pending => false,
    });
    if unlimited { CallContext::MayBlock } else { CallContext::Executor }
}

/// Runs a blocking call's future on any kind of thread; fails on a runtime's executor.
pub(crate) fn block_on_anywhere<T: Send>(future: impl Future<Output = Result<T>> + Send) -> Result<T> {
    let context = context();
    context.check()?;
    if context == CallContext::Plain {
        return block_on(future);
    }
    // A lane's runtime must not be entered on a thread that another runtime is aware of.
    let (span, subscriber) = (Span::current(), dispatcher::get_default(Clone::clone));
    thread::scope(|scope| {
        let run = || {
            let _subscriber = dispatcher::set_default(&subscriber);
            let _entered = span.enter();
            block_on(future)
        };
        let thread = thread::Builder::new().name("iam-sdk-call".to_owned()).spawn_scoped(scope, run);
        match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(error) => Err(Error::configuration("no thread could be started for the call").source(error)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_future_is_woken_from_elsewhere_and_by_time() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let woken = thread::spawn(move || block_on(receiver));
        sender.send(7).unwrap();
        assert_eq!(woken.join().unwrap(), Ok(7));
        let soon = Instant::now() + Duration::from_millis(5);
        block_on(sleep_until(soon));
        assert!(Instant::now() >= soon);
        assert!(block_on(until(soon, std::future::pending::<()>())).is_err());
        assert_eq!(block_on(until(soon, async { 1 })).unwrap(), 1, "a future that is ready does not time out");
    }

    #[test]
    fn a_thread_that_may_block_is_told_from_an_executors() {
        assert_eq!(context(), CallContext::Plain);
        for runtime in [
            tokio::runtime::Builder::new_current_thread().build().unwrap(),
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap(),
        ] {
            let handle = runtime.handle().clone();
            runtime.block_on(async {
                assert_eq!(context(), CallContext::Executor);
                let blocking = tokio::task::spawn_blocking(move || {
                    let own = context();
                    (own, handle.block_on(async { context() }), context())
                });
                let expected = (CallContext::MayBlock, CallContext::Executor, CallContext::MayBlock);
                assert_eq!(blocking.await.unwrap(), expected);
                assert_eq!(tokio::spawn(async { context() }).await.unwrap(), CallContext::Executor);
            });
            let _entered = runtime.enter();
            assert_eq!(context(), CallContext::MayBlock);
        }
    }
}
