//! Exports a list: page by page to standard output, or to a file that has its name once it is whole.

use super::{
    gate::Gate,
    interrupt,
    journal::JournalScope,
    pages::{ExportPage, Position},
    progress::{Progress, grouped},
};
use crate::{
    command::Global,
    failure::{Failure, Result},
    output::{Format, fields, value::Value},
    paths::{self, beside},
};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Seek as _, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// How often the journal notes a page.
const NOTED_EVERY: Duration = Duration::from_secs(1);

/// Where an export goes, and how.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct ExportOptions {
    /// The file to write; without it, standard output
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Go on with an export that was stopped
    #[arg(long, requires = "to")]
    pub resume: bool,
    /// Replace the file if it is there
    #[arg(long, requires = "to")]
    pub overwrite: bool,
    /// How many to fetch at once
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub page_size: u16,
    /// Show no progress
    #[arg(short, long)]
    pub quiet: bool,
}

/// How far an export is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// Behind what is written.
    #[serde(flatten)]
    position: Position,
    /// How long the file is then.
    bytes: u64,
    rows: usize,
}

/// What must be the same when an export goes on.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    iam_journal: u32,
    command: String,
    target: String,
    csv: bool,
    page_size: usize,
    columns: Vec<String>,
}

/// The columns of an export.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// Those that it has, unless `--fields` names others.
    pub default: &'a [&'a str],
    /// Those that `--fields` can name.
    pub known: &'a [&'a str],
    /// Whether JSON lines have every member, also those that the columns do not name.
    pub all_members: bool,
}

/// Exports all pages. `after` returns what fetches the pages after a place.
pub fn run<T: Serialize, F: FnMut() -> Result<Option<ExportPage<T>>>>(
    global: &Global,
    options: &ExportOptions,
    scope: &JournalScope,
    columns: Columns<'_>,
    after: impl FnOnce(Position) -> Result<F>,
) -> Result<()> {
    let asked = global.output.fields.clone();
    if let Some(unknown) = asked.as_deref().and_then(|asked| fields::unknown(asked, columns.known)) {
        return Err(Failure::Usage(format!(
            "--fields: there is no `{unknown}`; there are {}",
            columns.known.join(", ")
        )));
    }
    if asked.as_ref().is_some_and(Vec::is_empty) {
        columns.known.iter().try_for_each(|name| writeln!(io::stdout().lock(), "{name}"))?;
        return Ok(());
    }
    let is_csv = is_csv(global, options)?;
    let default = || columns.default.iter().map(|name| (*name).to_owned()).collect();
    let shape = match asked {
        Some(columns) => Shape { is_csv, columns, is_exact: true },
        None if columns.all_members && !is_csv => Shape { is_csv, columns: Vec::new(), is_exact: false },
        None => Shape { is_csv, columns: default(), is_exact: is_csv },
    };
    match &options.to {
        None => to_stdout(&shape, after(Position::default())?),
        Some(path) => to_file(path, options, scope, &shape, after),
    }
}

/// Returns whether an export is CSV: as `-o` says, or the name of the file.
fn is_csv(global: &Global, options: &ExportOptions) -> Result<bool> {
    if global.output.jq.is_some() {
        return Err(Failure::Usage("--jq: an export is written as it comes; pipe it through `jq`".to_owned()));
    }
    match global.output.output {
        Some(Format::Csv) => Ok(true),
        Some(Format::Jsonl) => Ok(false),
        Some(_) => Err(Failure::Usage("--output: an export is csv or jsonl".to_owned())),
        None => Ok(options
            .to
            .as_ref()
            .and_then(|path| path.extension())
            .is_some_and(|name| name.eq_ignore_ascii_case("csv"))),
    }
}

/// How items are written.
struct Shape {
    is_csv: bool,
    /// Empty: all members.
    columns: Vec<String>,
    /// Whether an item has a column without a value, too.
    is_exact: bool,
}

impl Shape {
    fn head(&self) -> Result<Vec<u8>> {
        match self.is_csv {
            false => Ok(Vec::new()),
            true => record(self.columns.iter().map(String::as_str)),
        }
    }

    fn item(&self, item: &impl Serialize) -> Result<Vec<u8>> {
        let mut value = Value::of(item)?;
        if self.is_csv {
            let cell = |name: &String| value.member(name).map(Value::cell).unwrap_or_default();
            return record(self.columns.iter().map(cell));
        }
        match &mut value {
            _ if self.is_exact => value = fields::select(&value, &self.columns),
            // Members that this program does not know could not be imported again.
            Value::Object(members) if !self.columns.is_empty() => {
                members.retain(|(name, _)| self.columns.contains(name))
            }
            _ => {}
        }
        Ok(format!("{value}\n").into_bytes())
    }
}

