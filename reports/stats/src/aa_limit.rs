//! How far apart the set-up puts two copies of one contender.

use crate::distributions::student_quantile;
use crate::effect::CONFIDENCE;
use crate::judge::Cell;

/// The log ratio that a mean over blocks of a contender against itself stays within, with 95 %
/// probability, in yet another cell of the same run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AaLimit {
    log_ratio: f64,
    cells: usize,
}

impl AaLimit {
    /// Pools the A/A cells of one metric; `None` if none of them is fit for a verdict.
    ///
    /// With Mᵢ the mean log ratio duplicate ÷ original of cell i of k, the limit is
    /// t₀.₉₇₅(k) · √(Σ Mᵢ² ÷ k).
    ///
    /// - Means of whole cells, not single blocks: where a cell's copies differ in *every* block
    ///   (which CPU, which memory layout), the blocks agree, their own interval is narrow and says
    ///   nothing about it. Means over as many blocks as the judged cells have contain both.
    /// - Around 0, not around their own mean: the true value is known, so that all k cells count
    ///   as degrees of freedom, and a lasting bias to one side widens the limit.
    /// - Root mean square with t instead of the largest mean or a percentile: those either grow
    ///   with the number of cells or need dozens of them. A few cells give a wide limit, by t.
    ///
    /// One limit serves all cells, so a noisy cell makes the quiet ones harder to win: it errs
    /// towards *cannot tell*.
    ///
    /// Source: prediction interval of a normal variable with known mean, Hahn and Meeker,
    /// *Statistical Intervals*, §4; the use as a limit of agreement, Bland and Altman, Lancet 327
    /// (1986); A/A runs as evidence on the apparatus, Kohavi, Tang and Xu, *Trustworthy Online
    /// Controlled Experiments* (2020), ch. 19.
    pub fn pooled(cells: &[Cell<'_>]) -> Option<Self> {
        let means: Vec<f64> =
            cells.iter().filter_map(|cell| cell.effect().ok()).map(|effect| effect.log_ratio()).collect();
        if means.is_empty() {
            return None;
        }
        let count = means.len() as f64;
        let mean_square = means.iter().map(|mean| mean * mean).sum::<f64>() / count;
        let log_ratio = student_quantile(0.5 + CONFIDENCE / 2.0, count) * mean_square.sqrt();
        Some(Self { log_ratio, cells: means.len() })
    }

    /// The limit as |ln(duplicate ÷ original)|.
    pub fn log_ratio(self) -> f64 {
        self.log_ratio
    }

    /// The limit as a ratio, at least 1.
    pub fn ratio(self) -> f64 {
        self.log_ratio.exp()
    }

    /// How many A/A cells it rests on, at least one.
    pub fn cells(self) -> usize {
        self.cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::Pair;

    fn blocks(log_ratio: f64) -> [Pair; 6] {
        [Pair { sync: 1.0, r#async: log_ratio.exp() }; 6]
    }

    /// By hand: means 0.03 and −0.04, √(0.0025 ÷ 2) = 0.035355; t₀.₉₇₅(2) = 4.3027.
    #[test]
    fn limit_of_two_cells_equals_the_one_by_hand() {
        let (first, second) = (blocks(0.03), blocks(-0.04));
        let limit = AaLimit::pooled(&[Cell::complete(&first), Cell::complete(&second)]).unwrap();
        assert!((limit.log_ratio() - 0.152_12).abs() < 1e-4, "{limit:?}");
        assert!((limit.ratio() - limit.log_ratio().exp()).abs() < 1e-12);
        assert_eq!(limit.cells(), 2);
    }

    #[test]
    fn a_bias_that_every_block_shares_widens_the_limit() {
        let biased = blocks(0.1);
        let limit = AaLimit::pooled(&[Cell::complete(&biased); 10]).unwrap();
        assert!(limit.log_ratio() > 0.1, "{limit:?}");
    }

    #[test]
    fn unfit_cells_do_not_count() {
        let (good, bad) = (blocks(0.03), blocks(9.0));
        let cells = [Cell::complete(&good), Cell::complete(&bad[..5])];
        assert_eq!(AaLimit::pooled(&cells), AaLimit::pooled(&cells[..1]));
        assert_eq!(AaLimit::pooled(&cells[1..]), None);
        assert_eq!(AaLimit::pooled(&[]), None);
    }
}
