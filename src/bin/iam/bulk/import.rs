//! An import: workers send the rows of a plan that no earlier run has sent.

use super::{
    caller::{self, CallError, Caller, Severity, severity},
    gate::{Gate, StopReason},
    input::Input,
    job::{History, Job},
    journal::Journal,
    journal_state::{JournalState, Known},
    outcome::{Done, Outcome},
    plan::Plan,
    progress::Progress,
    rejects::Rejects,
    row::Row,
    rows::Rows,
};
use iam_sdk::Error;
use serde::Serialize;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
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
/// After so many rows on end that the service did not answer it is the service that fails, and not the rows.
const UNANSWERED: usize = 5;
/// A pause that is longer than this is told.
const LONG_PAUSE: Duration = Duration::from_secs(3);
/// The most problems of rows that are shown.
pub const SHOWN: usize = 20;

/// What became of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub created: usize,
    pub updated: usize,
    pub skipped: usize,
    /// Of those that were to be changed: they had it all.
    pub unchanged: usize,
    pub failed: usize,
}

impl Counts {
    pub fn all(&self) -> usize {
        self.created + self.updated + self.skipped + self.unchanged + self.failed
    }

    pub fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Done(Done::Created, _) => self.created += 1,
            Outcome::Done(Done::Updated, _) => self.updated += 1,
            Outcome::Done(Done::Skipped, _) => self.skipped += 1,
            Outcome::Done(Done::Unchanged, _) => self.unchanged += 1,
            Outcome::Failed { .. } => self.failed += 1,
        }
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
    (input, past, plan): (&Input, &JournalState, &Plan),
    job: &impl Job,
    settings: Settings,
    gate: &Gate,
    outputs: Outputs<'_>,
) -> (Counts, End) {
    let Outputs { journal, rejects, progress } = outputs;
    let rows = match input.rows() {
        Ok(rows) => rows,
        Err(problem) => return (Counts::default(), End::Broken(problem.text)),
    };
    let journal = Mutex::new(journal);
    let (counts, end) = send((rows, past, plan), job, settings, gate, (&journal, rejects, progress));
    // From now on the rows are new, if somebody imports the file again.
    let finished = match (&end, &mut *lock(&journal)) {
        (End::Complete, Some(journal)) if counts.failed == 0 => journal.finish(),
        _ => Ok(()),
    };
    (counts, finished.map_or_else(End::Broken, |()| end))
}

/// Sends the rows, and writes down what becomes of them.
fn send(
    (rows, past, plan): (Rows, &JournalState, &Plan),
    job: &impl Job,
    settings: Settings,
    gate: &Gate,
    (journal, rejects, progress): (&Mutex<Option<Journal>>, Option<&mut Rejects>, &mut Progress),
) -> (Counts, End) {
    let source = Mutex::new(Source { rows, past, plan, journal, noted: 0, ended: false });
    let (sender, receiver) = sync_channel(settings.concurrency * 4);
    let errors_left = AtomicUsize::new(settings.max_errors.unwrap_or(usize::MAX));
    thread::scope(|scope| {
        for _ in 0..settings.concurrency.min(plan.todo()).max(1) {
            let (source, errors_left, sender) = (&source, &errors_left, sender.clone());
            scope.spawn(move || work(source, job, gate, errors_left, &sender));
        }
        drop(sender);
        let (counts, end) = collect(&receiver, settings, gate, journal, rejects, progress);
        let left = plan.todo().saturating_sub(counts.all());
        (counts, or_stopped(end, left, gate.stopped()))
    })
}

/// Returns how an import ended whose workers have told no reason: complete, if nothing is left.
fn or_stopped(end: End, left: usize, stopped: Option<StopReason>) -> End {
    match (end, left, stopped) {
        // A signal that came after the last row has stopped nothing.
        (End::Interrupted | End::Complete, 0, _) => End::Complete,
        (End::Complete, _, Some(StopReason::Interrupted)) => End::Interrupted,
        (End::Complete, ..) => End::Broken("the import ended before all rows were sent".to_owned()),
        (end, ..) => end,
    }
}

/// What a worker tells.
enum Message {
    Result(Row, Outcome),
    /// The service answers this row in a way that may be the row's fault, or may be its own.
    SetAside(Row, Error),
    Failed(Error),
    Broken(String),
}

fn work(
    source: &Mutex<Source<'_>>,
    job: &impl Job,
    gate: &Gate,
    errors_left: &AtomicUsize,
    sender: &SyncSender<Message>,
) {
    let caller = Caller::new(gate);
    while !gate.is_stopped() {
        let next = source.lock().unwrap_or_else(PoisonError::into_inner).next();
        let message = match next {
            None => return,
            Some(Err(text)) => Message::Broken(text),
            Some(Ok((row, history))) => match job.run(&row, history, &caller) {
                Ok(outcome) => Message::Result(row, outcome),
                Err(CallError::Stopped) => return,
                Err(CallError::Failed(error)) if severity(&error) == Severity::Unclear => Message::SetAside(row, error),
                Err(CallError::Failed(error)) => Message::Failed(error),
            },
        };
        let is_end = match message {
            Message::Failed(_) | Message::Broken(_) => true,
            // Counted before the next row is begun: who collects the results may come to it later.
            Message::SetAside(..) | Message::Result(_, Outcome::Failed { .. }) => {
                errors_left.fetch_sub(1, Ordering::Relaxed) <= 1
            }
            Message::Result(..) => false,
        };
        if is_end {
            gate.stop(StopReason::Ended);
        }
        if sender.send(message).is_err() {
            return;
        }
    }
}

