//! How commands show what they have: tables and trees for people, text, JSON and CSV for programs.

pub mod fields;
mod jq;
pub mod table;
pub mod tree;
pub mod value;

use crate::{
    failure::{Failure, Result, code},
    reply::{Items, Reply},
};
use anstyle::Style;
use clap::{Args, ValueEnum};
use iam_sdk::DryRun;
use std::io::{self, IsTerminal as _, Write};
use table::{Columns, one_line, visible};
use tree::Tree;
use value::Value;

/// The bold line above a table's columns.
const HEAD: Style = Style::new().bold();

/// How many rows a table waits for before it decides on its columns.
const MEASURED: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns, the default on a terminal
    Table,
    /// Tab-separated text without a head, the default elsewhere
    Plain,
    /// One JSON value; a list is an array, one item a line
    Json,
    /// One JSON value a line for each item
    Jsonl,
    /// Comma-separated values with a head
    Csv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that has colors, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

/// The flags about output, which every command has.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
#[group(skip)]
pub struct Options {
    /// How results are shown; without it the setting `output` (IAM_OUTPUT), or what standard output is for
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT")]
    pub output: Option<Format>,
    /// Show these members alone, such as `id,company.name`; without a value, list what there is
    #[arg(long, global = true, value_name = "A,B", num_args = 0..=1, value_delimiter = ',')]
    pub fields: Option<Vec<String>>,
    /// Run a jq filter over all that comes, and show its results
    #[arg(long, global = true, value_name = "FILTER")]
    pub jq: Option<String>,
    /// When to use colors
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub color: Option<Color>,
}

/// Writes what commands have to standard output.
pub struct Output {
    format: Format,
    /// Whether a flag or a setting says the format.
    is_chosen: bool,
    /// Whether people look at it.
    terminal: bool,
    color: bool,
    fields: Option<Vec<String>>,
    jq: Option<jq::Filter>,
    /// The format that results of `--jq` have; `None` where they are JSON, strings without their quotes.
    jq_format: Option<Format>,
    /// How many cells a line of the terminal has.
    screen: Option<usize>,
    to: Box<dyn Write>,
}

impl Options {
    /// Checks what can be wrong before anything is sent.
    pub fn check(&self) -> Result<()> {
        self.filter().map(drop)
    }

    fn filter(&self) -> Result<Option<jq::Filter>> {
        self.jq.as_deref().map(jq::Filter::parse).transpose().map_err(Failure::Usage)
    }
}

impl Output {
    /// Prepares standard output. `setting` is what the environment or the profile says of the format.
    pub fn new(options: &Options, setting: Option<Format>) -> Result<Self> {
        let terminal = io::stdout().is_terminal();
        let default = if terminal { Format::Table } else { Format::Plain };
        let color = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        let chosen = options.output.or(setting);
        Ok(Self {
            is_chosen: chosen.is_some(),
            format: chosen.unwrap_or(default),
            terminal,
            color,
            fields: options.fields.clone().filter(|fields| !fields.is_empty()),
            jq: options.filter()?,
            // A setting says how people like tables; it does not undo what a filter has made.
            jq_format: options.output.or(setting.filter(|format| matches!(format, Format::Json | Format::Jsonl))),
            screen: screen().filter(|_| terminal),
            to: Box::new(io::stdout().lock()),
        })
    }

    /// Uses this format where nothing else says which.
    pub fn with_default(mut self, format: Format) -> Self {
        if !self.is_chosen {
            self.format = format;
        }
        self
    }

    /// Writes a reply, or the request of a dry run. `list_fields` says that the members are asked for, and nothing else.
    pub fn show(&mut self, reply: Reply, list_fields: bool) -> Result<()> {
        let shown = self.show_reply(reply, list_fields);
        self.or_request(shown)
    }

    /// Writes the request of a call that was not to be sent.
    pub fn or_request(&mut self, result: Result<()>) -> Result<()> {
        match result {
            Err(Failure::Call(error)) if error.is_dry_run() => {
                error.dry_run().map_or(Ok(()), |request| self.request(request))?;
                crate::say!("A dry run: nothing was sent.");
                Ok(())
            }
            result => result,
        }
    }

