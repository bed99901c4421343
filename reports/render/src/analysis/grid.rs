//! Where each trial of a run belongs: cell × contender × block.

use std::collections::{BTreeMap, BTreeSet};

use reports_record::{Cell, Definition, Line, StopReason, Stops, Trial, TrialOutcome};

use super::contrast::{Contrast, Kind};
use super::observation::is_usable;
use super::subject::Subject;

use crate::label;

/// Every trial at its place. A place measured twice (a resumed run) holds the later one.
#[derive(Debug)]
pub struct Grid<'a> {
    trials: BTreeMap<(usize, &'a str, u32), &'a Trial>,
    planned: usize,
    superseded: usize,
    definition: &'a Definition,
    stops: Stops,
    remarks: Vec<String>,
}

impl<'a> Grid<'a> {
    /// Sorts the trials of a record into the places that `definition` plans. Of several attempts the last counts.
    #[must_use]
    pub fn of(definition: &'a Definition, lines: &'a [Line]) -> Self {
        Self::sorted(definition, lines, lines.iter())
    }

    /// As [`Grid::of`], but of several attempts the first counts: what the run would say had nothing been made again.
    #[must_use]
    pub fn of_first_attempts(definition: &'a Definition, lines: &'a [Line]) -> Self {
        Self { remarks: Vec::new(), ..Self::sorted(definition, lines, lines.iter().rev()) }
    }

    /// Of several trials of one place the last in `order` counts.
    fn sorted(definition: &'a Definition, lines: &'a [Line], order: impl Iterator<Item = &'a Line>) -> Self {
        let contenders = contenders(definition);
        let cells: BTreeMap<&str, usize> =
            definition.cells.iter().enumerate().map(|(index, cell)| (cell.name.as_str(), index)).collect();
        let mut trials = BTreeMap::new();
        let (mut strays, mut doubled) = (Strays::default(), 0_usize);
        let mut superseded: BTreeMap<&str, usize> = BTreeMap::new();
        for line in order {
            let Line::Trial(trial) = line else { continue };
            let cell = cells.get(trial.cell.as_str());
            let contender = contenders.iter().find(|name| **name == trial.contender);
            match (cell, contender) {
                (Some(&cell), Some(&contender)) if trial.block < definition.blocks => {
                    match trials.insert((cell, contender, trial.block), &**trial) {
                        // One attempt that stands twice in the log is not two attempts.
                        Some(earlier) if *earlier == **trial => doubled += 1,
                        Some(_) => *superseded.entry(contender).or_default() += 1,
                        None => {}
                    }
                }
                _ => strays.add(trial),
            }
        }
        let mut remarks = strays.remarks();
        remarks.extend(made_again(&contenders, &superseded));
        if doubled > 0 {
            remarks.push(format!(
                "lines that stand in the log twice, word for word: {doubled}; each counts once"
            ));
        }
        let stops = Stops::of(lines);
        let planned = planned(definition, &stops);
        Self { trials, planned, superseded: superseded.values().sum(), definition, stops, remarks }
    }

