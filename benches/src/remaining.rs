//! What of a run is still to be done: a pure function of its definition and of the lines it already has.

use std::collections::{HashMap, HashSet};

use reports_record::{Calibration, Cell, Definition, Line, Overshoot, Trial, TrialOutcome};

use crate::{order, trial};

/// One trial that is planned: indices into the definition's cells and into [`contender_names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Planned {
    /// Index of the cell.
    pub cell: usize,
    /// The block, from 0.
    pub block: u32,
    /// Index of the contender.
    pub contender: usize,
    /// Its place in the block's order.
    pub position: u32,
}

/// Every contender of a run by name, the duplicate last.
#[must_use]
pub fn contender_names(definition: &Definition) -> Vec<String> {
    let mut names: Vec<String> =
        definition.pairs.iter().flat_map(|pair| [pair.sync.clone(), pair.awaiting.clone()]).collect();
    names.push(definition.duplicate.name.clone());
    names
}

/// A cell of every workload that is calibrated, in the order of the definition: the steps of a sweep share one.
#[must_use]
pub fn calibrated(definition: &Definition) -> Vec<&Cell> {
    let mut seen = HashSet::new();
    definition.cells.iter().filter(|cell| seen.insert(cell.workload())).collect()
}

/// Every trial of a run in the order of its making: block after block, so that what is there when a run is
/// interrupted is a whole map, and so that a cell's blocks lie minutes apart.
#[must_use]
pub fn plan(definition: &Definition) -> Vec<Planned> {
    let contenders = contender_names(definition).len();
    let mut plan = Vec::new();
    for block in 0..definition.blocks {
        for cell in order::cells(definition.seed, block, definition.cells.len()) {
            let order = order::contenders(definition.seed, cell, block, contenders);
            plan.extend(order.into_iter().zip(0..).map(|(contender, position)| Planned {
                cell,
                block,
                contender,
                position,
            }));
        }
    }
    plan
}

/// Most attempts at a trial that the machine or the client spoils: at the third, the machine is what it is.
pub const ATTEMPTS: u32 = 3;

/// What came of an attempt at a trial.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    /// Its number, from 0.
    number: u32,
    has_failed: bool,
    is_spoilt: bool,
}

impl Attempt {
    fn is_last(self) -> bool {
        !self.is_spoilt || self.number + 1 >= ATTEMPTS
    }
}

/// What the lines of a run's log already hold.
#[derive(Debug, Default)]
pub struct Done {
    overshoots: Vec<Overshoot>,
    calibrations: Vec<Calibration>,
    /// The last attempt at the trial of each place.
    trials: HashMap<(String, u32, String), Attempt>,
}

impl Done {
    /// Sorts the lines of a log.
    #[must_use]
    pub fn of(lines: Vec<Line>) -> Self {
        let mut done = Self::default();
        for line in lines {
            match line {
                Line::Overshoot(overshoot) => done.overshoots.push(overshoot),
                Line::Calibration(calibration) => done.calibrations.push(calibration),
                Line::Trial(trial) => {
                    let Trial { cell, block, contender, attempt: number, outcome, .. } = *trial;
                    let has_failed = matches!(outcome, TrialOutcome::Failed { .. });
                    let is_spoilt = trial::is_spoilt(&outcome);
                    done.trials.insert((cell, block, contender), Attempt { number, has_failed, is_spoilt });
                }
                Line::Beginning(_) | Line::Ending(_) => {}
            }
        }
        done
    }

    /// Whether this contender's overshoot at this wait is known.
    #[must_use]
    pub fn has_overshoot(&self, contender: &str, wait_ms: f64) -> bool {
        self.overshoots.iter().any(|known| known.contender == contender && known.wait_ms == wait_ms)
    }

    /// This contender's calibration for this workload, if it was made.
    #[must_use]
    pub fn calibration(&self, workload: &str, contender: &str) -> Option<&Calibration> {
        self.calibrations.iter().find(|known| known.cell == workload && known.contender == contender)
    }

    /// How many calibrations were made.
    #[must_use]
    pub fn calibrations(&self) -> usize {
        self.calibrations.len()
    }

    /// Takes in a calibration that was just made.
    pub fn add(&mut self, calibration: Calibration) {
        self.calibrations.push(calibration);
    }

    /// Whether the trial at this place failed; `None` while it has no line, or none but of attempts that were spoilt and
    /// are to be followed by another.
    #[must_use]
    pub fn has_failed(&self, cell: &str, block: u32, contender: &str) -> Option<bool> {
        let attempt = self.trials.get(&(cell.to_owned(), block, contender.to_owned()))?;
        attempt.is_last().then_some(attempt.has_failed)
    }

    /// The number of the next attempt at the trial of this place.
    #[must_use]
    pub fn next_attempt(&self, cell: &str, block: u32, contender: &str) -> u32 {
        let attempt = self.trials.get(&(cell.to_owned(), block, contender.to_owned()));
        attempt.map_or(0, |attempt| attempt.number + 1)
    }

    /// How many trials of `definition` failed, once every one of them has a line; `None` before that.
    #[must_use]
    pub fn failed_if_complete(&self, definition: &Definition) -> Option<usize> {
        let names = contender_names(definition);
        plan(definition).into_iter().try_fold(0, |failed, planned| {
            let cell = &definition.cells[planned.cell].name;
            let has_failed = self.has_failed(cell, planned.block, &names[planned.contender])?;
            Some(failed + usize::from(has_failed))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::experiment;

    #[test]
    fn every_trial_is_planned_once() {
        let definition = experiment::load("quick").unwrap();
        let plan = plan(&definition);
        assert_eq!(plan.len(), 11 * 8 * 5);
        let distinct: HashSet<_> =
            plan.iter().map(|trial| (trial.cell, trial.block, trial.contender)).collect();
        assert_eq!(distinct.len(), plan.len());
    }

    #[test]
    fn blocks_follow_one_another() {
        let plan = plan(&experiment::load("quick").unwrap());
        assert!(plan.is_sorted_by_key(|trial| trial.block));
    }

    #[test]
    fn the_duplicate_is_a_contender_of_its_own() {
        let definition = experiment::load("smoke").unwrap();
        assert_eq!(contender_names(&definition).last(), Some(&definition.duplicate.name));
    }

    #[test]
    fn a_failed_trial_is_done_too() {
        let line = r#"{"kind":"trial","cell":"a","block":1,"contender":"x","position":0,"seed":1,
            "started_at":"","outcome":{"failed":{"stage":"start","reason":"r","stderr_tail":[]}}}"#;
        let done = Done::of(vec![serde_json::from_str(line).unwrap()]);
        assert_eq!(done.has_failed("a", 1, "x"), Some(true));
        assert_eq!(done.has_failed("a", 0, "x"), None);
    }

    #[test]
    fn a_kill_between_two_attempts_costs_neither() {
        let place = || ("a".to_owned(), 0, "x".to_owned());
        let mut done = Done::default();
        assert_eq!(done.next_attempt("a", 0, "x"), 0);
        for number in 0..ATTEMPTS {
            done.trials.insert(place(), Attempt { number, has_failed: false, is_spoilt: true });
            assert_eq!(done.next_attempt("a", 0, "x"), number + 1);
            let is_last = number == ATTEMPTS - 1;
            assert_eq!(done.has_failed("a", 0, "x"), is_last.then_some(false));
        }
        done.trials.insert(place(), Attempt { number: 0, has_failed: false, is_spoilt: false });
        assert_eq!(done.has_failed("a", 0, "x"), Some(false));
    }
}
