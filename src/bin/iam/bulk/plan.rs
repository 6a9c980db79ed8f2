//! What an import has to do: every row is checked, and compared with what earlier runs have done.

use super::{
    import::{Job, SHOWN},
    input::Input,
    journal_state::{JournalState, Known},
    rows::Problem,
};
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

/// The rows of a file, all of which are in order.
#[derive(Debug)]
pub struct Plan {
    /// The beginning of each row's hash, so that a change between the two readings is noticed.
    pub hashes: Vec<u64>,
    /// The rows that earlier runs have done.
    pub done: usize,
    /// Columns that are not sent, although somebody may expect it.
    pub ignored: Vec<&'static str>,
}

impl Plan {
    pub fn rows(&self) -> usize {
        self.hashes.len()
    }

    pub fn todo(&self) -> usize {
        self.rows() - self.done
    }
}

/// Why a file is not imported.
#[derive(Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Rows are wrong: the first problems, and how many there are.
    Problems(Vec<Problem>, usize),
    /// It is not the file that the journal is of.
    Changed(String),
}

/// Reads all rows, checks each, and compares them with what earlier runs have done.
pub fn plan(input: &Input, past: &JournalState, job: &impl Job) -> Result<Plan, Unfit> {
    let rows = input.rows().map_err(|problem| Unfit::Problems(vec![problem], 1))?;
    let (mut problems, mut wrong) = (Vec::new(), 0);
    let mut names = Names::default();
    let mut plan = Plan { hashes: Vec::new(), done: 0, ignored: Vec::new() };
    let mut changed = None;
    for row in rows {
        let checked = row.and_then(|row| {
            let keys = job.check(&row).map_err(|text| Problem::new(row.line, text))?;
            names.take(keys, row.line)?;
            Ok(row)
        });
        let row = match checked {
            Ok(row) => row,
            Err(problem) => {
                wrong += 1;
                if problems.len() < SHOWN {
                    problems.push(problem);
                }
                continue;
            }
        };
        let ignored = job.ignored().iter().filter(|name| row.get(name).is_some());
        for name in ignored {
            if !plan.ignored.contains(name) {
                plan.ignored.push(name);
            }
        }
        let hash = row.hash();
        plan.hashes.push(hash.short());
        match past.of(row.number, hash) {
            Known::Done(_) => plan.done += 1,
            Known::Changed => {
                changed.get_or_insert(row.line);
            }
            Known::New | Known::MaybeSent => {}
        }
    }
    match (problems.is_empty(), changed) {
        (false, _) => Err(Unfit::Problems(problems, wrong)),
        (true, Some(line)) => Err(Unfit::Changed(format!(
            "line {line} is not the row that the journal has as done: the file has changed since, or the journal is of another file"
        ))),
        (true, None) if past.last_done() > plan.rows() => Err(Unfit::Changed(format!(
            "the file has {} rows, and the journal has row {} as done: rows were removed since, or the journal is of another file",
            plan.rows(),
            past.last_done()
        ))),
        (true, None) => Ok(plan),
    }
}

/// The names that rows have taken, as hashes with the line.
#[derive(Default)]
struct Names {
    hasher: RandomState,
    taken: HashMap<u64, u64>,
}

impl Names {
    fn take(&mut self, keys: Vec<(&'static str, String)>, line: u64) -> Result<(), Problem> {
        for (member, value) in keys {
            if let Some(other) = self.taken.insert(self.hasher.hash_one((member, &value)), line) {
                return Err(Problem::new(line, format!("line {other} has the same {member}")));
            }
        }
        Ok(())
    }
}