    /// The cell with this index.
    #[must_use]
    pub fn cell(&self, index: usize) -> &'a Cell {
        &self.definition.cells[index]
    }

    /// The trial at a place, if it was made.
    #[must_use]
    pub fn trial(&self, cell: usize, contender: &str, block: u32) -> Option<&'a Trial> {
        self.trials.get(&(cell, contender, block)).copied()
    }

    /// The trials of one contender in one cell, by block.
    pub fn blocks<'g>(&'g self, cell: usize, contender: &'g str) -> impl Iterator<Item = &'a Trial> + 'g {
        self.trials.range((cell, contender, 0)..=(cell, contender, u32::MAX)).map(|(_, trial)| *trial)
    }

    /// The rate that a contender was offered at a level in a cell: its first usable trial's, since all are alike.
    #[must_use]
    pub fn offered(&self, cell: usize, contender: &str, level: usize) -> Option<f64> {
        self.blocks(cell, contender).find_map(|trial| match &trial.outcome {
            TrialOutcome::Measured(measured) => {
                let open = measured.open_at(level).filter(|open| is_usable(&open.measurement))?;
                open.measurement.offered_rate_per_s
            }
            TrialOutcome::Failed { .. } => None,
        })
    }

    /// Every trial, by cell, contender and block.
    pub fn all(&self) -> impl Iterator<Item = &'a Trial> + '_ {
        self.trials.values().copied()
    }

    /// Every trial with the index of its cell, in the same order.
    pub fn all_by_cell(&self) -> impl Iterator<Item = (usize, &'a Trial)> + '_ {
        self.trials.iter().map(|(&(cell, ..), &trial)| (cell, trial))
    }

    /// How many trials were made, failed ones included.
    #[must_use]
    pub fn made(&self) -> usize {
        self.trials.len()
    }

    /// Blocks in which a subject of a contrast is measured in a cell: all, or those until a look ended it.
    #[must_use]
    pub fn blocks_of(&self, cell: usize, contrast: Contrast<'_>, subject: Subject) -> u32 {
        let definition = self.definition;
        match contrast.kind {
            Kind::Repeat => definition.duplicate_blocks(),
            _ => self
                .stopped(cell, contrast, subject)
                .map_or(definition.blocks, |(after, _)| after.min(definition.blocks)),
        }
    }

    /// After how many blocks, and why, a look ended the loop of a subject of a contrast in a cell; `None` where none did.
    #[must_use]
    pub fn stopped(
        &self,
        cell: usize,
        contrast: Contrast<'_>,
        subject: Subject,
    ) -> Option<(u32, StopReason)> {
        let one = if subject.metric.is_at_a_rate() { subject.level + 1 } else { 0 };
        let pair = self.definition.pairs.iter().find(|pair| Kind::from(pair.role) == contrast.kind)?;
        self.stops.ended(&self.definition.cells[cell].name, pair.role, one)
    }

    /// The looks' decisions.
    #[must_use]
    pub fn stops(&self) -> &Stops {
        &self.stops
    }

    /// How many trials the definition and the looks plan.
    #[must_use]
    pub fn planned(&self) -> usize {
        self.planned
    }

    /// Attempts that a later one at the same place took the place of.
    #[must_use]
    pub fn superseded(&self) -> usize {
        self.superseded
    }

    /// What did not fit its place, in sentences.
    #[must_use]
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }
}

/// Trials that a run has to make: of each pair while any of its loops goes on, and of the duplicate.
fn planned(definition: &Definition, stops: &Stops) -> usize {
    let of_cell = |cell: &reports_record::Cell| {
        let goes_on = |pair: &&reports_record::Pair, block: u32| {
            !stops.loops(definition, &cell.name, pair.role, block).is_empty()
        };
        // A contender of two pairs is measured once for both.
        let names = |block: u32| {
            let pairs = definition.pairs_in(cell).filter(|pair| goes_on(pair, block));
            pairs.flat_map(|pair| [&pair.sync, &pair.awaiting]).collect::<BTreeSet<_>>().len()
        };
        let is_doubled = |block: &u32| {
            let of = &definition.duplicate.of;
            let mut pairs = definition.pairs_in(cell).filter(|pair| goes_on(pair, *block));
            pairs.any(|pair| pair.sync == *of || pair.awaiting == *of)
        };
        let doubled = if cell.is_sweep() { definition.blocks } else { definition.duplicate_blocks() };
        let duplicates = (0..doubled).filter(is_doubled).count();
        (0..definition.blocks).map(names).sum::<usize>() + duplicates
    };
    definition.cells.iter().map(of_cell).sum()
}

/// Every contender of a definition by name, each once: its pairs in order, then the duplicate.
#[must_use]
pub fn contenders(definition: &Definition) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    let of_pairs = definition.pairs.iter().flat_map(|pair| [pair.sync.as_str(), pair.awaiting.as_str()]);
    let doubled = [definition.duplicate.of.as_str(), definition.duplicate.name.as_str()];
    for name in of_pairs.chain(doubled) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// How many attempts were made again, by contender: whose attempts are replaced must not depend on the side.
fn made_again(contenders: &[&str], superseded: &BTreeMap<&str, usize>) -> Option<String> {
    let of = |name: &&str| format!("{} of {}", superseded.get(name).copied().unwrap_or(0), label::name(name));
    let all: usize = superseded.values().sum();
    let each: Vec<String> = contenders.iter().map(of).collect();
    (all > 0).then(|| format!("attempts made again: {all} ({}); the last attempt counts", each.join(", ")))
}

/// Trials that the definition does not plan: counted all, one named.
#[derive(Debug, Default)]
struct Strays {
    count: usize,
    first: Option<String>,
}

impl Strays {
    fn add(&mut self, trial: &Trial) {
        self.count += 1;
        self.first.get_or_insert_with(|| {
            format!(
                "{} in {}, block {}",
                label::name(&trial.contender),
                label::name(&trial.cell),
                u64::from(trial.block) + 1
            )
        });
    }

    fn remarks(self) -> Vec<String> {
        let count = self.count;
        let sentence =
            |first| format!("{count} trials are of no planned place and were left out, the first: {first}");
        self.first.map(sentence).into_iter().collect()
    }
}
