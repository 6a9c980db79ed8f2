pub use core::prelude::v1::test;
use iam_sdk::Error;
#[cfg(feature = "jwt")]
pub use iam_sdk::blocking::jwt;
pub use iam_sdk::blocking::{Client, authing, authing::ManagementClient, cloudspot, cloudspot::LicenseClient};
pub use maybe_async::must_be_sync as maybe_async;
use tokio::sync::mpsc::UnboundedReceiver;

/// The number of concurrent callers, which are threads.
pub const AT_ONCE: usize = 64;

/// The protocol that the flavour prefers.
pub const PROTOCOL: &str = "http/1.1";

/// Runs `work` `times` times concurrently, and waits for all.
pub fn in_parallel(times: usize, work: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for n in 0..times {
            let work = &work;
            scope.spawn(move || work(n));
        }
    });
}

/// Returns the error of a call that runs on this thread.
pub fn error_of_a_call(client: Client) -> Option<Error> {
    client.identity().analyze_token().err()
}

/// Waits for the next value.
pub fn received<T>(from: &mut UnboundedReceiver<T>) -> T {
    let next = async { tokio::time::timeout(std::time::Duration::from_secs(20), from.recv()).await };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(next).expect("nothing was received in 20 s").expect("the sender is gone")
}

/// Lets other work run for a moment.
pub fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(10));
}

/// What a call came to, written as a user's log would have it.
pub type Outcome = Result<String, Error>;

pub fn outcome<T: std::fmt::Debug>(call: Result<T, Error>) -> Outcome {
    call.map(|value| format!("{value:?}"))
}

/// Returns the next item of a pager.
pub fn next<T: Clone + PartialEq + Send + 'static>(pager: &mut authing::Pager<T>) -> Option<Result<T, Error>> {
    pager.next()
}

/// Returns all items of a pager, up to its end or its first error.
pub fn all<T: Clone + PartialEq + Send + 'static>(mut pager: authing::Pager<T>) -> (Vec<T>, Option<Error>) {
    let mut items = Vec::new();
    while let Some(next) = pager.next() {
        match next {
            Ok(item) => items.push(item),
            Err(error) => {
                assert!(pager.next().is_none(), "an error ends it");
                return (items, Some(error));
            }
        }
    }
    (items, None)
}

#[allow(clippy::duplicate_mod)]
#[path = "../every_call.rs"]
mod every_call;
#[allow(clippy::duplicate_mod)]
#[path = "../faults/mod.rs"]
mod faults;
#[cfg(feature = "jwt")]
#[allow(clippy::duplicate_mod)]
#[path = "../jwt/mod.rs"]
mod jwts;
#[allow(clippy::duplicate_mod)]
#[path = "../scenarios/mod.rs"]
mod scenarios;
#[allow(clippy::duplicate_mod)]
#[path = "../wire/mod.rs"]
mod wire;
