//! Carries a run out: overshoot, calibration, then block after block, each result on disk before the next begins.

use std::collections::HashMap;
use std::time::SystemTime;

use anyhow::Context as _;
use loadgen::Rate;
use reports_record::{
    Beginning, Calibration, Cell, Definition, Ending, Folder, Line, Pair, Run, Stage, Trial, TrialLog,
    TrialOutcome,
};

use crate::field::Field;
use crate::progress::Progress;
use crate::remaining::{ATTEMPTS, Done, Planned, calibrated, contender_names, plan};
use crate::signals::Signals;
use crate::trial::{self, Task};
use crate::{estimate, machine, order, overshoot, program};

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every planned trial has its line.
    Complete {
        /// Trials that could not be measured.
        failed: usize,
    },
    /// A signal ended it.
    Interrupted {
        /// Trials that have no line yet.
        left: usize,
    },
}

/// A run that is under way.
#[derive(Debug)]
pub struct Runner<'a> {
    definition: &'a Definition,
    field: &'a Field,
    signals: &'a Signals,
    log: TrialLog,
    done: Done,
    names: Vec<String>,
    progress: Progress,
}

impl<'a> Runner<'a> {
    /// Begins, or goes on with what `folder` already holds, to which `log` appends.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn new(
        folder: &Folder,
        log: TrialLog,
        run: &'a Run,
        field: &'a Field,
        signals: &'a Signals,
    ) -> anyhow::Result<Self> {
        let (lines, skipped) = folder.lines()?;
        let definition = &run.definition;
        let names = contender_names(definition);
        let calibrations = calibrated(definition).len() * (names.len() - 1);
        let done = Done::of(lines);
        let mut progress =
            Progress::of(calibrations + plan(definition).len(), estimate::duration(definition));
        (0..done.calibrations()).for_each(|_| progress.skip());
        for line in &skipped {
            progress.say(&format!("line {} of the log is torn and skipped: {}", line.number, line.reason));
        }
        Ok(Self { definition, field, signals, log, done, names, progress })
    }

    /// Does everything that is still to be done.
    ///
    /// # Errors
    /// When a result cannot be written; what was written before stands.
    pub fn run(mut self) -> anyhow::Result<Outcome> {
        let steal = machine::cpu_time();
        let throttled = machine::throttled();
        let beginning = Beginning { began_at: now(), runner_sha256: program::own_sha256()? };
        self.log.push(&Line::Beginning(beginning))?;
        let outcome = self.carry_out();
        self.progress.clear();
        self.log
            .push(&Line::Ending(Ending {
                ended_at: now(),
                complete: matches!(outcome, Ok(Outcome::Complete { .. })),
                steal: machine::steal_since(steal),
                throttled: machine::throttled()
                    .zip(throttled)
                    .map(|(after, before)| after.saturating_sub(before)),
            }))
            .map_err(anyhow::Error::from)
            // What went wrong first is what matters.
            .or_else(|error| outcome.as_ref().map_or(Ok(()), |_| Err(error)))?;
        outcome
    }

    fn carry_out(&mut self) -> anyhow::Result<Outcome> {
        self.overshoots()?;
        let rates = self.calibrations()?;
        self.trials(&rates)
    }

    fn interrupted(&self) -> bool {
        self.signals.interrupt().is_raised()
    }

    /// How much longer than asked each contender waits; the duplicate is the same program and needs no own figure.
    fn overshoots(&mut self) -> anyhow::Result<()> {
        let mut waits: Vec<f64> =
            self.definition.cells.iter().map(|cell| cell.wait_ms).filter(|&wait| wait > 0.0).collect();
        waits.sort_by(f64::total_cmp);
        waits.dedup();
        for name in self.originals() {
            let missing: Vec<f64> =
                waits.iter().copied().filter(|&wait| !self.done.has_overshoot(&name, wait)).collect();
            if missing.is_empty() || self.interrupted() {
                continue;
            }
            self.progress.show("timers", &name);
            let launch = self.field.launch(&name, &[])?;
            match overshoot::measure(&launch, &name, &missing, self.signals.interrupt()) {
                Ok(measured) => {
                    measured.into_iter().try_for_each(|one| self.log.push(&Line::Overshoot(one)))?
                }
                Err(error) => self.progress.say(&format!("timers of {name}: {error:#}")),
            }
        }
        Ok(())
    }

    /// The offered rates of every pair in every cell where one of the two could be calibrated.
    fn calibrations(&mut self) -> anyhow::Result<Rates> {
        let definition = self.definition;
        let mut rates = Rates::default();
        for cell in &definition.cells {
            for pair in &definition.pairs {
                let mut reached = Vec::new();
                for name in [&pair.sync, &pair.awaiting] {
                    let Some(calibration) = self.calibration(cell, name)? else { return Ok(rates) };
                    reached.extend(calibration.goodput_per_s.filter(|&it| it > 0.0));
                }
                // One that could not be calibrated beside one that could still gets its trials, which then tell why.
                if let Some(offered) = offered(&reached, cell.load, definition.phases.open_load) {
                    let rate = Rate::per_second(offered)
                        .with_context(|| format!("cell {}: the calibrated rate", cell.name))?;
                    rates.insert(definition, &cell.name, pair, rate);
                }
            }
        }
        Ok(rates)
    }

    /// Calibrates one contender for a cell's workload, unless that is done; `None` when interrupted.
    fn calibration(&mut self, cell: &Cell, name: &str) -> anyhow::Result<Option<Calibration>> {
        if let Some(known) = self.done.calibration(cell.workload(), name) {
            return Ok(Some(known.clone()));
        }
        self.progress.show("calibration", &format!("{} · {name}", cell.workload()));
        let launch = self.field.launch(name, &cell.flags)?;
        let measured = trial::calibrate(&self.task(cell, &launch));
        if self.interrupted() {
            return Ok(None);
        }
        let calibration = Calibration {
            cell: cell.workload().to_owned(),
            contender: name.to_owned(),
            goodput_per_s: measured.as_ref().ok().copied(),
            failure: measured.err().map(|error| self.field.hide(&format!("{error:#}"))),
        };
        if let Some(failure) = &calibration.failure {
            self.progress.say(&format!("calibration of {name} in {}: {failure}", cell.workload()));
        }
        self.log.push(&Line::Calibration(calibration.clone()))?;
        self.done.add(calibration.clone());
        self.progress.step();
        Ok(Some(calibration))
    }

    fn trials(&mut self, rates: &Rates) -> anyhow::Result<Outcome> {
        let definition = self.definition;
        let plan = plan(definition);
        let mut failed = 0;
        for (index, planned) in plan.iter().enumerate() {
            if self.interrupted() {
                return Ok(Outcome::Interrupted { left: plan.len() - index });
            }
            let cell = &definition.cells[planned.cell];
            let known = self.done.has_failed(&cell.name, planned.block, &self.names[planned.contender]);
            let rate = rates.get(&cell.name, &self.names[planned.contender]);
            let has_failed = match (known, rate) {
                (Some(known), _) => known,
                (None, Some(rate)) => match self.trial(planned, cell, rate)? {
                    Some(outcome) => matches!(outcome, TrialOutcome::Failed { .. }),
                    // Cut short, and so to be made again.
                    None => return Ok(Outcome::Interrupted { left: plan.len() - index }),
                },
                (None, None) => self.write_off(planned, cell)?,
            };
            failed += usize::from(has_failed);
            if known.is_some() { self.progress.skip() } else { self.progress.step() }
        }
        Ok(Outcome::Complete { failed })
    }

    /// Makes one trial and writes its lines, one an attempt; `None` when a signal cut it short, which leaves no line.
    fn trial(&mut self, planned: &Planned, cell: &Cell, rate: Rate) -> anyhow::Result<Option<TrialOutcome>> {
        let definition = self.definition;
        let name = self.names[planned.contender].clone();
        let heading = format!("block {}/{}", planned.block + 1, definition.blocks);
        self.progress.show(&heading, &format!("{} · {name}", cell.name));
        let seed = self.seed(planned);
        // A runner that was killed may have left spoilt attempts.
        let mut attempt = self.done.next_attempt(&cell.name, planned.block, &name);
        loop {
            let started_at = now();
            let launch = self.field.launch(&name, &cell.flags)?;
            let outcome = trial::measure(&self.task(cell, &launch), rate, seed);
            if self.interrupted() {
                return Ok(None);
            }
            if let TrialOutcome::Failed { stage, reason, .. } = &outcome {
                self.progress.say(&format!("{name} in {}, {heading}: {stage:?}: {reason}", cell.name));
            }
            self.write(planned, attempt, started_at, outcome.clone())?;
            if attempt == ATTEMPTS - 1 || !trial::is_spoilt(&outcome) {
                return Ok(Some(outcome));
            }
            attempt += 1;
        }
    }

    /// Writes a trial off whose pair could not be calibrated: a line with its reason, never a missing line.
    fn write_off(&mut self, planned: &Planned, cell: &Cell) -> anyhow::Result<bool> {
        let reason =
            format!("no offered rate: neither contender of its pair could be calibrated in {}", cell.name);
        let outcome = TrialOutcome::Failed { stage: Stage::Calibrate, reason, stderr_tail: Vec::new() };
        self.write(planned, 0, now(), outcome)?;
        Ok(true)
    }

    fn write(
        &mut self,
        planned: &Planned,
        attempt: u32,
        started_at: String,
        outcome: TrialOutcome,
    ) -> anyhow::Result<()> {
        let outcome = match outcome {
            TrialOutcome::Failed { stage, reason, stderr_tail } => TrialOutcome::Failed {
                stage,
                reason: self.field.hide(&reason),
                stderr_tail: stderr_tail.iter().map(|line| self.field.hide(line)).collect(),
            },
            measured @ TrialOutcome::Measured(_) => measured,
        };
        let trial = Trial {
            cell: self.definition.cells[planned.cell].name.clone(),
            block: planned.block,
            contender: self.names[planned.contender].clone(),
            position: planned.position,
            attempt,
            seed: self.seed(planned),
            started_at,
            outcome,
        };
        Ok(self.log.push(&Line::Trial(Box::new(trial)))?)
    }

    fn seed(&self, planned: &Planned) -> u64 {
        order::schedule_seed(self.definition.seed, planned.cell, planned.block)
    }

    fn task<'b>(&'b self, cell: &'b Cell, launch: &'b crate::process::Launch) -> Task<'b> {
        Task {
            launch,
            cell,
            phases: &self.definition.phases,
            client_cpus: self.field.client_cpus(),
            interrupt: self.signals.interrupt(),
        }
    }

    /// Every contender but the duplicate.
    fn originals(&self) -> Vec<String> {
        self.names[..self.names.len() - 1].to_vec()
    }
}