fn record<T: AsRef<[u8]>>(cells: impl Iterator<Item = T>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| Failure::Other(error.to_string());
    writer.write_record(cells).map_err(|error| failed(&error))?;
    writer.into_inner().map_err(|error| failed(&error))
}

fn to_stdout<T: Serialize>(shape: &Shape, mut next: impl FnMut() -> Result<Option<ExportPage<T>>>) -> Result<()> {
    let mut to = BufWriter::new(io::stdout().lock());
    to.write_all(&shape.head()?)?;
    let (mut rows, mut last_total) = (0, None);
    while let Some(ExportPage { items, total, .. }) = next()? {
        for item in &items {
            to.write_all(&shape.item(item)?)?;
        }
        to.flush()?;
        (rows, last_total) = (rows + items.len(), total);
    }
    to.flush()?;
    check_total(rows, last_total)
}

/// Fails if fewer rows came than the service says that there are.
fn check_total(rows: usize, total: Option<usize>) -> Result<()> {
    match total {
        Some(total) if rows < total => Err(Failure::Other(format!(
            "{} rows came, and the service says that there are {}; export anew",
            grouped(rows),
            grouped(total)
        ))),
        _ => Ok(()),
    }
}

/// A file that is not whole yet, and the journal that says how far it is.
struct Part {
    path: PathBuf,
    file: BufWriter<File>,
    journal_path: PathBuf,
    journal: File,
    mark: Mark,
}

fn to_file<T: Serialize, F: FnMut() -> Result<Option<ExportPage<T>>>>(
    path: &Path,
    options: &ExportOptions,
    scope: &JournalScope,
    shape: &Shape,
    after: impl FnOnce(Position) -> Result<F>,
) -> Result<()> {
    if path.exists() && !options.overwrite {
        return Err(Failure::Refused(format!("{} is there already; --overwrite replaces it", path.display())));
    }
    plain(path)?;
    let head = Head {
        iam_journal: 1,
        command: scope.command.clone(),
        target: scope.target.clone(),
        csv: shape.is_csv,
        page_size: options.page_size.into(),
        columns: shape.columns.clone(),
    };
    // What a link leads to is written, and the link stays.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut part = Part::open(path, options.resume, &head)?;
    if part.mark == Mark::default() {
        part.write(&shape.head()?)?;
    }
    let gate = Arc::new(Gate::new(None));
    interrupt::watch(&gate).map_err(|error| Failure::Other(format!("signals: {error}")))?;
    let mut next = after(part.mark.position.clone())?;
    let (mut progress, mut last_total) = (None, None);
    let mut noted = Instant::now();
    let result = loop {
        if gate.is_interrupted() {
            break Err(Failure::Interrupted);
        }
        let ExportPage { items, total, position } = match next() {
            Ok(Some(page)) => page,
            Ok(None) => break check_total(part.mark.rows, last_total),
            Err(failure) => break Err(failure),
        };
        let progress: &mut Progress = progress.get_or_insert_with(|| Progress::new(total.unwrap_or(0), options.quiet));
        for item in &items {
            part.write(&shape.item(item)?)?;
        }
        last_total = total;
        part.mark.position = position;
        part.mark.rows += items.len();
        progress.at(part.mark.rows, String::new);
        if noted.elapsed() >= NOTED_EVERY {
            noted = Instant::now();
            part.note()?;
        }
    };
    if let Some(progress) = progress {
        progress.finish();
    }
    match result {
        Ok(()) => part.finish(path),
        Err(failure) => {
            part.note()?;
            let rows = grouped(part.mark.rows);
            crate::say!("iam: {rows} rows are in {}; go on with --resume", part.path.display());
            Err(failure)
        }
    }
}

/// Refuses what a file cannot replace: a pipe would be gone, and `/dev/null` a file.
pub fn plain(path: &Path) -> Result<()> {
    match fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        true => Err(Failure::Usage(format!(
            "--to: {} is not a regular file; without --to an export goes to standard output",
            path.display()
        ))),
        false => Ok(()),
    }
}