/// The rows that are left to send.
struct Source<'a> {
    rows: Rows,
    past: &'a JournalState,
    plan: &'a Plan,
    journal: &'a Mutex<Option<Journal>>,
    noted: usize,
    ended: bool,
}

impl Source<'_> {
    /// Returns the next row, and what is known of it.
    fn next(&mut self) -> Option<Result<(Row, History), String>> {
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
                Known::Done(_) => continue,
                Known::Changed if !self.plan.resends => continue,
                Known::New | Known::Changed => false,
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
            return Some(Ok((row, History { maybe_sent, started_at: self.past.started_at })));
        }
        self.ended = true;
        None
    }

    fn rows_read(&self) -> usize {
        self.rows.number()
    }

    fn broken(&mut self, what: String) -> Option<Result<(Row, History), String>> {
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
    gate: &Gate,
    journal: &Mutex<Option<Journal>>,
    mut rejects: Option<&mut Rejects>,
    progress: &mut Progress,
) -> (Counts, End) {
    let mut counts = Counts::default();
    let mut end = End::Complete;
    let stop = |end: &mut End, reason: End| {
        gate.stop(StopReason::Ended);
        // The first reason counts; the others follow from it. Only a file that cannot be written is worse than any.
        if matches!(end, End::Complete) || matches!(reason, End::Broken(_)) && !matches!(end, End::Broken(_)) {
            *end = reason;
        }
    };
    let mut flushed_at = Instant::now();
    let mut is_open = true;
    // The rows on end that the service did not answer, and what the last one's error was.
    let (mut in_a_row, mut last_unanswered) = (0, None);
    let mut is_pause_told = false;
    while is_open {
        let message = receiver.recv_timeout(FLUSH_EVERY);
        let (message, unanswered) = match message {
            Ok(Message::SetAside(row, error)) => {
                let (message, short) = (error.to_string(), caller::short(&error));
                (Ok(Message::Result(row, Outcome::Failed { message, short, is_unknown: true })), Some(error))
            }
            other => (other, None),
        };
        match message {
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
                in_a_row = if unanswered.is_some() { in_a_row + 1 } else { 0 };
                last_unanswered = unanswered;
                if in_a_row >= UNANSWERED
                    && let Some(error) = last_unanswered.take()
                {
                    stop(&mut end, End::Failed(error));
                }
            }
            Ok(Message::SetAside(..)) => {}
            Ok(Message::Failed(error)) => stop(&mut end, End::Failed(error)),
            Ok(Message::Broken(text)) => stop(&mut end, End::Broken(text)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => is_open = false,
        }
        if gate.is_interrupted() && matches!(end, End::Complete) {
            end = End::Interrupted;
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
        let pause = gate.pause();
        if let Some(pause) = pause.filter(|pause| *pause > LONG_PAUSE && !is_pause_told) {
            is_pause_told = true;
            progress.say(&format!("the service asks to wait {} s; Ctrl-C ends the import", pause.as_secs_f64().ceil()));
        }
        is_pause_told &= pause.is_some();
        progress.show(&counts);
    }
    // Where no row had another end, it was not the rows either.
    if let (End::Complete, Some(error)) = (&end, last_unanswered.take().filter(|_| in_a_row == counts.all())) {
        end = End::Failed(error);
    }
    (counts, end)
}

/// Returns the outcome of a row that was refused.
pub fn failed(error: &Error) -> Outcome {
    Outcome::refused(error.to_string(), caller::short(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_complete_if_nothing_is_left_and_interrupted_by_a_signal_alone() {
        let (signal, own) = (Some(StopReason::Interrupted), Some(StopReason::Ended));
        for (end, left, stopped, expected) in [
            (End::Complete, 0, None, "Complete"),
            (End::Complete, 0, signal, "Complete"),
            (End::Complete, 1, signal, "Interrupted"),
            (End::Complete, 1, None, "Broken(\"the import ended"),
            (End::Complete, 1, own, "Broken(\"the import ended"),
            (End::Interrupted, 0, signal, "Complete"),
            (End::Interrupted, 1, signal, "Interrupted"),
            (End::TooManyErrors, 1, own, "TooManyErrors"),
            (End::Broken("the disk is full".to_owned()), 0, own, "Broken(\"the disk is full"),
        ] {
            let name = format!("{:?}", or_stopped(end, left, stopped));
            assert!(name.starts_with(expected), "{name}");
        }
    }
}
