//! Checks of seeds.

use serde::de::DeserializeOwned;
use std::{collections::HashSet, fmt, hash::Hash, io};

/// A mistake in a seed, which makes `start` fail.
#[derive(Debug)]
pub(super) struct SeedError(String);

impl SeedError {
    pub(super) fn new(mistake: impl fmt::Display) -> Self {
        Self(mistake.to_string())
    }

    /// Adds the service whose seed it is.
    pub(super) fn of(self, service: &str) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{service} seed: {}", self.0))
    }
}

/// Refuses an empty value.
pub(super) fn not_empty(what: &str, value: &str) -> Result<(), SeedError> {
    if value.is_empty() { Err(SeedError::new(format_args!("{what} is empty"))) } else { Ok(()) }
}

/// Refuses a value that clients could not send in a header. The value may be a secret, and is not quoted.
pub(super) fn sendable(what: &str, value: &str) -> Result<(), SeedError> {
    let is_text = value.chars().all(|c| matches!(c, ' '..='~'));
    if is_text { Ok(()) } else { Err(SeedError::new(format_args!("{what} does not fit in a header"))) }
}

/// Refuses a duplicate.
pub(super) fn unique<T: Eq + Hash>(
    seen: &mut HashSet<T>,
    value: T,
    mistake: impl fmt::Display,
) -> Result<(), SeedError> {
    if seen.insert(value) { Ok(()) } else { Err(SeedError::new(mistake)) }
}

/// Reads a service's default seed.
#[allow(clippy::expect_used)]
pub(super) fn default_seed<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).expect("a test reads the crate's own default seeds")
}
