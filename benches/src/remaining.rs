//! What of a run is still to be done: a pure function of its definition and of the lines it already has.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use reports_record::{
    Calibration, Cell, Definition, Line, Look, MOST_LEVELS, Measured, Overshoot, Pair, SliceRounds, Stage,
    Stops, Trial, TrialOutcome,
};

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
    let mut names = names_of(&definition.pairs.iter().collect::<Vec<_>>());
    names.push(definition.duplicate.name.clone());
    names
}

/// The contenders of these pairs, each once.
fn names_of(pairs: &[&Pair]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in pairs.iter().flat_map(|pair| [&pair.sync, &pair.awaiting]) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// The contenders of a cell by name, each once, without the duplicate.
#[must_use]
pub fn names_in(definition: &Definition, cell: &Cell) -> Vec<String> {
    names_of(&definition.pairs_in(cell).collect::<Vec<_>>())
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
    let names = contender_names(definition);
    let mut plan = Vec::new();
    for block in 0..definition.blocks {
        for cell in order::cells(definition.seed, block, definition.cells.len()) {
            let mut here = names_in(definition, &definition.cells[cell]);
            here.push(definition.duplicate.name.clone());
            let order = order::contenders(definition.seed, cell, block, names.len());
            let order = order.into_iter().filter(|&contender| here.contains(&names[contender]));
            plan.extend(order.zip(0..).map(|(contender, position)| Planned {
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

/// The outcome of the last attempt at a trial.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    /// Its number, from 0.
    number: u32,
    /// How far it came, where it failed.
    failed: Option<Stage>,
    is_spoilt: bool,
    /// Whether the contender itself is to blame that it counts for nothing: that is never given another try.
    is_lost: bool,
    /// The number from which no further attempt is made.
    end: u32,
}

impl Attempt {
    /// Whether the machine or the client spoilt it, and another one may follow.
    fn is_to_follow(self) -> bool {
        self.is_spoilt && self.number + 1 < self.end
    }
}

/// A trial's place: cell, block and contender.
type Place = (String, u32, String);

/// Contenders that are held against each other in one block of a cell, and so are measured together, and again together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The contenders of a pair, and of those that it shares one with, with the duplicate where it doubles one of them.
    pub names: Vec<String>,
    /// The loops that are measured: 0 the closed one, then the open ones by level.
    pub loops: Vec<usize>,
    /// Rounds of slices, as many as one of its pairs takes; `None` where each contender is measured alone.
    pub rounds: Option<SliceRounds>,
}

/// The groups of one block of a cell; a pair that looks have ended is in none.
#[must_use]
pub fn groups(definition: &Definition, stops: &Stops, cell: &Cell, block: u32) -> Vec<Group> {
    let mut groups: Vec<(Vec<&Pair>, BTreeSet<usize>)> = Vec::new();
    for pair in definition.pairs_in(cell) {
        let loops = stops.loops(definition, &cell.name, pair.role, block);
        if loops.is_empty() {
            continue;
        }
        let shares = |other: &&Pair| other.sync == pair.sync || other.awaiting == pair.awaiting;
        match groups.iter_mut().find(|(pairs, _)| pairs.iter().any(shares)) {
            Some((pairs, known)) => {
                pairs.push(pair);
                known.extend(loops);
            }
            None => groups.push((vec![pair], loops.into_iter().collect())),
        }
    }
    let duplicate = &definition.duplicate;
    let is_doubled = cell.is_sweep() || block < definition.duplicate_blocks();
    let group = |(pairs, loops): (Vec<&Pair>, BTreeSet<usize>)| {
        let mut names = names_of(&pairs);
        if is_doubled && names.contains(&duplicate.of) {
            names.push(duplicate.name.clone());
        }
        let rounds = pairs.iter().filter_map(|pair| definition.rounds(pair.role)).reduce(SliceRounds::most);
        // After an overload a contender still has work to do, which would weigh on the next one's slice.
        let rounds = rounds.filter(|_| !cell.is_sweep());
        Group { names, loops: loops.into_iter().collect(), rounds }
    };
    groups.into_iter().map(group).collect()
}

/// What the lines of a run's log already hold.
#[derive(Debug, Default)]
pub struct Done {
    overshoots: Vec<Overshoot>,
    calibrations: Vec<Calibration>,
    /// The last attempt at the trial of each place.
    trials: HashMap<Place, Attempt>,
    /// The offered rates of the trials that a contender has had in a cell, by level, as their plans tell them.
    offered: HashMap<(String, String), BTreeMap<usize, String>>,
    /// Whether it was written by a runner that measures both sides of a block again.
    has_rounds: bool,
    stops: Stops,
    /// The numbers of blocks after which it was looked at.
    looks: HashSet<u32>,
}

impl Done {
    /// Sorts the lines of a log. Trials that failed because the machine stood still are given new attempts.
    #[must_use]
    pub fn of(lines: Vec<Line>) -> Self {
        let mut done = Self::default();
        for line in lines {
            match line {
                Line::Overshoot(overshoot) => done.overshoots.push(overshoot),
                Line::Calibration(calibration) => done.calibrations.push(calibration),
                Line::Trial(trial) => done.note(&trial),
                Line::Beginning(_) => done.has_rounds = true,
                Line::Look(look) => done.note_look(&look),
                Line::Ending(_) => {}
            }
        }
        for attempt in done.trials.values_mut() {
            if attempt.failed == Some(Stage::Standstill) {
                attempt.end = attempt.number + 1 + ATTEMPTS;
            }
        }
        done
    }

    /// A runner begins that measures both sides of a block again.
    pub fn begin(&mut self) {
        self.has_rounds = true;
    }

    /// Takes in a look.
    pub fn note_look(&mut self, look: &Look) {
        self.looks.insert(look.after);
        self.stops.note(look);
    }

    /// Whether the run was looked at after this number of blocks.
    #[must_use]
    pub fn has_looked(&self, after: u32) -> bool {
        self.looks.contains(&after)
    }

    /// What looks have ended.
    #[must_use]
    pub fn stops(&self) -> &Stops {
        &self.stops
    }

    /// Takes in an attempt at a trial.
    pub fn note(&mut self, trial: &Trial) {
        let place = (trial.cell.clone(), trial.block, trial.contender.clone());
        let failed = match &trial.outcome {
            TrialOutcome::Failed { stage, .. } => Some(*stage),
            TrialOutcome::Measured(measured) => {
                self.note_offered(trial, measured);
                None
            }
        };
        let end = self.trials.get(&place).map_or(ATTEMPTS, |earlier| earlier.end);
        let is_spoilt = trial::is_spoilt(&trial.outcome);
        let is_lost = match &trial.outcome {
            TrialOutcome::Failed { stage, .. } => !matches!(stage, Stage::Standstill | Stage::Calibrate),
            TrialOutcome::Measured(measured) => !is_spoilt && !measured.is_believable(),
        };
        self.trials.insert(place, Attempt { number: trial.attempt, failed, is_spoilt, is_lost, end });
    }

    /// Keeps the rates of a trial by level. Of a loop that a look ended, earlier trials tell the rate.
    fn note_offered(&mut self, trial: &Trial, measured: &Measured) {
        let place = (trial.cell.clone(), trial.contender.clone());
        let known = self.offered.entry(place).or_default();
        for level in 0..MOST_LEVELS {
            let schedule = measured.open_at(level).and_then(|open| open.measurement.plan.schedule.clone());
            if let Some(schedule) = schedule {
                known.insert(level, schedule);
            }
        }
    }

    /// Whether this contender's overshoot at this wait is known.
    #[must_use]
    pub fn has_overshoot(&self, contender: &str, wait_ms: f64) -> bool {
        self.overshoots.iter().any(|known| known.contender == contender && known.wait_ms == wait_ms)
    }

    /// What this contender reached when it was calibrated for this workload; `None` while no calibration has come to
    /// something.
    #[must_use]
    pub fn calibrated(&self, workload: &str, contender: &str) -> Option<&Calibration> {
        let of = |known: &&Calibration| known.cell == workload && known.contender == contender;
        self.calibrations
            .iter()
            .filter(of)
            .find(|known| known.goodput_per_s.is_some_and(|reached| reached > 0.0))
    }

    /// How many calibrations came to something.
    #[must_use]
    pub fn calibrations(&self) -> usize {
        self.calibrations.iter().filter(|known| known.goodput_per_s.is_some()).count()
    }

    /// Takes in a calibration that was just made.
    pub fn add(&mut self, calibration: Calibration) {
        self.calibrations.push(calibration);
    }

    /// The rates that trials of this contender in this cell were offered at each of so many `levels`, as their plans tell them: they
    /// hold for those to come, whatever became of the calibration that it followed from. `None` where one of them is not known.
    #[must_use]
    pub fn offered(&self, cell: &str, contender: &str, levels: usize) -> Option<Vec<String>> {
        let known = self.offered.get(&(cell.to_owned(), contender.to_owned()))?;
        (0..levels).map(|level| known.get(&level).cloned()).collect()
    }

    /// Those of `names`, contenders held against each other, that are to be measured next in this block of a cell; none
    /// when the block is done. `is_rated` says whether there is a rate to offer.
    ///
    /// Where an attempt was spoilt, all of them are measured again, so that a ratio is never of two attempts that lie
    /// apart; but not where one of them is lost by its own fault, for then the block counts for nothing anyway.
    #[must_use]
    pub fn due(&self, cell: &str, block: u32, names: &[String], is_rated: bool) -> Vec<String> {
        let last = |name: &String| self.trials.get(&(cell.to_owned(), block, name.clone())).copied();
        let attempts: Vec<Option<Attempt>> = names.iter().map(last).collect();
        let follows = |attempt: &Attempt| {
            attempt.is_to_follow() || (is_rated && attempt.failed == Some(Stage::Calibrate))
        };
        let is_lost = attempts.iter().flatten().any(|attempt| attempt.is_lost);
        let again = attempts.iter().flatten().filter(|attempt| !is_lost && follows(attempt));
        let next = again.map(|attempt| attempt.number + 1).max();
        // The others of a round that was begun and not ended.
        let begun = attempts.iter().flatten().map(|attempt| attempt.number).max().filter(|_| self.has_rounds);
        let round = next.or(begun).unwrap_or(0);
        let is_due = |attempt: &Option<Attempt>| attempt.is_none_or(|attempt| attempt.number < round);
        names
            .iter()
            .zip(&attempts)
            .filter(|(_, attempt)| is_due(attempt))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// The last block of which a trial is on record, from 0; `None` without one.
    #[must_use]
    pub fn latest_block(&self) -> Option<u32> {
        self.trials.keys().map(|(_, block, _)| *block).max()
    }

    /// Whether the last attempt at this place failed; `None` without one.
    #[must_use]
    pub fn has_failed(&self, cell: &str, block: u32, contender: &str) -> Option<bool> {
        let attempt = self.trials.get(&(cell.to_owned(), block, contender.to_owned()))?;
        Some(attempt.failed.is_some())
    }

    /// The number of the next attempt at the trial of this place.
    #[must_use]
    pub fn next_attempt(&self, cell: &str, block: u32, contender: &str) -> u32 {
        let attempt = self.trials.get(&(cell.to_owned(), block, contender.to_owned()));
        attempt.map_or(0, |attempt| attempt.number + 1)
    }

    /// How many trials of `definition` failed, once nothing is left to be measured; `None` before that. What failed by the
    /// machine's fault, or for want of a calibration, is worth another try.
    #[must_use]
    pub fn failed_if_complete(&self, definition: &Definition) -> Option<usize> {
        let mut failed = 0;
        for cell in &definition.cells {
            for block in 0..definition.blocks {
                for Group { names, .. } in groups(definition, &self.stops, cell, block) {
                    if !self.due(&cell.name, block, &names, true).is_empty() {
                        return None;
                    }
                    let has_failed = |name: &&String| self.has_failed(&cell.name, block, name) == Some(true);
                    failed += names.iter().filter(has_failed).count();
                }
            }
        }
        Some(failed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use reports_record::{LOOPS, Role, StopReason, Stopped};

    use super::*;
    use crate::experiment;

    #[test]
    fn every_trial_is_planned_once() {
        let definition = experiment::load("quick").unwrap();
        let plan = plan(&definition);
        assert_eq!(plan.len(), (11 * 5 + 2) * 10);
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
    fn a_contender_of_two_pairs_is_measured_once_for_both_and_only_where_they_are_compared() {
        let definition = experiment::load("quick").unwrap();
        let names = |cell: &Cell, stops: &Stops| -> Vec<Vec<String>> {
            groups(&definition, stops, cell, 7).into_iter().map(|group| group.names).collect()
        };
        let pair = definition.pairs.iter().find(|pair| pair.role == Role::Documented).unwrap();
        assert!(!pair.cells.is_empty() && pair.cells.len() < definition.cells.len());
        for cell in &definition.cells {
            let library = if pair.is_in(cell) {
                vec!["tiny-http", "actix-web", "tiny-http-pool"]
            } else {
                vec!["tiny-http", "actix-web"]
            };
            assert_eq!(names(cell, &Stops::default()), [vec!["std-threads", "tokio-tasks"], library]);
        }
        // What a look ended for one pair goes on for the other, without the first one's own contender.
        let mut stops = Stops::default();
        let stopped = |loop_name: &&str| Stopped {
            cell: pair.cells[0].clone(),
            pair: Role::Stock,
            loop_name: (*loop_name).to_owned(),
            why: StopReason::Decided,
        };
        stops.note(&Look { after: 6, stopped: LOOPS.iter().map(stopped).collect() });
        let cell = definition.cells.iter().find(|cell| cell.name == pair.cells[0]).unwrap();
        assert_eq!(names(cell, &stops)[1], ["tiny-http-pool", "actix-web"]);
    }

    #[test]
    fn the_duplicate_is_a_contender_of_its_own() {
        let definition = experiment::load("smoke").unwrap();
        assert_eq!(contender_names(&definition).last(), Some(&definition.duplicate.name));
    }

    /// An attempt at a trial of cell `a`, block 0, that failed at `stage`.
    fn attempt(contender: &str, number: u32, stage: Stage) -> Trial {
        let trial = serde_json::json!({
            "cell": "a", "block": 0, "contender": contender, "position": 0, "attempt": number, "seed": 1,
            "started_at": "", "outcome": {"failed": {"stage": stage, "reason": "r", "stderr_tail": []}},
        });
        serde_json::from_value(trial).unwrap()
    }

    fn names() -> Vec<String> {
        ["x", "y"].map(str::to_owned).to_vec()
    }

    fn done(attempts: &[Trial]) -> Done {
        let mut done = Done { has_rounds: true, ..Done::default() };
        attempts.iter().for_each(|trial| done.note(trial));
        done
    }

    #[test]
    fn a_failed_trial_is_done_too() {
        let done = done(&[attempt("x", 0, Stage::Start), attempt("y", 0, Stage::Stop)]);
        assert_eq!(done.due("a", 0, &names(), true), [""; 0]);
        assert_eq!(done.has_failed("a", 0, "x"), Some(true));
        assert_eq!(done.has_failed("a", 1, "x"), None);
        assert_eq!(done.due("a", 1, &names(), true), ["x", "y"]);
        assert_eq!((done.latest_block(), Done::default().latest_block()), (Some(0), None));
    }

    #[test]
    fn both_sides_of_a_block_are_made_again_when_the_machine_spoilt_one() {
        let mut made = vec![attempt("x", 0, Stage::Standstill)];
        assert_eq!(done(&made).due("a", 0, &names(), true), ["x", "y"]);
        // A kill between the two leaves the other side to be made.
        made = vec![attempt("x", 1, Stage::Stop), attempt("y", 0, Stage::Standstill)];
        assert_eq!(done(&made).due("a", 0, &names(), true), ["y"]);
        made.push(attempt("y", 1, Stage::Stop));
        assert_eq!(done(&made).due("a", 0, &names(), true), [""; 0]);
    }

    #[test]
    fn a_contender_s_own_failure_is_not_made_again_because_the_machine_spoilt_its_rival() {
        let made = [attempt("x", 0, Stage::Stop), attempt("y", 0, Stage::Standstill)];
        assert_eq!(done(&made).due("a", 0, &names(), true), [""; 0]);
    }

    #[test]
    fn attempts_end_but_a_resumed_run_gives_the_machine_s_failures_new_ones() {
        let spoilt = |number| ["x", "y"].map(|name| attempt(name, number, Stage::Standstill));
        let made: Vec<Trial> = (0..ATTEMPTS).flat_map(spoilt).collect();
        assert_eq!(done(&made).due("a", 0, &names(), true), [""; 0]);
        let lines = made.into_iter().map(|trial| Line::Trial(Box::new(trial))).collect();
        assert_eq!(Done::of(lines).due("a", 0, &names(), true), ["x", "y"]);
    }

    #[test]
    fn what_failed_for_want_of_a_calibration_is_made_as_soon_as_there_is_one() {
        let done = done(&[attempt("x", 0, Stage::Calibrate), attempt("y", 0, Stage::Calibrate)]);
        assert_eq!(done.due("a", 0, &names(), false), [""; 0]);
        assert_eq!(done.due("a", 0, &names(), true), ["x", "y"]);
    }

    #[test]
    fn a_calibration_that_came_to_nothing_is_made_again() {
        let calibration = |goodput_per_s| Calibration {
            cell: "a".into(),
            contender: "x".into(),
            goodput_per_s,
            cpu: None,
            failure: None,
        };
        let mut done = Done::default();
        done.add(calibration(None));
        assert!(done.calibrated("a", "x").is_none());
        done.add(calibration(Some(5.0)));
        let known = done.calibrated("a", "x").and_then(|known| known.goodput_per_s);
        assert_eq!((known, done.calibrations()), (Some(5.0), 1));
    }

    /// A look may end the first level of a loop and not the second: a run that goes on after a kill offers what it offered before.
    #[test]
    fn a_trial_of_some_levels_moves_no_rate() {
        let published = concat!(env!("CARGO_MANIFEST_DIR"), "/../reports/published/2026-11-28-quick");
        let (lines, _) = reports_record::Folder::open(published).lines().unwrap();
        let is_whole = |trial: &Trial| matches!(&trial.outcome, TrialOutcome::Measured(measured) if measured.open.len() == 2);
        let whole = lines.iter().find_map(|line| match line {
            Line::Trial(trial) if is_whole(trial) => Some((**trial).clone()),
            _ => None,
        });
        let whole = whole.unwrap();
        let mut second = Trial { block: whole.block + 1, ..whole.clone() };
        if let TrialOutcome::Measured(measured) = &mut second.outcome {
            measured.open.remove(0);
            measured.levels = vec![1];
        }
        let mut none = Trial { block: whole.block + 2, ..whole.clone() };
        if let TrialOutcome::Measured(measured) = &mut none.outcome {
            measured.open.clear();
        }
        let offered = |trials: &[&Trial]| {
            let mut done = Done::default();
            trials.iter().for_each(|trial| done.note(trial));
            done.offered(&whole.cell, &whole.contender, 2)
        };
        let rates = offered(&[&whole]).unwrap();
        assert!(rates.len() == 2 && rates[0] != rates[1], "{rates:?}");
        assert_eq!(offered(&[&whole, &second]).as_ref(), Some(&rates));
        assert_eq!(offered(&[&whole, &second, &none]).as_ref(), Some(&rates));
        assert_eq!(offered(&[&second]), None, "the calibration tells the other level's");
    }
}
