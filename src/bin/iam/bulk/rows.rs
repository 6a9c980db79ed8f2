//! Reads rows: CSV with a header, or a JSON object a line.

use super::{
    line_numbers::{LineNumbers, NotingReader},
    row::Row,
};
use serde_json::Value;
use std::{
    io::{BufRead, Read},
    sync::Arc,
};

/// The longest line of JSON; a longer one is a file of another kind.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FileFormat {
    /// CSV with a header
    Csv,
    /// A JSON object a line
    Jsonl,
}

/// What is wrong with a row, and on which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub line: u64,
    pub text: String,
}

impl Problem {
    pub fn new(line: u64, text: impl Into<String>) -> Self {
        Self { line, text: text.into() }
    }
}

type Input = Box<dyn BufRead + Send>;

/// The rows of a file. After an error that leaves the place of the next row unknown, no more come.
pub struct Rows {
    source: Source,
    number: usize,
}

enum Source {
    Csv(Box<Csv>),
    Jsonl { input: Input, line: u64, ended: bool },
}

struct Csv {
    reader: csv::Reader<NotingReader<Input>>,
    lines: LineNumbers,
    header: Arc<[Arc<str>]>,
    record: csv::ByteRecord,
    ended: bool,
}

impl Rows {
    /// Skips a byte-order mark.
    pub fn new(format: FileFormat, mut input: Input) -> Result<Self, Problem> {
        skip_byte_order_mark(&mut input)?;
        let source = match format {
            FileFormat::Jsonl => Source::Jsonl { input, line: 0, ended: false },
            FileFormat::Csv => {
                let delimiter = delimiter(&mut input)?;
                let (input, mut lines) = NotingReader::new(input, delimiter);
                let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(input);
                let mut record = csv::ByteRecord::new();
                let read = reader.read_byte_record(&mut record).map_err(|error| problem(&error, &mut lines))?;
                if !read {
                    return Err(Problem::new(1, "the file is empty; its first line must name the columns"));
                }
                if lines.has_open_quote() {
                    return Err(Problem::new(1, OPEN_QUOTE));
                }
                let header = header(&record)?;
                Source::Csv(Box::new(Csv { reader, lines, header, record, ended: false }))
            }
        };
        Ok(Self { source, number: 0 })
    }

    /// Returns how many rows have come.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Returns the names of the columns of CSV.
    pub fn header(&self) -> Option<Arc<[Arc<str>]>> {
        match &self.source {
            Source::Csv(csv) => Some(csv.header.clone()),
            Source::Jsonl { .. } => None,
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Row, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = match &mut self.source {
            Source::Csv(csv) => csv.next(),
            Source::Jsonl { input, line, ended } => next_object(input, line, ended),
        }?;
        self.number += 1;
        Some(result.map(|(line, members)| Row { number: self.number, line, members }))
    }
}

type Members = Vec<(Arc<str>, Value)>;

impl Csv {
    fn next(&mut self) -> Option<Result<(u64, Members), Problem>> {
        if self.ended {
            return None;
        }
        let read = self.reader.read_byte_record(&mut self.record);
        if self.lines.has_open_quote() {
            self.ended = true;
            let at = read.as_ref().map_or_else(csv::Error::position, |_| self.record.position());
            let line = self.lines.of(at.map_or(0, csv::Position::byte));
            return Some(Err(Problem::new(line, OPEN_QUOTE)));
        }
        match read {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => {
                // Only after a record of another length the next one begins where it should.
                self.ended = !matches!(error.kind(), csv::ErrorKind::UnequalLengths { .. });
                return Some(Err(problem(&error, &mut self.lines)));
            }
        }
        let line = self.lines.of(self.record.position().map_or(0, csv::Position::byte));
        let mut members = Vec::with_capacity(self.header.len());
        for (name, cell) in self.header.iter().zip(self.record.iter()) {
            match str::from_utf8(cell) {
                Ok("") => {}
                Ok(text) => members.push((name.clone(), text.into())),
                Err(_) => return Some(Err(Problem::new(line, format!("column `{name}`: {NOT_UTF8}")))),
            }
        }
        Some(Ok((line, members)))
    }
}

/// The parser would take all that follows for the cell's text.
const OPEN_QUOTE: &str =
    "a quote (\") that begins here has no end in the file; inside of quotes, a quote is written twice";

const NOT_UTF8: &str = "not UTF-8; save the file as UTF-8 (it may be in GBK or Big5)";

fn problem(error: &csv::Error, lines: &mut LineNumbers) -> Problem {
    let line = lines.of(error.position().map_or(0, csv::Position::byte));
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Problem::new(line, format!("it has {len} columns, and the header has {expected_len}"))
        }
        csv::ErrorKind::Io(error) => Problem::new(line, error.to_string()),
        _ => Problem::new(line, "not valid CSV"),
    }
}

