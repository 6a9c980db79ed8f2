//! The rows that failed, in the input's own format with a column more: corrected, the file can be imported as it is.

use super::{
    row::{Row, text},
    rows::FileFormat,
};
use crate::paths::AtomicFile;
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

const ERROR: &str = "error";

pub struct Rejects {
    path: PathBuf,
    to: Target,
    /// Whether a file that has the name is replaced.
    overwrite: bool,
    /// The columns of CSV.
    header: Option<Arc<[Arc<str>]>>,
    written: usize,
}

/// What rows are written to.
enum Target {
    File(AtomicFile),
    /// A pipe or a terminal, which nothing can replace.
    Device(File),
}

impl Rejects {
    /// Refuses a name that a file has, unless it is to be overwritten: it may be the rows that somebody has corrected.
    pub fn check(path: &Path, overwrite: bool) -> Result<(), String> {
        match fs::metadata(path) {
            Ok(there) if there.is_dir() => Err(format!("--rejects: {} is a directory", path.display())),
            Ok(there) if there.is_file() && !overwrite => {
                Err(format!("--rejects: {} is there already; --overwrite replaces it", path.display()))
            }
            _ => Ok(()),
        }
    }

    /// Begins a file, which has its name when it is finished.
    pub fn create(
        path: &Path,
        overwrite: bool,
        format: FileFormat,
        header: Option<Arc<[Arc<str>]>>,
    ) -> Result<Self, String> {
        let is_device = fs::metadata(path).is_ok_and(|there| !there.is_file());
        let to = match is_device {
            true => File::options().write(true).open(path).map(Target::Device),
            false => AtomicFile::create(path).map(Target::File),
        };
        let to = to.map_err(|error| named(path, &error))?;
        let header = header.filter(|_| format == FileFormat::Csv);
        Ok(Self { path: path.to_owned(), to, overwrite, header, written: 0 })
    }

    /// Writes a row, at once: rows that fail are few.
    pub fn write(&mut self, row: &Row, error: &str) -> Result<(), String> {
        let bytes = match &self.header {
            Some(header) => record(header, self.written == 0, row, error),
            None => Ok(format!("{}\n", row.with_error(error)).into_bytes()),
        };
        let result = bytes.and_then(|bytes| match &mut self.to {
            Target::File(file) => file.write_all(&bytes),
            Target::Device(file) => file.write_all(&bytes),
        });
        self.written += 1;
        result.map_err(|error| named(&self.path, &error))
    }

    /// Gives the file its name, unless it holds nothing. Returns how many rows it holds.
    pub fn finish(self) -> Result<usize, String> {
        match self.to {
            Target::File(file) if self.written > 0 => {
                file.commit(self.overwrite).map_err(|error| named(&self.path, &error))?;
            }
            Target::File(_) | Target::Device(_) => {}
        }
        Ok(self.written)
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

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("iam-rejects-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn rejects_are_in_the_inputs_own_format() {
        let folder = Folder::new("format");
        let path = folder.0.join("rejects");
        for (format, text, expected) in [
            (
                FileFormat::Csv,
                "username;error;name\nmia;old;\"M; \"\"x\"\"\"\nann;;\n",
                "username,name,error\nmia,\"M; \"\"x\"\"\",\"no, why\"\nann,,\"no, why\"\n",
            ),
            (
                FileFormat::Jsonl,
                "{\"username\":\"mia\",\"a\":[1]}\n{\"error\":\"old\"}",
                "{\"a\":[1],\"error\":\"no, why\",\"username\":\"mia\"}\n{\"error\":\"no, why\"}\n",
            ),
        ] {
            let rows = Rows::new(format, Box::new(io::Cursor::new(text))).unwrap();
            let mut rejects = Rejects::create(&path, true, format, rows.header()).unwrap();
            for row in rows {
                rejects.write(&row.unwrap(), "no, why").unwrap();
            }
            assert_eq!(rejects.finish(), Ok(2));
            assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        }
    }

    #[test]
    fn a_file_that_is_there_stays_unless_it_is_to_be_overwritten() {
        let folder = Folder::new("there");
        let path = folder.0.join("precious.txt");
        assert_eq!((Rejects::check(&path, false), Rejects::check(&folder.0, true).is_err()), (Ok(()), true));
        fs::write(&path, "precious").unwrap();
        assert!(
            Rejects::check(&path, false).unwrap_err().contains("--overwrite") && Rejects::check(&path, true).is_ok()
        );
        let create = |overwrite| Rejects::create(&path, overwrite, FileFormat::Jsonl, None).unwrap();
        assert_eq!(create(true).finish(), Ok(0), "no row has failed");
        // Somebody else has made it meanwhile.
        let mut rejects = create(false);
        rejects.write(&Row::default(), "no").unwrap();
        assert!(rejects.finish().unwrap_err().contains("precious.txt"));
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), folder.names().len()), ("precious", 1));
        let mut rejects = create(true);
        rejects.write(&Row::default(), "no").unwrap();
        assert_eq!((rejects.finish(), folder.names().len()), (Ok(1), 1));
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"error\":\"no\"}\n");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_named() {
        let mut rejects = Rejects::create(Path::new("/dev/full"), false, FileFormat::Jsonl, None).unwrap();
        let error = rejects.write(&Row::default(), "no").unwrap_err();
        assert!(error.contains("rejects /dev/full: ") && error.contains("space"), "{error}");
        assert!(Path::new("/dev/full").exists());
    }
}