impl Part {
    /// Begins a file, or goes on with one as far as its journal says.
    fn open(target: &Path, resume: bool, head: &Head) -> Result<Self> {
        // Not the name of an import's journal: the file may be exported over one that is being imported.
        let (path, journal_path) = (beside(target, ".part"), beside(target, ".part.iam-journal"));
        let open = |path: &Path| paths::open_private_itself(path).map_err(|error| Failure::file(path, &error));
        let mut journal = open(&journal_path)?;
        if let Err(fs::TryLockError::WouldBlock) = journal.try_lock() {
            return Err(Failure::Other(format!("{}: another export is under way", journal_path.display())));
        }
        let mark = if resume { read_mark(&journal_path, head)? } else { Mark::default() };
        let mut file = open(&path)?;
        let length = file.metadata().map_err(|error| Failure::file(&path, &error))?.len();
        if !resume && length > 0 && !is_export(&journal_path) {
            return Err(Failure::Refused(format!(
                "{}: it is there already, and nothing says that an export has written it; remove it, or name another file",
                path.display()
            )));
        }
        if length < mark.bytes {
            return Err(Failure::Other(format!(
                "{}: it is shorter than its journal says; export anew, without --resume",
                path.display()
            )));
        }
        let failed = |error: io::Error| Failure::file(&path, &error);
        file.set_len(mark.bytes).and_then(|()| file.seek(SeekFrom::End(0)).map(drop)).map_err(failed)?;
        if mark == Mark::default() {
            let line = format!("{}\n", serde_json::to_string(head)?);
            journal.set_len(0).and_then(|()| journal.write_all(line.as_bytes())).map_err(failed)?;
        } else {
            journal.seek(SeekFrom::End(0)).map_err(failed)?;
        }
        Ok(Self { path, file: BufWriter::with_capacity(64 * 1024, file), journal_path, journal, mark })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| Failure::file(&self.path, &error))?;
        self.mark.bytes += bytes.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().sync_data())
            .map_err(|error| Failure::file(&self.path, &error))
    }

    /// Notes how far the file is, once that much is on disk.
    fn note(&mut self) -> Result<()> {
        self.sync()?;
        // The line before may be torn.
        let line = format!("\n{}\n", serde_json::to_string(&self.mark)?);
        let written = self.journal.write_all(line.as_bytes()).and_then(|()| self.journal.sync_data());
        written.map_err(|error| Failure::file(&self.journal_path, &error))
    }

    /// Gives the file its name.
    fn finish(mut self, target: &Path) -> Result<()> {
        self.sync()?;
        fs::rename(&self.path, target).map_err(|error| Failure::file(target, &error))?;
        // It says nothing any more; that it stays would do no harm.
        let _ = fs::remove_file(&self.journal_path);
        crate::say!("iam: {} rows are in {}", grouped(self.mark.rows), target.display());
        Ok(())
    }
}

/// Returns whether a journal is an export's.
fn is_export(journal: &Path) -> bool {
    let text = fs::read_to_string(journal).unwrap_or_default();
    text.lines().next().is_some_and(|line| serde_json::from_str::<Head>(line).is_ok())
}

/// Reads how far an export is: the last line that is whole.
fn read_mark(path: &Path, head: &Head) -> Result<Mark> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
    let mut lines = text.lines();
    let own: Option<Head> = lines.next().and_then(|line| serde_json::from_str(line).ok());
    match own {
        None => Err(Failure::Usage(format!("{}: there is no export to go on with", path.display()))),
        Some(own) if own != *head => Err(Failure::Usage(format!(
            "{}: that export was of another service, or had other options; go on with the same ones, or export anew without --resume",
            path.display()
        ))),
        Some(_) => Ok(lines.filter_map(|line| serde_json::from_str(line).ok()).next_back().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_goes_on_where_its_journal_says() {
        let directory = std::env::temp_dir().join(format!("iam-export-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let target = directory.join("users.csv");
        let head = |columns: &[&str]| Head {
            iam_journal: 1,
            command: "c".to_owned(),
            target: "t".to_owned(),
            csv: true,
            page_size: 50,
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        };
        assert!(
            matches!(Part::open(&target, true, &head(&["a"])), Err(Failure::Usage(_))),
            "there is nothing to go on with"
        );
        fs::remove_file(directory.join("users.csv.part.iam-journal")).unwrap();
        fs::write(directory.join("users.csv.part"), "of somebody else").unwrap();
        assert!(matches!(Part::open(&target, false, &head(&["a"])), Err(Failure::Refused(_))));
        assert_eq!(fs::read_to_string(directory.join("users.csv.part")).unwrap(), "of somebody else");
        fs::remove_file(directory.join("users.csv.part")).unwrap();
        let mut part = Part::open(&target, false, &head(&["a"])).unwrap();
        assert!(matches!(Part::open(&target, false, &head(&["a"])), Err(Failure::Other(_))), "two at once");
        part.write(b"a\n1\n").unwrap();
        let position = Position::default().after(1, ["u1".to_owned()].into_iter());
        part.mark = Mark { position: position.clone(), rows: 1, ..part.mark };
        part.note().unwrap();
        part.write(b"2\n").unwrap();
        part.sync().unwrap();
        // A line that a killed export has not finished.
        part.journal.write_all(b"{\"page\":2,\"by").unwrap();
        drop(part);
        assert!(matches!(Part::open(&target, true, &head(&["b"])), Err(Failure::Usage(_))));
        let mut part = Part::open(&target, true, &head(&["a"])).unwrap();
        assert_eq!(part.mark, Mark { position, bytes: 4, rows: 1 });
        part.write(b"3\n").unwrap();
        part.finish(&target).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "a\n1\n3\n");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        fs::remove_dir_all(&directory).unwrap();
    }
}
