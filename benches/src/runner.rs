//! Carries a run out: overshoot, calibration, then block after block, each result on disk before the next begins.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, bail, ensure};
use loadgen::Rate;
use reports_record::{
    Beginning, Calibration, Cell, Definition, Ending, Folder, Line, Look, Run, Stage, StopReason, Stops,
    Trial, TrialLog, TrialOutcome, shown,
};
use reports_terminal::counted;

use crate::budget::Pace;
use crate::field::Field;
use crate::first_failures::FirstFailures;
use crate::progress::Progress;
use crate::remaining::{ATTEMPTS, Done, Group, Planned, calibrated, contender_names, groups, names_in, plan};
use crate::signals::Signals;
use crate::sliced_block::{self, Phases};
use crate::soaker::Soaker;
use crate::standstill::Watch;
use crate::trial::{self, Calibrated, Task};
use crate::{estimate, look, machine, machine_speed, order, overshoot, program, reach};

/// Most of a reason that ends a run, characters.
const REASON: usize = 400;

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
    folder: &'a Folder,
    definition: &'a Definition,
    field: &'a Field,
    signals: &'a Signals,
    log: TrialLog,
    done: Done,
    names: Vec<String>,
    progress: Progress,
    standstills: Watch,
    /// Workloads and contenders whose calibration came to nothing in this session.
    given_up: HashSet<(String, String)>,
    /// When no further block is begun that might end later.
    deadline: Option<Instant>,
    /// How long a block takes.
    pace: Pace,
    /// Groups that were measured in the block under way, in this session.
    measured: usize,
    first_failures: FirstFailures<'a>,
}

