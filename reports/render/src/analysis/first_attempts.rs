//! The verdict that a run would have given had nothing been made again, beside the one that it gives.

use reports_record::{Definition, Line};
use reports_stats::evidence::MARGIN;
use reports_stats::verdict::Verdict;

use super::bound::Bounds;
use super::comparison::Comparison;
use super::grid::Grid;
use super::verdicts::Verdicts;

/// A comparison by the attempts that count, and by the first attempts alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beside {
    /// The verdict by the attempts that count.
    pub verdict: Verdict,
    /// The verdict by the first attempts.
    pub of_first: Verdict,
    /// Async ÷ sync by the attempts that count; `None` without a block.
    pub ratio: Option<f64>,
    /// The same by the first attempts.
    pub ratio_of_first: Option<f64>,
}

impl Beside {
    /// Both of a comparison and of its like among `first`, which [`verdicts_of_first_attempts`] gives.
    #[must_use]
    pub fn of(comparison: &Comparison<'_>, first: &Verdicts<'_>) -> Option<Self> {
        let of_first = first.at(comparison.contrast.kind, comparison.subject, comparison.cell)?;
        Some(Self {
            verdict: comparison.verdict,
            of_first: of_first.verdict,
            ratio: comparison.ratio(),
            ratio_of_first: of_first.ratio(),
        })
    }

    /// Whether the two lie farther apart than the margin: the repeats have then taken a side.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.ratio.zip(self.ratio_of_first).is_some_and(|(ratio, first)| (ratio / first).ln().abs() > MARGIN)
    }

    /// The verdict that stands: none where the two differ by more than the margin.
    #[must_use]
    pub fn standing(&self) -> Verdict {
        if self.differs() && self.verdict.is_decided() { Verdict::CannotTell } else { self.verdict }
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

    fn beside(verdict: Verdict, ratio: f64, ratio_of_first: f64) -> Beside {
        let (ratio, ratio_of_first) = (Some(ratio), Some(ratio_of_first));
        Beside { verdict, of_first: Verdict::CannotTell, ratio, ratio_of_first }
    }

    #[test]
    fn a_verdict_that_the_repeats_have_made_does_not_stand() {
        assert_eq!(beside(Verdict::AsyncWins, 1.3, 1.2).standing(), Verdict::CannotTell);
        assert_eq!(beside(Verdict::AsyncWins, 1.3, 1.27).standing(), Verdict::AsyncWins);
        assert_eq!(beside(Verdict::Tie, 1.0, 0.9).standing(), Verdict::CannotTell);
        assert_eq!(beside(Verdict::Invalid, 1.0, 0.5).standing(), Verdict::Invalid);
    }
}
