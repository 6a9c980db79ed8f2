pub use iam_sdk::r#async::{Client, cloudspot};
pub use maybe_async::must_be_async as maybe_async;
use std::future::Future;
pub use tokio::test;

/// Runs `work` as many times at once, and waits for all.
pub async fn in_parallel<F: Future<Output: Send + 'static> + Send + 'static>(times: usize, work: impl Fn(usize) -> F) {
    let tasks: Vec<_> = (0..times).map(|n| tokio::spawn(work(n))).collect();
    for task in tasks {
        task.await.expect("a task panicked");
    }
}

#[path = "../faults/mod.rs"]
mod faults;
#[path = "../scenarios/mod.rs"]
mod scenarios;
#[path = "../wire/mod.rs"]
mod wire;
