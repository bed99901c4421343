//! A run's folder on disk: one file written once, one only ever appended to.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::{Line, Run, SCHEMA};

const RUN: &str = "environment.json";
const TRIALS: &str = "trials.jsonl";

/// Longest line that is read. A trial with its histograms stays below 200 kB; anything longer is not ours.
const LINE_LIMIT: usize = 8 << 20;

/// A run's folder.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

/// Why a run's folder could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file could not be read or written.
    #[error("cannot {verb} {path}: {source}")]
    Io {
        /// What was attempted.
        verb: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The file is not what this project writes.
    #[error("{path} is not a run's record: {source}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What was wrong.
        source: serde_json::Error,
    },
    /// Somebody else appends to the file.
    #[error("another run writes {path}; wait for it to end, or stop it")]
    Busy {
        /// Which file.
        path: PathBuf,
    },
    /// A newer version of this project wrote the file.
    #[error("{path} has schema {found}, this version reads up to {SCHEMA}; use the version that wrote it")]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: u32,
    },
}

/// A line of the trial log that could not be read, e.g. torn by a kill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its number, from 1.
    pub number: usize,
    /// What was wrong with it.
    pub reason: String,
}

/// Appends lines to `trials.jsonl`, each flushed to disk before the next thing happens.
#[derive(Debug)]
pub struct TrialLog {
    path: PathBuf,
    file: File,
}

impl Folder {
    /// An existing folder; nothing is read yet.
    #[must_use]
    pub fn open(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes the folder of a new run and writes what it is.
    ///
    /// # Errors
    /// When the folder exists already (results are never overwritten) or cannot be written.
    pub fn create(path: impl Into<PathBuf>, run: &Run) -> Result<Self, FolderError> {
        let folder = Self { path: path.into() };
        if let Some(parent) = folder.path.parent() {
            fs::create_dir_all(parent).map_err(io_error("create", parent))?;
        }
        fs::create_dir(&folder.path).map_err(io_error("create", &folder.path))?;
        let mut text = serde_json::to_vec_pretty(run).expect("a run's record always serialises");
        text.push(b'\n');
        write_whole(&folder.path.join(RUN), &text)?;
        Ok(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the run is.
    ///
    /// # Errors
    /// When the file is missing, malformed, or newer than this version.
    pub fn run(&self) -> Result<Run, FolderError> {
        let path = self.path.join(RUN);
        let text = fs::read(&path).map_err(io_error("read", &path))?;
        #[derive(serde::Deserialize)]
        struct Version {
            schema: u32,
        }
        let version: Version = parse(&path, &text)?;
        if version.schema > SCHEMA {
            return Err(FolderError::Newer { path, found: version.schema });
        }
        parse(&path, &text)
    }

    /// Everything that happened, in order, and the lines that could not be read.
    ///
    /// A missing file reads as no lines: a run that was stopped before its first trial.
    ///
    /// # Errors
    /// When the file exists but cannot be read.
    pub fn lines(&self) -> Result<(Vec<Line>, Vec<Skipped>), FolderError> {
        let path = self.path.join(TRIALS);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(io_error("read", &path)(error)),
        };
        let (mut lines, mut skipped) = (Vec::new(), Vec::new());
        for (index, text) in bytes.split(|&byte| byte == b'\n').enumerate() {
            match read_line(text) {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => {}
                Err(reason) => skipped.push(Skipped { number: index + 1, reason }),
            }
        }
        Ok((lines, skipped))
    }

    /// Opens the trial log to append to it, alone, until the log is dropped. A last line torn by a kill is
    /// ended, not rewritten.
    ///
    /// # Errors
    /// When somebody else appends to it, or the file cannot be opened, read or written.
    pub fn append(&self) -> Result<TrialLog, FolderError> {
        let path = self.path.join(TRIALS);
        let torn = fs::read(&path).is_ok_and(|bytes| bytes.last().is_some_and(|&byte| byte != b'\n'));
        let file =
            OpenOptions::new().create(true).append(true).open(&path).map_err(io_error("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::Busy { path }),
            Err(TryLockError::Error(source)) => return Err(io_error("lock", &path)(source)),
        }
        let mut log = TrialLog { path, file };
        if torn {
            log.write(b"\n")?;
        }
        Ok(log)
    }

    /// Writes a file of the run whole or not at all: temporary file, sync, rename.
    ///
    /// # Errors
    /// When the file cannot be written; an earlier one of this name is then intact.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, FolderError> {
        let path = self.path.join(name);
        write_whole(&path, bytes)?;
        Ok(path)
    }
}

impl TrialLog {
    /// Appends one line and waits until it is on disk.
    ///
    /// # Errors
    /// When it cannot be written; earlier lines are intact.
    pub fn push(&mut self, line: &Line) -> Result<(), FolderError> {
        let mut text = serde_json::to_vec(line).expect("a line of the record always serialises");
        text.push(b'\n');
        self.write(&text)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), FolderError> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_data());
        written.map_err(io_error("append to", &self.path))
    }
}

fn read_line(text: &[u8]) -> Result<Option<Line>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > LINE_LIMIT {
        return Err(format!("{} bytes, expected at most {LINE_LIMIT}", text.len()));
    }
    serde_json::from_slice(text).map(Some).map_err(|error| error.to_string())
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".partial");
    let temporary = PathBuf::from(temporary);
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        // Best effort: the error that matters is the one above.
        let _ = fs::remove_file(&temporary);
        io_error("write", path)(error)
    })
}

fn parse<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<T, FolderError> {
    serde_json::from_slice(text).map_err(|source| FolderError::Malformed { path: path.to_owned(), source })
}

fn io_error(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Io { verb, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Calibration;

    fn line(cell: &str) -> Line {
        Line::Calibration(Calibration {
            cell: cell.into(),
            contender: "tokio-tasks".into(),
            goodput_per_s: Some(1.5),
            failure: None,
        })
    }

    #[test]
    fn lines_come_back_as_written() {
        let folder = Folder::open(tempfile::tempdir().unwrap().keep());
        let mut log = folder.append().unwrap();
        log.push(&line("a")).unwrap();
        log.push(&line("b")).unwrap();
        assert_eq!(folder.lines().unwrap(), (vec![line("a"), line("b")], vec![]));
        fs::remove_dir_all(folder.path()).unwrap();
    }

    #[test]
    fn a_torn_last_line_is_skipped_and_later_lines_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path());
        folder.append().unwrap().push(&line("a")).unwrap();
        folder.append().unwrap().write(b"{\"kind\":\"tri").unwrap();
        folder.append().unwrap().push(&line("b")).unwrap();
        let (lines, skipped) = folder.lines().unwrap();
        assert_eq!(lines, [line("a"), line("b")]);
        assert_eq!(skipped.iter().map(|line| line.number).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_second_writer_is_refused_until_the_first_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path());
        let first = folder.append().unwrap();
        assert!(matches!(folder.append(), Err(FolderError::Busy { .. })));
        drop(first);
        assert!(folder.append().is_ok());
    }

    #[test]
    fn a_failed_write_leaves_the_earlier_file_and_no_half_one() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path());
        folder.write("page", b"first").unwrap();
        fs::create_dir(directory.path().join("page.partial")).unwrap();
        assert!(folder.write("page", b"second").is_err());
        assert_eq!(fs::read(directory.path().join("page")).unwrap(), b"first");
    }

    #[test]
    fn a_newer_schema_is_refused_by_number() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(RUN), b"{\"schema\": 999}").unwrap();
        let error = Folder::open(directory.path()).run().unwrap_err().to_string();
        assert!(error.contains("schema 999"), "{error}");
    }
}