    fn show_reply(&mut self, reply: Reply, list_fields: bool) -> Result<()> {
        let known = match &reply {
            Reply::One(known, _) | Reply::Many(known, _) | Reply::Tree(known, _) => *known,
            Reply::Done(_) | Reply::Answer(_) => &[],
        };
        if list_fields {
            return self.list_fields(known);
        }
        if let Some(unknown) = self.fields.as_deref().and_then(|fields| fields::unknown(fields, known)) {
            let known = known.join(", ");
            return Err(Failure::Usage(format!("--fields: there is no `{unknown}`; there are {known}")));
        }
        match reply {
            Reply::Done(make) => {
                make()?;
                if self.terminal || matches!(self.format, Format::Table) {
                    crate::say!("Done.");
                }
            }
            Reply::Answer(make) => {
                let (yes, exit_code) = make()?;
                self.one(Value::Bool(yes))?;
                if exit_code && !yes {
                    self.to.flush()?;
                    return Err(Failure::Told(code::FAILED));
                }
            }
            Reply::One(_, make) => {
                let value = make()?;
                self.one(value)?;
            }
            Reply::Many(known, make) => {
                let items = make()?;
                self.many(items, known)?;
            }
            Reply::Tree(known, make) => {
                let tree = make()?;
                self.tree(tree, known)?;
            }
        }
        Ok(self.to.flush()?)
    }

    /// Returns whether people look at the output, not programs.
    pub fn is_for_people(&self) -> bool {
        matches!(self.format, Format::Table | Format::Plain)
    }

    /// Writes a request that was not sent.
    pub fn request(&mut self, request: &DryRun) -> Result<()> {
        let body = request.body.as_ref().map(Value::of).transpose()?;
        if self.is_for_people() && self.jq.is_none() {
            writeln!(self.to, "{request}")?;
            return body.map_or(Ok(()), |body| self.json(&format!("{body:#}")));
        }
        let mut members = vec![
            ("method".to_owned(), Value::Text(request.method.to_string())),
            ("url".to_owned(), Value::Text(request.url.clone())),
        ];
        members.extend(body.map(|body| ("body".to_owned(), body)));
        self.one(Value::Object(members))
    }

    /// Writes a text as it is.
    pub fn text(&mut self, text: &str) -> Result<()> {
        self.to.write_all(text.as_bytes())?;
        Ok(self.to.flush()?)
    }

    fn list_fields(&mut self, known: &[&str]) -> Result<()> {
        if known.is_empty() {
            return Err(Failure::Usage(
                "--fields: the members of this command's results are not documented".to_owned(),
            ));
        }
        for name in known {
            writeln!(self.to, "{name}")?;
        }
        Ok(())
    }

    fn selected(&self, value: Value) -> Value {
        match (&self.fields, &value) {
            (Some(fields), Value::Object(_)) => fields::select(&value, fields),
            _ => value,
        }
    }

    /// Writes a line of JSON; on a terminal, characters that would act on it are escaped.
    fn json(&mut self, text: &str) -> Result<()> {
        match self.terminal {
            true => writeln!(self.to, "{}", value::escaped(text))?,
            false => writeln!(self.to, "{text}")?,
        }
        Ok(())
    }

    /// Writes one value.
    pub fn one(&mut self, value: Value) -> Result<()> {
        let value = self.selected(value);
        if self.jq.is_some() {
            return self.filter(&value);
        }
        match (self.format, value) {
            (Format::Json, value) if self.terminal => self.json(&format!("{value:#}"))?,
            (Format::Json | Format::Jsonl, value) => self.json(&value.to_string())?,
            (Format::Csv, value @ Value::Object(_)) => return self.csv(Box::new([Ok(value)].into_iter()), &[]),
            (_, Value::Null) => crate::say!("No data."),
            (Format::Table, value @ Value::Object(_)) => {
                let rows = value.lines().into_iter().map(|(name, cell)| vec![name, cell]).collect::<Vec<_>>();
                let columns = Columns::measure(rows.iter().map(Vec::as_slice), |_| true);
                for row in &rows {
                    writeln!(self.to, "{}", columns.line(row))?;
                }
            }
            (_, Value::Object(members)) => {
                for (name, value) in members {
                    writeln!(self.to, "{}\t{}", one_line(&name), one_line(&value.cell()))?;
                }
            }
            (_, value) if self.terminal => writeln!(self.to, "{}", one_line(&value.cell()))?,
            (_, value) => writeln!(self.to, "{}", value.cell())?,
        }
        Ok(())
    }

