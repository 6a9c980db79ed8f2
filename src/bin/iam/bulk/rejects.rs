//! The rows that failed, in the input's own format with a column more: corrected, the file can be imported as it is.

use super::{
    row::{Row, text},
    rows::Format,
};
use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

const ERROR: &str = "error";

pub struct Rejects {
    path: PathBuf,
    file: File,
    /// The columns of CSV.
    header: Option<Arc<[Arc<str>]>>,
    written: usize,
}

impl Rejects {
    /// Begins a file, in the place of one that is there.
    pub fn create(path: &Path, format: Format, header: Option<Arc<[Arc<str>]>>) -> Result<Self, String> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // Its rows can hold passwords, as those of the input.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| named(path, &error))?;
        let header = header.filter(|_| format == Format::Csv);
        Ok(Self { path: path.to_owned(), file, header, written: 0 })
    }

    /// Writes a row, at once: rows that fail are few.
    pub fn write(&mut self, row: &Row, error: &str) -> Result<(), String> {
        let bytes = match &self.header {
            Some(header) => record(header, self.written == 0, row, error),
            None => Ok(format!("{}\n", row.with_error(error)).into_bytes()),
        };
        let result = bytes.and_then(|bytes| self.file.write_all(&bytes));
        self.written += 1;
        result.map_err(|error| named(&self.path, &error))
    }

    /// Returns how many rows it holds. A file that holds none is removed.
    pub fn finish(self) -> usize {
        let is_file = self.file.metadata().is_ok_and(|metadata| metadata.is_file());
        if self.written == 0 && is_file {
            // It is empty: whether it stays is of no matter.
            let _ = std::fs::remove_file(&self.path);
        }
        self.written
    }
}

fn named(path: &Path, error: &io::Error) -> String {
    format!("the file of rejects {}: {error}", path.display())
}

fn record(header: &[Arc<str>], is_first: bool, row: &Row, error: &str) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let own = || header.iter().filter(|name| ***name != *ERROR);
    if is_first {
        writer.write_record(own().map(|name| &**name).chain([ERROR]))?;
    }
    let cells = own().map(|name| row.get(name).map(text).unwrap_or_default());
    writer.write_record(cells.chain([error.to_owned()]))?;
    writer.into_inner().map_err(|error| error.into_error())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::rows::Rows;

    #[test]
    fn rejects_are_in_the_inputs_own_format() {
        let path = std::env::temp_dir().join(format!("iam-rejects-{}", std::process::id()));
        for (format, text, expected) in [
            (
                Format::Csv,
                "username;error;name\nmia;old;\"M; \"\"x\"\"\"\nann;;\n",
                "username,name,error\nmia,\"M; \"\"x\"\"\",\"no, why\"\nann,,\"no, why\"\n",
            ),
            (
                Format::Jsonl,
                "{\"username\":\"mia\",\"a\":[1]}\n{\"error\":\"old\"}",
                "{\"a\":[1],\"error\":\"no, why\",\"username\":\"mia\"}\n{\"error\":\"no, why\"}\n",
            ),
        ] {
            let rows = Rows::new(format, Box::new(io::Cursor::new(text))).unwrap();
            let mut rejects = Rejects::create(&path, format, rows.header()).unwrap();
            for row in rows {
                rejects.write(&row.unwrap(), "no, why").unwrap();
            }
            assert_eq!(rejects.finish(), 2);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
        }
        assert_eq!(Rejects::create(&path, Format::Csv, None).unwrap().finish(), 0);
        assert!(!path.exists());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_named() {
        let mut rejects = Rejects::create(Path::new("/dev/full"), Format::Jsonl, None).unwrap();
        let error = rejects.write(&Row::default(), "no").unwrap_err();
        assert!(error.contains("rejects /dev/full: ") && error.contains("space"), "{error}");
        assert!(Path::new("/dev/full").exists());
    }
}
