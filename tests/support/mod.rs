//! What tests share.

pub mod handshake;
pub mod server;
pub mod tls;

use std::fmt::Debug;

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
