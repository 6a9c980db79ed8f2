//! The plan of an import: every row is checked, and compared with the journal of earlier runs.

use super::{
    import::SHOWN,
    input::Input,
    job::Job,
    journal_state::{JournalState, Known},
    row::Row,
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
    /// Whether a row is sent that is another one than the one that is done: it was corrected since.
    pub resends: bool,
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
    /// The names of columns are wrong, or the file cannot be read.
    Header(Vec<Problem>),
    /// Rows are wrong.
    Problems(Problems),
    /// It is not the file that the journal is of.
    Changed(String),
}

/// What is wrong with rows: those of which the same is to be said together.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// The first ones: what is wrong, the line of the first row of which it is said, and how many there are.
    pub groups: Vec<(String, u64, usize)>,
    /// How many rows are wrong.
    pub count: usize,
}

impl Problems {
    fn add(&mut self, Problem { line, text }: Problem) {
        self.count += 1;
        if let Some((.., count)) = self.groups.iter_mut().find(|(other, ..)| *other == text) {
            *count += 1;
        } else if self.groups.len() < SHOWN {
            self.groups.push((text, line, 1));
        }
    }

    /// Returns how many rows are wrong in ways that no group names.
    pub fn others(&self) -> usize {
        self.count - self.groups.iter().map(|(.., count)| count).sum::<usize>()
    }
}

/// Reads all rows, checks each, and compares them with the journal of earlier runs. `wrong` receives each row that is wrong.
pub fn plan(
    input: &Input,
    past: &JournalState,
    job: &impl Job,
    mut wrong: impl FnMut(&Row, &str),
) -> Result<Plan, Unfit> {
    let rows = input.rows().map_err(|problem| Unfit::Header(vec![problem]))?;
    let header = rows.header().unwrap_or_default();
    let unknown: Vec<_> =
        header.iter().filter_map(|name| Some(Problem::new(1, job.check_column(name).err()?))).collect();
    if !unknown.is_empty() {
        return Err(Unfit::Header(unknown));
    }
    let mut problems = Problems::default();
    let mut names = Names::default();
    let mut plan = Plan { hashes: Vec::new(), done: 0, resends: job.looks_first(), ignored: Vec::new() };
    let mut changed = None;
    for row in rows {
        let row = match row {
            Ok(row) => row,
            Err(problem) => {
                problems.add(problem);
                continue;
            }
        };
        let checked = job.check(&row).and_then(|keys| names.take(keys, row.line));
        if let Err(text) = checked {
            wrong(&row, &text);
            problems.add(Problem::new(row.line, text));
            continue;
        }
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
            Known::Changed if plan.resends => {}
            Known::Changed => {
                changed.get_or_insert(row.line);
            }
            Known::New | Known::MaybeSent => {}
        }
    }
    match (problems.count == 0, changed) {
        (false, _) => Err(Unfit::Problems(problems)),
        (true, Some(line)) => Err(Unfit::Changed(format!(
            "line {line} is not the row that the journal has as done: the file has changed since, or the journal is of another file"
        ))),
        (true, None) if past.last_done() > plan.rows() && !plan.resends => Err(Unfit::Changed(format!(
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
    /// Takes all names, or none of them: the row that has one already is named, and not others that were refused for it.
    fn take(&mut self, keys: Vec<(&'static str, String)>, line: u64) -> Result<(), String> {
        let hashes: Vec<_> = keys.iter().map(|key| self.hasher.hash_one(key)).collect();
        for ((member, _), hash) in keys.iter().zip(&hashes) {
            if let Some(other) = self.taken.get(hash) {
                return Err(format!("line {other} has the same {member}"));
            }
        }
        self.taken.extend(hashes.into_iter().map(|hash| (hash, line)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_problems_are_one() {
        let mut problems = Problems::default();
        for line in 2..100 {
            problems.add(Problem::new(line, if line % 2 == 0 { "even".to_owned() } else { format!("odd {line}") }));
        }
        assert_eq!((problems.groups[0].clone(), problems.groups.len()), (("even".to_owned(), 2, 49), SHOWN));
        assert_eq!((problems.count, problems.others()), (98, 98 - 49 - (SHOWN - 1)));
    }

    #[test]
    fn the_first_row_with_a_name_is_told() {
        let mut names = Names::default();
        let mut take = |name: &str, line| names.take(vec![("username", name.to_owned())], line);
        assert_eq!(take("mia", 2), Ok(()));
        for line in 3..6 {
            assert_eq!(take("mia", line), Err("line 2 has the same username".to_owned()));
        }
    }
}