impl<'a> Runner<'a> {
    /// Begins, or goes on with what `folder` already holds, to which `log` appends.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn new(
        folder: &'a Folder,
        log: TrialLog,
        run: &'a Run,
        field: &'a Field,
        signals: &'a Signals,
    ) -> anyhow::Result<Self> {
        let (lines, skipped) = folder.lines()?;
        let definition = &run.definition;
        let first_failures = FirstFailures::after(definition, &lines);
        let names = contender_names(definition);
        let calibrations =
            calibrated(definition).iter().map(|cell| names_in(definition, cell).len()).sum::<usize>();
        let mut done = Done::of(lines);
        done.begin();
        let mut progress =
            Progress::of(calibrations + plan(definition).len(), estimate::duration(definition));
        (0..done.calibrations()).for_each(|_| progress.skip());
        for line in &skipped {
            progress.say(&format!("line {} of the log is torn and skipped: {}", line.number, line.reason));
        }
        let (standstills, given_up) = (Watch::start(), HashSet::new());
        Ok(Self {
            folder,
            definition,
            field,
            signals,
            log,
            done,
            names,
            progress,
            standstills,
            given_up,
            deadline: None,
            pace: Pace::expected(definition),
            measured: 0,
            first_failures,
        })
    }

    /// The same, but it begins no block that might end later than `budget` from now.
    #[must_use]
    pub fn within(self, budget: Option<Duration>) -> Self {
        Self { deadline: budget.map(|budget| Instant::now() + budget), ..self }
    }

    /// Does everything that is still to be done.
    ///
    /// # Errors
    /// When a result cannot be written; what was written before stands.
    pub fn run(mut self) -> anyhow::Result<Outcome> {
        let contender_cpus = if self.definition.soaker { self.field.contender_cpus() } else { &[] };
        let _soaker = Soaker::start(contender_cpus)?;
        let steal = machine::cpu_time();
        let throttled = machine::throttled();
        let left = |deadline: Instant| deadline.saturating_duration_since(Instant::now()).as_secs_f64();
        let (began_at, budget_s) = (now(), self.deadline.map(left));
        let beginning = Beginning { began_at, runner_sha256: program::own_sha256()?, budget_s };
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
        self.refuse_what_the_client_cannot_carry()?;
        self.trials(&rates)
    }

    fn interrupted(&self) -> bool {
        self.signals.interrupt().is_raised()
    }

    /// How much longer than asked each contender waits; the duplicate is the same program and needs no own figure.
    fn overshoots(&mut self) -> anyhow::Result<()> {
        let waits = overshoot::waits_ms(self.definition);
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

    /// Ends a run before its first trial where its figures would be the client's.
    fn refuse_what_the_client_cannot_carry(&self) -> anyhow::Result<()> {
        let split = self.field.split();
        let refusals: Vec<String> = calibrated(self.definition)
            .into_iter()
            .flat_map(|cell| names_in(self.definition, cell).into_iter().map(move |name| (cell, name)))
            .filter_map(|(cell, name)| {
                let cpu = self.done.calibrated(cell.workload(), &name)?.cpu?;
                reach::refusal(cell, &name, cpu, split)
            })
            .collect();
        ensure!(refusals.is_empty(), "{}", refusals.join("\n"));
        Ok(())
    }

    /// The offered rates of every group in every cell where all of its contenders could be calibrated.
    fn calibrations(&mut self) -> anyhow::Result<Rates> {
        let definition = self.definition;
        let mut rates = Rates::default();
        for cell in &definition.cells {
            for Group { names, rounds, .. } in groups(definition, &Stops::default(), cell, 0) {
                if let Some(so_far) = self.rates_so_far(cell, &names)? {
                    rates.insert(&cell.name, &names, &so_far);
                    continue;
                }
                let originals: Vec<&String> =
                    names.iter().filter(|name| **name != definition.duplicate.name).collect();
                // Those that are measured alone are alone here as well.
                let together = rounds.map_or(1, |_| originals.len().max(1));
                let mut reached = Vec::new();
                for names in originals.chunks(together) {
                    let Some(found) = self.calibration(cell, names)? else { return Ok(rates) };
                    reached.extend(found);
                }
                // Half of what the stronger one can do may be more than the weaker one can: without all, no rate.
                if let Some(reached) = reached.into_iter().collect::<Option<Vec<f64>>>() {
                    let offered = offered(&reached, cell.load, &definition.phases.open_loads);
                    let offered = offered.into_iter().map(Rate::per_second).collect::<Result<Vec<_>, _>>();
                    let offered =
                        offered.with_context(|| format!("cell {}: the calibrated rates", cell.name))?;
                    rates.insert(&cell.name, &names, &offered);
                }
            }
        }
        Ok(rates)
    }

    /// The rates that trials of a group in a cell were offered already: they hold, whatever their calibration says now.
    fn rates_so_far(&self, cell: &Cell, names: &[String]) -> anyhow::Result<Option<Vec<Rate>>> {
        let levels = if cell.is_sweep() { 1 } else { self.definition.phases.open_loads.len() };
        let of = |name: &String| self.done.offered(&cell.name, name, levels);
        let Some(texts) = names.iter().find_map(of) else { return Ok(None) };
        let read = |text: &String| {
            let rate = text.parse::<Rate>().map_err(|error| anyhow::anyhow!("{error}"));
            rate.with_context(|| {
                format!("cell {}: the rate of its trials, {text:?}, cannot be read", cell.name)
            })
        };
        texts.iter().map(read).collect::<anyhow::Result<Vec<Rate>>>().map(Some)
    }

    /// The throughput that each of these contenders reaches in a cell's workload, in their order, measured unless it is known; `None` in
    /// the place of one whose attempts all failed, and for all when interrupted.
    fn calibration(&mut self, cell: &Cell, names: &[&String]) -> anyhow::Result<Option<Vec<Option<f64>>>> {
        let key = |name: &str| (cell.workload().to_owned(), name.to_owned());
        let is_missing = |name: &&&String| {
            self.done.calibrated(cell.workload(), name).is_none() && !self.given_up.contains(&key(name))
        };
        let mut missing: Vec<&String> = names.iter().filter(is_missing).copied().collect();
        let mut failed = Vec::new();
        for _ in 0..ATTEMPTS {
            if missing.is_empty() {
                break;
            }
            let Some(attempted) = self.attempt_calibration(cell, &missing)? else { return Ok(None) };
            failed = attempted;
            missing = failed.iter().map(|(name, _)| *name).collect();
        }
        for (name, failure) in failed {
            self.given_up.insert(key(name));
            self.keep_calibration(cell, name, None, Some(failure))?;
        }
        let reached = |name: &&String| self.done.calibrated(cell.workload(), name)?.goodput_per_s;
        Ok(Some(names.iter().map(reached).collect()))
    }

    /// Calibrates contenders together once and keeps the results; gives those that failed, each with the reason, `None` when interrupted.
    fn attempt_calibration<'n>(
        &mut self,
        cell: &Cell,
        names: &[&'n String],
    ) -> anyhow::Result<Option<Vec<(&'n String, String)>>> {
        let told: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        self.progress.show("calibration", &format!("{} · {}", cell.workload(), told.join(", ")));
        let launch = |name: &&String| self.field.launch(name, &cell.flags);
        let launches = names.iter().map(launch).collect::<anyhow::Result<Vec<_>>>()?;
        let tasks: Vec<Task<'_>> = launches.iter().map(|launch| self.task(cell, launch)).collect();
        let measured = trial::calibrate(&tasks);
        if self.interrupted() {
            return Ok(None);
        }
        let mut failed = Vec::new();
        for (&name, measured) in names.iter().zip(measured) {
            let error = match measured {
                Ok(reached) if reached.goodput_per_s > 0.0 => {
                    self.keep_calibration(cell, name, Some(reached), None)?;
                    continue;
                }
                Ok(_) => "no correct reply within a loop".to_owned(),
                Err(error) => self.field.hide(&format!("{error:#}")),
            };
            self.progress.say(&format!("calibration of {name} in {}: {error}", cell.workload()));
            failed.push((name, error));
        }
        Ok(Some(failed))
    }

    fn keep_calibration(
        &mut self,
        cell: &Cell,
        name: &str,
        reached: Option<Calibrated>,
        failure: Option<String>,
    ) -> anyhow::Result<()> {
        let (cell, contender) = (cell.workload().to_owned(), name.to_owned());
        let goodput_per_s = reached.map(|reached| reached.goodput_per_s);
        let cpu = reached.and_then(|reached| reached.cpu);
        let calibration = Calibration { cell, contender, goodput_per_s, cpu, failure };
        self.log.push(&Line::Calibration(calibration.clone()))?;
        self.done.add(calibration);
        self.progress.step();
        Ok(())
    }

    fn trials(&mut self, rates: &Rates) -> anyhow::Result<Outcome> {
        let definition = self.definition;
        let plan = plan(definition);
        let (mut failed, mut past) = (0, 0);
        for block in plan.chunk_by(|a, b| a.block == b.block) {
            self.before_block(block[0].block)?;
            let begun = Instant::now();
            for trials in block.chunk_by(|a, b| a.cell == b.cell) {
                let Some(failures) = self.cell(trials, rates)? else {
                    return Ok(Outcome::Interrupted { left: plan.len() - past });
                };
                failed += failures;
                past += trials.len();
            }
            self.pace.note(std::mem::take(&mut self.measured), begun.elapsed());
        }
        Ok(Outcome::Complete { failed })
    }

    /// Measures one block of a cell; gives how many of its trials failed, `None` when a signal cut it short.
    fn cell(&mut self, block: &[Planned], rates: &Rates) -> anyhow::Result<Option<usize>> {
        let definition = self.definition;
        let cell = &definition.cells[block[0].cell];
        let known = block.iter().filter(|planned| self.has_failed(cell, planned).is_some()).count();
        let groups = groups(definition, self.done.stops(), cell, block[0].block);
        let ended = block.len() - groups.iter().map(|group| group.names.len()).sum::<usize>();
        for group in &groups {
            if !self.block(block, cell, group, rates)? {
                return Ok(None);
            }
        }
        let found = known.max(ended);
        (0..found).for_each(|_| self.progress.skip());
        (found..block.len()).for_each(|_| self.progress.step());
        Ok(Some(block.iter().filter(|planned| self.has_failed(cell, planned) == Some(true)).count()))
    }

    /// Whether the last attempt at a trial failed; `None` without one.
    fn has_failed(&self, cell: &Cell, planned: &Planned) -> Option<bool> {
        self.done.has_failed(&cell.name, planned.block, &self.names[planned.contender])
    }

    /// Looks at the run where a look is due before `block`, and ends it where its time does not carry the block.
    fn before_block(&mut self, block: u32) -> anyhow::Result<()> {
        if self.interrupted() {
            return Ok(());
        }
        if self.definition.looks.contains(&block) && !self.done.has_looked(block) {
            let look = look::look(self.definition, &self.folder.lines()?.0, block);
            self.note(&look)?;
        }
        let Some(deadline) = self.deadline else { return Ok(()) };
        // Of a block that a kill cut short, this is the rest; one that is on record takes no time. What is made again of an earlier
        // one is little, and to end there would drop the blocks after it.
        let due = self.groups_due(block);
        let is_past = self.done.latest_block() > Some(block);
        if due == 0 || is_past || Instant::now() + self.pace.of(due) <= deadline {
            return Ok(());
        }
        let look = look::end(self.definition, self.done.stops(), block);
        self.note(&look)?;
        let first = self.definition.duplicate_blocks();
        if block < first {
            self.progress.say(&format!(
                "--budget ends the run after {}, before its first look after {first}: nothing is judged",
                counted(block.into(), "block")
            ));
        }
        Ok(())
    }

    /// Groups of a block of which something is still to be measured.
    fn groups_due(&self, block: u32) -> usize {
        let due = |cell: &Cell| {
            let groups = groups(self.definition, self.done.stops(), cell, block).into_iter();
            groups.filter(|group| !self.done.due(&cell.name, block, &group.names, true).is_empty()).count()
        };
        self.definition.cells.iter().map(due).sum()
    }

    /// Writes a look and tells of it.
    fn note(&mut self, look: &Look) -> anyhow::Result<()> {
        self.log.push(&Line::Look(look.clone()))?;
        self.done.note_look(look);
        let of = |why| look.stopped.iter().filter(|stopped| stopped.why == why).count();
        let told: Vec<String> = [
            (StopReason::Decided, "decided"),
            (StopReason::Hopeless, "hopeless"),
            (StopReason::Budget, "out of time"),
        ]
        .into_iter()
        .filter(|(why, _)| of(*why) > 0)
        .map(|(why, word)| format!("{} {word}", counted(of(why) as u64, "loop")))
        .collect();
        if !told.is_empty() {
            self.progress.say(&format!("after block {}: {}", look.after, told.join(", ")));
        }
        Ok(())
    }

    /// Measures the contenders of a group in one block of a cell, all of them again where the machine spoilt one. False when
    /// a signal cut it short.
    fn block(
        &mut self,
        block: &[Planned],
        cell: &Cell,
        group: &Group,
        rates: &Rates,
    ) -> anyhow::Result<bool> {
        let rates = rates.get(&cell.name, &group.names[0]);
        let is_due = !self.done.due(&cell.name, block[0].block, &group.names, rates.is_some()).is_empty();
        self.measured += usize::from(is_due);
        loop {
            let due = self.done.due(&cell.name, block[0].block, &group.names, rates.is_some());
            if due.is_empty() {
                return Ok(true);
            }
            if let (Some(rounds), Some(rates)) = (group.rounds, rates) {
                if self.interrupted() {
                    return Ok(false);
                }
                // In turns with those that have their lines already, or there would be nothing to take turns with.
                let is_of_group = |planned: &&Planned| group.names.contains(&self.names[planned.contender]);
                let planned: Vec<Planned> = block.iter().filter(is_of_group).copied().collect();
                let shares = &self.definition.phases.open_loads;
                self.slices(&planned, cell, Phases { rounds, loops: &group.loops, rates, shares })?;
                continue;
            }
            for planned in block {
                if !due.contains(&self.names[planned.contender]) {
                    continue;
                }
                if self.interrupted() {
                    return Ok(false);
                }
                match rates {
                    Some(rates) => self.trial(planned, cell, rates)?,
                    None => self.write_off(planned, cell)?,
                }
            }
        }
    }

    /// Measures contenders in turns, one attempt, and writes a line for each; a signal that cuts it short leaves none.
    fn slices(&mut self, block: &[Planned], cell: &Cell, phases: Phases<'_>) -> anyhow::Result<()> {
        let heading = format!("block {}/{}", block[0].block + 1, self.definition.blocks);
        let names: Vec<String> = block.iter().map(|planned| self.names[planned.contender].clone()).collect();
        self.progress.show(&heading, &format!("{} · {}", cell.name, names.join(", ")));
        let next = |name: &String| self.done.next_attempt(&cell.name, block[0].block, name);
        let attempt = names.iter().map(next).max().unwrap_or(0);
        let mut launches = Vec::new();
        for name in &names {
            launches.push(self.field.launch(name, &cell.flags)?);
        }
        let (started_at, mark, speed) = (now(), Instant::now(), machine_speed::measure());
        let named: Vec<(&str, Task<'_>)> = names
            .iter()
            .zip(&launches)
            .map(|(name, launch)| (name.as_str(), self.task(cell, launch)))
            .collect();
        let outcomes = sliced_block::measure(&named, phases, self.seed(&block[0]));
        if self.interrupted() {
            return Ok(());
        }
        for (planned, outcome) in block.iter().zip(outcomes) {
            let outcome = self.standstills.explain(mark, outcome);
            self.tell(planned, cell, &outcome);
            self.write(planned, attempt, (started_at.clone(), speed), outcome)?;
        }
        Ok(())
    }

    /// Says on the screen what failed.
    fn tell(&mut self, planned: &Planned, cell: &Cell, outcome: &TrialOutcome) {
        if let TrialOutcome::Failed { stage, reason, .. } = outcome {
            let (name, blocks) = (&self.names[planned.contender], self.definition.blocks);
            let block = planned.block + 1;
            self.progress
                .say(&format!("{name} in {}, block {block}/{blocks}: {stage:?}: {reason}", cell.name));
        }
    }

    /// Makes one attempt at a trial and writes its line; a signal that cuts it short leaves none.
    fn trial(&mut self, planned: &Planned, cell: &Cell, rates: &[Rate]) -> anyhow::Result<()> {
        let name = self.names[planned.contender].clone();
        let heading = format!("block {}/{}", planned.block + 1, self.definition.blocks);
        self.progress.show(&heading, &format!("{} · {name}", cell.name));
        let attempt = self.done.next_attempt(&cell.name, planned.block, &name);
        let launch = self.field.launch(&name, &cell.flags)?;
        let (started_at, mark, speed) = (now(), Instant::now(), machine_speed::measure());
        let outcome = trial::measure(&self.task(cell, &launch), rates, self.seed(planned));
        let outcome = self.standstills.explain(mark, outcome);
        if self.interrupted() {
            return Ok(());
        }
        self.tell(planned, cell, &outcome);
        self.write(planned, attempt, (started_at, speed), outcome)
    }

    /// Writes a trial off whose pair could not be calibrated: a line with its reason, never a missing line.
    fn write_off(&mut self, planned: &Planned, cell: &Cell) -> anyhow::Result<()> {
        let reason = format!(
            "no offered rate: not both contenders of its pair could be calibrated in {}; resume the run to try again",
            cell.name
        );
        let outcome = TrialOutcome::Failed { stage: Stage::Calibrate, reason, stderr_tail: Vec::new() };
        self.write(planned, 0, (now(), machine_speed::measure()), outcome)
    }

    fn write(
        &mut self,
        planned: &Planned,
        attempt: u32,
        (started_at, speed): (String, f64),
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
            machine_speed: Some(speed),
            outcome,
        };
        self.done.note(&trial);
        let cell = &self.definition.cells[planned.cell];
        let alike = self.first_failures.take(cell, &trial.contender, &trial.outcome);
        let told = match (&alike, &trial.outcome) {
            (Some(_), TrialOutcome::Failed { reason, .. }) => shown(reason, REASON),
            _ => String::new(),
        };
        self.log.push(&Line::Trial(Box::new(trial)))?;
        match alike {
            Some(failed) => bail!(
                "the first {failed} trials all failed for one reason, expected one that is measured: {told}"
            ),
            None => Ok(()),
        }
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
            client_spins: self.definition.client_spins,
            interrupt: self.signals.interrupt(),
        }
    }

    /// Every contender but the duplicate.
    fn originals(&self) -> Vec<String> {
        self.names[..self.names.len() - 1].to_vec()
    }
}