    /// Writes items as they come. `known` are the members of their model.
    pub fn many(&mut self, items: Items, known: &[&str]) -> Result<()> {
        if self.jq.is_some() {
            let all = items.map(|item| Ok(self.selected(item?))).collect::<Result<Vec<_>>>()?;
            return self.filter(&Value::List(all));
        }
        match self.format {
            Format::Table => self.table(items),
            Format::Csv => self.csv(items, known),
            Format::Plain => {
                // Those of the model, so that each run has the same ones.
                let mut columns = self.fields.clone().or_else(|| fields::default_columns(known));
                for item in items {
                    let item = item?;
                    let columns = columns.get_or_insert_with(|| fields::columns(std::slice::from_ref(&item)));
                    let cells = row(&item, columns);
                    let cells: Vec<_> = cells.iter().map(|cell| one_line(cell)).collect();
                    writeln!(self.to, "{}", cells.join("\t"))?;
                }
                Ok(())
            }
            Format::Jsonl => {
                for item in items {
                    let item = self.selected(item?);
                    self.json(&item.to_string())?;
                }
                Ok(())
            }
            Format::Json => {
                let mut before = "[";
                for item in items {
                    let item = self.selected(item?);
                    let item = item.to_string();
                    let item = if self.terminal { value::escaped(&item) } else { item.into() };
                    write!(self.to, "{before}\n  {item}")?;
                    before = ",";
                }
                let end = if before == "[" { "[]" } else { "\n]" };
                Ok(writeln!(self.to, "{end}")?)
            }
        }
    }

