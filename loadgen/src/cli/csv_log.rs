//! The table of seconds: written while the measurement is under way, so that it outlives a kill.

use std::io::{self, Write as _};

use anyhow::Context as _;
use csv::{Terminator, WriterBuilder};
use loadgen::{Interval, Load, Pace};
use reports_record::Stream;

use super::output::Output;
use super::second::{columns, row};

/// A table of one row a second: RFC 4180, with a header.
pub(crate) struct CsvLog {
    stream: Stream,
    name: String,
    is_open: bool,
    /// Why no more is written; measuring goes on, for what it finds may still have a place to go.
    failure: Option<io::Error>,
}

impl CsvLog {
    /// Writes its header, in place of an earlier file.
    pub(crate) fn begin(output: &Output, load: &Load) -> anyhow::Result<Self> {
        let stream = output.begin(|mut stream| write(&mut stream, &columns()).map(|()| stream))?;
        let is_open = matches!(load.pace, Pace::Open { .. });
        Ok(Self { stream, name: output.to_string(), is_open, failure: None })
    }

    /// Adds a row; after a failure, nothing.
    pub(crate) fn push(&mut self, interval: &Interval) {
        if self.failure.is_none() {
            self.failure = write(&mut self.stream, &row(interval, self.is_open)).err();
        }
    }

    /// Waits until the table is on disk.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        let Self { stream, name, failure, .. } = self;
        failure
            .map_or_else(|| stream.finish(), Err)
            .with_context(|| format!("could not write all of {name}; its whole rows can be read"))
    }
}

/// In one piece, so that a kill leaves whole rows.
fn write(stream: &mut Stream, cells: &[String]) -> io::Result<()> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells)?;
    let row = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    stream.write_all(&row)?;
    stream.flush()
}
