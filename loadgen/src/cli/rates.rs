//! Times as a function of the rate: what every trial of a search adds up to.

use std::fmt::{self, Display, Formatter};

use loadgen::capacity::{Ballot, Search, Verdict};
use reports_record::{CapacityTrial, Distribution};

use super::figures::{count, rate};
use super::summary::cell;

const CELL: usize = 11;

/// A table of a row a rate, lowest first. The times of a rate's trials are added up, which is exact; quantiles are not averaged.
pub(crate) struct Rates<'a> {
    pub(crate) search: &'a Search,
    pub(crate) trials: &'a [CapacityTrial],
}

impl Display for Rates<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:>CELL$}{:>CELL$}", "rate/s", "achieved/s")?;
        for title in ["p50", "p90", "p95", "p99", "p99.9", "max"] {
            write!(f, "{title:>CELL$}")?;
        }
        writeln!(f, "{:>CELL$}{:>CELL$}  verdict", "requests", "errors")?;
        let mut ballots: Vec<_> = self.search.ballots().iter().collect();
        ballots.sort_by(|a, b| a.rate().get().total_cmp(&b.rate().get()));
        ballots.into_iter().try_for_each(|ballot| self.row(f, ballot))
    }
}

impl Rates<'_> {
    fn row(&self, f: &mut Formatter<'_>, ballot: &Ballot) -> fmt::Result {
        let trials = || {
            let trials = self.trials.iter().filter(|trial| trial.rate_per_s == ballot.rate().get());
            trials.map(|trial| &trial.measurement)
        };
        let mut all = Distribution::new();
        for times in trials().filter_map(|measurement| measurement.histograms.response_time().ok().flatten())
        {
            all.merge(&times);
        }
        let times = all.times();
        let seconds: f64 = trials().map(|measurement| measurement.window_s).sum();
        let replies: f64 =
            trials().map(|measurement| measurement.achieved_rate_per_s * measurement.window_s).sum();
        let due: u64 = trials().map(|measurement| measurement.account.due).sum();
        let wrong: u64 =
            trials().map(|measurement| measurement.account.failed + measurement.account.censored).sum();
        write!(f, "{:>CELL$}{:>CELL$}", ballot.rate().get(), rate(replies / seconds.max(f64::MIN_POSITIVE)))?;
        let quantiles = [("p50", times.p50), ("p90", times.p90), ("p95", times.p95), ("p99", times.p99)];
        for (field, value) in quantiles.into_iter().chain([("p99_9", times.p99_9), ("max", times.max)]) {
            write!(f, "{:>CELL$}", cell(&times, field, value))?;
        }
        let errors = format!("{:.2} %", wrong as f64 / due.max(1) as f64 * 100.0);
        writeln!(f, "{:>CELL$}{errors:>CELL$}  {}", count(due), told(ballot))
    }
}

/// The verdict, and how many trials it has of each kind.
fn told(ballot: &Ballot) -> String {
    let kinds = ["pass", "fail", "unsure"];
    let name = |verdict: &Verdict| match verdict {
        Verdict::Pass => kinds[0],
        Verdict::Fail => kinds[1],
        Verdict::Unsure(_) => kinds[2],
    };
    let verdict = ballot.verdict();
    let counts = kinds.map(|kind| (kind, ballot.votes().iter().filter(|vote| name(vote) == kind).count()));
    let counts =
        counts.iter().filter(|(_, number)| *number > 0).map(|(kind, number)| format!("{number} {kind}"));
    format!("{} ({})", verdict.as_ref().map_or("undecided", name), counts.collect::<Vec<_>>().join(", "))
}
