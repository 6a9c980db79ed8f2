pub use core::prelude::v1::test;
pub use iam_sdk::blocking::{Client, cloudspot};
pub use maybe_async::must_be_sync as maybe_async;

/// Runs `work` as many times at once, and waits for all.
pub fn in_parallel(times: usize, work: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for n in 0..times {
            let work = &work;
            scope.spawn(move || work(n));
        }
    });
}

#[allow(clippy::duplicate_mod)]
#[path = "../faults/mod.rs"]
mod faults;
#[allow(clippy::duplicate_mod)]
#[path = "../scenarios/mod.rs"]
mod scenarios;
#[allow(clippy::duplicate_mod)]
#[path = "../wire/mod.rs"]
mod wire;
