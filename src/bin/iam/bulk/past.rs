//! What a journal says of earlier runs.

use super::{journal::Done, row::RowHash};
use std::collections::HashMap;

/// What earlier runs have done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// By the row's number.
    results: HashMap<usize, Result>,
    pub sent_up_to: usize,
}

/// What became of a row: `done` is nothing where it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Result {
    pub hash: u64,
    pub done: Option<Done>,
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

impl Past {
    /// Returns what is known of a row, by its number and its hash.
    pub fn of(&self, number: usize, hash: RowHash) -> Known {
        match self.results.get(&number).copied() {
            Some(Result { hash: other, done: Some(_) }) if other != hash.short() => Known::Changed,
            Some(Result { done: Some(done), .. }) => Known::Done(done),
            // The service refused it: whatever was sent did not stay.
            Some(Result { done: None, .. }) => Known::New,
            None if number <= self.sent_up_to => Known::MaybeSent,
            None => Known::New,
        }
    }

    /// Returns the number of the last row that is done.
    pub fn last_done(&self) -> usize {
        let done = self.results.iter().filter(|(_, result)| result.done.is_some());
        done.map(|(number, _)| *number).max().unwrap_or(0)
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.results.is_empty() && self.sent_up_to == 0
    }

    /// Returns how many rows failed.
    pub fn failed(&self) -> usize {
        self.results.values().filter(|result| result.done.is_none()).count()
    }

    /// The rows that failed may have been sent again since.
    pub fn retrying(&mut self) {
        let sent_up_to = &mut self.sent_up_to;
        self.results.retain(|number, result| {
            if result.done.is_none() {
                *sent_up_to = (*sent_up_to).max(*number);
            }
            result.done.is_some()
        });
    }

    pub fn note(&mut self, number: usize, result: Result) {
        self.results.insert(number, result);
    }
}
