//! The interval log: written while the measurement is under way, so that it outlives a kill.

use std::io;
use std::time::SystemTime;

use anyhow::Context as _;
use loadgen::{Interval, Load, Pace};
use reports_record::{IntervalLog, Stream};

use super::output::Output;
use super::outputs::times_of;

/// A log of one line a second.
pub(crate) struct HdrLog {
    log: IntervalLog<Stream>,
    name: String,
    /// Why no more is written; measuring goes on, for what it finds may still have a place to go.
    failure: Option<io::Error>,
}

impl HdrLog {
    /// Writes its head, in place of an earlier file.
    pub(crate) fn begin(output: &Output, load: &Load) -> anyhow::Result<Self> {
        let is_open = matches!(load.pace, Pace::Open { .. });
        let request = &load.request;
        let comments = [
            format!("loadgen {}: {} {}", env!("CARGO_PKG_VERSION"), request.method(), request.url()),
            format!("Each second's {}; nanoseconds, maxima in ms", times_of(is_open)),
        ];
        let comments = comments.each_ref().map(String::as_str);
        let log = output.begin(|stream| IntervalLog::begin(stream, SystemTime::now(), &comments))?;
        Ok(Self { log, name: output.to_string(), failure: None })
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
        let Self { log, name, failure } = self;
        let ended = match failure {
            Some(error) => Err(error),
            None => log.into_inner().finish(),
        };
        ended.with_context(|| format!("could not write all of {name}; its whole lines can be read"))
    }
}
