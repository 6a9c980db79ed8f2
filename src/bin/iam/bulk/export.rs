//! Exports a list: page by page to standard output, or to a file that has its name once it is whole.

use super::{
    gate::Gate,
    interrupt,
    journal::JournalScope,
    pages::{ExportPage, Position},
    part::{Head, Mark, Part},
    progress::{Progress, grouped},
};
use crate::{
    command::Global,
    failure::{Failure, Result},
    output::{Format, fields, value::Value},
};
use clap::Args;
use serde::Serialize;
use std::{
    fs,
    io::{self, BufWriter, Write as _},
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
