//! Which cells are worth a figure of their own, by rule rather than by taste.

use reports_record::{Cell, Metric};
use reports_stats::verdict::Verdict;

use super::comparison::Comparison;
use super::contrast::Kind;
use super::verdicts::Verdicts;

/// The wait, milliseconds, and the connections of the cell that is always shown, or else the one nearest to it.
const TYPICAL: (f64, u32) = (1.0, 128);

/// A cell and the reason to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The cell, by index.
    pub cell: usize,
    /// Why it is shown.
    pub why: &'static str,
}

/// The cells to show, each once: the measured one nearest to a wait of 1 ms on 128 connections, which noise cannot choose, and of
/// each side the largest win in p99 of the control pair, if it has any.
#[must_use]
pub fn telling(verdicts: &Verdicts<'_>) -> Vec<Telling> {
    let kind = if verdicts.contrast(Kind::Control).is_some() { Kind::Control } else { Kind::Stock };
    let size = |comparison: &Comparison<'_>| comparison.ratio().map_or(0.0, |ratio| ratio.ln().abs());
    let largest_win = |verdict| {
        verdicts
            .about(kind, verdicts.at_last_level(Metric::ResponseTimeP99))
            .filter(|comparison| comparison.verdict == verdict)
            .max_by(|one, other| size(one).total_cmp(&size(other)))
            .map(|comparison| comparison.cell)
    };
    let candidates = [
        (typical(verdicts), "the combination nearest to a wait of 1 ms on 128 connections"),
        (largest_win(Verdict::AsyncWins), "async wins by most in p99"),
        (largest_win(Verdict::SyncWins), "sync wins by most in p99"),
    ];
    let mut found: Vec<Telling> = Vec::new();
    for (cell, why) in candidates {
        if let Some(cell) = cell.filter(|cell| !found.iter().any(|known| known.cell == *cell)) {
            found.push(Telling { cell, why });
        }
    }
    found
}

/// The judged cell nearest to the typical one (1 ms over 128 connections) among those that do nothing but wait, wait first, by ratios.
#[must_use]
pub fn typical(verdicts: &Verdicts<'_>) -> Option<usize> {
    nearest(verdicts.judged_cells(), TYPICAL)
}

/// The cell, by index, that is nearest to a wait in ms on a number of connections among those that do nothing but wait, wait first, by ratios.
#[must_use]
pub fn nearest<'c>(
    cells: impl Iterator<Item = (usize, &'c Cell)>,
    (wait_ms, connections): (f64, u32),
) -> Option<usize> {
    let plain = cells.filter(|(_, cell)| {
        cell.family == "wait" && cell.flags.is_empty() && cell.rounds == 0 && cell.wait_ms.is_finite()
    });
    // A microsecond keeps "no wait" at a finite distance, the farthest.
    let ratio = |value: f64, asked: f64| ((value + 1e-3) / (asked + 1e-3)).ln().abs();
    let distance = |cell: &Cell| {
        (ratio(cell.wait_ms, wait_ms), ratio(f64::from(cell.connections), f64::from(connections)))
    };
    let by_distance = |(_, one): &(usize, &Cell), (_, other): &(usize, &Cell)| {
        let (one, other) = (distance(one), distance(other));
        one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1))
    };
    plain.min_by(by_distance).map(|(index, _)| index)
}
