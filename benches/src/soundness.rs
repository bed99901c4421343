//! Whether what a run measured suffices for any judgement. Pure.

use reports_record::{Definition, Line, Loop, Measured, TrialOutcome};
use reports_render::analysis::grid::Grid;
use reports_render::analysis::observation::is_usable;

/// How much of a run may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Soundness {
    /// Trials that were measured.
    pub measured: usize,
    /// How many of them may not be believed, in one loop at least.
    pub unbelievable: usize,
    /// Whether any comparison has a block in which both sides may be believed.
    pub has_comparison: bool,
}

impl Soundness {
    /// That of the run of `definition` which has these lines.
    #[must_use]
    pub fn of(definition: &Definition, lines: &[Line]) -> Self {
        let grid = Grid::of(definition, lines);
        let all: Vec<_> = grid.all().filter_map(|trial| measured(&trial.outcome)).collect();
        let cells = 0..definition.cells.len();
        let has_comparison = cells.into_iter().any(|cell| {
            definition.pairs_in(&definition.cells[cell]).any(|pair| {
                (0..definition.blocks).any(|block| {
                    let side = |name: &str| measured(&grid.trial(cell, name, block)?.outcome);
                    side(&pair.sync).zip(side(&pair.awaiting)).is_some_and(|(one, other)| compare(one, other))
                })
            })
        });
        Self {
            measured: all.len(),
            unbelievable: all.iter().filter(|one| !one.loops().all(|(_, one)| usable(one))).count(),
            has_comparison,
        }
    }
}

fn measured(outcome: &TrialOutcome) -> Option<&Measured> {
    match outcome {
        TrialOutcome::Measured(measured) => Some(measured),
        TrialOutcome::Failed { .. } => None,
    }
}

/// Whether the two have a loop in common that may be believed of both.
fn compare(one: &Measured, other: &Measured) -> bool {
    let closed = one.closed.as_ref().zip(other.closed.as_ref());
    closed
        .into_iter()
        .chain(one.open.iter().zip(&other.open))
        .any(|(one, other)| usable(one) && usable(other))
}

fn usable(one: &Loop) -> bool {
    is_usable(&one.measurement)
}
