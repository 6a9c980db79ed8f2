//! Whatever a server, a file or a caller's text holds: no panic, and no success that it is not.
//!
//! `PROPTEST_CASES` is the number of random cases of each target, `PROPTEST_RNG_SEED` makes them others. A case that failed is kept
//! below `tests/fuzz`, and tried first from then on.

#[path = "../every_call.rs"]
mod every_call;

mod bodies;
mod calls;
mod corpus;
mod logins;
mod models;
mod parts;
#[cfg(feature = "jwt")]
mod tokens;

use iam_sdk::Error;
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestRunner};
use std::fmt::Debug;

pub use iam_sdk::blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient};

type Outcome = Result<String, Error>;

/// What a call returned, written as a user's log would have it.
fn outcome<T: Debug>(result: Result<T, Error>) -> Outcome {
    result.map(|value| format!("{value:?}"))
}

/// A runner of `PROPTEST_CASES` random cases, or of `cases`, the same ones each time.
fn runner(cases: u32) -> TestRunner {
    let failures = FileFailurePersistence::Direct(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/failures.txt"));
    let mut config = Config {
        failure_persistence: Some(Box::new(failures)),
        source_file: Some(file!()),
        ..Config::with_cases(cases)
    };
    if let Some(given) = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()) {
        config.cases = given;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(0);
    }
    TestRunner::new(config)
}
