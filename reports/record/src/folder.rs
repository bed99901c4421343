//! A run's folder on disk: one file written once, one only ever appended to.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bounded_lines::{BoundedLines, FILE_LIMIT, LINE_LIMIT, LINES_LIMIT, Text};
use crate::seal::{self, Seal};
use crate::trial_log::TrialLog;
use crate::{Line, Run, SCHEMA};

const RUN: &str = "environment.json";
const TRIALS: &str = "trials.jsonl";

/// Largest `environment.json` that is read: thousands of cells stay below it.
const RUN_LIMIT: u64 = 16 << 20;

/// A run's folder.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

/// Why a run's folder could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file could not be read or written.
    #[error("cannot {verb} {path}: {cause}")]
    Io {
        /// What was attempted.
        verb: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed; part of the message, and so not its source again.
        cause: io::Error,
    },
    /// The file is not what this project writes.
    #[error("{path} is not a run's record: {reason}; restore it from a copy, or measure again")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// The file is not as it was written.
    #[error(
        "{path} was altered after it was written: its checksum is {found}, expected {expected}; \
         restore it from a copy, or measure again"
    )]
    Altered {
        /// Which file.
        path: PathBuf,
        /// Checksum of the file as it is.
        found: String,
        /// Checksum that was written into it.
        expected: String,
    },
    /// Somebody else appends to the file.
    #[error("another run writes {path}; wait for it to end, or stop it")]
    Busy {
        /// Which file.
        path: PathBuf,
    },
    /// Another version of this project wrote the file.
    #[error("{path} has schema {found}, this version reads schema {SCHEMA}; use the version that wrote it")]
    OtherSchema {
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

/// `environment.json` as it stands in the file: the run, and first of all the file's checksum.
#[derive(Serialize)]
struct Sealed<'a> {
    crc32: &'static str,
    #[serde(flatten)]
    run: &'a Run,
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
        let sealed = Sealed { crc32: seal::unsealed(), run };
        let mut text = serde_json::to_vec_pretty(&sealed).expect("a run's record always serialises");
        text.push(b'\n');
        if let Err(error) = write_whole(&folder.path.join(RUN), &seal::seal_document(text)) {
            // Best effort: an empty folder would look like a run.
            let _ = fs::remove_dir(&folder.path);
            return Err(error);
        }
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
    /// When the file is missing, malformed, altered, or of another version.
    pub fn run(&self) -> Result<Run, FolderError> {
        let path = self.path.join(RUN);
        let mut text = Vec::new();
        open_regular(&path)?.take(RUN_LIMIT + 1).read_to_end(&mut text).map_err(io_error("read", &path))?;
        if text.len() as u64 > RUN_LIMIT {
            let reason = format!("more than {RUN_LIMIT} bytes");
            return Err(FolderError::Malformed { path, reason });
        }
        match seal::check_document(&text) {
            Seal::Broken { found, expected } => return Err(FolderError::Altered { path, found, expected }),
            Seal::Whole => same_schema(&path, &text)?,
            Seal::Absent => {
                same_schema(&path, &text)?;
                let reason = "it does not begin with its checksum".into();
                return Err(FolderError::Malformed { path, reason });
            }
        }
        parse(&path, &text)
    }

    /// Everything that happened, in order, and the lines that could not be read.
    ///
    /// A missing file reads as no lines: a run that was stopped before its first trial. Memory is bounded by what the
    /// file really holds, up to a gigabyte; what lies beyond is told of as a skipped line.
    ///
    /// # Errors
    /// When the file exists but cannot be read.
    pub fn lines(&self) -> Result<(Vec<Line>, Vec<Skipped>), FolderError> {
        lines_of(self.path.join(TRIALS))
    }

    /// Opens the trial log to append to it, alone, until the log is dropped. A last line torn by a kill is
    /// ended, not rewritten.
    ///
    /// # Errors
    /// When somebody else appends to it, or the file cannot be opened, read or written.
    pub fn append(&self) -> Result<TrialLog, FolderError> {
        TrialLog::open(self.path.join(TRIALS))
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

/// Every line of the log at `path` that can be read, and those that cannot.
///
/// As [`Folder::lines`].
pub(crate) fn lines_of<L: DeserializeOwned>(path: PathBuf) -> Result<(Vec<L>, Vec<Skipped>), FolderError> {
    let file = match open_regular(&path) {
        Err(FolderError::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
            return Ok((Vec::new(), Vec::new()));
        }
        file => file?,
    };
    let length = file.metadata().map_err(io_error("read", &path))?.len();
    let (mut lines, mut skipped) = (Vec::new(), Vec::new());
    let mut texts = BoundedLines::of(file);
    while let Some(text) = texts.next() {
        match read_line(&text.map_err(io_error("read", &path))?) {
            Ok(Some(line)) => lines.push(line),
            Ok(None) => {}
            Err(reason) => skipped.push(Skipped { number: texts.number(), reason }),
        }
    }
    let reason = match length {
        _ if texts.is_full() => format!("more than {LINES_LIMIT} lines; what follows was not read"),
        _ if length > FILE_LIMIT => {
            format!(
                "{length} bytes in the file, expected at most {FILE_LIMIT}; what lies beyond was not read"
            )
        }
        _ => return Ok((lines, skipped)),
    };
    skipped.push(Skipped { number: texts.number() + 1, reason });
    Ok((lines, skipped))
}

fn read_line<L: DeserializeOwned>(text: &Text) -> Result<Option<L>, String> {
    let text = match text {
        Text::Whole(text) if text.is_empty() => return Ok(None),
        Text::Whole(text) => text,
        Text::TooLong => return Err(format!("more than {LINE_LIMIT} bytes")),
    };
    let json = seal::unseal_line(text)?;
    let line = serde_json::from_slice(json);
    line.map(Some).map_err(|error| format!("whole, but not known to this version: {error}"))
}

/// Opens a file to read it; a directory, a device or a pipe in its place is refused rather than waited for.
fn open_regular(path: &Path) -> Result<File, FolderError> {
    let read = io_error("read", path);
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            Err(read(io::Error::new(io::ErrorKind::InvalidInput, "expected a regular file")))
        }
        Ok(_) => File::open(path).map_err(read),
        Err(error) => Err(read(error)),
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".partial");
    let temporary = PathBuf::from(temporary);
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| sync_folder_of(path));
    written.map_err(|error| {
        // Best effort: the error that matters is the one above.
        let _ = fs::remove_file(&temporary);
        io_error("write", path)(error)
    })
}

