//! Ids and times.

use jiff::Timestamp;
use rand::RngExt as _;

/// Returns a new id: 24 hexadecimal digits.
pub(crate) fn new_id() -> String {
    let random: u128 = rand::rng().random();
    format!("{random:032x}")[..24].to_owned()
}

/// Returns a new token, which looks like a JWT.
pub(crate) fn new_token() -> String {
    format!("eyJ{}.{}.{}", new_id(), new_id(), new_id())
}

pub(crate) fn arn(pool_id: &str, of: &str, id: &str) -> String {
    format!("arn:cn:authing:{pool_id}:{of}:{id}")
}

pub(crate) fn unix_now() -> i64 {
    Timestamp::now().as_second()
}

pub(crate) fn now() -> String {
    format!("{:.3}", Timestamp::now())
}
