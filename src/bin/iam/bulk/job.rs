//! What an import does with a row.

use super::{
    caller::{CallError, Caller},
    outcome::Outcome,
    row::Row,
};
use iam_sdk::{DryRun, Error};
use jiff::Timestamp;

/// What an import does with a row.
pub trait Job: Sync {
    /// Refuses the name of a column that no row could have.
    fn check_column(&self, name: &str) -> Result<(), String>;

    /// Checks a row, and returns the names that no other row may have: pairs of member and value.
    fn check(&self, row: &Row) -> Result<Vec<(&'static str, String)>, String>;

    /// Sends a row.
    fn run(&self, row: &Row, history: History, caller: &Caller<'_>) -> Result<Outcome, CallError>;

    /// Makes the calls that write a row, with a client that sends nothing, and returns what they would send.
    fn preview(&self, row: &Row) -> Result<Vec<Preview>, Error>;

    /// Returns whether what is there is looked for before anything is sent, so that a row that was corrected can be sent again.
    fn looks_first(&self) -> bool {
        false
    }

    /// Returns whether an option has what is there looked for.
    fn can_look_first(&self) -> bool {
        false
    }

    /// Returns the columns that are not sent, although somebody may expect it.
    fn ignored(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns how many groups were created, where rows are about groups.
    fn groups_created(&self) -> Option<usize> {
        None
    }
}

/// What is known of a row before it is sent.
#[derive(Clone, Copy, Debug)]
pub struct History {
    /// Whether an earlier run, which was killed, may have sent it.
    pub maybe_sent: bool,
    /// When the first run of the import began.
    pub started_at: Timestamp,
}

/// What a row would send.
#[derive(Clone, Debug)]
pub enum Preview {
    Request(DryRun),
    /// What decides on the request that follows, or why it cannot be shown.
    Note(String),
}

impl Preview {
    /// Takes the request out of the result of a call with a client that sends nothing.
    pub fn of<T>(result: iam_sdk::Result<T>) -> Result<Self, Error> {
        match result {
            Ok(_) => Ok(Self::Note("a call that needs no request".to_owned())),
            Err(error) => match error.dry_run() {
                Some(request) => Ok(Self::Request(request.clone())),
                None => Err(error),
            },
        }
    }
}
