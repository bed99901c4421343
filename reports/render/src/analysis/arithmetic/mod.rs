//! A case that was not measured, worked out from what the cells of a run cost.
//!
//! Everything here is arithmetic: nothing in it is a verdict. It says that one contender can serve more, or costs less, without a
//! reservation only where the verdict of the nearest measured cell is the same. A server's own cost for a
//! request is taken from the nearest measured cell, the case's own CPU time is added, and the ceiling is
//! min(N ÷ (W + C), cores ÷ C). [`Fit`] says how far the same arithmetic is off where the truth was measured.
//! `crossover ask --like` and the page's picker both answer from here, in the words of [`headline()`].

mod case;
mod costs;
mod fit;
mod headline;
mod outlook;
mod saving;

pub use case::Case;
pub use costs::{Axis, Costs, Level, Point, round_us};
pub use fit::Fit;
pub use headline::headline;
pub use outlook::{ALIKE, AtRate, Conclusion, Forecast, Outlook};
pub use saving::{Saving, Side};

use reports_record::{Metric, Pair};
use reports_stats::verdict::Verdict;
use serde::Serialize;

use super::Analysis;
use super::contrast::Kind;
use super::grid::contenders;
use super::subject::Subject;

/// What every contender of a run costs, cell by cell: all that a case is worked out from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Arithmetic<'a> {
    /// Cores that a contender of the run had.
    pub cores: u32,
    /// CPU time of one round of CPU work, microseconds; `None` where the run does not tell.
    pub round_us: Option<f64>,
    /// The contenders, without the duplicate.
    pub contenders: Vec<Costs<'a>>,
    /// What was measured of throughput and of the cost at each rate, by pair and cell.
    #[serde(skip)]
    measured: Vec<Measured<'a>>,
}

/// What one cell of a run came to on one subject.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Measured<'a> {
    sync: &'a str,
    awaiting: &'a str,
    cell: usize,
    subject: Subject,
    verdict: Verdict,
}

impl<'a> Arithmetic<'a> {
    /// The costs in a run's trials.
    #[must_use]
    pub fn of(analysis: &Analysis<'a>) -> Self {
        let (definition, grid) = (&analysis.run.definition, &analysis.grid);
        let round_us = round_us(definition, grid);
        let originals = contenders(definition).into_iter().filter(|&name| name != definition.duplicate.name);
        Self {
            cores: definition.contender_cpus,
            round_us,
            contenders: originals.map(|name| Costs::of(definition, grid, name, round_us)).collect(),
            measured: measured(analysis),
        }
    }

    /// What `case` comes to with both contenders of `pair`; `None` where one has no comparable cell or the case makes no sense.
    #[must_use]
    pub fn outlook(&self, case: Case, pair: &Pair) -> Option<Outlook<'a>> {
        let outlook = Outlook::of(case, self.costs(&pair.sync)?, self.costs(&pair.awaiting)?)?;
        let cells = [outlook.sync.cell, outlook.awaiting.cell];
        let nearest = self.agreed(pair, cells.map(|cell| Some((cell, Metric::Throughput.into()))));
        let costs = [outlook.sync.at_rate, outlook.awaiting.at_rate]
            .map(|at| at.map(|at| (at.cell, Subject { metric: Metric::CpuPerRequest, level: at.level })));
        Some(Outlook { nearest, nearest_cost: self.agreed(pair, costs), ..outlook })
    }

    /// The verdict that a pair came to at both of these places; `None` where they differ or one is not known.
    fn agreed(&self, pair: &Pair, places: [Option<(usize, Subject)>; 2]) -> Option<Verdict> {
        let verdict = |(cell, subject): (usize, Subject)| {
            let is_there = |one: &&Measured<'_>| {
                (one.sync, one.awaiting) == (pair.sync.as_str(), pair.awaiting.as_str())
                    && (one.cell, one.subject) == (cell, subject)
            };
            self.measured.iter().find(is_there).map(|one| one.verdict)
        };
        let [one, other] = places.map(|place| place.and_then(verdict));
        one.filter(|one| other == Some(*one))
    }

    /// The values of `case` that lie outside what was measured of `pair`, each with its axis.
    #[must_use]
    pub fn beyond(&self, case: &Case, pair: &Pair) -> Vec<(f64, Axis)> {
        let Some(costs) = self.costs(&pair.sync) else { return Vec::new() };
        let values = [f64::from(case.connections), case.wait_ms, case.cpu_ms];
        values.into_iter().zip(costs.axes()).filter(|(value, axis)| axis.is_beyond(*value)).collect()
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

fn measured<'a>(analysis: &Analysis<'a>) -> Vec<Measured<'a>> {
    let subjects = [Metric::Throughput, Metric::CpuPerRequest]
        .into_iter()
        .flat_map(|metric| analysis.verdicts.subjects(metric));
    let subjects: Vec<Subject> = subjects.collect();
    let of_pair = |pair: &'a Pair| {
        let found =
            subjects.iter().flat_map(|subject| analysis.verdicts.about(Kind::from(pair.role), *subject));
        let found = found.filter(|one| {
            (one.contrast.sync, one.contrast.awaiting) == (pair.sync.as_str(), pair.awaiting.as_str())
        });
        let all = found.map(|one| Measured {
            sync: &pair.sync,
            awaiting: &pair.awaiting,
            cell: one.cell,
            subject: one.subject,
            verdict: one.verdict,
        });
        all.collect::<Vec<_>>()
    };
    analysis.run.definition.pairs.iter().flat_map(of_pair).collect()
}
