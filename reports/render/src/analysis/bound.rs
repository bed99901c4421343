//! What a closed loop can reach at most, against what it reached.

use std::time::Duration;

use reports_record::{Cell, Definition, Metric};
use reports_stats::prediction::{Bound, Ceiling, throughput_bound};

use super::contrast::Contrast;
use super::estimate::Estimate;
use super::grid::{Grid, contenders};
use super::observation::Observation;
use super::usage::Usage;

/// One contender's throughput in one cell against its bound X ≤ min(N ÷ (W + C), cores ÷ C).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounded<'a> {
    /// The cell, by index.
    pub cell: usize,
    /// The contender.
    pub contender: &'a str,
    /// C: server CPU per request as measured in the closed loop, microseconds.
    pub work_us: f64,
    /// The bound.
    pub bound: Bound,
    /// The observed throughput.
    pub observed: Estimate,
}

/// The bounds of all contenders in all cells where both W and C are known.
#[derive(Debug)]
pub struct Bounds<'a> {
    all: Vec<Bounded<'a>>,
}

impl<'a> Bounds<'a> {
    /// Computes every bound. C is the contender's own measured CPU time, so the bound is no forecast:
    /// it says how much of what waiting and computing leave was reached.
    #[must_use]
    pub fn of(definition: &'a Definition, grid: &Grid<'_>) -> Self {
        let mut all = Vec::new();
        for (index, cell) in definition.cells.iter().enumerate().filter(|(_, cell)| !cell.is_sweep()) {
            for contender in contenders(definition) {
                all.extend(bounded(definition, grid, index, cell, contender));
            }
        }
        Self { all }
    }

    /// Every bound, by cell and contender.
    pub fn iter(&self) -> impl Iterator<Item = &Bounded<'a>> {
        self.all.iter()
    }

    /// Whether N ÷ (W + C) is below cores ÷ C for both contenders of a contrast in a cell that waits.
    ///
    /// Without waiting every request is the server's own work, and no tie is the load generator's doing.
    #[must_use]
    pub fn connections_bind_both(&self, cell: usize, contrast: Contrast<'_>) -> bool {
        [contrast.sync, contrast.awaiting].into_iter().all(|contender| {
            self.all
                .iter()
                .find(|bounded| bounded.cell == cell && bounded.contender == contender)
                .is_some_and(|bounded| bounded.bound.ceiling == Ceiling::Connections)
        })
    }
}

fn bounded<'a>(
    definition: &Definition,
    grid: &Grid<'_>,
    index: usize,
    cell: &Cell,
    contender: &'a str,
) -> Option<Bounded<'a>> {
    let trials = grid.blocks(index, contender);
    let throughput = trials.map(|trial| Observation::of(Metric::Throughput.into(), cell, trial));
    let observed = Estimate::of_observations(throughput)?;
    let work_us = Usage::of(grid, index, contender).saturated_cpu_us?.middle;
    // Out of range (NaN, negative, beyond any clock) comes from a foreign file: no bound then.
    let wait = Duration::try_from_secs_f64(cell.wait_ms / 1e3).ok()?;
    let work = Duration::try_from_secs_f64(work_us / 1e6).ok()?;
    let bound = throughput_bound(cell.connections, definition.contender_cpus, wait, work)?;
    Some(Bounded { cell: index, contender, work_us, bound, observed })
}
