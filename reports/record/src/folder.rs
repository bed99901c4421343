//! A run's folder on disk: one file written once, one only ever appended to.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::log_file::{self, Packing};
use crate::record_files::{CONTEST, RUN, TRIALS, TRIALS_PACKED, is_reserved, refuse_to_replace};
use crate::seal::{self, Seal};
use crate::trial_log::TrialLog;
use crate::whole_file::{sync_folder_of, write_whole};
use crate::{Destination, Line, OLDEST_SCHEMA, Run, SCHEMA, shown};

/// Largest `environment.json` that is read: thousands of cells stay below it.
const RUN_LIMIT: u64 = 16 << 20;

/// Largest document beside a record that is read: hundreds of times what any of them holds.
const BESIDE_LIMIT: u64 = 4 << 20;

/// Longest reason that is shown in full, characters: a reader repeats what the file says.
pub(crate) const REASON: usize = 300;

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
    /// There is no run at all.
    #[error(
        "{path} holds no run: expected a folder with {RUN}, such as one below reports/runs or reports/published; name that{found}"
    )]
    NoRun {
        /// Which folder.
        path: PathBuf,
        /// What there is instead, in a clause of its own; empty where that is nothing known.
        found: &'static str,
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
    /// The log that a run's folder has to hold is not there.
    #[error(
        "{path} is missing, and without it the run's trials are lost; restore it from a copy ({TRIALS_PACKED} will \
         do to make its page), or measure again"
    )]
    NoLog {
        /// Which file.
        path: PathBuf,
    },
    /// The log is there only in its compressed form, to which nothing can be appended.
    #[error("{path} is compressed and cannot be appended to; unpack it beside itself with `gunzip -k` first")]
    Packed {
        /// Which file.
        path: PathBuf,
    },
    /// Another file has taken the place of the one that lines are appended to.
    #[error(
        "{path} is no longer the file that this run appends to: it was replaced, moved or removed; put the former \
         one back, then resume the run"
    )]
    Replaced {
        /// Which file.
        path: PathBuf,
    },
    /// The file belongs to a record, and something else was to be written in its place.
    #[error("{path} is part of a record, which nothing may replace; name another file")]
    Record {
        /// Which file.
        path: PathBuf,
    },
    /// Lines were to be appended to a file that is something else.
    #[error("{path} is no log of a capacity search, and was left as it is; name a new file")]
    NotLog {
        /// Which file.
        path: PathBuf,
    },
    /// The file holds more than any run of this project.
    #[error("{path} asks for too much: {reason}; restore it from a copy, or measure again")]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// How much, and what was expected.
        reason: String,
    },
    /// Another version of this project wrote the file.
    #[error(
        "{path} has schema {found}, this version reads schema {OLDEST_SCHEMA} to {SCHEMA}; use the version that wrote it"
    )]
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

    /// Makes the folder of a new run with an empty log, and writes what the run is.
    ///
    /// The log comes first: where `environment.json` stands without one, the log was lost. Everything is on disk
    /// when this returns, the folder's own name included.
    ///
    /// # Errors
    /// When the folder exists already (results are never overwritten) or cannot be written.
    pub fn create(path: impl Into<PathBuf>, run: &Run) -> Result<Self, FolderError> {
        let folder = Self { path: path.into() };
        if let Some(parent) = folder.path.parent() {
            create_parents(parent).map_err(io_error("create", parent))?;
        }
        fs::create_dir(&folder.path)
            .and_then(|()| sync_folder_of(&folder.path))
            .map_err(io_error("create", &folder.path))?;
        folder.begin(run).inspect_err(|_| {
            // Best effort: an empty folder would look like a run.
            let _ = fs::remove_file(folder.path.join(TRIALS));
            let _ = fs::remove_dir(&folder.path);
        })?;
        Ok(folder)
    }

    fn begin(&self, run: &Run) -> Result<(), FolderError> {
        drop(TrialLog::<Line>::open(self.path.join(TRIALS))?);
        let sealed = Sealed { crc32: seal::unsealed(), run };
        let mut text = serde_json::to_vec_pretty(&sealed).expect("a run's record always serialises");
        text.push(b'\n');
        write_whole(&self.path.join(RUN), &seal::seal_document(text))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a run has begun here; its record may still be unreadable.
    #[must_use]
    pub fn holds_run(&self) -> bool {
        self.path.join(RUN).is_file()
    }

    /// What the run is.
    ///
    /// # Errors
    /// When the file is missing, malformed, altered, or of another version.
    pub fn run(&self) -> Result<Run, FolderError> {
        let path = self.path.join(RUN);
        if let Some(missing) = self.missing() {
            return Err(missing);
        }
        let mut text = Vec::new();
        log_file::open(&path)?.take(RUN_LIMIT + 1).read_to_end(&mut text).map_err(io_error("read", &path))?;
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
        let run: Run = parse(&path, &text)?;
        match run.definition.excess() {
            Some(reason) => Err(FolderError::TooLarge { path, reason }),
            None => Ok(run),
        }
    }

    /// Why this is no run's folder, where it is none.
    fn missing(&self) -> Option<FolderError> {
        let has = |name: &str| self.path.join(name).exists();
        if has(RUN) || has(TRIALS) || has(TRIALS_PACKED) {
            return None;
        }
        let found = match () {
            () if !self.path.exists() => " (there is no such folder)",
            () if !self.path.is_dir() => " (this is a file: name the folder that holds it)",
            () if has(CONTEST) => " (this one is of `ask` or `compare`, whose page is in it already)",
            () => "",
        };
        Some(FolderError::NoRun { path: self.path.clone(), found })
    }

    /// The file that holds the log: `trials.jsonl`, else the same compressed by gzip, as a published run has it.
    ///
    /// # Errors
    /// When there is neither beside `environment.json`: the trials are lost, which is not the same as no trials.
    pub fn log(&self) -> Result<PathBuf, FolderError> {
        let [plain, packed] = [TRIALS, TRIALS_PACKED].map(|name| self.path.join(name));
        match () {
            () if plain.exists() => Ok(plain),
            () if packed.exists() => Ok(packed),
            () if self.path.join(RUN).exists() => Err(FolderError::NoLog { path: plain }),
            () => Ok(plain),
        }
    }

    /// Everything that happened, in order, and the lines that could not be read.
    ///
    /// A folder that holds no run has no lines. Memory is bounded by what the file really holds, up to a gigabyte
    /// once unpacked; what lies beyond is told of as a skipped line.
    ///
    /// # Errors
    /// When the log is missing from a run's folder, or cannot be read.
    pub fn lines(&self) -> Result<(Vec<Line>, Vec<Skipped>), FolderError> {
        let path = self.log()?;
        let packed = path.extension().is_some_and(|extension| extension == "gz");
        log_file::lines_of(path, if packed { Packing::Gzip } else { Packing::Plain })
    }

    /// Opens the trial log to append to it, alone, until the log is dropped. A last line torn by a kill is
    /// ended, not rewritten.
    ///
    /// # Errors
    /// When another run appends to it, when it is missing from a run's folder or compressed, or when it cannot be
    /// opened, read or written.
    pub fn append(&self) -> Result<TrialLog, FolderError> {
        let path = self.log()?;
        if path.extension().is_some_and(|extension| extension == "gz") {
            return Err(FolderError::Packed { path });
        }
        TrialLog::open(path)
    }

    /// The JSON document `name` that a later measurement left beside the record; `None` without one.
    ///
    /// # Errors
    /// When it cannot be read, is too large, malformed, or of another version.
    pub fn beside<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, FolderError> {
        let path = self.path.join(name);
        if !path.exists() {
            return Ok(None);
        }
        let mut text = Vec::new();
        log_file::open(&path)?
            .take(BESIDE_LIMIT + 1)
            .read_to_end(&mut text)
            .map_err(io_error("read", &path))?;
        if text.len() as u64 > BESIDE_LIMIT {
            return Err(FolderError::Malformed { path, reason: format!("more than {BESIDE_LIMIT} bytes") });
        }
        same_schema(&path, &text)?;
        parse(&path, &text).map(Some)
    }

    /// Writes such a document, in the place of an earlier one of its kind.
    ///
    /// # Errors
    /// When a record has this name, when the file that has it is of another kind, or when it cannot be written.
    pub fn write_beside<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        document: &T,
    ) -> Result<PathBuf, FolderError> {
        let path = self.path.join(name);
        if is_reserved(&path) {
            return Err(FolderError::Record { path });
        }
        self.beside::<T>(name)?;
        let mut text = serde_json::to_vec_pretty(document).expect("what is measured always serialises");
        text.push(b'\n');
        write_whole(&path, &text)?;
        Ok(path)
    }

    /// Writes a file beside the record whole or not at all: temporary file, sync, rename.
    ///
    /// # Errors
    /// When the file is part of a record, or cannot be written; an earlier one of this name is then intact.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, FolderError> {
        self.write_to(&self.path.join(name), bytes)
    }

    /// As [`Folder::write`], anywhere, also to a pipe, a device or stdout (`-`), which are written to as they are: what is made of this run's record never takes the place of a record.
    ///
    /// # Errors
    /// As [`Folder::write`].
    pub fn write_to(&self, path: &Path, bytes: &[u8]) -> Result<PathBuf, FolderError> {
        self.spare(path)?;
        let destination = Destination::open(path).map_err(io_error("write", path))?;
        if destination.is_file() {
            write_whole(path, bytes)?;
        } else {
            destination.write(bytes).map_err(io_error("write", path))?;
        }
        Ok(path.to_owned())
    }

    /// Makes sure that `output` is not a file of this record, of another one beside it, or of any record at all.
    ///
    /// Files are told by device and inode, so that links do not deceive; other records by how they begin.
    ///
    /// # Errors
    /// When it is one.
    pub fn spare(&self, output: &Path) -> Result<(), FolderError> {
        refuse_to_replace(output, &self.path)
    }
}

