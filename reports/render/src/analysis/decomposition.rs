//! What the model costs, and what the implementation adds.

use reports_record::Metric;
use reports_stats::difference::{Difference, difference};
use reports_stats::effect::Pair;

use super::comparison::Comparison;
use super::contrast::Kind;
use super::estimate::Estimate;
use super::subject::Subject;
use super::verdicts::Verdicts;

/// The stock pair's ratio in one cell, taken apart: stock = model × implementation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decomposition {
    /// The cell, by index.
    pub cell: usize,
    /// The control pair's ratio.
    pub model: Option<Estimate>,
    /// The stock pair's ratio ÷ the control pair's, block by block.
    pub implementation: Option<Estimate>,
}

/// What a request costs the blocking side more than the awaiting one, taken apart: pair = model + implementation.
///
/// Differences in microseconds add up, so that a part is a part of the cost. Shares of a ratio's logarithm are not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostParts {
    /// The cell, by index.
    pub cell: usize,
    /// The rate level, from 0.
    pub level: usize,
    /// The pair of libraries: off the shelf, or as documented.
    pub kind: Kind,
    /// That pair's difference, microseconds of CPU per request.
    pub whole: Difference,
    /// The control pair's: of the whole, this the model makes.
    pub model: Difference,
    /// The rest, which the libraries make, block by block.
    pub implementation: Difference,
}

/// Takes the CPU time of a request apart in every cell and at every rate level, over blocks in which it and the control pair are valid. Each pair
/// has a rate of its own. Left out where either was not fit to be judged, or where they share too few blocks for an interval.
#[must_use]
pub fn cost_parts(verdicts: &Verdicts<'_>) -> Vec<CostParts> {
    let subjects = || verdicts.subjects(Metric::CpuPerRequest);
    let places = verdicts.judged_cells().flat_map(|(cell, _)| subjects().map(move |subject| (cell, subject)));
    let kinds = [Kind::Stock, Kind::Documented];
    let all = places.flat_map(|place| kinds.map(|kind| (place, kind)));
    all.filter_map(|((cell, subject), kind)| cost_parts_of(verdicts, cell, subject, kind)).collect()
}

fn cost_parts_of(verdicts: &Verdicts<'_>, cell: usize, subject: Subject, kind: Kind) -> Option<CostParts> {
    let fit = |kind| verdicts.at(kind, subject, cell).filter(|found| found.is_fit());
    let blocks = in_both(fit(Kind::Control)?, fit(kind)?);
    let mean = |of: &dyn Fn(Pair, Pair) -> f64| {
        difference(&blocks.iter().map(|&(control, stock)| of(control, stock)).collect::<Vec<_>>())
    };
    Some(CostParts {
        cell,
        level: subject.level,
        kind,
        whole: mean(&|_, stock| more(stock))?,
        model: mean(&|control, _| more(control))?,
        implementation: mean(&|control, stock| more(stock) - more(control))?,
    })
}

/// What the blocking side needs more.
fn more(pair: Pair) -> f64 {
    pair.sync - pair.r#async
}

/// The control pair's and the stock pair's figures of every block that both have.
fn in_both(control: &Comparison<'_>, stock: &Comparison<'_>) -> Vec<(Pair, Pair)> {
    let same = |block: u32| stock.blocks().find(|&(other, _)| other == block);
    control.blocks().filter_map(|(block, pair)| Some((pair, same(block)?.1))).collect()
}

/// Takes every cell apart by `metric`. Blocks count where both pairs have one.
///
/// A factor of a throughput that connections or the client bound is none: such cells have no parts.
#[must_use]
pub fn decompose(verdicts: &Verdicts<'_>, metric: Metric) -> Vec<Decomposition> {
    let unbounded = |kind, cell| verdicts.at(kind, metric, cell).filter(|found| !found.is_bounded());
    let parts = |cell| {
        let (control, stock) = (unbounded(Kind::Control, cell), unbounded(Kind::Stock, cell));
        let both = control.zip(stock).map(|(control, stock)| in_both(control, stock));
        let added = |(control, stock): &(Pair, Pair)| ratio(*stock) / ratio(*control);
        let added: Vec<f64> = both.iter().flatten().map(added).collect();
        let model: Vec<f64> = control.into_iter().flat_map(Comparison::pairs).map(ratio).collect();
        Decomposition { cell, model: Estimate::of(&model), implementation: Estimate::of(&added) }
    };
    (0..verdicts.cells.len()).filter(|&cell| !verdicts.cells[cell].is_sweep()).map(parts).collect()
}

fn ratio(pair: Pair) -> f64 {
    pair.r#async / pair.sync
}
