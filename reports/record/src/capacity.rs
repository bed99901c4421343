//! A capacity search: what was asked, every trial, the answer.

use std::io::{self, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::folder::io_error;
use crate::log_file::{Packing, lines_of};
use crate::record_files::is_reserved;
use crate::trial_log::TrialLog;
use crate::{Arrivals, FolderError, Measurement, Skipped, open_regular, seal};

/// One capacity search, as `loadgen capacity --json` writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CapacityReport {
    /// [`SCHEMA`](crate::SCHEMA) at the time of writing.
    pub schema: u32,
    /// What was asked.
    pub plan: CapacityPlan,
    /// What the answer comes to.
    pub finding: CapacityFinding,
    /// The highest rate that passed, requests per second.
    pub passed_per_s: Option<f64>,
    /// The lowest rate that failed, requests per second.
    pub failed_per_s: Option<f64>,
    /// The answer in words.
    pub answer: String,
    /// Whether nothing more was to be asked; false when time was up, or the search was interrupted.
    pub complete: bool,
    /// Every trial, in the order that they were made.
    pub trials: Vec<CapacityTrial>,
}

/// What was asked: with the same plan a search goes on where it was cut off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CapacityPlan {
    /// The URL without user info.
    pub url: String,
    /// The request's method.
    pub method: String,
    /// CRC-32 of the request as it is sent, since its headers may hold what should not be written down.
    pub request_crc32: u32,
    /// What a correct reply is, besides its status.
    pub expect: String,
    /// Conditions that have to hold, all of them.
    pub objectives: Vec<String>,
    /// The lowest rate, and the first, requests per second.
    pub from_per_s: f64,
    /// The highest rate, requests per second.
    pub to_per_s: f64,
    /// How far the interval's ends may be apart, as a share of the lower one.
    pub precision: f64,
    /// Trials that decide a rate by their majority.
    pub trials: u32,
    /// Shortest window of a trial, seconds.
    pub trial_s: f64,
    /// Left out at the start of each trial, seconds.
    pub warm_up_s: f64,
    /// Between two trials, seconds.
    pub settle_s: f64,
    /// Deadline of one request from its actual start, seconds.
    pub timeout_s: f64,
    /// How intended starts are spaced.
    pub arrivals: Arrivals,
    /// Seed of each rate's first trial; the next trial has the next one.
    #[serde(with = "crate::seed")]
    pub seed: u64,
    /// How starts are waited for.
    pub pacing: String,
    /// Connections held open, opened anew for each trial.
    pub connections: u32,
    /// Connections held open beside them, idle.
    pub idle: u32,
    /// Connections held open beside them, whose requests come a byte at a time.
    pub slow: u32,
    /// Requests that a connection carries before it gives way to a fresh one; `None`: as many as the server lets it.
    pub churn: Option<u32>,
    /// Client threads.
    pub threads: u32,
    /// CPUs that they are bound to.
    pub pins: Vec<usize>,
}

/// What an answer comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapacityFinding {
    /// Between a rate that passed and one that failed.
    Between,
    /// The range's highest rate passed.
    AboveRange,
    /// The range's lowest rate failed.
    BelowRange,
    /// The client was the limit before any rate failed.
    ClientLimited,
    /// One end or both could not be decided.
    CannotTell,
}

/// One trial at one rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CapacityTrial {
    /// The offered rate, requests per second.
    pub rate_per_s: f64,
    /// Which of the rate's trials, from 0.
    pub trial: u32,
    /// What it says of its rate.
    pub verdict: CapacityVerdict,
    /// Why it is unsure; absent when it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<CapacityDoubt>,
    /// Why, in words.
    pub reason: String,
    /// What was found.
    pub measurement: Measurement,
}

/// What one trial says of its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapacityVerdict {
    /// Every objective was met.
    Pass,
    /// One was not, by the server's doing.
    Fail,
    /// Neither can be said.
    Unsure,
}

/// Why a trial is unsure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapacityDoubt {
    /// The client was the limit.
    Client,
    /// The measurement may not be believed.
    Noise,
    /// Too few samples.
    Samples,
}

/// One line of a capacity search's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CapacityLine {
    /// The first line: what is asked.
    Plan(Box<CapacityPlan>),
    /// One trial, made to its end.
    Trial(Box<CapacityTrial>),
}

/// The log of a capacity search: opened by one writer, appended to, never rewritten.
pub type CapacityLog = TrialLog<CapacityLine>;

impl CapacityLog {
    /// Opens or makes the log at `path`, and reads what it holds and what cannot be read of it.
    ///
    /// # Errors
    /// When another search appends to it, when it is a run's record or anything else than a log of a search, or when it cannot be opened,
    /// read or written.
    pub fn take_up(path: &Path) -> Result<(Self, Vec<CapacityLine>, Vec<Skipped>), FolderError> {
        if is_reserved(path) {
            return Err(FolderError::Record { path: path.to_owned() });
        }
        let log = Self::open(path.to_owned())?;
        let (lines, skipped) = lines_of(path.to_owned(), Packing::Plain)?;
        if lines.is_empty() && !skipped.is_empty() && !is_begun(path).map_err(io_error("read", path))? {
            return Err(FolderError::NotLog { path: path.to_owned() });
        }
        Ok((log, lines, skipped))
    }
}

/// Longest beginning of a log, bytes: hundreds of times what a plan takes.
const BEGINNING: u64 = 1 << 20;

/// Whether the file holds no more than the beginning of a log's first line, as a kill or a full disk leaves it.
fn is_begun(path: &Path) -> io::Result<bool> {
    let mut text = Vec::new();
    open_regular(path)?.take(BEGINNING).read_to_end(&mut text)?;
    Ok(seal::begins_line(&text) && !text.contains(&b'\n') && seal::unseal_line(&text).is_err())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn take_up(path: &Path) -> Result<usize, FolderError> {
        CapacityLog::take_up(path).map(|(_, lines, _)| lines.len())
    }

    #[test]
    fn a_file_that_is_no_log_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let foreign = seal::seal_line(b"{\"kind\":\"something else\"}");
        for text in [
            &b"{\n  \"schema\": 3,\n  \"plan\": {"[..],
            b"notes of mine\n",
            b"start_s,length_s\r\n0,1\r\n",
            &[0; 4096],
            &foreign,
            &[&foreign[..], b"\n"].concat(),
        ] {
            fs::write(&path, text).unwrap();
            let error = take_up(&path).unwrap_err().to_string();
            assert!(error.contains("is no log of a capacity search"), "{error}");
            assert_eq!(fs::read(&path).unwrap(), text);
        }
    }

    #[test]
    fn a_new_file_and_one_whose_first_line_was_cut_off_are_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        assert_eq!(take_up(&path).unwrap(), 0);
        let line = seal::seal_line(b"{\"kind\":\"plan\"}");
        for length in [0, 1, 10, line.len() - 1] {
            fs::write(&path, &line[..length]).unwrap();
            assert_eq!(take_up(&path).unwrap(), 0, "{length} bytes");
        }
    }
}
