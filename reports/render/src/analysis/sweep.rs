//! Steps of rising load: what was offered, what came through, how long it took.

use reports_record::{Cell, Certificate, CheckStatus, Measurement, TrialOutcome};

use super::beyond_wait;
use super::estimate::Estimate;
use super::grid::Grid;

/// One workload under several offered loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep<'a> {
    /// What its cells share of their names.
    pub workload: &'a str,
    /// Its cells by index, the lowest load first.
    pub cells: Vec<usize>,
}

/// One contender at one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Requests per second that the schedule asked for, mean over blocks.
    pub offered_per_s: f64,
    /// Correct replies per second.
    pub goodput: Estimate,
    /// Median response time beyond the wait that a request asks for, microseconds.
    pub p50: Option<Estimate>,
    /// 99th percentile of it.
    pub p99: Option<Estimate>,
    /// Whether in some block the client or the machine, not the server, may have set the figures.
    pub is_doubtful: bool,
}

/// Checks that fail when a server has more to do than it can: in a sweep that is the finding and no fault.
const OVERLOAD: [&str; 3] = ["stationarity", "little", "errors"];

/// Whether every failed check of a sweep's loop says no more than that the server was overloaded.
#[must_use]
pub fn is_mere_overload(certificate: &Certificate) -> bool {
    let mut failed = certificate.checks.iter().filter(|check| check.status == CheckStatus::Fail).peekable();
    failed.peek().is_some() && failed.all(|check| OVERLOAD.contains(&check.name.as_str()))
}

/// The sweeps of an experiment, in its order.
#[must_use]
pub fn sweeps(cells: &[Cell]) -> Vec<Sweep<'_>> {
    let mut found: Vec<Sweep<'_>> = Vec::new();
    for (index, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.is_sweep()) {
        match found.iter_mut().find(|sweep| sweep.workload == cell.workload()) {
            Some(sweep) => sweep.cells.push(index),
            None => found.push(Sweep { workload: cell.workload(), cells: vec![index] }),
        }
    }
    let load = |index: &usize| cells[*index].load.unwrap_or_default();
    for sweep in &mut found {
        sweep.cells.sort_by(|one, other| load(one).total_cmp(&load(other)));
    }
    found
}

impl Step {
    /// What `contender` made of the step `cell`; `None` where no trial ran to its planned end.
    #[must_use]
    pub fn of(grid: &Grid<'_>, cell: usize, contender: &str) -> Option<Self> {
        let complete: Vec<&Measurement> = grid
            .blocks(cell, contender)
            .filter_map(|trial| match &trial.outcome {
                TrialOutcome::Measured(measured) => Some(&measured.open_at(0)?.measurement),
                TrialOutcome::Failed { .. } => None,
            })
            .filter(|open| open.complete)
            .collect();
        let offered: Vec<f64> = complete.iter().filter_map(|open| open.offered_rate_per_s).collect();
        let goodput: Vec<f64> = complete.iter().map(|open| open.goodput_per_s).collect();
        let times = |name| {
            let quantile = |open: &&Measurement| beyond_wait::quantile(open, grid.cell(cell), name);
            Estimate::of_observations(complete.iter().map(quantile))
        };
        Some(Self {
            offered_per_s: Estimate::of(&offered)?.middle,
            goodput: Estimate::of(&goodput)?,
            p50: times("p50"),
            p99: times("p99"),
            is_doubtful: complete.iter().any(|open| is_doubtful(&open.certificate)),
        })
    }

    /// Share of the offered requests that were answered correctly in time.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.goodput.middle / self.offered_per_s
    }
}

fn is_doubtful(certificate: &Certificate) -> bool {
    let failed = !certificate.is_believable() && !is_mere_overload(certificate);
    failed || certificate.is_client_limited()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reports_record::Check;

    fn certificate(failed: &[&str]) -> Certificate {
        let check = |name: &&str| Check {
            name: (*name).into(),
            status: CheckStatus::Fail,
            figure: None,
            bound: 1.0,
            unit: String::new(),
            finding: String::new(),
            remedy: None,
            explained_by: None,
        };
        Certificate::from_checks(failed.iter().map(check).collect())
    }

    #[test]
    fn a_queue_that_grows_is_overload_and_a_late_client_is_not() {
        assert!(is_mere_overload(&certificate(&["stationarity", "little"])));
        assert!(!is_mere_overload(&certificate(&["stationarity", "pace"])));
        assert!(!is_mere_overload(&certificate(&[])));
        assert!(is_doubtful(&certificate(&["achieved"])));
        assert!(!is_doubtful(&certificate(&["errors"])));
    }
}
