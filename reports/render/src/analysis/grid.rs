//! Where each trial of a run belongs: cell × contender × block.

use std::collections::BTreeMap;

use reports_record::{Definition, Line, Trial, TrialOutcome};

use super::observation::is_usable;

use crate::label;

/// Every trial at its place. A place measured twice (a resumed run) holds the later one.
#[derive(Debug)]
pub struct Grid<'a> {
    trials: BTreeMap<(usize, &'a str, u32), &'a Trial>,
    planned: usize,
    superseded: usize,
    remarks: Vec<String>,
}

impl<'a> Grid<'a> {
    /// Sorts the trials of a record into the places that `definition` plans.
    #[must_use]
    pub fn of(definition: &'a Definition, lines: &'a [Line]) -> Self {
        let contenders = contenders(definition);
        let cells: BTreeMap<&str, usize> =
            definition.cells.iter().enumerate().map(|(index, cell)| (cell.name.as_str(), index)).collect();
        let mut trials = BTreeMap::new();
        let (mut strays, mut doubled) = (Strays::default(), 0_usize);
        let mut superseded: BTreeMap<&str, usize> = BTreeMap::new();
        for line in lines {
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
        let planned = definition.cells.len() * contenders.len() * definition.blocks as usize;
        Self { trials, planned, superseded: superseded.values().sum(), remarks }
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

    /// How many trials the definition plans.
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
