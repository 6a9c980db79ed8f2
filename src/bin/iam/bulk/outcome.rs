//! What an import has done with a row.

use serde::{Deserialize, Serialize};

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Created, or changed, with its id; or left as it is.
    Done(Done, String),
    /// Why it was refused: a text for people, and the kind and code of the error for the journal. `is_unknown`: the service
    /// may have carried it out all the same.
    Failed { message: String, short: String, is_unknown: bool },
}

impl Outcome {
    /// A row that no call was made for, or whose call was refused.
    pub fn refused(message: impl Into<String>, short: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), short: short.into(), is_unknown: false }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    Created,
    Updated,
    Skipped,
    /// It had all that the row says.
    Unchanged,
}
