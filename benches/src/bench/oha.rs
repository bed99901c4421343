//! oha, a load generator of its own right (<https://github.com/hatoo/oha>), asked for a rate and for times.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use loadgen::{Interrupt, Url};
use serde::Deserialize;

use super::metered::{self, Cost};
use crate::{artifacts, program};

/// What installs it.
pub const INSTALLED_BY: &str = "scripts/peers";

/// What it is asked for besides the URL.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Requests per second; `None` for a closed loop.
    pub rate: Option<f64>,
    /// Connections, on one thread.
    pub connections: u32,
    /// For how long.
    pub window: Duration,
}

/// What it found. Times are seconds, from the start it intended (`--latency-correction`) when there is a rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Mean; `None` without replies.
    pub mean_s: Option<f64>,
    /// Median.
    pub p50_s: Option<f64>,
    /// 99th percentile.
    pub p99_s: Option<f64>,
    /// Replies with a status.
    pub replies: u64,
    /// Requests per second.
    pub rate_per_s: f64,
    /// What it used.
    pub cost: Cost,
}

/// Where it is: on PATH, or where [`INSTALLED_BY`] puts it; `None` when it is not installed.
#[must_use]
pub fn find(root: &Path) -> Option<PathBuf> {
    program::on_path("oha").or_else(|| {
        let own = artifacts::target_folder(root).ok()?.join("peers/bin/oha");
        own.is_file().then_some(own)
    })
}

/// Its command line for `asked`.
#[must_use]
pub fn command(program: &Path, asked: &Asked, url: &Url) -> Vec<String> {
    let mut command = vec![program.display().to_string()];
    let seconds = format!("{}ms", asked.window.as_millis());
    let connections = asked.connections.to_string();
    let fixed =
        ["-z", &seconds, "-c", &connections, "--worker-threads", "1", "--no-tui", "--output-format", "json"];
    command.extend(fixed.map(str::to_owned));
    if let Some(rate) = asked.rate {
        command.extend(["-q".to_owned(), rate.to_string(), "--latency-correction".to_owned()]);
    }
    command.push(url.to_string());
    command
}

/// Runs it on `cpus`.
///
/// # Errors
/// When it fails, does not end in time, or prints what cannot be read.
pub fn run(
    program: &Path,
    asked: &Asked,
    url: &Url,
    cpus: &[u32],
    interrupt: &Interrupt,
) -> anyhow::Result<Found> {
    // It waits for what is under way at its end.
    let limit = asked.window + Duration::from_secs(15);
    let metered = metered::run(&command(program, asked, url), cpus, limit, interrupt)?.successful()?;
    read(&metered.output, metered.cost)
}

/// Reads what it printed.
///
/// # Errors
/// When that is not its report.
pub fn read(output: &str, cost: Cost) -> anyhow::Result<Found> {
    let report: Report = serde_json::from_str(output).context("cannot read oha's report")?;
    Ok(Found {
        mean_s: report.summary.average,
        p50_s: report.latency_percentiles.p50,
        p99_s: report.latency_percentiles.p99,
        replies: report.status_code_distribution.values().sum(),
        rate_per_s: report.summary.requests_per_sec.unwrap_or(0.0),
        cost,
    })
}

/// The parts of its report that are read; a figure it has no data for is null.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    summary: Summary,
    latency_percentiles: Percentiles,
    status_code_distribution: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    average: Option<f64>,
    requests_per_sec: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Percentiles {
    p50: Option<f64>,
    p99: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let report = r#"{"summary":{"successRate":1.0,"total":2.0,"average":0.0005,"requestsPerSec":50.0},
            "latencyPercentiles":{"p10":0.0001,"p50":0.0004,"p99":0.0009,"p99.9":null},
            "statusCodeDistribution":{"200":99,"503":1},"errorDistribution":{}}"#;
        let cost = Cost { user_us: 1, system_us: 2, peak_kib: 3, involuntary_switches: 4 };
        let found = read(report, cost).unwrap();
        assert_eq!((found.replies, found.rate_per_s, found.mean_s), (100, 50.0, Some(0.0005)));
        assert_eq!((found.p50_s, found.p99_s, found.cost), (Some(0.0004), Some(0.0009), cost));
        assert!(read("", cost).is_err());
    }

    #[test]
    fn a_rate_is_asked_for_with_its_correction() {
        let asked = Asked { rate: Some(1400.0), connections: 50, window: Duration::from_secs(10) };
        let url = "http://127.0.0.1:1/".parse().unwrap();
        let with = command("oha".as_ref(), &asked, &url).join(" ");
        assert!(
            with.contains("-z 10000ms -c 50 ") && with.contains("-q 1400 --latency-correction"),
            "{with}"
        );
        let closed = Asked { rate: None, ..asked };
        assert!(!command("oha".as_ref(), &closed, &url).join(" ").contains("-q"));
    }
}
