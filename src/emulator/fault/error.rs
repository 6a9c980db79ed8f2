//! Faults that cannot be.

use std::{error, fmt};

/// A fault that cannot be read, or that names what does not exist. The text says what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultError(String);

impl FaultError {
    pub(super) fn new(mistake: impl fmt::Display) -> Self {
        Self(mistake.to_string())
    }

    /// Says in which part of the text the mistake is.
    pub(super) fn of(self, part: &str) -> Self {
        Self(format!("{part}: {}", self.0))
    }
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault: {}", self.0)
    }
}

impl error::Error for FaultError {}
