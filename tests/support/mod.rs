//! What tests share.

pub mod closing;
pub mod gate;
pub mod handshake;
pub mod http2;
pub mod log;
pub mod observed;
#[cfg(feature = "metrics")]
pub mod recorder;
pub mod server;
pub mod spans;
pub mod tls;
pub mod vocabulary;

use std::{collections::BTreeMap, fmt::Debug};

/// `assert!` as a function: what is written once for both flavours has no `.await` inside a macro call.
#[track_caller]
pub fn holds(condition: bool) {
    assert!(condition);
}

/// `assert_eq!` as a function.
#[track_caller]
pub fn same<A: PartialEq<B> + Debug, B: Debug>(found: A, expected: B) {
    assert_eq!(found, expected);
}

/// The id in the body of a request that a test numbered: a `sid` that is not 0, or else an `id` that is a number.
pub fn id_of(body: &[u8]) -> Option<i64> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let sid = body["sid"].as_i64().filter(|sid| *sid != 0);
    sid.or_else(|| body["id"].as_str()?.parse().ok())
}

/// Returns the writes among these numbered calls that were not carried out exactly once, and how often they were.
pub fn wrong_writes(carried_out: &BTreeMap<i64, usize>, ids: impl IntoIterator<Item = i64>) -> Vec<(i64, usize)> {
    let times = |id: i64| (id, carried_out.get(&id).copied().unwrap_or(0));
    // Those that three divides are reads.
    ids.into_iter().filter(|id| id % 3 != 0).map(times).filter(|(_, times)| *times != 1).collect()
}
