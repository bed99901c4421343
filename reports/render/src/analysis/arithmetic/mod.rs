//! A case that was not measured, worked out from what the cells of a run cost.
//!
//! Everything here is arithmetic: nothing in it is a verdict, and it never uses a verdict's words. A server's own cost for a
//! request is taken from the nearest measured cell, the case's own CPU time is added, and the ceiling is
//! min(N ÷ (W + C), cores ÷ C). [`Fit`] says how far the same arithmetic is off where the truth was measured.
//! `crossover ask --like` and the page's picker both answer from here.

mod case;
mod costs;
mod fit;
mod outlook;

pub use case::Case;
pub use costs::{Costs, Level, Point, round_us};
pub use fit::Fit;
pub use outlook::{AtRate, Conclusion, Forecast, Outlook};

use reports_record::{Definition, Pair};
use serde::Serialize;

use super::grid::{Grid, contenders};

/// What every contender of a run costs, cell by cell: all that a case is worked out from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Arithmetic<'a> {
    /// Cores that a contender of the run had.
    pub cores: u32,
    /// CPU time of one round of CPU work, microseconds; `None` where the run does not tell.
    pub round_us: Option<f64>,
    /// The contenders, without the duplicate.
    pub contenders: Vec<Costs<'a>>,
}

impl<'a> Arithmetic<'a> {
    /// The costs in a run's trials.
    #[must_use]
    pub fn of(definition: &'a Definition, grid: &Grid<'_>) -> Self {
        let round_us = round_us(definition, grid);
        let originals = contenders(definition).into_iter().filter(|&name| name != definition.duplicate.name);
        Self {
            cores: definition.contender_cpus,
            round_us,
            contenders: originals.map(|name| Costs::of(definition, grid, name, round_us)).collect(),
        }
    }

    /// What `case` comes to with both contenders of `pair`; `None` where one has no comparable cell or the case makes no sense.
    #[must_use]
    pub fn outlook(&self, case: Case, pair: &Pair) -> Option<Outlook<'a>> {
        Outlook::of(case, self.costs(&pair.sync)?, self.costs(&pair.awaiting)?)
    }

    /// How far it is off in the cells of `pair`.
    #[must_use]
    pub fn fit(&self, pair: &Pair) -> Option<Fit> {
        Fit::of(&[self.costs(&pair.sync)?, self.costs(&pair.awaiting)?], self.cores)
    }

    fn costs(&self, contender: &str) -> Option<&Costs<'a>> {
        self.contenders.iter().find(|costs| costs.contender == contender)
    }
}
