//! The file that is imported, which is read twice: to check every row, and to send them.

use super::rows::{FileFormat, Problem, Rows};
use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Cursor, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The most that is kept in memory of what can be read once only.
const MOST_KEPT: u64 = 512 * 1024 * 1024;

/// Where rows come from.
#[derive(Debug)]
pub struct Input {
    source: Source,
    pub format: FileFormat,
    name: String,
}

#[derive(Debug)]
enum Source {
    File(PathBuf),
    /// Standard input, or a pipe: kept in memory, since rows can hold passwords, which belong on no disk.
    Memory(Arc<[u8]>),
}

impl Input {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    ///
    /// The file's name and what is wrong with it.
    pub fn open(path: &Path, format: Option<FileFormat>) -> Result<Self, String> {
        let is_stdin = path == Path::new("-");
        let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
        let wrong = |error: io::Error| format!("{name}: {error}");
        let source = if is_stdin {
            Source::Memory(read_once(io::stdin().lock()).map_err(wrong)?)
        } else {
            let file = File::open(path).map_err(wrong)?;
            let metadata = file.metadata().map_err(wrong)?;
            if metadata.is_dir() {
                return Err(format!("{name}: it is a directory"));
            }
            // Bash's `<(command)` is a pipe with a name.
            if metadata.is_file() {
                Source::File(path.to_owned())
            } else {
                Source::Memory(read_once(file).map_err(wrong)?)
            }
        };
        let mut input = Self { source, format: FileFormat::Csv, name };
        input.format = match format.or_else(|| by_name(path)) {
            Some(format) => format,
            None => input.sniff().map_err(|error| format!("{}: {error}", input.name))?,
        };
        Ok(input)
    }

    /// Returns what messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether the rows can be read again by another process.
    pub fn is_file(&self) -> bool {
        matches!(self.source, Source::File(_))
    }

    fn reader(&self) -> io::Result<Box<dyn io::BufRead + Send>> {
        Ok(match &self.source {
            Source::File(path) => Box::new(BufReader::with_capacity(64 * 1024, File::open(path)?)),
            Source::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
        })
    }

    /// Returns the rows, from the first one on.
    pub fn rows(&self) -> Result<Rows, Problem> {
        let reader = self.reader().map_err(|error| Problem::new(1, error.to_string()))?;
        Rows::new(self.format, reader)
    }

    /// Looks at the first character: an object, or the name of a column.
    fn sniff(&self) -> io::Result<FileFormat> {
        let mut reader = self.reader()?;
        let start = reader.fill_buf()?;
        let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
        Ok(if matches!(start.first(), Some(b'{' | b'[')) { FileFormat::Jsonl } else { FileFormat::Csv })
    }
}

fn by_name(path: &Path) -> Option<FileFormat> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" | "tsv" => Some(FileFormat::Csv),
        "jsonl" | "ndjson" => Some(FileFormat::Jsonl),
        _ => None,
    }
}

fn read_once(input: impl Read) -> io::Result<Arc<[u8]>> {
    let mut bytes = Vec::new();
    input.take(MOST_KEPT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_KEPT {
        return Err(io::Error::other("more than 512 MiB, which is kept in memory; import it as a file"));
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_told_by_the_name_or_by_the_first_character() {
        let directory = std::env::temp_dir().join(format!("iam-input-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        for (name, text, format) in [
            ("a.csv", "{\n", FileFormat::Csv),
            ("a.TSV", "x", FileFormat::Csv),
            ("a.jsonl", "x", FileFormat::Jsonl),
            ("a.ndjson", "x", FileFormat::Jsonl),
            ("a.txt", "\u{feff} {}", FileFormat::Jsonl),
            ("a", "[", FileFormat::Jsonl),
            ("b", "username", FileFormat::Csv),
            ("c", "", FileFormat::Csv),
        ] {
            let path = directory.join(name);
            std::fs::write(&path, text).unwrap();
            assert_eq!(Input::open(&path, None).unwrap().format, format, "{name}");
            assert_eq!(Input::open(&path, Some(FileFormat::Jsonl)).unwrap().format, FileFormat::Jsonl);
        }
        assert!(Input::open(&directory, None).unwrap_err().contains("directory"));
        assert!(Input::open(&directory.join("none"), None).unwrap_err().contains("none: "));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
