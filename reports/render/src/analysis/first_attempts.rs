//! The effect that a run would have shown had nothing been made again, beside the one that it shows.

use reports_record::{Definition, Line};
use reports_stats::evidence::MARGIN;

use super::bound::Bounds;
use super::comparison::Comparison;
use super::grid::Grid;
use super::verdicts::Verdicts;

/// A comparison by the attempts that count, and by the first attempts alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beside {
    /// Async ÷ sync by the attempts that count; `None` without a block.
    pub ratio: Option<f64>,
    /// The same by the first attempts.
    pub ratio_of_first: Option<f64>,
}

impl Beside {
    /// Both of a comparison and of its like among `first`, which [`verdicts_of_first_attempts`] gives, over the same blocks.
    #[must_use]
    pub fn of(comparison: &Comparison<'_>, first: &Verdicts<'_>) -> Option<Self> {
        let of_first = first.at(comparison.contrast.kind, comparison.subject, comparison.cell)?;
        Some(Self { ratio: comparison.ratio(), ratio_of_first: of_first.ratio_before(comparison.planned) })
    }

    /// Whether the two lie farther apart than the margin: the repeats have then taken a side.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.ratio.zip(self.ratio_of_first).is_some_and(|(ratio, first)| (ratio / first).ln().abs() > MARGIN)
    }
}

/// Every comparison, judged by the first attempt at each trial.
#[must_use]
pub fn verdicts_of_first_attempts<'a>(definition: &'a Definition, lines: &'a [Line]) -> Verdicts<'a> {
    let grid = Grid::of_first_attempts(definition, lines);
    let bounds = Bounds::of(definition, &grid);
    Verdicts::of(definition, &grid, &bounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_farther_apart_than_the_margin_differ() {
        let differs =
            |ratio: f64, first: f64| Beside { ratio: Some(ratio), ratio_of_first: Some(first) }.differs();
        assert!(differs(1.3, 1.2) && !differs(1.3, 1.27) && differs(1.0, 0.9));
        assert!(!Beside { ratio: Some(1.3), ratio_of_first: None }.differs());
    }
}
