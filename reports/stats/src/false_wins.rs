//! What the rules make of a contender measured against itself.

use crate::distributions::binomial_tail;
use crate::effect::CONFIDENCE;
use crate::judge::{Cell, Question, judge_copies};
use crate::verdict::Verdict;

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
    /// Counts them among the A/A cells of one metric ([`judge_copies`]).
    #[must_use]
    pub fn among(question: Question<'_>, cells: &[Cell<'_>]) -> Self {
        let judgements = judge_copies(question, cells);
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
    use crate::looks::Looks;
    use crate::verdict::Better;

    fn blocks(mean: f64) -> [Option<Pair>; 8] {
        [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0]
            .map(|sign| Some(Pair { sync: 1.0, r#async: (mean + sign * 0.01).exp() }))
    }

    fn among(cells: &[[Option<Pair>; 8]]) -> FalseWins {
        let looks = Looks::once(8);
        let question = Question { better: Better::Less, looks: &looks, moderated: false };
        let cells: Vec<Cell<'_>> = cells.iter().map(|blocks| Cell { blocks }).collect();
        FalseWins::among(question, &cells)
    }

    #[test]
    fn a_copy_that_wins_among_calm_cells_is_counted() {
        let mut cells = vec![blocks(0.0); 10];
        cells.push(blocks(0.3));
        assert_eq!(among(&cells), FalseWins { wins: 1, cells: 11 });
    }

    /// All three together have an excess of about 0.17, with which the third would not win.
    #[test]
    fn a_cell_does_not_excuse_itself() {
        assert_eq!(among(&[blocks(0.0), blocks(0.0), blocks(0.3)]).wins, 1);
    }

    #[test]
    fn unfit_cells_are_not_counted() {
        let mut short = blocks(0.0);
        short[..3].fill(None);
        assert_eq!(among(&[blocks(0.0), short]), FalseWins { wins: 0, cells: 1 });
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
        assert!(among(&[]).within_promise());
    }
}