/// What a pair whose contenders reached these closed throughputs is offered, requests/s: a share of the weaker's, so
/// that neither is overloaded, or in a sweep of the stronger's, so that both are in the end. `None` for no throughput.
fn offered(reached: &[f64], sweep: Option<f64>, open_load: f64) -> Option<f64> {
    let (share, of) = match sweep {
        Some(load) => (load, reached.iter().copied().max_by(f64::total_cmp)),
        None => (open_load, reached.iter().copied().min_by(f64::total_cmp)),
    };
    of.map(|throughput| throughput * share)
}

/// Offered rates by cell and contender.
#[derive(Debug, Default)]
struct Rates(HashMap<(String, String), Rate>);

impl Rates {
    /// Both contenders of a pair get its rate, and the duplicate that of the contender it doubles.
    fn insert(&mut self, definition: &Definition, cell: &str, pair: &Pair, rate: Rate) {
        let duplicate = &definition.duplicate;
        for name in [&pair.sync, &pair.awaiting] {
            self.0.insert((cell.to_owned(), name.clone()), rate);
            if *name == duplicate.of {
                self.0.insert((cell.to_owned(), duplicate.name.clone()), rate);
            }
        }
    }

    fn get(&self, cell: &str, contender: &str) -> Option<Rate> {
        self.0.get(&(cell.to_owned(), contender.to_owned())).copied()
    }
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_offered_a_share_of_its_weaker_and_in_a_sweep_of_its_stronger() {
        assert_eq!(offered(&[100.0, 400.0], None, 0.5), Some(50.0));
        assert_eq!(offered(&[100.0, 400.0], Some(1.5), 0.5), Some(600.0));
        assert_eq!(offered(&[400.0], None, 0.5), Some(200.0));
        assert_eq!(offered(&[], Some(1.5), 0.5), None);
    }
}
