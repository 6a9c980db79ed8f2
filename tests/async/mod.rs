use futures_core::Stream;
use iam_sdk::Error;
#[cfg(feature = "jwt")]
pub use iam_sdk::r#async::jwt;
pub use iam_sdk::r#async::{Client, authing, authing::ManagementClient, cloudspot, cloudspot::LicenseClient};
pub use maybe_async::must_be_async as maybe_async;
use std::{
    future::{Future, poll_fn},
    pin::Pin,
};
use tokio::sync::mpsc::UnboundedReceiver;
pub use tokio::test;

/// The number of concurrent callers: tasks are cheap.
pub const AT_ONCE: usize = 1000;

/// The protocol that the flavour prefers.
pub const PROTOCOL: &str = "h2";

/// Runs `work` `times` times concurrently, and waits for all.
pub async fn in_parallel<F: Future<Output: Send + 'static> + Send + 'static>(times: usize, work: impl Fn(usize) -> F) {
    let tasks: Vec<_> = (0..times).map(|n| tokio::spawn(work(n))).collect();
    for task in tasks {
        task.await.expect("a task panicked");
    }
}

/// Returns the error of a call that runs on this thread.
pub fn error_of_a_call(client: Client) -> Option<Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { client.identity().analyze_token().await.err() })
}

/// Waits for the next value.
pub async fn received<T>(from: &mut UnboundedReceiver<T>) -> T {
    let next = tokio::time::timeout(std::time::Duration::from_secs(20), from.recv()).await;
    next.expect("nothing was received in 20 s").expect("the sender is gone")
}

/// Lets other work run for a moment.
pub async fn pause() {
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
}

/// What a call came to, written as a user's log would have it.
pub type Outcome = Result<String, Error>;

/// Runs a call to its end, on a runtime that all calls of this kind share.
pub fn outcome<T: std::fmt::Debug>(call: impl Future<Output = Result<T, Error>>) -> Outcome {
    static RUNTIME: std::sync::LazyLock<tokio::runtime::Runtime> = std::sync::LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    });
    RUNTIME.block_on(call).map(|value| format!("{value:?}"))
}

/// Returns the next item of a pager.
pub async fn next<T: Clone + PartialEq + Send + Unpin + 'static>(
    pager: &mut authing::Pager<T>,
) -> Option<Result<T, Error>> {
    poll_fn(|context| Pin::new(&mut *pager).poll_next(context)).await
}

/// Returns all items of a pager, up to its end or its first error.
pub async fn all<T: Clone + PartialEq + Send + Unpin + 'static>(
    mut pager: authing::Pager<T>,
) -> (Vec<T>, Option<Error>) {
    let mut items = Vec::new();
    loop {
        match poll_fn(|context| Pin::new(&mut pager).poll_next(context)).await {
            Some(Ok(item)) => items.push(item),
            Some(Err(error)) => {
                assert!(poll_fn(|context| Pin::new(&mut pager).poll_next(context)).await.is_none(), "an error ends it");
                return (items, Some(error));
            }
            None => return (items, None),
        }
    }
}

mod calls;
mod cancel;
use cancel::polled;
#[path = "../every_call.rs"]
mod every_call;
#[path = "../faults/mod.rs"]
mod faults;
mod hanging;
mod http2;
#[cfg(feature = "jwt")]
mod jwt_cancel;
#[cfg(feature = "jwt")]
#[path = "../jwt/mod.rs"]
mod jwts;
mod observability;
#[cfg(all(feature = "jwt", feature = "server"))]
mod observed_guard;
mod pager;
#[path = "../scenarios/mod.rs"]
mod scenarios;
mod send;
#[path = "../wire/mod.rs"]
mod wire;
