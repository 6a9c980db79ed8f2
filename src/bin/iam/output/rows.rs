//! Lists and trees, written row by row in each format.

use super::{
    Format, Output, fields,
    table::{Columns, one_line, visible},
    tree::{self, Tree},
    value::{self, Value},
};
use crate::{
    failure::{Failure, Result},
    reply::Items,
};
use anstyle::Style;
use std::io::Write as _;

/// The bold line above a table's columns.
const HEAD: Style = Style::new().bold();

/// How many rows a table waits for before it decides on its columns.
const MEASURED: usize = 50;

impl Output {
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

    pub(super) fn csv(&mut self, items: Items, known: &[&str]) -> Result<()> {
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

    pub(super) fn tree(&mut self, tree: Tree, known: &[&str]) -> Result<()> {
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
