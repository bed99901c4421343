//! From a record to what the page says: pure, without a word of markup.

pub mod along;
pub mod amount;
pub mod arithmetic;
pub mod beyond_wait;
pub mod bound;
pub mod comparison;
pub mod contrast;
pub mod crossovers;
pub mod decomposition;
pub mod end;
pub mod estimate;
pub mod evidence;
pub mod first_attempts;
pub mod grid;
pub mod machine;
pub mod merged;
pub mod observation;
pub mod overshoot;
pub mod parts;
pub mod prediction;
pub mod sessions;
pub mod subject;
pub mod sweep;
pub mod telling;
pub mod usage;
pub mod verdicts;
pub mod workload;

use reports_record::{Calibration, Ending, Line, Measurement, Overshoot, Run, TrialOutcome};

use bound::Bounds;
use estimate::Estimate;
use evidence::EvidenceRecord;
use first_attempts::verdicts_of_first_attempts;
use grid::Grid;
use machine::Stretch;
use observation::Observation;
use sessions::Sessions;
use subject::Subject;
use verdicts::Verdicts;

/// A run, analysed.
#[derive(Debug)]
pub struct Analysis<'a> {
    /// What was asked, of whom and where.
    pub run: &'a Run,
    /// The trials.
    pub grid: Grid<'a>,
    /// What the closed loops could reach at most.
    pub bounds: Bounds<'a>,
    /// The verdict table.
    pub verdicts: Verdicts<'a>,
    /// What the certificates say.
    pub evidence: EvidenceRecord<'a>,
    /// How long contenders wait when asked to.
    pub overshoots: Vec<&'a Overshoot>,
    /// Calibrations that came to nothing.
    pub failed_calibrations: Vec<&'a Calibration>,
    /// Every session of the run, together.
    pub sessions: Sessions,
    /// The machine over the run.
    pub machine: Vec<Stretch>,
    /// How the run ended; `None` if it was killed or still goes on.
    pub ending: Option<&'a Ending>,
}

impl<'a> Analysis<'a> {
    /// Analyses a run's record.
    #[must_use]
    pub fn of(run: &'a Run, lines: &'a [Line]) -> Self {
        let definition = &run.definition;
        let grid = Grid::of(definition, lines);
        let bounds = Bounds::of(definition, &grid);
        let mut verdicts = Verdicts::of(definition, &grid, &bounds);
        if grid.superseded() > 0 {
            verdicts.hold_against(&verdicts_of_first_attempts(definition, lines));
        }
        let evidence = EvidenceRecord::of(&definition.cells, &grid);
        let ending = lines.iter().rev().find_map(|line| match line {
            Line::Ending(ending) => Some(ending),
            _ => None,
        });
        let failed_calibrations = lines.iter().filter_map(|line| match line {
            Line::Calibration(calibration) if calibration.goodput_per_s.is_none() => Some(calibration),
            _ => None,
        });
        Self {
            run,
            grid,
            bounds,
            verdicts,
            evidence,
            overshoots: overshoot::overshoots(lines),
            failed_calibrations: failed_calibrations.collect(),
            sessions: Sessions::of(lines),
            machine: machine::stretches(lines),
            ending,
        }
    }

    /// Whether every planned trial has its line and the runner ended in order.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.grid.made() >= self.grid.planned() && self.ending.is_some_and(|ending| ending.complete)
    }

    /// The open loops of the combinations that get verdicts and whose requests wait.
    fn open_loops_that_wait(&self) -> impl Iterator<Item = &'a Measurement> {
        let trials = self.grid.all_by_cell().filter(|(cell, _)| {
            let cell = &self.run.definition.cells[*cell];
            cell.wait_ms > 0.0 && !cell.is_sweep()
        });
        trials
            .flat_map(|(_, trial)| match &trial.outcome {
                TrialOutcome::Measured(measured) => measured.open.as_slice(),
                TrialOutcome::Failed { .. } => &[],
            })
            .map(|open| &open.measurement)
    }

    /// Whether each request of an open loop that waits drew a wait of its own. In earlier runs all of a combination asked for one.
    #[must_use]
    pub fn draws_open_waits(&self) -> bool {
        let mut loops = self.open_loops_that_wait().peekable();
        loops.peek().is_some() && loops.all(beyond_wait::is_drawn)
    }

    /// Coefficient of variation of the waits that requests of an open loop asked for: 0 where they are alike, `None` where none waits.
    #[must_use]
    pub fn open_wait_spread(&self) -> Option<f64> {
        self.open_loops_that_wait().next()?;
        Some(if self.draws_open_waits() { self.run.definition.phases.wait_spread } else { 0.0 })
    }

    /// Whether the open loops favour async: all requests of one asked for the same wait, and the client slept before it sent them.
    #[must_use]
    pub fn favours_async(&self) -> bool {
        let sleeps = !self.run.definition.client_spins;
        sleeps && self.open_loops_that_wait().next().is_some() && !self.draws_open_waits()
    }

    /// One contender's figure in one cell; `None` where no trial gives one.
    #[must_use]
    pub fn estimate(&self, of: impl Into<Subject>, cell: usize, contender: &str) -> Option<Estimate> {
        let subject = of.into();
        let asked = &self.run.definition.cells[cell];
        let trials = self.grid.blocks(cell, contender);
        Estimate::of_observations(trials.map(|trial| Observation::of(subject, asked, trial)))
    }
}
