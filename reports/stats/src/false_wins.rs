//! What the rules make of a contender measured against itself.

use crate::aa_limit::AaLimit;
use crate::distributions::binomial_tail;
use crate::effect::CONFIDENCE;
use crate::judge::{Cell, judge_by};
use crate::verdict::{Better, Verdict};

/// The share of A/A cells that may win.
const PROMISED_RATE: f64 = 1.0 - CONFIDENCE;

/// The wins among A/A cells, every one of them false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FalseWins {
    /// A/A cells in which one copy won.
    pub wins: u64,
    /// A/A cells that were fit for a verdict.
    pub cells: u64,
}

impl FalseWins {
    /// Judges the A/A cells of one metric as if the two copies were contenders.
    ///
    /// Each cell faces the A/A limit of the *other* cells: measured against a limit that it helped
    /// to set, a cell would half excuse itself.
    ///
    /// Source: leave-one-out, Stone, JRSS B 36 (1974); see also [`AaLimit::pooled`].
    pub fn among(better: Better, cells: &[Cell<'_>]) -> Self {
        let judgements = judge_by(better, cells, |left_out| {
            let others: Vec<Cell<'_>> = cells
                .iter()
                .enumerate()
                .filter(|&(index, _)| index != left_out)
                .map(|(_, cell)| *cell)
                .collect();
            AaLimit::pooled(&others)
        });
        let fit = judgements.iter().filter(|judgement| judgement.verdict != Verdict::Invalid);
        let wins = judgements.iter().filter(|judgement| judgement.verdict.is_win());
        Self { wins: wins.count() as u64, cells: fit.count() as u64 }
    }

    /// Chance of at least so many false wins if each cell had one with the promised 5 %; 1 without cells.
    ///
    /// Small values speak against the set-up. Cells of one run are not independent, so read it as a
    /// guide. Source: exact binomial test, Clopper and Pearson, Biometrika 26 (1934).
    pub fn p_of_promise(self) -> f64 {
        binomial_tail(self.wins, self.cells, PROMISED_RATE)
    }

    /// Whether the count is one that the promised 5 % explains: 1 of 11 is, 3 of 11 is not.
    pub fn within_promise(self) -> bool {
        self.p_of_promise() > PROMISED_RATE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::Pair;

    fn blocks(mean: f64) -> [Pair; 6] {
        [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0].map(|sign| Pair { sync: 1.0, r#async: (mean + sign * 0.01).exp() })
    }

    #[test]
    fn a_copy_that_wins_among_calm_cells_is_counted() {
        let (calm, apart) = (blocks(0.0), blocks(0.3));
        let mut cells = vec![Cell::complete(&calm); 10];
        cells.push(Cell::complete(&apart));
        assert_eq!(FalseWins::among(Better::Less, &cells), FalseWins { wins: 1, cells: 11 });
    }

    /// All three together set a limit of 3.18 × √(0.09 ÷ 3) = 0.55, which would excuse the third.
    #[test]
    fn a_cell_does_not_excuse_itself() {
        let (calm, apart) = (blocks(0.0), blocks(0.3));
        let cells = [&calm, &calm, &apart].map(|pairs| Cell::complete(pairs));
        assert!(AaLimit::pooled(&cells).unwrap().log_ratio() > 0.3);
        assert_eq!(FalseWins::among(Better::More, &cells).wins, 1);
    }

    #[test]
    fn unfit_cells_are_not_counted() {
        let calm = blocks(0.0);
        let cells = [Cell::complete(&calm), Cell::complete(&calm[..3])];
        assert_eq!(FalseWins::among(Better::More, &cells), FalseWins { wins: 0, cells: 1 });
    }

    /// By hand: P(≥ 1 of 11) = 1 − 0.95¹¹ = 0.43; P(≥ 3 of 11) = 0.0152.
    #[test]
    fn one_false_win_of_eleven_is_chance_and_three_are_not() {
        let found = |wins| FalseWins { wins, cells: 11 };
        assert!((found(1).p_of_promise() - 0.4312).abs() < 1e-4);
        assert!((found(3).p_of_promise() - 0.0152).abs() < 1e-4);
        assert_eq!([0, 1, 2, 3].map(|wins| found(wins).within_promise()), [true, true, true, false]);
    }

    #[test]
    fn no_cells_break_no_promise() {
        assert!(FalseWins::among(Better::More, &[]).within_promise());
    }
}
