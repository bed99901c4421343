//! Everything that is written while a measurement is under way.

use loadgen::{Interval, Load};

use super::csv_log::CsvLog;
use super::hdr_log::HdrLog;
use super::outputs::Outputs;
use super::raw_log::RawLog;

/// What is told of each second; nobody may have asked for any.
pub(crate) struct Logs {
    hdr: Option<HdrLog>,
    csv: Option<CsvLog>,
    raw: Option<RawLog>,
}

impl Logs {
    /// Makes each file and writes its head.
    pub(crate) fn begin(outputs: &Outputs, load: &Load) -> anyhow::Result<Self> {
        let hdr = outputs.hdr_log.as_ref().map(|output| HdrLog::begin(output, load)).transpose()?;
        let csv = outputs.csv.as_ref().map(|output| CsvLog::begin(output, load)).transpose()?;
        let raw = outputs.raw.as_ref().map(RawLog::begin).transpose()?;
        Ok(Self { hdr, csv, raw })
    }

    /// Whether anybody wants to be told.
    pub(crate) fn are_wanted(&self) -> bool {
        self.hdr.is_some() || self.csv.is_some() || self.raw.is_some()
    }

    /// Whether anybody wants to be told of each request.
    pub(crate) fn want_requests(&self) -> bool {
        self.raw.is_some()
    }

    /// Tells each.
    pub(crate) fn push(&mut self, interval: &Interval) {
        if let Some(log) = &mut self.hdr {
            log.push(interval);
        }
        if let Some(log) = &mut self.csv {
            log.push(interval);
        }
        if let Some(log) = &mut self.raw {
            log.push(interval);
        }
    }

    /// Waits until they are on disk; each is tried, whatever became of the other.
    pub(crate) fn finish(self) -> [anyhow::Result<()>; 3] {
        [
            self.hdr.map_or(Ok(()), HdrLog::finish),
            self.csv.map_or(Ok(()), CsvLog::finish),
            self.raw.map_or(Ok(()), RawLog::finish),
        ]
    }
}
