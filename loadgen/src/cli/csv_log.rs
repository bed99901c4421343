//! The table of seconds: written while the measurement is under way, so that it outlives a kill.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use csv::{Terminator, WriterBuilder};
use loadgen::{Interval, Load, Pace};

use super::new_file::NewFile;
use super::second::{columns, row};

/// A table of one row a second: RFC 4180, with a header.
pub(crate) struct CsvLog {
    file: File,
    path: PathBuf,
    is_open: bool,
    /// Why no more is written; measuring goes on, for what it finds may still have a place to go.
    failure: Option<io::Error>,
}

impl CsvLog {
    /// Makes the file and writes its header.
    pub(crate) fn begin(file: &NewFile, load: &Load) -> anyhow::Result<Self> {
        let path = file.path().to_owned();
        let mut file = file.create()?;
        write(&mut file, &columns()).with_context(|| format!("could not write {}", path.display()))?;
        Ok(Self { file, path, is_open: matches!(load.pace, Pace::Open { .. }), failure: None })
    }

    /// Adds a row; after a failure, nothing.
    pub(crate) fn push(&mut self, interval: &Interval) {
        if self.failure.is_none() {
            self.failure = write(&mut self.file, &row(interval, self.is_open)).err();
        }
    }

    /// Waits until the table is on disk.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        let Self { file, path, failure, .. } = self;
        failure
            .map_or_else(|| file.sync_all(), Err)
            .with_context(|| format!("could not write all of {}; its whole rows can be read", path.display()))
    }
}

/// In one piece, so that a kill leaves whole rows.
fn write(file: &mut File, cells: &[String]) -> io::Result<()> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells)?;
    let row = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    file.write_all(&row)
}
