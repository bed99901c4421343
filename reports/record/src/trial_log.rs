//! The log of a run: opened by one writer, appended to, never rewritten.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::marker::PhantomData;
use std::path::PathBuf;

use serde::Serialize;

use crate::folder::io_error;
use crate::record_files::is_same;
use crate::whole_file::sync_folder_of;
use crate::{FolderError, Line, seal};

/// Appends lines to a log, such as `trials.jsonl`, each with its checksum and on disk before the next thing happens.
#[derive(Debug)]
pub struct TrialLog<L = Line> {
    path: PathBuf,
    file: File,
    /// Whether the last line may have no end: a kill, or a full disk.
    torn: bool,
    lines: PhantomData<fn(&L)>,
}

impl<L: Serialize> TrialLog<L> {
    pub(crate) fn open(path: PathBuf) -> Result<Self, FolderError> {
        let is_new = !path.exists();
        let options = OpenOptions::new().create(true).read(true).append(true).clone();
        let mut file = options.open(&path).map_err(io_error("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::Busy { path }),
            Err(TryLockError::Error(source)) => return Err(io_error("lock", &path)(source)),
        }
        if is_new {
            sync_folder_of(&path).map_err(io_error("create", &path))?;
        }
        let torn = ends_within_a_line(&mut file).map_err(io_error("read", &path))?;
        Ok(Self { path, file, torn, lines: PhantomData })
    }

    /// Appends one line and waits until it is on disk. A line before it that was torn is ended first.
    ///
    /// # Errors
    /// When it cannot be written; earlier lines are intact, and a later one may still be pushed. Also when another file
    /// has taken its place, in which the line would be lost.
    pub fn push(&mut self, line: &L) -> Result<(), FolderError> {
        let json = serde_json::to_vec(line).expect("a line of the record always serialises");
        let end: &[u8] = if self.torn { b"\n" } else { b"" };
        self.write(&[end, &seal::seal_line(&json), b"\n"].concat())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), FolderError> {
        let own = self.file.metadata().map_err(io_error("append to", &self.path))?;
        if !is_same(&self.path, &own) {
            return Err(FolderError::Replaced { path: self.path.clone() });
        }
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_data());
        self.torn = written.is_err();
        written.map_err(io_error("append to", &self.path))
    }
}

fn ends_within_a_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Calibration, Folder};

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
    fn a_torn_last_line_is_skipped_and_later_lines_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path());
        folder.append().unwrap().push(&line("a")).unwrap();
        folder.append().unwrap().write(b"{\"crc32\":\"0f").unwrap();
        folder.append().unwrap().push(&line("b")).unwrap();
        let (lines, skipped) = folder.lines().unwrap();
        assert_eq!(lines, [line("a"), line("b")]);
        assert_eq!(skipped.iter().map(|line| line.number).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn an_append_notices_that_its_file_was_replaced_or_removed() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path());
        let path = directory.path().join("trials.jsonl");
        let mut log = folder.append().unwrap();
        log.push(&line("a")).unwrap();
        let kept = directory.path().join("kept");
        std::fs::rename(&path, &kept).unwrap();
        assert!(matches!(log.push(&line("b")), Err(FolderError::Replaced { .. })));
        std::fs::write(&path, "cell,family\n").unwrap();
        assert!(matches!(log.push(&line("b")), Err(FolderError::Replaced { .. })));
        std::fs::rename(&kept, &path).unwrap();
        log.push(&line("b")).unwrap();
        assert_eq!(folder.lines().unwrap().0, [line("a"), line("b")]);
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
}
