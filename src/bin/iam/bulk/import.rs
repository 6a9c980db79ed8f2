//! An import: every row is checked before the first call, then workers send the rows that no earlier run has.

use super::{
    caller::{self, CallError, Caller},
    gate::Gate,
    input::Input,
    journal::{Done, Journal, Outcome},
    past::{Known, Past},
    progress::Progress,
    rejects::Rejects,
    row::Row,
    rows::{Problem, Rows},
};
use iam_sdk::Error;
use serde::Serialize;
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// For how many rows at once the journal notes that they may be sent.
const NOTED_AHEAD: usize = 256;
/// How often results are written to disk.
const FLUSH_EVERY: Duration = Duration::from_millis(200);
const FLUSH_BYTES: usize = 64 * 1024;
/// The most problems of rows that are shown.
pub const SHOWN: usize = 20;

/// What an import does with a row.
pub trait Job: Sync {
    /// Checks a row, and returns the names that no other row may have: pairs of member and value.
    fn check(&self, row: &Row) -> Result<Vec<(&'static str, String)>, String>;

    /// Sends a row. `maybe_sent`: an earlier run, which was killed, may have sent it.
    fn run(&self, row: &Row, maybe_sent: bool, caller: &Caller<'_>) -> Result<Outcome, CallError>;

    /// Makes the call that writes a row, with a client that sends nothing, and returns what it fails with.
    fn preview(&self, row: &Row) -> Option<Error>;
}

/// What became of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub created: usize,
    pub updated: usize,
    pub skipped: usize,
    pub failed: usize,
}

impl Counts {
    pub fn all(&self) -> usize {
        self.created + self.updated + self.skipped + self.failed
    }

    pub fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Done(Done::Created, _) => self.created += 1,
            Outcome::Done(Done::Updated, _) => self.updated += 1,
            Outcome::Done(Done::Skipped, _) => self.skipped += 1,
            Outcome::Failed { .. } => self.failed += 1,
        }
    }
}

/// The rows of a file, all of which are in order.
#[derive(Debug)]
pub struct Plan {
    /// The beginning of each row's hash, so that a change between the two readings is noticed.
    hashes: Vec<u64>,
    /// The rows that earlier runs have done.
    pub done: usize,
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
pub fn plan(input: &Input, past: &Past, job: &impl Job) -> Result<Plan, Unfit> {
    let rows = input.rows().map_err(|problem| Unfit::Problems(vec![problem], 1))?;
    let (mut problems, mut wrong) = (Vec::new(), 0);
    let mut names = Names::default();
    let mut plan = Plan { hashes: Vec::new(), done: 0 };
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

/// How an import is carried out.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub concurrency: usize,
    /// After so many rows that failed no further one is sent.
    pub max_errors: Option<usize>,
}

/// How an import ended.
#[derive(Debug)]
pub enum End {
    /// Every row was sent.
    Complete,
    Interrupted,
    TooManyErrors,
    /// A call failed in a way that the other rows would fail as well.
    Failed(Error),
    /// A file could not be read or written.
    Broken(String),
}

/// Where results go.
pub struct Outputs<'a> {
    pub journal: Option<Journal>,
    pub rejects: Option<&'a mut Rejects>,
    pub progress: &'a mut Progress,
}

/// Sends the rows that are not done. When it returns no call is under way, and the journal is on disk.
pub fn run(
    (input, past, plan): (&Input, &Past, &Plan),
    job: &impl Job,
    settings: Settings,
    (gate, interrupted): (&Gate, &AtomicBool),
    outputs: Outputs<'_>,
) -> (Counts, End) {
    let Outputs { journal, rejects, progress } = outputs;
    let rows = match input.rows() {
        Ok(rows) => rows,
        Err(problem) => return (Counts::default(), End::Broken(problem.text)),
    };
    let journal = Mutex::new(journal);
    let source = Mutex::new(Source { rows, past, plan, journal: &journal, noted: 0, ended: false });
    let (sender, receiver) = sync_channel(settings.concurrency * 4);
    thread::scope(|scope| {
        for _ in 0..settings.concurrency.min(plan.todo()).max(1) {
            let (source, sender) = (&source, sender.clone());
            scope.spawn(move || work(source, job, gate, &sender));
        }
        drop(sender);
        let (counts, end) = collect(&receiver, settings, (gate, interrupted), &journal, rejects, progress);
        let is_done = counts.all() >= plan.todo();
        (counts, settled(end, is_done))
    })
}

/// Returns how an import ended. A signal stops the workers at once, and is noticed here only later: rows that are left tell of it.
fn settled(end: End, is_done: bool) -> End {
    match end {
        End::Complete if !is_done => End::Interrupted,
        End::Interrupted if is_done => End::Complete,
        end => end,
    }
}

/// What a worker tells.
enum Message {
    Result(Row, Outcome),
    Failed(Error),
    Broken(String),
}

fn work(source: &Mutex<Source<'_>>, job: &impl Job, gate: &Gate, sender: &SyncSender<Message>) {
    let caller = Caller::new(gate);
    while !gate.is_stopped() {
        let next = source.lock().unwrap_or_else(PoisonError::into_inner).next();
        let message = match next {
            None => return,
            Some(Err(text)) => Message::Broken(text),
            Some(Ok((row, maybe_sent))) => match job.run(&row, maybe_sent, &caller) {
                Ok(outcome) => Message::Result(row, outcome),
                Err(CallError::Stopped) => return,
                Err(CallError::Failed(error)) => Message::Failed(error),
            },
        };
        if !matches!(message, Message::Result(..)) {
            gate.stop();
        }
        if sender.send(message).is_err() {
            return;
        }
    }
}

