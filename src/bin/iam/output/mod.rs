//! How commands show what they have: tables and trees for people, text, JSON and CSV for programs.

pub mod fields;
mod jq;
mod rows;
pub mod table;
pub mod tree;
pub mod value;

use crate::{
    failure::{Failure, Result, code},
    reply::Reply,
};
use clap::{Args, ValueEnum};
use iam_sdk::DryRun;
use std::io::{self, IsTerminal as _, Write};
use table::{Columns, one_line, visible};
use value::Value;

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

/// Returns of how many requests a dry run shows the first one, where a call takes several.
fn requests(error: &iam_sdk::Error) -> Option<usize> {
    let identifiers = &error.partial()?.failed_or_unsent;
    let body = Value::of(error.dry_run()?.body.as_ref()?).ok()?;
    let in_first = batch(&body, identifiers.first()?)?;
    Some(identifiers.len().div_ceil(in_first)).filter(|number| *number > 1)
}

/// Returns how many items the list has that begins with this text.
fn batch(value: &Value, first: &str) -> Option<usize> {
    match value {
        Value::List(items) if matches!(items.first(), Some(Value::Text(text)) if text == first) => Some(items.len()),
        Value::List(items) => items.iter().find_map(|item| batch(item, first)),
        Value::Object(members) => members.iter().find_map(|(_, member)| batch(member, first)),
        _ => None,
    }
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
                match requests(&error) {
                    Some(number) => {
                        crate::say!("A dry run: nothing was sent. This is the first of {number} requests.");
                    }
                    None => crate::say!("A dry run: nothing was sent."),
                }
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
                    return Err(Failure::AlreadyReported(code::FAILED));
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