/// Waits until a new name in a folder is on disk: a file's own sync does not say where it can be found.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Elsewhere a folder cannot be opened, and renaming is said to be enough.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn same_schema(path: &Path, text: &[u8]) -> Result<(), FolderError> {
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    match parse::<Version>(path, text)?.schema {
        SCHEMA => Ok(()),
        found => Err(FolderError::OtherSchema { path: path.to_owned(), found }),
    }
}

fn parse<'a, T: Deserialize<'a>>(path: &Path, text: &'a [u8]) -> Result<T, FolderError> {
    serde_json::from_slice(text)
        .map_err(|error| FolderError::Malformed { path: path.to_owned(), reason: error.to_string() })
}

pub(crate) fn io_error(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |cause| FolderError::Io { verb, path, cause }
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
    fn a_failed_write_leaves_the_earlier_file_and_no_half_one() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path());
        folder.write("page", b"first").unwrap();
        fs::create_dir(directory.path().join("page.partial")).unwrap();
        assert!(folder.write("page", b"second").is_err());
        assert_eq!(fs::read(directory.path().join("page")).unwrap(), b"first");
    }

    #[test]
    fn another_schema_is_refused_by_number() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(RUN), b"{\"schema\": 999}").unwrap();
        let error = Folder::open(directory.path()).run().unwrap_err().to_string();
        assert!(error.contains("schema 999"), "{error}");
        fs::write(directory.path().join(RUN), b"{\"schema\": 1}").unwrap();
        let error = Folder::open(directory.path()).run().unwrap_err().to_string();
        assert_eq!(error.contains("has schema 1,"), SCHEMA != 1, "{error}");
    }
}
