//! A file that an export has not finished, and the journal that says how far it is.

use super::{pages::Position, progress::grouped};
use crate::{
    failure::{Failure, Result},
    paths::{self, beside},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

/// How far an export is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Behind what is written.
    #[serde(flatten)]
    pub position: Position,
    /// How long the file is then.
    pub bytes: u64,
    pub rows: usize,
}

/// What must be the same when an export goes on.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub iam_journal: u32,
    pub command: String,
    pub target: String,
    pub csv: bool,
    pub page_size: usize,
    pub columns: Vec<String>,
}

/// A file that is not whole yet, and the journal that says how far it is.
pub struct Part {
    pub path: PathBuf,
    file: BufWriter<File>,
    journal_path: PathBuf,
    journal: File,
    pub mark: Mark,
}

impl Part {
    /// Begins a file, or goes on with one as far as its journal says.
    pub fn open(target: &Path, resume: bool, head: &Head) -> Result<Self> {
        // Not the name of an import's journal: the file may be exported over one that is being imported.
        let (path, journal_path) = (beside(target, ".part"), beside(target, ".part.iam-journal"));
        let open = |path: &Path| paths::open_private_itself(path).map_err(|error| Failure::file(path, &error));
        let mut journal = open(&journal_path)?;
        if let Err(fs::TryLockError::WouldBlock) = journal.try_lock() {
            return Err(Failure::Other(format!("{}: another export is under way", journal_path.display())));
        }
        let mark = if resume { read_mark(&journal_path, head)? } else { Mark::default() };
        let mut file = open(&path)?;
        let length = file.metadata().map_err(|error| Failure::file(&path, &error))?.len();
        if !resume && length > 0 && !is_export(&journal_path) {
            return Err(Failure::Refused(format!(
                "{}: it is there already, and nothing says that an export has written it; remove it, or name another file",
                path.display()
            )));
        }
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

    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| Failure::file(&self.path, &error))?;
        self.mark.bytes += bytes.len() as u64;
        Ok(())
    }

    pub fn sync(&mut self) -> Result<()> {
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().sync_data())
            .map_err(|error| Failure::file(&self.path, &error))
    }

    /// Notes how far the file is, once that much is on disk.
    pub fn note(&mut self) -> Result<()> {
        self.sync()?;
        // The line before may be torn.
        let line = format!("\n{}\n", serde_json::to_string(&self.mark)?);
        let written = self.journal.write_all(line.as_bytes()).and_then(|()| self.journal.sync_data());
        written.map_err(|error| Failure::file(&self.journal_path, &error))
    }

    /// Gives the file its name.
    pub fn finish(mut self, target: &Path) -> Result<()> {
        self.sync()?;
        fs::rename(&self.path, target).map_err(|error| Failure::file(target, &error))?;
        // It says nothing any more; that it stays would do no harm.
        let _ = fs::remove_file(&self.journal_path);
        crate::say!("iam: {} rows are in {}", grouped(self.mark.rows), target.display());
        Ok(())
    }
}

/// Returns whether a journal is an export's.
fn is_export(journal: &Path) -> bool {
    let text = fs::read_to_string(journal).unwrap_or_default();
    text.lines().next().is_some_and(|line| serde_json::from_str::<Head>(line).is_ok())
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
        fs::remove_file(directory.join("users.csv.part.iam-journal")).unwrap();
        fs::write(directory.join("users.csv.part"), "of somebody else").unwrap();
        assert!(matches!(Part::open(&target, false, &head(&["a"])), Err(Failure::Refused(_))));
        assert_eq!(fs::read_to_string(directory.join("users.csv.part")).unwrap(), "of somebody else");
        fs::remove_file(directory.join("users.csv.part")).unwrap();
        let mut part = Part::open(&target, false, &head(&["a"])).unwrap();
        assert!(matches!(Part::open(&target, false, &head(&["a"])), Err(Failure::Other(_))), "two at once");
        part.write(b"a\n1\n").unwrap();
        let position = Position::default().after(1, ["u1".to_owned()].into_iter());
        part.mark = Mark { position: position.clone(), rows: 1, ..part.mark };
        part.note().unwrap();
        part.write(b"2\n").unwrap();
        part.sync().unwrap();
        // A line that a killed export has not finished.
        part.journal.write_all(b"{\"page\":2,\"by").unwrap();
        drop(part);
        assert!(matches!(Part::open(&target, true, &head(&["b"])), Err(Failure::Usage(_))));
        let mut part = Part::open(&target, true, &head(&["a"])).unwrap();
        assert_eq!(part.mark, Mark { position, bytes: 4, rows: 1 });
        part.write(b"3\n").unwrap();
        part.finish(&target).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "a\n1\n3\n");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        fs::remove_dir_all(&directory).unwrap();
    }
}
