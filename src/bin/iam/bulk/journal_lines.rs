//! The lines of a journal, and how they are read.
//!
//! They are JSON, of these forms:
//!
//! ```text
//! {"iam_journal":1,"command":"authing users import","target":"https://core.authing.cn pool","started_at":"2026-11-22T03:14:00Z"}
//! {"sent_up_to":512}                                        the rows up to here may have been sent
//! {"row":7,"hash":"9f86d0…","result":"created","id":"u7"}   what became of a row
//! {"retrying":3}                                            so many rows that failed are sent again from here on
//! {"finished_at":"2026-11-22T03:15:00Z"}                    all rows are done: the next run begins anew
//! ```
//!
//! The second form is on disk before any of its rows is sent: of the rows below it that have no result, a run that was killed
//! may have created some. It is one line for many rows, which costs less than one a row.

use super::{
    journal::JournalScope,
    journal_state::{JournalState, RowResult},
    outcome::Done,
    row::RowHash,
};
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{BufRead as _, BufReader},
};

pub const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub enum JournalLine {
    Head {
        iam_journal: u32,
        command: String,
        target: String,
        #[serde(default)]
        started_at: String,
    },
    Sent {
        sent_up_to: usize,
    },
    Retrying {
        retrying: usize,
    },
    Finished {
        finished_at: String,
    },
    Row(RowLine),
}

#[derive(Serialize, Deserialize)]
pub struct RowLine {
    pub row: usize,
    pub hash: String,
    pub result: LineResult,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineResult {
    Created,
    Updated,
    Skipped,
    Unchanged,
    Failed,
    Unknown,
}

/// What a journal says.
pub struct Read {
    pub past: JournalState,
    /// How long its whole lines are.
    pub length: u64,
    pub has_head: bool,
    pub finished_at: Option<String>,
}

/// Reads what earlier runs have written.
pub fn read(file: &File, scope: &JournalScope) -> Result<Read, String> {
    let mut input = BufReader::with_capacity(64 * 1024, file);
    let mut state = Read { past: JournalState::default(), length: 0, has_head: false, finished_at: None };
    let mut number = 0_u64;
    let mut text = Vec::new();
    loop {
        text.clear();
        let length = input.read_until(b'\n', &mut text).map_err(|error| error.to_string())?;
        if text.last() != Some(&b'\n') {
            // Before the head is whole nothing was sent; but a file of another kind must not be emptied.
            let is_begun = is_zeros(&text) || b"{\"iam_journal\":".starts_with(&text[..length.min(15)]);
            return match state.has_head || is_begun {
                true => Ok(state),
                false => Err("not a journal of an import".to_owned()),
            };
        }
        number += 1;
        if state.has_head && text.contains(&0) {
            // What a machine that lost its power leaves of a line that was not on disk yet: whatever it said is looked up.
            state.length += length as u64;
            continue;
        }
        let line = serde_json::from_slice(&text).ok();
        match line {
            Some(JournalLine::Head { iam_journal, command, target, started_at }) if !state.has_head => {
                if iam_journal != VERSION {
                    return Err(format!(
                        "this journal has version {iam_journal}, and this program knows {VERSION} alone"
                    ));
                }
                let other = JournalScope { command, target };
                if other != *scope {
                    let (theirs, ours) = (describe(&other), describe(scope));
                    return Err(format!(
                        "this is the journal of `{theirs}`, and not of `{ours}`; name another one with --journal"
                    ));
                }
                // One that cannot be read is now: what the service has is then not of this import.
                state.past.started_at = started_at.parse().unwrap_or(state.past.started_at);
                state.has_head = true;
            }
            _ if !state.has_head => return Err("not a journal of an import".to_owned()),
            Some(JournalLine::Sent { sent_up_to }) => state.past.sent_up_to = state.past.sent_up_to.max(sent_up_to),
            Some(JournalLine::Retrying { .. }) => state.past.retrying(),
            Some(JournalLine::Finished { finished_at }) => state.finished_at = Some(finished_at),
            Some(JournalLine::Row(RowLine { row, hash, result, .. })) => {
                let Some(hash) = RowHash::short_of(&hash) else {
                    return Err(format!("line {number}: not the hash of a row"));
                };
                let done = |done| RowResult::Done { hash, done };
                let result = match result {
                    LineResult::Created => done(Done::Created),
                    LineResult::Updated => done(Done::Updated),
                    LineResult::Skipped => done(Done::Skipped),
                    LineResult::Unchanged => done(Done::Unchanged),
                    LineResult::Failed => RowResult::Failed,
                    LineResult::Unknown => RowResult::Unknown,
                };
                state.past.note(row, result);
            }
            _ => return Err(format!("line {number}: not a line of a journal")),
        }
        state.length += length as u64;
    }
}

fn is_zeros(text: &[u8]) -> bool {
    text.iter().all(|byte| *byte == 0)
}

fn describe(scope: &JournalScope) -> String {
    format!("{} at {}", scope.command, scope.target)
}
