//! What a journal says of earlier runs.

use super::{outcome::Done, row::RowHash};
use jiff::Timestamp;
use std::collections::HashMap;

/// What earlier runs have done.
#[derive(Debug)]
pub struct JournalState {
    /// By the row's number.
    results: HashMap<usize, RowResult>,
    pub sent_up_to: usize,
    /// When the first run began. What the service had before is not of this import.
    pub started_at: Timestamp,
}

impl Default for JournalState {
    fn default() -> Self {
        Self { results: HashMap::new(), sent_up_to: 0, started_at: Timestamp::now() }
    }
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowResult {
    /// Done, with the row's hash.
    Done { hash: u64, done: Done },
    /// The service refused it: whatever was sent did not stay.
    Failed,
    /// Whether the service has carried it out is not known.
    Unknown,
}

/// What is known of a row before this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing: it was never sent, or it failed.
    New,
    /// It may have been sent by a run that was killed.
    MaybeSent,
    /// It is done.
    Done(Done),
    /// Another row with this number is done: the file has changed.
    Changed,
}

impl JournalState {
    /// Returns what is known of a row, by its number and its hash.
    pub fn of(&self, number: usize, hash: RowHash) -> Known {
        match self.results.get(&number).copied() {
            Some(RowResult::Done { hash: other, .. }) if other != hash.short() => Known::Changed,
            Some(RowResult::Done { done, .. }) => Known::Done(done),
            Some(RowResult::Failed) => Known::New,
            Some(RowResult::Unknown) => Known::MaybeSent,
            None if number <= self.sent_up_to => Known::MaybeSent,
            None => Known::New,
        }
    }

    /// Returns the number of the last row that is done.
    pub fn last_done(&self) -> usize {
        let done = self.results.iter().filter(|(_, result)| result.is_done());
        done.map(|(number, _)| *number).max().unwrap_or(0)
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.results.is_empty() && self.sent_up_to == 0
    }

    /// Returns how many rows failed.
    pub fn failed(&self) -> usize {
        self.results.values().filter(|result| !result.is_done()).count()
    }

    /// The rows that failed may have been sent again since.
    pub fn retrying(&mut self) {
        for result in self.results.values_mut().filter(|result| !result.is_done()) {
            *result = RowResult::Unknown;
        }
    }

    pub fn note(&mut self, number: usize, result: RowResult) {
        self.results.insert(number, result);
    }
}

impl RowResult {
    fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. })
    }
}
