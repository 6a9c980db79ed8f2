//! Seeds that contradict themselves.

use std::{collections::HashSet, fmt, hash::Hash, io};

/// A mistake in a seed, which makes `start` fail.
#[derive(Debug)]
pub(super) struct SeedError(String);

impl SeedError {
    pub(super) fn new(mistake: impl fmt::Display) -> Self {
        Self(mistake.to_string())
    }

    /// Names the service whose seed it is.
    pub(super) fn of(self, service: &str) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{service} seed: {}", self.0))
    }
}

/// Refuses an empty name.
pub(super) fn named(what: &str, name: &str) -> Result<(), SeedError> {
    if name.is_empty() { Err(SeedError::new(format_args!("{what} is empty"))) } else { Ok(()) }
}

/// Refuses a value that came before.
pub(super) fn unique<T: Eq + Hash>(known: &mut HashSet<T>, value: T, what: impl fmt::Display) -> Result<(), SeedError> {
    if known.insert(value) { Ok(()) } else { Err(SeedError::new(format_args!("{what} is there twice"))) }
}