/// Makes the folders down to `parent`, each one's name on disk.
fn create_parents(parent: &Path) -> io::Result<()> {
    if parent.as_os_str().is_empty() || parent.is_dir() {
        return Ok(());
    }
    if let Some(above) = parent.parent() {
        create_parents(above)?;
    }
    match fs::create_dir(parent) {
        // Another run that begins now may have made it.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder_of(parent),
    }
}

fn same_schema(path: &Path, text: &[u8]) -> Result<(), FolderError> {
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    match parse::<Version>(path, text)?.schema {
        OLDEST_SCHEMA..=SCHEMA => Ok(()),
        found => Err(FolderError::OtherSchema { path: path.to_owned(), found }),
    }
}

fn parse<'a, T: Deserialize<'a>>(path: &Path, text: &'a [u8]) -> Result<T, FolderError> {
    serde_json::from_slice(text).map_err(|error| FolderError::Malformed {
        path: path.to_owned(),
        reason: shown(error.to_string(), REASON),
    })
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
            cpu: None,
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
        fs::create_dir(directory.path().join("folder")).unwrap();
        assert!(folder.write("folder", b"second").is_err());
        assert_eq!(fs::read(directory.path().join("page")).unwrap(), b"first");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left");
    }

    #[test]
    fn a_document_beside_a_record_is_replaced_by_one_of_its_kind_alone() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Document {
            schema: u32,
            figure: f64,
        }
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path());
        drop(folder.append().unwrap());
        assert_eq!(folder.beside::<Document>("figure.json").unwrap(), None);
        for figure in [1.0, 2.0] {
            folder.write_beside("figure.json", &Document { schema: SCHEMA, figure }).unwrap();
            let found = folder.beside::<Document>("figure.json").unwrap();
            assert_eq!(found, Some(Document { schema: SCHEMA, figure }));
        }
        let other = format!("{{\"schema\": {SCHEMA}, \"other\": 1}}");
        fs::write(directory.path().join("other.json"), &other).unwrap();
        let document = Document { schema: SCHEMA, figure: 3.0 };
        assert!(matches!(folder.write_beside("other.json", &document), Err(FolderError::Malformed { .. })));
        assert_eq!(fs::read_to_string(directory.path().join("other.json")).unwrap(), other);
        assert!(matches!(folder.write_beside(TRIALS, &document), Err(FolderError::Record { .. })));
        fs::write(directory.path().join("old.json"), "{\"schema\": 99}").unwrap();
        assert!(matches!(
            folder.beside::<Document>("old.json"),
            Err(FolderError::OtherSchema { found: 99, .. })
        ));
    }

    #[test]
    fn what_a_killed_writer_left_blocks_no_later_one() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path());
        fs::create_dir(directory.path().join("page.partial")).unwrap();
        folder.write("page", b"first").unwrap();
        assert_eq!(fs::read(directory.path().join("page")).unwrap(), b"first");
    }

    #[test]
    fn writers_of_one_file_at_once_all_succeed_and_one_of_them_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path());
        let texts: Vec<Vec<u8>> = (0..8_u8).map(|writer| vec![writer; 100_000]).collect();
        std::thread::scope(|scope| {
            let writers: Vec<_> = texts
                .iter()
                .map(|text| scope.spawn(|| (0..10).try_for_each(|_| folder.write("page", text).map(drop))))
                .collect();
            writers.into_iter().for_each(|writer| writer.join().unwrap().unwrap());
        });
        assert!(texts.contains(&fs::read(directory.path().join("page")).unwrap()));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left");
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
