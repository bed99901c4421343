//! How much farther apart a set-up puts two copies of one contender than their own blocks predict.

use crate::effect::Effect;

/// Smallest variance of a mean that sets a weight: (10⁻⁶)², far below any clock's resolution.
///
/// Copies whose blocks agree to the last digit would otherwise have an infinite weight.
const LEAST_VARIANCE: f64 = 1e-12;

/// The variance τ² of a cell's mean log ratio that all blocks of the cell share, estimated from A/A cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExcessVariance {
    variance: f64,
    cells: usize,
}

impl ExcessVariance {
    /// Without A/A cells nothing is known, and nothing is added.
    pub const UNKNOWN: Self = Self { variance: 0.0, cells: 0 };

    /// The excess over the A/A cells of one metric, each with at least four blocks; others are left out.
    ///
    /// With Mᵢ the mean log ratio of cell i, wᵢ = nᵢ ÷ sᵢ² and νᵢ its degrees of freedom,
    /// τ² = max(0, (Σ wᵢ Mᵢ² − Σ νᵢ ÷ (νᵢ − 2)) ÷ Σ wᵢ).
    ///
    /// - Around 0, not around their own mean: the true value of an A/A cell is known.
    /// - νᵢ ÷ (νᵢ − 2) is the mean square of a t variable: the weights hold estimated variances.
    /// - Weighted: a noisy A/A cell says little about τ, and must not set it for quiet cells.
    /// - The blocks' own noise is not in it. A limit made of whole A/A means counts that noise twice, once in the limit
    ///   and once in the judged interval.
    ///
    /// Source: DerSimonian and Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7 (1986), with the
    /// known mean 0.
    #[must_use]
    pub fn among(effects: &[Effect]) -> Self {
        let (mut squares, mut expected, mut weights, mut cells) = (0.0, 0.0, 0.0, 0);
        for effect in effects.iter().filter(|effect| effect.freedom() > 2.0) {
            let weight = 1.0 / effect.standard_error().powi(2).max(LEAST_VARIANCE);
            squares += weight * effect.log_ratio().powi(2);
            expected += effect.freedom() / (effect.freedom() - 2.0);
            weights += weight;
            cells += 1;
        }
        if cells == 0 {
            return Self::UNKNOWN;
        }
        Self { variance: ((squares - expected) / weights).max(0.0), cells }
    }

    /// τ², of a mean log ratio; at least 0.
    #[must_use]
    pub fn variance(self) -> f64 {
        self.variance
    }

    /// τ as a ratio, at least 1: how far one standard deviation of it puts two copies apart.
    #[must_use]
    pub fn ratio(self) -> f64 {
        self.variance.sqrt().exp()
    }

    /// The A/A cells it rests on.
    #[must_use]
    pub fn cells(self) -> usize {
        self.cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::{Pair, effect};

    /// Eight blocks with this mean log ratio and variance of the mean.
    fn blocks(mean: f64, variance_of_mean: f64) -> Effect {
        // Alternating by ±a, eight values have the variance 8a² ÷ 7.
        let spread = (variance_of_mean * 7.0).sqrt();
        let signs = [1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0];
        effect(&signs.map(|sign: f64| Pair { sync: 1.0, r#async: (mean + sign * spread).exp() })).unwrap()
    }

    /// The reference simulator's known answer: 0.000354694.
    #[test]
    fn excess_of_three_cells_equals_the_known_one() {
        let cells = [blocks(0.03, 4e-4), blocks(-0.05, 9e-4), blocks(0.02, 1e-4)];
        let excess = ExcessVariance::among(&cells);
        assert!((excess.variance() - 0.000_354_693_877).abs() < 1e-9, "{excess:?}");
        assert_eq!(excess.cells(), 3);
    }

    #[test]
    fn scatter_that_the_blocks_predict_is_no_excess() {
        assert_eq!(ExcessVariance::among(&[blocks(0.01, 1e-3), blocks(-0.02, 1e-3)]).variance(), 0.0);
    }

    #[test]
    fn a_noisy_cell_does_not_set_it_for_quiet_ones() {
        let mut cells = vec![blocks(0.0, 1e-5); 10];
        cells.push(blocks(0.4, 0.04));
        assert_eq!(ExcessVariance::among(&cells).variance(), 0.0);
    }

    #[test]
    fn a_difference_that_every_block_shares_is_all_excess() {
        let excess = ExcessVariance::among(&[blocks(0.1, 1e-12); 10]);
        assert!((excess.variance().sqrt() - 0.1).abs() < 1e-4, "{excess:?}");
    }

    #[test]
    fn three_blocks_are_too_few_to_say_anything_of_an_excess() {
        let of = |blocks: &[f64]| {
            effect(&blocks.iter().map(|ratio| Pair { sync: 1.0, r#async: *ratio }).collect::<Vec<_>>())
                .unwrap()
        };
        assert_eq!(ExcessVariance::among(&[of(&[1.5, 1.6, 1.7])]), ExcessVariance::UNKNOWN);
        assert_eq!(ExcessVariance::among(&[of(&[1.5, 1.6, 1.7, 1.8])]).cells(), 1);
    }

    #[test]
    fn no_cell_gives_no_excess() {
        assert_eq!(ExcessVariance::among(&[]), ExcessVariance::UNKNOWN);
        assert_eq!(ExcessVariance::UNKNOWN.ratio(), 1.0);
    }
}
