//! Exports a list: page by page to standard output, or to a file that has its name once it is whole.

use super::{gate::Gate, input::beside, interrupt, journal::Owner, progress::Progress, rows::Format};
use crate::{
    command::Global,
    failure::{Failure, Result},
    output::{fields, value::Value},
};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Seek as _, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
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
    /// The form; by default what the file's name says, or a JSON object a line
    #[arg(long, value_enum)]
    pub format: Option<Format>,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// The last page that is written.
    page: usize,
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

/// A page of items, and how many items there are on all pages; 0 where that is not known.
pub type Page<T> = (Vec<T>, usize);

/// Exports all pages. `after` returns what fetches the pages after the first so many. `columns` are those of CSV, unless
/// `--fields` names others, which must be among `known`.
pub fn run<T: Serialize, F: FnMut() -> Result<Option<Page<T>>>>(
    global: &Global,
    options: &ExportOptions,
    owner: &Owner,
    (columns, known): (&[&str], &[&str]),
    after: impl FnOnce(usize) -> Result<F>,
) -> Result<()> {
    let asked = global.output.fields.clone().filter(|fields| !fields.is_empty());
    if let Some(unknown) = asked.as_deref().and_then(|asked| fields::unknown(asked, known)) {
        return Err(Failure::Usage(format!("--fields: there is no `{unknown}`; there are {}", known.join(", "))));
    }
    let format = format_of(options);
    let columns = match (asked, format) {
        (Some(asked), _) => asked,
        (None, Format::Csv) => columns.iter().map(|name| (*name).to_owned()).collect(),
        (None, Format::Jsonl) => Vec::new(),
    };
    let shape = Shape { format, columns };
    match &options.to {
        None => to_stdout(&shape, after(0)?),
        Some(path) => to_file(path, options, owner, &shape, after),
    }
}

fn format_of(options: &ExportOptions) -> Format {
    let by_name = || Some(options.to.as_ref()?.extension()?.eq_ignore_ascii_case("csv"));
    options.format.unwrap_or(if by_name().unwrap_or(false) { Format::Csv } else { Format::Jsonl })
}

/// How items are written.
struct Shape {
    format: Format,
    /// Empty: all members.
    columns: Vec<String>,
}

impl Shape {
    fn head(&self) -> Result<Vec<u8>> {
        match self.format {
            Format::Jsonl => Ok(Vec::new()),
            Format::Csv => record(self.columns.iter().map(String::as_str)),
        }
    }

    fn item(&self, item: &impl Serialize) -> Result<Vec<u8>> {
        let value = Value::of(item)?;
        match self.format {
            Format::Csv => {
                let cell = |name: &String| value.member(name).map(Value::cell).unwrap_or_default();
                record(self.columns.iter().map(cell))
            }
            Format::Jsonl if self.columns.is_empty() => Ok(format!("{value}\n").into_bytes()),
            Format::Jsonl => Ok(format!("{}\n", fields::select(&value, &self.columns)).into_bytes()),
        }
    }
}

fn record<T: AsRef<[u8]>>(cells: impl Iterator<Item = T>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| Failure::Other(error.to_string());
    writer.write_record(cells).map_err(|error| failed(&error))?;
    writer.into_inner().map_err(|error| failed(&error))
}

fn to_stdout<T: Serialize>(shape: &Shape, mut next: impl FnMut() -> Result<Option<Page<T>>>) -> Result<()> {
    let mut to = BufWriter::new(io::stdout().lock());
    to.write_all(&shape.head()?)?;
    while let Some((items, _)) = next()? {
        for item in &items {
            to.write_all(&shape.item(item)?)?;
        }
        to.flush()?;
    }
    Ok(to.flush()?)
}

/// A file that is not whole yet, and the journal that says how far it is.
struct Part {
    path: PathBuf,
    file: BufWriter<File>,
    journal_path: PathBuf,
    journal: File,
    mark: Mark,
}

fn to_file<T: Serialize, F: FnMut() -> Result<Option<Page<T>>>>(
    path: &Path,
    options: &ExportOptions,
    owner: &Owner,
    shape: &Shape,
    after: impl FnOnce(usize) -> Result<F>,
) -> Result<()> {
    if path.exists() && !options.overwrite {
        return Err(Failure::Refused(format!("{} is there already; --overwrite replaces it", path.display())));
    }
    let head = Head {
        iam_journal: 1,
        command: owner.command.clone(),
        target: owner.target.clone(),
        csv: shape.format == Format::Csv,
        page_size: options.page_size.into(),
        columns: shape.columns.clone(),
    };
    let mut part = Part::open(path, options.resume, &head)?;
    if part.mark.page == 0 {
        part.write(&shape.head()?)?;
    }
    let gate = Arc::new(Gate::new(None));
    let interrupted = interrupt::watch(&gate).map_err(|error| Failure::Other(format!("signals: {error}")))?;
    let mut next = after(part.mark.page)?;
    let mut progress = None;
    let mut noted = Instant::now();
    let result = loop {
        if interrupted.load(Ordering::Relaxed) {
            break Err(Failure::Interrupted);
        }
        let (items, total) = match next() {
            Ok(Some(page)) => page,
            Ok(None) => break Ok(()),
            Err(failure) => break Err(failure),
        };
        let progress: &mut Progress = progress.get_or_insert_with(|| Progress::new(total, options.quiet));
        for item in &items {
            part.write(&shape.item(item)?)?;
        }
        part.mark.page += 1;
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
            crate::say!("iam: {} rows are in {}; go on with --resume", part.mark.rows, part.path.display());
            Err(failure)
        }
    }
}

impl Part {
    /// Begins a file, or goes on with one as far as its journal says.
    fn open(target: &Path, resume: bool, head: &Head) -> Result<Self> {
        let (path, journal_path) = (beside(target, ".part"), beside(target, ".iam-journal"));
        let open = |path: &Path| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(path).map_err(|error| Failure::file(path, &error))
        };
        let mut journal = open(&journal_path)?;
        if let Err(fs::TryLockError::WouldBlock) = journal.try_lock() {
            return Err(Failure::Other(format!("{}: another export is under way", journal_path.display())));
        }
        let mark = if resume { read_mark(&journal_path, head)? } else { Mark::default() };
        let mut file = open(&path)?;
        let length = file.metadata().map_err(|error| Failure::file(&path, &error))?.len();
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
        crate::say!("iam: {} rows are in {}", self.mark.rows, target.display());
        Ok(())
    }
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
        let mut part = Part::open(&target, false, &head(&["a"])).unwrap();
        assert!(matches!(Part::open(&target, false, &head(&["a"])), Err(Failure::Other(_))), "two at once");
        part.write(b"a\n1\n").unwrap();
        part.mark = Mark { page: 1, rows: 1, ..part.mark };
        part.note().unwrap();
        part.write(b"2\n").unwrap();
        part.sync().unwrap();
        // A line that a killed export has not finished.
        part.journal.write_all(b"{\"page\":2,\"by").unwrap();
        drop(part);
        assert!(matches!(Part::open(&target, true, &head(&["b"])), Err(Failure::Usage(_))));
        let mut part = Part::open(&target, true, &head(&["a"])).unwrap();
        assert_eq!(part.mark, Mark { page: 1, bytes: 4, rows: 1 });
        part.write(b"3\n").unwrap();
        part.finish(&target).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "a\n1\n3\n");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        fs::remove_dir_all(&directory).unwrap();
    }
}