    fn table(&mut self, mut items: Items) -> Result<()> {
        let mut first = Vec::new();
        // An error after some rows is told after those rows.
        let mut failure = None;
        for item in items.by_ref().take(MEASURED) {
            match item {
                Ok(item) => first.push(item),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        if first.is_empty() {
            if failure.is_none() {
                crate::say!("No data.");
            }
            return failure.map_or(Ok(()), Err);
        }
        let mut names = self.fields.clone().unwrap_or_else(|| fields::columns(&first));
        let is_whole = |names: &[String], at: usize| names.get(at).is_some_and(|name| fields::is_identifier(name));
        let mut head: Vec<_> = names.iter().map(|name| name.to_uppercase()).collect();
        let mut rows: Vec<_> = first.iter().map(|item| row(item, &names)).collect();
        let measured = std::iter::once(&head).chain(&rows).map(Vec::as_slice);
        let mut columns = Columns::measure(measured, |at| is_whole(&names, at));
        if let Some(screen) = self.screen {
            let fitting = columns.fit(screen, |at| is_whole(&names, at));
            // Whoever named the columns gets all of them.
            if self.fields.is_none() {
                names.truncate(fitting);
                head.truncate(fitting);
                rows.iter_mut().for_each(|row| row.truncate(fitting));
            }
        }
        let line = columns.line(&head);
        if !line.is_empty() {
            self.head(&line)?;
        }
        for row in &rows {
            writeln!(self.to, "{}", columns.line(row))?;
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        for item in items {
            writeln!(self.to, "{}", columns.line(&row(&item?, &names)))?;
        }
        Ok(())
    }

    fn head(&mut self, line: &str) -> Result<()> {
        match self.color {
            true => writeln!(self.to, "{HEAD}{line}{HEAD:#}")?,
            false => writeln!(self.to, "{line}")?,
        }
        Ok(())
    }

    fn csv(&mut self, items: Items, known: &[&str]) -> Result<()> {
        let all = || (!known.is_empty()).then(|| known.iter().map(|name| (*name).to_owned()).collect());
        let mut columns: Option<Vec<String>> = self.fields.clone().or_else(all);
        let (terminal, mut to) = (self.terminal, csv::WriterBuilder::new().flexible(true).from_writer(&mut self.to));
        let mut begun = false;
        if let Some(columns) = &columns {
            // Also above an empty list, so that what reads it finds its columns.
            begun = true;
            to.write_record(columns).map_err(csv_error)?;
            to.flush()?;
        }
        for item in items {
            let item = item?;
            let columns = columns.get_or_insert_with(|| match &item {
                Value::Object(_) => item.names().map(str::to_owned).collect(),
                Value::List(_) => Vec::new(),
                _ => vec!["value".to_owned()],
            });
            if !std::mem::replace(&mut begun, true) && !columns.is_empty() {
                to.write_record(&*columns).map_err(csv_error)?;
            }
            let row = row(&item, columns);
            let shown = row.iter().map(|cell| if terminal { visible(cell) } else { cell.into() });
            to.write_record(shown.map(std::borrow::Cow::into_owned)).map_err(csv_error)?;
            to.flush()?;
        }
        Ok(())
    }

    fn tree(&mut self, tree: Tree, known: &[&str]) -> Result<()> {
        if self.jq.is_some() || !matches!(self.format, Format::Table | Format::Plain | Format::Csv) {
            let value = match self.fields.take() {
                Some(fields) => tree::select(tree.value, &fields),
                None => tree.value,
            };
            return match value {
                Value::List(items) if self.jq.is_none() => self.many(Box::new(items.into_iter().map(Ok)), &[]),
                value => self.one(value),
            };
        }
        let for_people = self.format == Format::Table;
        if self.fields.is_none() && self.format != Format::Csv {
            self.fields = Some(tree::columns(&tree.nodes, !for_people));
        }
        let shown = if for_people { tree::indented } else { tree::with_depth };
        let depth_first: Vec<_> =
            std::iter::once(tree::DEPTH).chain(known.iter().copied().filter(|name| *name != tree::DEPTH)).collect();
        self.many(Box::new(tree.nodes.into_iter().map(shown).map(Ok).collect::<Vec<_>>().into_iter()), &depth_first)
    }

    fn filter(&mut self, value: &Value) -> Result<()> {
        let Some(filter) = self.jq.take() else { return Ok(()) };
        if let Some(Format::Table | Format::Csv | Format::Plain) = self.jq_format {
            return self.filter_into_rows(&filter, value);
        }
        let (raw, terminal, to) = (self.jq_format.is_none(), self.terminal, &mut self.to);
        filter.run(value, raw, Failure::Other, |text| {
            let text = if terminal { visible(&text) } else { text.as_str().into() };
            Ok(writeln!(to, "{text}")?)
        })
    }

    /// Writes a filter's results as rows: those of one list, else each result.
    fn filter_into_rows(&mut self, filter: &jq::Filter, value: &Value) -> Result<()> {
        let mut results = Vec::new();
        filter.run(value, false, Failure::Other, |text| {
            results.push(serde_json::from_str(&text)?);
            Ok::<_, Failure>(())
        })?;
        // What a filter has made need not have the members that were asked for.
        self.fields = None;
        match <[Value; 1]>::try_from(results) {
            Ok([Value::List(items)]) => self.many(Box::new(items.into_iter().map(Ok)), &[]),
            Ok([one]) => self.one(one),
            Err(results) => self.many(Box::new(results.into_iter().map(Ok)), &[]),
        }
    }
}

/// Returns how many cells a line of the terminal at standard output has.
fn screen() -> Option<usize> {
    #[cfg(unix)]
    let columns = rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
    #[cfg(not(unix))]
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.filter(|columns| *columns > 0)
}

fn row(item: &Value, columns: &[String]) -> Vec<String> {
    match item {
        Value::Object(_) => {
            columns.iter().map(|name| item.at(name).map(|value| value.cell()).unwrap_or_default()).collect()
        }
        Value::List(cells) => cells.iter().map(Value::cell).collect(),
        other => vec![other.cell()],
    }
}

fn csv_error(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        _ => Failure::Other("the rows have no common columns; use -o jsonl".to_owned()),
    }
}
