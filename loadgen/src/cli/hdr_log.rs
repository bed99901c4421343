//! The interval log: written while the measurement is under way, so that it outlives a kill.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::Context as _;
use loadgen::{Interval, Load, Pace};
use reports_record::IntervalLog;

use super::new_file::NewFile;
use super::outputs::times_of;

/// A log of one line a second.
pub(crate) struct HdrLog {
    log: IntervalLog<File>,
    path: PathBuf,
    /// Why no more is written; measuring goes on, for what it finds may still have a place to go.
    failure: Option<io::Error>,
}

impl HdrLog {
    /// Makes the file and writes its head.
    pub(crate) fn begin(file: &NewFile, load: &Load) -> anyhow::Result<Self> {
        let path = file.path().to_owned();
        let is_open = matches!(load.pace, Pace::Open { .. });
        let request = &load.request;
        let comments = [
            format!("loadgen {}: {} {}", env!("CARGO_PKG_VERSION"), request.method(), request.url()),
            format!("Each second's {}; nanoseconds, maxima in ms", times_of(is_open)),
        ];
        let comments = comments.each_ref().map(String::as_str);
        let log = IntervalLog::begin(file.create()?, SystemTime::now(), &comments)
            .with_context(|| format!("could not write {}", path.display()))?;
        Ok(Self { log, path, failure: None })
    }

    /// Adds a line; after a failure, nothing.
    pub(crate) fn push(&mut self, interval: &Interval) {
        if self.failure.is_none() {
            let when = (interval.start, interval.length);
            self.failure = self.log.push(None, when, &interval.times).err();
        }
    }

    /// Waits until the log is on disk.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        let Self { log, path, failure } = self;
        let ended = match failure {
            Some(error) => Err(error),
            None => log.into_inner().sync_all(),
        };
        ended.with_context(|| {
            format!("could not write all of {}; its whole lines can be read", path.display())
        })
    }
}