fn header(record: &csv::ByteRecord) -> Result<Arc<[Arc<str>]>, Problem> {
    let mut names: Vec<Arc<str>> = Vec::with_capacity(record.len());
    for (at, cell) in record.iter().enumerate() {
        let name = str::from_utf8(cell).map_err(|_| Problem::new(1, format!("the header: {NOT_UTF8}")))?.trim();
        if name.is_empty() {
            return Err(Problem::new(1, format!("the header: column {} has no name", at + 1)));
        }
        if names.iter().any(|other| **other == *name) {
            return Err(Problem::new(1, format!("the header: two columns have the name `{}`", name.escape_debug())));
        }
        names.push(name.into());
    }
    Ok(names.into())
}

fn next_object(input: &mut Input, line: &mut u64, ended: &mut bool) -> Option<Result<(u64, Members), Problem>> {
    let mut text = Vec::new();
    loop {
        if *ended {
            return None;
        }
        text.clear();
        *line += 1;
        match input.take(LONGEST_LINE + 1).read_until(b'\n', &mut text) {
            Ok(0) => {
                *ended = true;
                return None;
            }
            Ok(length) if length as u64 > LONGEST_LINE => {
                *ended = true;
                return Some(Err(Problem::new(*line, "the line is longer than 16 MiB")));
            }
            Ok(_) if text.trim_ascii().is_empty() => {}
            Ok(_) => {
                return Some(object(&text).map(|members| (*line, members)).map_err(|text| Problem::new(*line, text)));
            }
            Err(error) => {
                *ended = true;
                return Some(Err(Problem::new(*line, error.to_string())));
            }
        }
    }
}

fn object(text: &[u8]) -> Result<Members, String> {
    if str::from_utf8(text).is_err() {
        return Err(NOT_UTF8.to_owned());
    }
    match serde_json::from_slice::<Value>(text) {
        Ok(Value::Object(members)) => Ok(members
            .into_iter()
            .filter(|(_, value)| !value.is_null() && value.as_str() != Some(""))
            .map(|(name, value)| (name.into(), value))
            .collect()),
        Ok(_) => Err(NO_OBJECT.to_owned()),
        // serde's text can quote a value, which may be a password.
        Err(error) if text.trim_ascii_start().first() == Some(&b'[') && error.is_eof() => Err(NO_OBJECT.to_owned()),
        Err(error) => Err(format!("not valid JSON, column {}", error.column())),
    }
}

const NO_OBJECT: &str = "not a JSON object; each line must hold one (of a list, `jq -c '.[]'` makes such lines)";

fn skip_byte_order_mark(input: &mut Input) -> Result<(), Problem> {
    let start = input.fill_buf().map_err(|error| Problem::new(1, error.to_string()))?;
    if start.starts_with(b"\xFF\xFE") || start.starts_with(b"\xFE\xFF") {
        return Err(Problem::new(1, "the file is in UTF-16; save it as UTF-8"));
    }
    if start.starts_with(b"\xEF\xBB\xBF") {
        input.consume(3);
    }
    Ok(())
}

