//! What the model costs, and what the implementation adds.

use reports_record::Metric;
use reports_stats::effect::Pair;

use super::contrast::Kind;
use super::estimate::Estimate;
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

/// Takes every cell apart by `metric`. Blocks count where both pairs have one.
#[must_use]
pub fn decompose(verdicts: &Verdicts<'_>, metric: Metric) -> Vec<Decomposition> {
    let parts = |cell| {
        let blocks = |kind| verdicts.at(kind, metric, cell).map_or(&[][..], |found| &found.blocks[..]);
        let (control, stock) = (blocks(Kind::Control), blocks(Kind::Stock));
        let added: Vec<f64> = control
            .iter()
            .filter_map(|(block, control)| {
                let (_, stock) = stock.iter().find(|(other, _)| other == block)?;
                Some(ratio(*stock) / ratio(*control))
            })
            .collect();
        let model: Vec<f64> = control.iter().map(|&(_, pair)| ratio(pair)).collect();
        Decomposition { cell, model: Estimate::of(&model), implementation: Estimate::of(&added) }
    };
    (0..verdicts.cells.len()).filter(|&cell| !verdicts.cells[cell].is_sweep()).map(parts).collect()
}

fn ratio(pair: Pair) -> f64 {
    pair.r#async / pair.sync
}
