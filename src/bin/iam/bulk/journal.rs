//! What an import has done so far, kept beside the file, so that a second run goes on where a killed one stopped.

use super::{
    journal_lines::{JournalLine, LineResult, Read, RowLine, VERSION, read},
    journal_state::JournalState,
    outcome::{Done, Outcome},
    row::Row,
};
use crate::{
    failure::{Failure, Result},
    paths,
};
use std::{
    fs::{self, File, TryLockError},
    io::{self, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

/// Which import a journal belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalScope {
    /// The command, `authing users import`.
    pub command: String,
    /// The service and the pool.
    pub target: String,
}

/// A journal that this process alone writes.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Whether this process has begun it.
    is_new: bool,
    /// What is to be on disk, and is not yet.
    pending: Vec<u8>,
    /// How long the file is whose lines are whole.
    length: u64,
    /// Half a line is at its end, and cannot be removed: what was written behind it would be lost.
    is_torn: bool,
    sent_up_to: usize,
    /// When the import of which it is was finished: nothing is written before it is begun anew.
    finished_at: Option<String>,
}

impl Journal {
    /// Opens a journal, or begins one, and returns what it says. A last line that a killed run has not finished is removed.
    ///
    /// # Errors
    ///
    /// [`Usage`](Failure::Usage), with the file's name: it is no journal, or that of another import. [`Other`](Failure::Other):
    /// another process has it, or it cannot be read.
    pub fn open(path: &Path, scope: &JournalScope) -> Result<(Self, JournalState)> {
        let wrong = |error: io::Error| Failure::file(path, &error);
        let file = paths::open_private(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        if !file.metadata().map_err(wrong)?.is_file() {
            // A device can be read without end.
            return Err(Failure::Usage(format!("{}: not a regular file, and cannot be a journal", path.display())));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::Other(format!("{}: another run of this import is under way", path.display())));
            }
            // A file system without locks.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(wrong(error)),
        }
        let Read { mut past, length, has_head, finished_at } =
            read(&file, scope).map_err(|text| Failure::Usage(format!("{}: {text}", path.display())))?;
        let mut journal = Self { finished_at, ..Self::new(path, file, length) };
        (journal.is_new, journal.sent_up_to) = (!has_head, past.sent_up_to);
        journal.cut().map_err(wrong)?;
        if !has_head {
            journal.begin(scope, &past)?;
        } else if journal.finished_at.is_some() {
            (past, journal.sent_up_to) = (JournalState::default(), 0);
        }
        Ok((journal, past))
    }

    fn new(path: &Path, file: File, length: u64) -> Self {
        let path = path.to_owned();
        Self { path, file, is_new: true, pending: Vec::new(), length, is_torn: false, sent_up_to: 0, finished_at: None }
    }

    fn begin(&mut self, scope: &JournalScope, past: &JournalState) -> Result<()> {
        let JournalScope { command, target } = scope.clone();
        let started_at = past.started_at.to_string();
        self.push(&JournalLine::Head { iam_journal: VERSION, command, target, started_at });
        self.flush().map_err(Failure::Other)
    }

    /// Returns when the import was finished whose journal this is; what it has done is past then, and the rows are new.
    pub fn finished_at(&self) -> Option<&str> {
        self.finished_at.as_deref()
    }

    /// Forgets an import that is finished: the rows are sent again.
    pub fn begin_anew(&mut self, scope: &JournalScope, past: &JournalState) -> Result<()> {
        self.finished_at = None;
        self.length = 0;
        self.cut().map_err(|error| Failure::file(&self.path, &error))?;
        self.begin(scope, past)
    }

    /// Notes that all rows are done.
    pub fn finish(&mut self) -> Result<(), String> {
        self.push(&JournalLine::Finished {
            finished_at: jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string(),
        });
        self.flush()
    }

    /// Removes what is behind the last whole line.
    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length)).map(drop)
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    /// Removes a journal that this process has begun, where nothing was sent: there is nothing to remember.
    pub fn discard_if_new(journal: Option<Self>) {
        if let Some(journal) = journal.filter(|journal| journal.is_new) {
            let _ = fs::remove_file(&journal.path);
        }
    }

    /// Notes that the rows that failed may be sent again from now on, and has it on disk when it returns.
    pub fn retrying(&mut self, past: &JournalState) -> Result<(), String> {
        match past.failed() {
            0 => Ok(()),
            failed => {
                self.push(&JournalLine::Retrying { retrying: failed });
                self.flush()
            }
        }
    }

    /// Notes that the rows up to this one may be sent from now on, and has it on disk when it returns.
    pub fn sent_up_to(&mut self, number: usize) -> Result<(), String> {
        if number <= self.sent_up_to {
            return Ok(());
        }
        self.push(&JournalLine::Sent { sent_up_to: number });
        self.flush()?;
        self.sent_up_to = number;
        Ok(())
    }

    /// Notes what became of a row. It is on disk after [`flush`](Self::flush).
    pub fn result(&mut self, row: &Row, outcome: &Outcome) {
        let (result, id, error) = match outcome {
            Outcome::Done(Done::Created, id) => (LineResult::Created, Some(id.clone()), None),
            Outcome::Done(Done::Updated, id) => (LineResult::Updated, Some(id.clone()), None),
            Outcome::Done(Done::Skipped, id) => (LineResult::Skipped, Some(id.clone()), None),
            Outcome::Done(Done::Unchanged, id) => (LineResult::Unchanged, Some(id.clone()), None),
            Outcome::Failed { short, is_unknown: false, .. } => (LineResult::Failed, None, Some(short.clone())),
            Outcome::Failed { short, .. } => (LineResult::Unknown, None, Some(short.clone())),
        };
        let id = id.filter(|id| !id.is_empty());
        self.push(&JournalLine::Row(RowLine { row: row.number, hash: row.hash().to_string(), result, id, error }));
    }

    /// Returns how many bytes wait for [`flush`](Self::flush).
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    fn push(&mut self, line: &JournalLine) {
        // Texts and numbers: nothing that cannot be written.
        if serde_json::to_writer(&mut self.pending, line).is_ok() {
            self.pending.push(b'\n');
        }
    }

    /// Has everything on disk when it returns.
    ///
    /// # Errors
    ///
    /// The file's name and what is wrong, such as a disk that is full.
    pub fn flush(&mut self) -> Result<(), String> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let failed = |error: io::Error| format!("the journal {}: {error}", self.path.display());
        if self.is_torn {
            return Err(failed(io::Error::other("half a line is at its end")));
        }
        match self.file.write_all(&self.pending).and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.length += self.pending.len() as u64;
                self.pending.clear();
                Ok(())
            }
            // What is pending stays so: the disk may have room when the last results are written.
            Err(error) => {
                let text = failed(error);
                self.is_torn = self.cut().is_err();
                Err(text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::journal_state::Known, *};

    fn scope(target: &str) -> JournalScope {
        JournalScope { command: "authing users import".to_owned(), target: target.to_owned() }
    }

    fn row(number: usize, name: &str) -> Row {
        let members = vec![("username".into(), name.into()), ("password".into(), "canary".into())];
        Row { number, line: number as u64 + 1, members }
    }

    struct Temporary(PathBuf);

    impl Temporary {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("iam-journal-{}-{name}", std::process::id()));
            let _ = fs::remove_file(&path);
            Self(path)
        }

        fn open(&self) -> Result<(Journal, JournalState), String> {
            Journal::open(&self.0, &scope("https://x pool")).map_err(|failure| failure.to_string())
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    fn failed() -> Outcome {
        Outcome::refused("exists already", "Conflict 2034")
    }

    #[test]
    fn a_second_run_knows_what_the_first_one_did() {
        let file = Temporary::new("known");
        let (mut journal, past) = file.open().unwrap();
        assert!(past.is_empty());
        journal.sent_up_to(4).unwrap();
        journal.sent_up_to(2).unwrap();
        journal.result(&row(1, "a"), &Outcome::Done(Done::Created, "u1".to_owned()));
        journal.result(&row(3, "c"), &failed());
        journal.flush().unwrap();
        drop(journal);

        let (_journal, past) = file.open().unwrap();
        let known = |number, name| past.of(number, row(number, name).hash());
        assert_eq!(known(1, "a"), Known::Done(Done::Created));
        assert_eq!(known(1, "b"), Known::Changed);
        assert_eq!((known(2, "b"), known(3, "c"), known(3, "d")), (Known::MaybeSent, Known::New, Known::New));
        assert_eq!((known(4, "d"), known(5, "e"), past.last_done()), (Known::MaybeSent, Known::New, 1));
        assert!(!fs::read_to_string(&file.0).unwrap().contains("canary"));
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&file.0).unwrap()) & 0o777, 0o600);
    }

    #[test]
    fn a_row_whose_end_is_unknown_is_looked_for_and_the_import_knows_when_it_began() {
        let file = Temporary::new("unknown");
        let (mut journal, first) = file.open().unwrap();
        journal
            .result(&row(1, "a"), &Outcome::Failed { message: "x".into(), short: "Decode".into(), is_unknown: true });
        journal.flush().unwrap();
        drop(journal);
        let (_journal, past) = file.open().unwrap();
        assert_eq!(past.of(1, row(1, "a").hash()), Known::MaybeSent);
        assert_eq!(past.started_at, first.started_at);
    }

    #[test]
    fn a_row_that_failed_may_have_been_sent_again() {
        let file = Temporary::new("retrying");
        let (mut journal, past) = file.open().unwrap();
        journal.retrying(&past).unwrap();
        journal.sent_up_to(2).unwrap();
        journal.result(&row(1, "a"), &failed());
        journal.result(&row(2, "b"), &Outcome::Done(Done::Updated, "u2".to_owned()));
        journal.flush().unwrap();
        drop(journal);
        let (mut journal, past) = file.open().unwrap();
        assert_eq!(past.of(1, row(1, "a").hash()), Known::New);
        journal.retrying(&past).unwrap();
        drop(journal);
        let (_journal, past) = file.open().unwrap();
        assert_eq!(past.of(1, row(1, "a").hash()), Known::MaybeSent);
        assert_eq!(past.of(2, row(2, "b").hash()), Known::Done(Done::Updated));
    }

    #[test]
    fn a_torn_last_line_is_removed_wherever_it_is_torn() {
        let file = Temporary::new("torn");
        let (mut journal, _) = file.open().unwrap();
        journal.sent_up_to(9).unwrap();
        journal.result(&row(1, "a"), &Outcome::Done(Done::Created, "u1".to_owned()));
        journal.result(&row(2, "b"), &failed());
        journal.flush().unwrap();
        drop(journal);
        let whole = fs::read(&file.0).unwrap();
        for length in 0..=whole.len() {
            fs::write(&file.0, &whole[..length]).unwrap();
            let lines = whole[..length].iter().filter(|byte| **byte == b'\n').count();
            let (mut journal, past) = file.open().unwrap_or_else(|error| panic!("{length}: {error}"));
            let expected =
                [Known::New, Known::New, Known::MaybeSent, Known::Done(Done::Created), Known::Done(Done::Created)];
            assert_eq!(past.of(1, row(1, "a").hash()), expected[lines], "{length}");
            // What is written next stands on a line of its own.
            journal.result(&row(5, "e"), &failed());
            journal.flush().unwrap();
            drop(journal);
            let text = fs::read_to_string(&file.0).unwrap();
            assert!(text.lines().all(|line| serde_json::from_str::<JournalLine>(line).is_ok()), "{length}: {text}");
        }
    }

    #[test]
    fn a_journal_of_another_import_and_another_file_are_refused() {
        let file = Temporary::new("other");
        drop(file.open().unwrap());
        let error = Journal::open(&file.0, &scope("https://y pool")).unwrap_err().to_string();
        assert!(
            error.contains("https://x pool") && error.contains("https://y pool") && error.contains("--journal"),
            "{error}"
        );
        for (text, part) in [
            ("username\nmia\n", "not a journal"),
            ("username", "not a journal"),
            ("{\"iam_journal\":2,\"command\":\"c\",\"target\":\"t\"}\n", "version 2"),
            ("{\"sent_up_to\":3}\n", "not a journal"),
        ] {
            fs::write(&file.0, text).unwrap();
            assert!(file.open().unwrap_err().contains(part), "{text}");
            assert_eq!(fs::read_to_string(&file.0).unwrap(), text, "it is left as it is");
        }
        fs::remove_file(&file.0).unwrap();
        drop(file.open().unwrap());
        let head = fs::read_to_string(&file.0).unwrap();
        for (line, part) in [
            ("{}", "line 2: not a line"),
            ("{\"row\":1,\"hash\":\"0\",\"result\":\"created\"}", "line 2: not the hash"),
        ] {
            fs::write(&file.0, format!("{head}{line}\n")).unwrap();
            assert!(file.open().unwrap_err().contains(part), "{line}");
        }
    }

    #[test]
    fn a_line_that_a_crash_has_left_as_zeros_is_looked_up() {
        let file = Temporary::new("zeros");
        let (mut journal, _) = file.open().unwrap();
        journal.sent_up_to(9).unwrap();
        drop(journal);
        let head = fs::read(&file.0).unwrap();
        for left in [&b"\0\0\0\0"[..], b"{\"row\":1,\0\0\0\"}\n", b"\0\0\0\n"] {
            fs::write(&file.0, [&head, left].concat()).unwrap();
            for name in ["a", "b"] {
                let (mut journal, past) = file.open().unwrap();
                assert_eq!(past.of(1, row(1, "a").hash()), Known::MaybeSent, "{left:?}");
                journal.result(&row(2, name), &failed());
                journal.flush().unwrap();
            }
        }
        fs::write(&file.0, b"\0\0\0").unwrap();
        assert!(file.open().unwrap().1.is_empty());
    }

    #[test]
    fn a_journal_that_is_finished_begins_anew_when_rows_are_sent() {
        let file = Temporary::new("finished");
        let (mut journal, first) = file.open().unwrap();
        journal.sent_up_to(4).unwrap();
        journal.result(&row(1, "a"), &Outcome::Done(Done::Unchanged, "u1".to_owned()));
        journal.finish().unwrap();
        drop(journal);
        let text = fs::read_to_string(&file.0).unwrap();
        let (mut journal, past) = file.open().unwrap();
        assert!(past.is_empty() && past.started_at > first.started_at && journal.finished_at().is_some());
        assert_eq!(fs::read_to_string(&file.0).unwrap(), text, "nothing was sent yet");
        journal.begin_anew(&scope("https://x pool"), &past).unwrap();
        journal.sent_up_to(2).unwrap();
        drop(journal);
        let (journal, past) = file.open().unwrap();
        assert_eq!((journal.finished_at(), past.sent_up_to), (None, 2));
    }

    /// A disk that is full for a moment: here, a file that may not grow.
    #[test]
    #[cfg(target_os = "linux")]
    fn half_a_line_does_not_stay() {
        let file = Temporary::new("half");
        let (mut journal, _) = file.open().unwrap();
        journal.sent_up_to(9).unwrap();
        journal.result(&row(1, "a"), &Outcome::Done(Done::Created, "u1".to_owned()));
        // What a write that was cut short leaves.
        journal.file.write_all(b"{\"row\":1,\"ha").unwrap();
        let whole = std::mem::replace(&mut journal.file, File::open(&file.0).unwrap());
        assert!(journal.flush().is_err() && journal.is_torn, "a file that cannot be written cannot be cut either");
        journal.file = whole;
        assert!(journal.flush().is_err(), "nothing is written behind it");
        journal.cut().unwrap();
        journal.is_torn = false;
        journal.flush().unwrap();
        drop(journal);
        let (_journal, past) = file.open().unwrap();
        assert_eq!(past.of(1, row(1, "a").hash()), Known::Done(Done::Created));
    }

    #[test]
    fn one_run_at_a_time_has_it() {
        let file = Temporary::new("locked");
        let first = file.open().unwrap();
        assert!(file.open().unwrap_err().contains("under way"));
        drop(first);
        assert!(file.open().is_ok());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_named() {
        let file = File::options().write(true).open("/dev/full").unwrap();
        let mut journal = Journal::new(Path::new("/dev/full"), file, 0);
        let error = journal.sent_up_to(1).unwrap_err();
        assert!(error.contains("the journal /dev/full: ") && error.contains("space"), "{error}");
    }
}
