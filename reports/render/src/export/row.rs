//! What a row of the trials' table is about.

use reports_record::{Cell, Definition, Line, Loop, Measured, Trial, TrialOutcome};

/// One loop of one attempt; of an attempt that failed, the one row it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) trial: &'a Trial,
    /// The cell as the experiment defines it; `None` for a stray.
    pub(super) cell: Option<&'a Cell>,
    /// Whether no later attempt took its place.
    pub(super) is_last: bool,
    pub(super) measured: Option<(&'static str, &'a Loop, &'a Measured)>,
}

impl<'a> Row<'a> {
    /// The rows of a record, in its order.
    pub(super) fn all(definition: &'a Definition, lines: &'a [Line]) -> impl Iterator<Item = Self> {
        let place = |trial: &'a Trial| (trial.cell.as_str(), trial.contender.as_str(), trial.block);
        let mut latest: std::collections::BTreeMap<_, &Trial> = std::collections::BTreeMap::new();
        let trials: Vec<&Trial> = lines
            .iter()
            .filter_map(|line| match line {
                // An attempt whose line stands twice is one attempt.
                Line::Trial(trial) => (latest.insert(place(trial), trial) != Some(trial)).then_some(&**trial),
                _ => None,
            })
            .collect();
        let last: std::collections::BTreeMap<_, usize> =
            trials.iter().enumerate().map(|(index, trial)| (place(trial), index)).collect();
        trials.into_iter().enumerate().flat_map(move |(index, trial)| {
            let cell = definition.cells.iter().find(|cell| cell.name == trial.cell);
            let row = Self { trial, cell, is_last: last.get(&place(trial)) == Some(&index), measured: None };
            match &trial.outcome {
                TrialOutcome::Failed { .. } => vec![row],
                TrialOutcome::Measured(measured) => measured
                    .loops()
                    .map(|(name, one)| Self { measured: Some((name, one, measured)), ..row })
                    .collect(),
            }
        })
    }
}