/// The rates offered to contenders that reached these closed throughputs, requests/s: shares of the weakest's, so that none
/// is overloaded, or in a sweep one share of the strongest's, so that all are in the end.
fn offered(reached: &[f64], sweep: Option<f64>, levels: &[f64]) -> Vec<f64> {
    match sweep {
        Some(load) => vec![load * reached.iter().copied().fold(0.0, f64::max)],
        None => {
            let weakest = reached.iter().copied().fold(f64::INFINITY, f64::min);
            levels.iter().map(|load| load * weakest).collect()
        }
    }
}

/// Offered rates by cell and contender.
#[derive(Debug, Default)]
struct Rates(HashMap<(String, String), Vec<Rate>>);

impl Rates {
    /// All contenders of a group get the same rates.
    fn insert(&mut self, cell: &str, names: &[String], rates: &[Rate]) {
        for name in names {
            self.0.insert((cell.to_owned(), name.clone()), rates.to_vec());
        }
    }

    fn get(&self, cell: &str, contender: &str) -> Option<&[Rate]> {
        self.0.get(&(cell.to_owned(), contender.to_owned())).map(Vec::as_slice)
    }
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_offered_a_share_of_its_weakest_and_in_a_sweep_of_its_strongest() {
        assert_eq!(offered(&[100.0, 400.0, 200.0], None, &[0.1, 0.5]), [10.0, 50.0]);
        assert_eq!(offered(&[100.0, 400.0, 200.0], Some(1.5), &[0.1, 0.5]), [600.0]);
    }
}
