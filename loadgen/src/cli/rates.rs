//! Times as a function of the rate: what every trial of a search adds up to.

use std::fmt::{self, Display, Formatter};

use loadgen::capacity::{Ballot, Search, Verdict};
use reports_record::{CapacityTrial, Distribution};

use super::figures::{percent, rate};
use super::times_table::cell;

/// Widths of the columns: a rate and a time, and the share of errors.
const RATE: usize = 9;
const CELL: usize = 10;
const ERRORS: usize = 7;

/// A table of a row a rate, lowest first. The times of a rate's trials are added up, which is exact; quantiles are not averaged.
pub(crate) struct Rates<'a> {
    pub(crate) search: &'a Search,
    pub(crate) trials: &'a [CapacityTrial],
}

impl Display for Rates<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:>RATE$}", "rate/s")?;
        for title in ["replies/s", "p50", "p99", "p99.9", "max"] {
            write!(f, "{title:>CELL$}")?;
        }
        writeln!(f, "{:>ERRORS$}  trials", "errors")?;
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
        for times in trials().filter_map(|measurement| measurement.response_times().ok().flatten()) {
            all.merge(&times);
        }
        let times = all.times();
        let seconds: f64 = trials().map(|measurement| measurement.window_s).sum();
        let replies: f64 =
            trials().map(|measurement| measurement.achieved_rate_per_s * measurement.window_s).sum();
        let due: u64 = trials().map(|measurement| measurement.account.due).sum();
        let wrong: u64 =
            trials().map(|measurement| measurement.account.failed + measurement.account.censored).sum();
        let achieved = rate(replies / seconds.max(f64::MIN_POSITIVE));
        write!(f, "{:>RATE$}{achieved:>CELL$}", rate(ballot.rate().get()))?;
        for (field, value) in
            [("p50", times.p50), ("p99", times.p99), ("p99_9", times.p99_9), ("max", times.max)]
        {
            write!(f, "{:>CELL$}", cell(&times, field, value))?;
        }
        writeln!(f, "{:>ERRORS$}  {}", percent(wrong as f64 / due.max(1) as f64), outcome(ballot))
    }
}

/// How many of a rate's trials decided it, and how: `2/3 pass`.
fn outcome(ballot: &Ballot) -> String {
    let name = |verdict: &Verdict| match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Unsure(_) => "unsure",
    };
    let Some(verdict) = ballot.verdict() else { return "undecided".into() };
    let agreeing = ballot.votes().iter().filter(|vote| name(vote) == name(&verdict)).count();
    format!("{agreeing}/{} {}", ballot.votes().len(), name(&verdict))
}

#[cfg(test)]
mod tests {
    use loadgen::Rate;
    use loadgen::capacity::SearchRange;

    use super::*;
    use crate::cli::page::WIDTH;

    #[test]
    fn a_rate_of_many_trials_fits_the_page() {
        let [from, to] = [500_000.0, 1_000_000.0].map(|rate| Rate::per_second(rate).unwrap());
        let mut search = Search::new(SearchRange { from, to, precision: 0.5, trials: 99 }).unwrap();
        while let Some((rate, trial)) = search.next() {
            let vote = if rate == to && trial % 2 == 0 { Verdict::Fail } else { Verdict::Pass };
            search.take(rate, vote).unwrap();
        }
        let table = Rates { search: &search, trials: &[] }.to_string();
        assert!(table.lines().all(|line| line.chars().count() <= WIDTH), "{table}");
        assert!(table.contains("50/99 fail"), "{table}");
    }
}
