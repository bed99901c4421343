//! Which cells are worth a figure of their own, by rule rather than by taste.

use reports_record::Metric;
use reports_stats::verdict::Verdict;

use super::comparison::Comparison;
use super::contrast::Kind;
use super::verdicts::Verdicts;

/// The wait and the connections of the cell that is always shown where it was measured.
const TYPICAL: (f64, u32) = (1.0, 128);

/// A cell and the reason to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The cell, by index.
    pub cell: usize,
    /// Why it is shown.
    pub why: &'static str,
}

/// The rule of [`telling`], in a sentence.
pub const RULE: &str = "Shown are the cells of each side's largest win in p99 of the control pair, and W = 1 ms on 128 \
                        connections where that was measured; where nobody wins, the cell of the largest difference.";

/// The cells to show, each once, by [`RULE`].
#[must_use]
pub fn telling(verdicts: &Verdicts<'_>) -> Vec<Telling> {
    let kind = if verdicts.contrast(Kind::Control).is_some() { Kind::Control } else { Kind::Stock };
    let largest = |wanted: &dyn Fn(&Comparison<'_>) -> bool| {
        let size = |comparison: &Comparison<'_>| comparison.ratio().map_or(0.0, |ratio| ratio.ln().abs());
        verdicts
            .about(kind, verdicts.at_last_level(Metric::ResponseTimeP99))
            .filter(|comparison| comparison.ratio().is_some() && wanted(comparison))
            .max_by(|one, other| size(one).total_cmp(&size(other)))
            .map(|comparison| comparison.cell)
    };
    let wins = |verdict| largest(&|comparison| comparison.verdict == verdict);
    let typical = verdicts.judged_cells().find(|(_, cell)| {
        cell.family == "wait" && (cell.wait_ms, cell.connections) == TYPICAL && cell.flags.is_empty()
    });
    let (by_async, by_sync) = (wins(Verdict::AsyncWins), wins(Verdict::SyncWins));
    let nobody = if by_async.or(by_sync).is_none() { largest(&|_| true) } else { None };
    let candidates = [
        (by_async, "async wins by most in p99"),
        (by_sync, "sync wins by most in p99"),
        (nobody, "the largest difference in p99, though nobody wins"),
        (typical.map(|(index, _)| index), "a wait of 1 ms on 128 connections"),
    ];
    let mut found: Vec<Telling> = Vec::new();
    for (cell, why) in candidates {
        if let Some(cell) = cell.filter(|cell| !found.iter().any(|known| known.cell == *cell)) {
            found.push(Telling { cell, why });
        }
    }
    found
}