/// Returns what separates the columns: spreadsheets of many countries write semicolons, and tabs are common.
fn delimiter(input: &mut Input) -> Result<u8, Problem> {
    let start = input.fill_buf().map_err(|error| Problem::new(1, error.to_string()))?;
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let others = [b';', b'\t'].into_iter().filter(|other| !first.contains(&b',') && first.contains(other));
    Ok(others.into_iter().next().unwrap_or(b','))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows(format: FileFormat, text: &[u8]) -> Result<Rows, Problem> {
        Rows::new(format, Box::new(std::io::Cursor::new(text.to_vec())))
    }

    /// Every row as JSON with its line, or what is wrong.
    fn read(format: FileFormat, text: impl AsRef<[u8]>) -> Vec<Result<(u64, Value), (u64, String)>> {
        match rows(format, text.as_ref()) {
            Err(problem) => vec![Err((problem.line, problem.text))],
            Ok(rows) => rows
                .map(|row| match row {
                    Ok(row) => {
                        Ok((row.line, row.members.into_iter().map(|(name, value)| (name.to_string(), value)).collect()))
                    }
                    Err(problem) => Err((problem.line, problem.text)),
                })
                .collect(),
        }
    }

    #[test]
    fn rows_of_csv() {
        let mia = json!({"username": "mia", "name": "米娅, M."});
        for text in [
            "username,name\nmia,\"米娅, M.\"\n",
            "\u{feff}username,name\r\nmia,\"米娅, M.\"",
            " username ;name;city\nmia;米娅, M.;\n",
            "username\tname\nmia\t米娅, M.\n\n",
        ] {
            assert_eq!(read(FileFormat::Csv, text), [Ok((2, mia.clone()))], "{text}");
        }
        let lines = read(FileFormat::Csv, "a,b\n\"1\n2\",3\n4,\n\n5,6\n");
        assert_eq!(
            lines,
            [Ok((2, json!({"a": "1\n2", "b": "3"}))), Ok((4, json!({"a": "4"}))), Ok((6, json!({"a": "5", "b": "6"})))]
        );
    }

    #[test]
    fn rows_of_json() {
        let lines = read(FileFormat::Jsonl, "\u{feff}{\"a\":1,\"b\":null,\"c\":\"\"}\n\n  {\"a\":{\"d\":[2]}}");
        assert_eq!(lines, [Ok((1, json!({"a": 1}))), Ok((3, json!({"a": {"d": [2]}})))]);
        assert_eq!(read(FileFormat::Jsonl, ""), []);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let csv = |text: &[u8]| read(FileFormat::Csv, text);
        let jsonl = |text: &[u8]| read(FileFormat::Jsonl, text);
        let failing = |results: Vec<Result<(u64, Value), (u64, String)>>| -> Vec<(u64, String)> {
            results.into_iter().filter_map(Result::err).collect()
        };
        for (results, line, part) in [
            (csv(b""), 1, "empty"),
            (csv(b"a,,b\n"), 1, "column 2 has no name"),
            (csv(b"a,b,a\n"), 1, "two columns have the name `a`"),
            (csv(b"a,b\n1,2\n3\n4,5\n"), 3, "it has 1 columns, and the header has 2"),
            (csv(b"a,b\n1,\xB0\xA1\n"), 2, "column `b`: not UTF-8"),
            (csv(b"\xB0\xA1,b\n"), 1, "the header: not UTF-8"),
            (csv(b"a,b\nqa,\"abc\nqb,x\nqc,canary\n"), 2, "a quote (\") that begins here has no end"),
            (csv(b"a,b\n1,2\n3,\"x\"\"\n"), 3, "has no end"),
            (csv(b"a,b\n1,2\n\"3"), 3, "has no end"),
            (csv(b"\"a,b\n1,2\n"), 1, "has no end"),
            (csv(b"\xFF\xFEa\0"), 1, "UTF-16"),
            (jsonl(b"{}\n{\"a\":\"canary\n{\"b\":1}\n"), 2, "not valid JSON, column"),
            (jsonl(b"[\n{}\n]"), 1, "not a JSON object"),
            (jsonl(b"[{}]"), 1, "not a JSON object"),
            (jsonl(b"{}\n7"), 2, "not a JSON object"),
            (jsonl(b"\n{\"a\":\"\xB0\"}"), 2, "not UTF-8"),
        ] {
            let failed = failing(results);
            let (at, text) = &failed[0];
            assert_eq!(*at, line, "{text}");
            assert!(text.contains(part) && !text.contains("canary"), "{text}");
        }
        let around = csv(b"a,b\n1,2\n3\n4,5\n");
        assert!(around.len() == 3 && around[2].is_ok(), "the rows after it are read: {around:?}");
        let long = [b"{\"a\":\"".as_slice(), &vec![b'x'; LONGEST_LINE as usize], b"\"}\n{}"].concat();
        assert_eq!(failing(jsonl(&long)).len(), 1);
    }
}