/// The rows that are left to send.
struct Source<'a> {
    rows: Rows,
    past: &'a Past,
    plan: &'a Plan,
    journal: &'a Mutex<Option<Journal>>,
    noted: usize,
    ended: bool,
}

impl Source<'_> {
    /// Returns the next row, and whether an earlier run may have sent it.
    fn next(&mut self) -> Option<Result<(Row, bool), String>> {
        while !self.ended {
            let row = match self.rows.next() {
                Some(Ok(row)) => row,
                Some(Err(problem)) => return self.broken(format!("line {}: {}", problem.line, problem.text)),
                None if self.rows_read() == self.plan.rows() => break,
                None => return self.broken("rows are missing".to_owned()),
            };
            let hash = row.hash();
            if self.plan.hashes.get(row.number - 1) != Some(&hash.short()) {
                return self.broken(format!("line {} is another one", row.line));
            }
            let maybe_sent = match self.past.of(row.number, hash) {
                Known::Done(_) | Known::Changed => continue,
                Known::New => false,
                Known::MaybeSent => true,
            };
            if row.number > self.noted {
                self.noted = row.number + NOTED_AHEAD - 1;
                if let Some(journal) = &mut *lock(self.journal)
                    && let Err(text) = journal.sent_up_to(self.noted.min(self.plan.rows()))
                {
                    self.ended = true;
                    return Some(Err(text));
                }
            }
            return Some(Ok((row, maybe_sent)));
        }
        self.ended = true;
        None
    }

    fn rows_read(&self) -> usize {
        self.rows.number()
    }

    fn broken(&mut self, what: String) -> Option<Result<(Row, bool), String>> {
        self.ended = true;
        Some(Err(format!("the file has changed since its rows were checked: {what}")))
    }
}

fn lock(journal: &Mutex<Option<Journal>>) -> std::sync::MutexGuard<'_, Option<Journal>> {
    journal.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes down what the workers tell, until the last one has ended.
fn collect(
    receiver: &Receiver<Message>,
    settings: Settings,
    (gate, interrupted): (&Gate, &AtomicBool),
    journal: &Mutex<Option<Journal>>,
    mut rejects: Option<&mut Rejects>,
    progress: &mut Progress,
) -> (Counts, End) {
    let mut counts = Counts::default();
    let mut end = End::Complete;
    let stop = |end: &mut End, reason: End| {
        gate.stop();
        // The first reason counts; the others follow from it. Only a file that cannot be written is worse than any.
        if matches!(end, End::Complete) || matches!(reason, End::Broken(_)) && !matches!(end, End::Broken(_)) {
            *end = reason;
        }
    };
    let mut flushed_at = Instant::now();
    let mut is_open = true;
    while is_open {
        match receiver.recv_timeout(FLUSH_EVERY) {
            Ok(Message::Result(row, outcome)) => {
                counts.add(&outcome);
                if let Some(journal) = &mut *lock(journal) {
                    journal.result(&row, &outcome);
                }
                if let Outcome::Failed { message, .. } = &outcome {
                    progress.failed(row.line, message);
                    if let Some(Err(text)) = rejects.as_mut().map(|rejects| rejects.write(&row, message)) {
                        stop(&mut end, End::Broken(text));
                    }
                    if settings.max_errors.is_some_and(|most| counts.failed >= most) {
                        stop(&mut end, End::TooManyErrors);
                    }
                }
            }
            Ok(Message::Failed(error)) => stop(&mut end, End::Failed(error)),
            Ok(Message::Broken(text)) => stop(&mut end, End::Broken(text)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => is_open = false,
        }
        if interrupted.load(Ordering::Relaxed) && matches!(end, End::Complete) {
            stop(&mut end, End::Interrupted);
            progress.say("stopping; the calls under way come to their end (Ctrl-C again ends at once)");
        }
        if let Some(journal) = &mut *lock(journal)
            && (!is_open || flushed_at.elapsed() >= FLUSH_EVERY || journal.pending() > FLUSH_BYTES)
        {
            flushed_at = Instant::now();
            if let Err(text) = journal.flush() {
                stop(&mut end, End::Broken(text));
            }
        }
        progress.show(&counts);
    }
    (counts, end)
}

/// Returns the outcome of a row that was refused.
pub fn failed(error: &Error) -> Outcome {
    Outcome::Failed { message: error.to_string(), short: caller::short(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_complete_if_nothing_is_left() {
        for (end, is_done, expected) in [
            (End::Complete, true, "Complete"),
            (End::Complete, false, "Interrupted"),
            (End::Interrupted, true, "Complete"),
            (End::Interrupted, false, "Interrupted"),
            (End::TooManyErrors, false, "TooManyErrors"),
            (End::Broken("the disk is full".to_owned()), true, "Broken"),
        ] {
            let name = format!("{:?}", settled(end, is_done));
            assert!(name.starts_with(expected), "{name}");
        }
    }
}
