//! How many allocations a call makes on its caller's thread, and of how many bytes.

use iam_sdk::{
    Result,
    observe::{AttemptInfo, CallInfo, Observer},
};
use std::{cell::Cell, hint::black_box};

thread_local! {
    /// How many allocations there were, and of how many bytes.
    static ALLOCATIONS: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// Counts an allocation of this thread.
pub fn count(bytes: usize) {
    // A thread that ends has no count any more.
    let _ = ALLOCATIONS.try_with(|allocations| {
        let (count, all) = allocations.get();
        allocations.set((count + 1, all + bytes));
    });
}

/// An observer that reads what it is told and keeps nothing.
struct Reading;

impl Observer for Reading {
    fn call_finished(&self, call: &CallInfo) {
        black_box((call.operation, call.duration, call.error_type()));
    }

    fn attempt_finished(&self, attempt: &AttemptInfo<'_>) {
        black_box((attempt.server_address, attempt.url_template, attempt.error_type()));
    }
}

/// Returns how many allocations a call makes, once its connection is open, and of how many bytes: the median of many.
fn allocations_of(call: impl Fn() -> Result<()>) -> (usize, usize) {
    let mut counts: Vec<(usize, usize)> = (0..101)
        .map(|_| {
            let before = ALLOCATIONS.get();
            call().unwrap();
            let after = ALLOCATIONS.get();
            (after.0 - before.0, after.1 - before.1)
        })
        .collect();
    counts.sort_unstable();
    counts[counts.len() / 2]
}

/// Without a subscriber: an observer adds no allocation to a call.
pub fn an_observer_costs_no_allocation(url: &str) {
    let builder = || iam_sdk::blocking::Client::builder(url, "a");
    let counted = [builder(), builder().observer(Reading)].map(|builder| {
        let client = builder.build().unwrap().with_token("t").unwrap();
        allocations_of(|| client.users().get_user_simple().map(drop))
    });
    println!("{:?} allocations and bytes of a blocking call, {:?} with an observer", counted[0], counted[1]);
    assert_eq!(counted[0], counted[1]);
    #[cfg(feature = "async")]
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let builder = || iam_sdk::Client::builder(url, "a");
        let counted = [builder(), builder().observer(Reading)].map(|builder| {
            let client = builder.build().unwrap().with_token("t").unwrap();
            allocations_of(|| runtime.block_on(client.users().get_user_simple()).map(drop))
        });
        println!("{:?} allocations and bytes of an async call, {:?} with an observer", counted[0], counted[1]);
        assert_eq!(counted[0], counted[1]);
    }
}
