//! What the trials' certificates say, and every trial that did not make it.

use std::collections::BTreeMap;

use reports_record::{Cell, Certificate, CheckStatus, Measurement, Stage, Trial, TrialOutcome};

use super::grid::Grid;
use super::sweep::is_mere_overload;

/// The open loop of a sweep's step, told apart because it is meant to overload.
const SWEEP: &str = "sweep";

/// How often one check of one loop ended in each status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Within its bound.
    pub passed: usize,
    /// Outside its bound; the measurement stands.
    pub warned: usize,
    /// Outside its bound; the measurement does not stand.
    pub failed: usize,
    /// Nothing to look at.
    pub not_applicable: usize,
    /// The finding and remedy of the worst occurrence, the first of equals; `None` when all passed.
    pub example: Option<String>,
}

/// A trial, or one loop of it, that feeds no verdict.
#[derive(Debug)]
pub struct Trouble<'a> {
    /// The trial.
    pub trial: &'a Trial,
    /// What happened, e.g. `failed to start` or `failed a check at capacity`.
    pub what: String,
    /// Why, each in a sentence.
    pub reasons: Vec<String>,
    /// The last lines of the contender's stderr.
    pub stderr_tail: &'a [String],
}

/// The evidence of a run.
#[derive(Debug)]
pub struct EvidenceRecord<'a> {
    /// By loop (`closed`, `open`, `sweep`) and check.
    pub tallies: BTreeMap<(&'static str, &'a str), Tally>,
    /// Every trial or loop that feeds no verdict.
    pub troubles: Vec<Trouble<'a>>,
    /// Loops that stand, with or without warnings.
    pub believable: usize,
    /// Loops of sweeps that failed no check but those an overloaded server fails: a finding, no fault.
    pub overloaded: usize,
    /// Loops that were measured.
    pub measured: usize,
}

impl<'a> EvidenceRecord<'a> {
    /// Reads every certificate of a run.
    #[must_use]
    pub fn of(cells: &[Cell], grid: &Grid<'a>) -> Self {
        let mut record = Self {
            tallies: BTreeMap::new(),
            troubles: Vec::new(),
            believable: 0,
            overloaded: 0,
            measured: 0,
        };
        for (cell, trial) in grid.all_by_cell() {
            match &trial.outcome {
                TrialOutcome::Measured(measured) => {
                    for (name, one) in measured.loops() {
                        let name = if cells[cell].is_sweep() { SWEEP } else { name };
                        record.add(trial, name, &one.measurement);
                    }
                }
                TrialOutcome::Failed { stage, reason, stderr_tail } => record.troubles.push(Trouble {
                    trial,
                    what: format!("failed to {}", stage_name(*stage)),
                    reasons: vec![reason.clone()],
                    stderr_tail,
                }),
            }
        }
        record
    }

    fn add(&mut self, trial: &'a Trial, phase: &'static str, measurement: &'a Measurement) {
        self.measured += 1;
        self.count(phase, &measurement.certificate);
        let mut reasons = Vec::new();
        if !measurement.is_believable() {
            reasons = failures(&measurement.certificate);
        }
        if !measurement.complete {
            reasons.push("interrupted before its planned end".into());
        }
        if reasons.is_empty() {
            self.believable += 1;
        } else if phase == SWEEP && measurement.complete && is_mere_overload(&measurement.certificate) {
            self.overloaded += 1;
        } else {
            self.troubles.push(Trouble {
                trial,
                what: format!("failed a check {}", loop_in_words(phase)),
                reasons,
                stderr_tail: &[],
            });
        }
    }

    fn count(&mut self, phase: &'static str, certificate: &'a Certificate) {
        for check in &certificate.checks {
            let tally = self.tallies.entry((phase, check.name.as_str())).or_default();
            let is_worst_yet = match check.status {
                CheckStatus::Pass | CheckStatus::NotApplicable => false,
                CheckStatus::Warn => tally.warned + tally.failed == 0,
                CheckStatus::Fail => tally.failed == 0,
            };
            if is_worst_yet {
                tally.example = Some(finding(&check.finding, check.remedy.as_deref()));
            }
            *match check.status {
                CheckStatus::Pass => &mut tally.passed,
                CheckStatus::Warn => &mut tally.warned,
                CheckStatus::Fail => &mut tally.failed,
                CheckStatus::NotApplicable => &mut tally.not_applicable,
            } += 1;
        }
    }
}

fn failures(certificate: &Certificate) -> Vec<String> {
    let failed = certificate.checks.iter().filter(|check| check.status == CheckStatus::Fail);
    let mut reasons: Vec<String> = failed
        .map(|check| format!("{}: {}", check.name, finding(&check.finding, check.remedy.as_deref())))
        .collect();
    if reasons.is_empty() {
        reasons.push("its certificate is invalid and names no failed check".into());
    }
    reasons
}

fn finding(finding: &str, remedy: Option<&str>) -> String {
    remedy.map_or_else(|| finding.to_owned(), |remedy| format!("{finding}; {remedy}"))
}

/// The loop of a trial as a reader knows it.
fn loop_in_words(phase: &str) -> &'static str {
    match phase {
        "closed" => "at capacity",
        "open" => "at the first rate",
        "open2" => "at the second rate",
        "open3" => "at the third rate",
        "open4" => "at the fourth rate",
        _ => "in the sweep",
    }
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Calibrate => "be calibrated",
        Stage::Start => "start",
        Stage::Verify => "hold the contract",
        Stage::Prime => "open its connections",
        Stage::Measure => "be measured",
        Stage::Account => "give its counters",
        Stage::Stop => "stop",
        Stage::Standstill => "be measured while the machine stood still",
    }
}
