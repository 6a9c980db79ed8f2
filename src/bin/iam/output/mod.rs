//! How commands show what they have: tables and trees for people, text, JSON and CSV for programs.

pub mod fields;
mod jq;
pub mod table;
pub mod value;

use crate::{
    failure::{Failure, Result},
    reply::{Items, Reply, Tree},
};
use anstyle::Style;
use clap::{Args, ValueEnum};
use iam_sdk::DryRun;
use std::io::{self, IsTerminal as _, Write};
use table::{Columns, one_line};
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
    /// Whether people look at it.
    terminal: bool,
    color: bool,
    fields: Option<Vec<String>>,
    jq: Option<String>,
    /// Whether strings of `--jq` are shown without their quotes.
    raw: bool,
    to: Box<dyn Write>,
}

impl Output {
    /// Prepares standard output. `setting` is what the environment or the profile says of the format.
    pub fn new(options: &Options, setting: Option<Format>) -> Self {
        let terminal = io::stdout().is_terminal();
        let default = if terminal { Format::Table } else { Format::Plain };
        let color = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        Self {
            format: options.output.or(setting).unwrap_or(default),
            terminal,
            color,
            fields: options.fields.clone().filter(|fields| !fields.is_empty()),
            jq: options.jq.clone(),
            raw: !matches!(options.output, Some(Format::Json | Format::Jsonl)),
            to: Box::new(io::stdout().lock()),
        }
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
            Reply::One(known, _) | Reply::Many(known, _) => *known,
            Reply::Done(_) | Reply::Tree(_) => &[],
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
            Reply::One(_, make) => {
                let value = make()?;
                self.one(value)?;
            }
            Reply::Many(known, make) => {
                let items = make()?;
                self.many(items, known)?;
            }
            Reply::Tree(make) => {
                let tree = make()?;
                self.tree(tree)?;
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
            return body.map_or(Ok(()), |body| Ok(writeln!(self.to, "{body:#}")?));
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

    /// Writes one value.
    pub fn one(&mut self, value: Value) -> Result<()> {
        let value = self.selected(value);
        if self.jq.is_some() {
            return self.filter(&value);
        }
        match (self.format, value) {
            (Format::Json, value) if self.terminal => writeln!(self.to, "{value:#}")?,
            (Format::Json | Format::Jsonl, value) => writeln!(self.to, "{value}")?,
            (Format::Csv, value @ Value::Object(_)) => return self.csv(Box::new([Ok(value)].into_iter()), &[]),
            (_, Value::Null) => crate::say!("No data."),
            (Format::Table, Value::Object(members)) => {
                let rows: Vec<_> = members.into_iter().map(|(name, value)| vec![name, value.cell()]).collect();
                let columns = Columns::measure(rows.iter().map(Vec::as_slice));
                for row in &rows {
                    writeln!(self.to, "{}", columns.line(row))?;
                }
            }
            (_, Value::Object(members)) => {
                for (name, value) in members {
                    writeln!(self.to, "{name}\t{}", one_line(&value.cell()))?;
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
                let mut columns = self.fields.clone().or_else(|| fields::telling(known));
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
                    writeln!(self.to, "{item}")?;
                }
                Ok(())
            }
            Format::Json => {
                let mut before = "[";
                for item in items {
                    let item = self.selected(item?);
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
        let names = self.fields.clone().unwrap_or_else(|| fields::columns(&first));
        let head: Vec<_> = names.iter().map(|name| name.to_uppercase()).collect();
        let rows: Vec<_> = first.iter().map(|item| row(item, &names)).collect();
        let columns = Columns::measure(std::iter::once(&head).chain(&rows).map(Vec::as_slice));
        let line = columns.line(&head);
        if !names.is_empty() {
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
        let (mut columns, mut to) = (self.fields.clone().or_else(all), csv::Writer::from_writer(&mut self.to));
        let mut begun = false;
        for item in items {
            let item = item?;
            let columns = columns.get_or_insert_with(|| match &item {
                Value::Object(_) => item.names().map(str::to_owned).collect(),
                _ => vec!["value".to_owned()],
            });
            if !std::mem::replace(&mut begun, true) {
                to.write_record(&*columns).map_err(csv_error)?;
            }
            to.write_record(row(&item, columns)).map_err(csv_error)?;
            to.flush()?;
        }
        Ok(())
    }

    fn tree(&mut self, tree: Tree) -> Result<()> {
        let people = matches!(self.format, Format::Table | Format::Plain) && self.jq.is_none();
        if !people && self.format != Format::Csv {
            return match tree.value {
                Value::List(items) if self.jq.is_none() => self.many(Box::new(items.into_iter().map(Ok)), &[]),
                value => self.one(value),
            };
        }
        let indented = |(depth, node): (usize, Value)| match node {
            Value::Object(mut members) => {
                for (name, value) in &mut members {
                    if let ("name", Value::Text(text)) = (name.as_str(), value) {
                        *text = format!("{}{text}", "  ".repeat(depth));
                    }
                }
                // The name first: it shows the tree.
                members.sort_by_key(|(name, _)| name != "name");
                Ok(Value::Object(members))
            }
            other => Ok(other),
        };
        let names = ["name", "sid", "id", "code", "orgId", "userCount"].map(str::to_owned);
        let has = |name: &String| tree.nodes.iter().any(|(_, node)| node.member(name).is_some());
        if self.fields.is_none() && people {
            self.fields = Some(names.into_iter().filter(has).collect());
        }
        self.many(Box::new(tree.nodes.into_iter().map(indented).collect::<Vec<_>>().into_iter()), &[])
    }

    fn filter(&mut self, value: &Value) -> Result<()> {
        let (code, to) = (self.jq.as_deref().unwrap_or("."), &mut self.to);
        jq::run(code, value, self.raw, |text| Ok::<_, Failure>(writeln!(to, "{text}")?))
    }
}

fn row(item: &Value, columns: &[String]) -> Vec<String> {
    match item {
        Value::Object(_) => columns.iter().map(|name| item.member(name).map(Value::cell).unwrap_or_default()).collect(),
        other => vec![other.cell()],
    }
}

fn csv_error(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        _ => Failure::Other("the rows have no common columns; use -o jsonl".to_owned()),
    }
}
