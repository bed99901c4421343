//! The difference between a sync and an async contender in one cell, from its paired blocks.

use crate::distributions::student_quantile;
use crate::moderation::Variance;

/// The confidence of every interval of an effect.
pub const CONFIDENCE: f64 = 0.95;

/// Fewer valid blocks than this give neither an interval nor a verdict.
///
/// The t interval of six blocks is 2.57 standard errors to each side, of three 4.3, of two 12.7.
pub const MIN_BLOCKS: usize = 6;

/// A variance needs two values; an interval and a verdict need [`MIN_BLOCKS`].
const MIN_FOR_VARIANCE: usize = 2;

/// One metric, measured once for each contender of a block; same unit, both positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The sync contender's value; in an A/A cell the original's.
    pub sync: f64,
    /// The async contender's value; in an A/A cell the duplicate's.
    pub r#async: f64,
}

/// Two ends of a range; `lo` ≤ `hi`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub lo: f64,
    /// The upper end.
    pub hi: f64,
}

impl Interval {
    /// Whether `value` lies within, ends included.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        self.lo <= value && value <= self.hi
    }
}

/// The mean over blocks of ln(async ÷ sync), with what is needed to judge it.
///
/// Logarithms make async twice as good and sync twice as good equally far from equal, and make the
/// unit of the metric irrelevant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    log_ratio: f64,
    block_sd: f64,
    blocks: usize,
}

/// Why pairs have no effect.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NoEffect {
    /// Fewer blocks than the interval or the verdict needs.
    #[error("cannot compare with {blocks} valid blocks, expected at least {needed}: measure more blocks")]
    TooFewBlocks {
        /// Valid blocks at hand.
        blocks: usize,
        /// Blocks that would do.
        needed: usize,
    },
    /// A value whose logarithm does not exist.
    #[error(
        "cannot take the ratio async ÷ sync = {} ÷ {} in block {block}, expected positive finite values: \
         discard the block as invalid",
        pair.r#async, pair.sync
    )]
    NotPositive {
        /// Index of the block in the slice, from 0.
        block: usize,
        /// Its values.
        pair: Pair,
    },
}

/// The paired effect of one cell: order of the pairs is irrelevant, their pairing is not.
///
/// Comparing within blocks removes whatever drifts from block to block. Blocks are the only
/// replicates: requests inside a trial share its process and its noise and are not independent.
///
/// # Errors
/// Fewer than two pairs; a value that is zero, negative, infinite or NaN.
///
/// Source: Box, Hunter and Hunter, *Statistics for Experimenters*, 2nd ed., §3.2 (paired
/// comparison); Georges, Buytaert and Eeckhout, "Statistically rigorous Java performance
/// evaluation", OOPSLA 2007 (processes, not iterations, as replicates).
pub fn effect(pairs: &[Pair]) -> Result<Effect, NoEffect> {
    if pairs.len() < MIN_FOR_VARIANCE {
        return Err(NoEffect::TooFewBlocks { blocks: pairs.len(), needed: MIN_FOR_VARIANCE });
    }
    let ratios = pairs
        .iter()
        .enumerate()
        .map(|(block, &pair)| log_ratio(pair).ok_or(NoEffect::NotPositive { block, pair }))
        .collect::<Result<Vec<f64>, NoEffect>>()?;
    let count = ratios.len() as f64;
    let mean = ratios.iter().sum::<f64>() / count;
    let variance = ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum::<f64>() / (count - 1.0);
    Ok(Effect { log_ratio: mean, block_sd: variance.sqrt(), blocks: ratios.len() })
}

fn log_ratio(pair: Pair) -> Option<f64> {
    let usable = |value: f64| value.is_finite() && value > 0.0;
    // The difference of logarithms cannot overflow where the quotient could.
    (usable(pair.sync) && usable(pair.r#async)).then(|| pair.r#async.ln() - pair.sync.ln())
}

impl Effect {
    /// Mean of ln(async ÷ sync); 0 means equal.
    pub fn log_ratio(&self) -> f64 {
        self.log_ratio
    }

    /// The geometric mean of async ÷ sync; 1 means equal.
    pub fn ratio(&self) -> f64 {
        self.log_ratio.exp()
    }

    /// Standard deviation of ln(async ÷ sync) from block to block; roughly the relative noise of one block.
    pub fn block_sd(&self) -> f64 {
        self.block_sd
    }

    /// Number of blocks behind the mean, at least two.
    pub fn blocks(&self) -> usize {
        self.blocks
    }

    /// Standard error of [`Effect::log_ratio`].
    pub fn standard_error(&self) -> f64 {
        self.block_sd / (self.blocks as f64).sqrt()
    }

    /// Degrees of freedom of the t distribution that [`Effect::standard_error`] goes with.
    pub(crate) fn freedom(&self) -> f64 {
        (self.blocks - 1) as f64
    }

    /// The variance of ln(async ÷ sync) from block to block, with its degrees of freedom.
    #[must_use]
    pub fn variance(&self) -> Variance {
        Variance { value: self.block_sd.powi(2), freedom: self.freedom() }
    }

    /// The paired t interval of [`Effect::log_ratio`] at [`CONFIDENCE`]; `None` with fewer than [`MIN_BLOCKS`] blocks.
    ///
    /// It belongs to this cell alone; over many cells, some of them miss.
    /// Source: Student, "The probable error of a mean", Biometrika 6 (1908).
    #[must_use]
    pub fn log_interval(&self) -> Option<Interval> {
        if self.blocks < MIN_BLOCKS {
            return None;
        }
        let half_width = student_quantile(0.5 + CONFIDENCE / 2.0, self.freedom()) * self.standard_error();
        Some(Interval { lo: self.log_ratio - half_width, hi: self.log_ratio + half_width })
    }

    /// [`Effect::log_interval`] as ratios async ÷ sync.
    #[must_use]
    pub fn ratio_interval(&self) -> Option<Interval> {
        self.log_interval().map(|Interval { lo, hi }| Interval { lo: lo.exp(), hi: hi.exp() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(ratios: &[f64]) -> Vec<Pair> {
        ratios.iter().map(|&ratio| Pair { sync: 50.0, r#async: 50.0 * ratio }).collect()
    }

    /// By hand: logs 1, 2, 3, 4, 5, 6: mean 3.5, sd √3.5, half-width 2.5706 × √(3.5/6) = 1.9633.
    #[test]
    fn effect_and_interval_equal_those_by_hand() {
        let found = effect(&pairs(&[1.0_f64, 2.0, 3.0, 4.0, 5.0, 6.0].map(f64::exp))).unwrap();
        let interval = found.log_interval().unwrap();
        assert!((found.log_ratio() - 3.5).abs() < 1e-12, "{found:?}");
        assert!((found.block_sd() - 3.5_f64.sqrt()).abs() < 1e-12, "{found:?}");
        assert!((interval.lo - 1.5367).abs() < 1e-4 && (interval.hi - 5.4633).abs() < 1e-4, "{interval:?}");
        assert!((found.ratio() - 3.5_f64.exp()).abs() < 1e-9);
        assert!((found.ratio_interval().unwrap().lo - interval.lo.exp()).abs() < 1e-12);
    }

    #[test]
    fn one_block_has_no_variance_and_so_no_effect() {
        assert_eq!(effect(&[]), Err(NoEffect::TooFewBlocks { blocks: 0, needed: 2 }));
        assert_eq!(effect(&pairs(&[1.1])), Err(NoEffect::TooFewBlocks { blocks: 1, needed: 2 }));
        assert_eq!(effect(&pairs(&[1.1, 1.2])).unwrap().blocks(), 2);
    }

    #[test]
    fn blocks_too_few_for_a_verdict_have_a_ratio_and_no_interval() {
        for blocks in 2..9 {
            let found = effect(&pairs(&[1.1, 1.2, 1.3, 1.1, 1.2, 1.3, 1.1, 1.2][..blocks])).unwrap();
            assert!(found.ratio() > 1.1, "{found:?}");
            let has_interval = (found.log_interval().is_some(), found.ratio_interval().is_some());
            assert_eq!(has_interval, (blocks >= 6, blocks >= 6), "{blocks}");
        }
    }

    #[test]
    fn values_without_a_logarithm_are_refused_with_their_block() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            for pair in [Pair { sync: bad, r#async: 1.0 }, Pair { sync: 1.0, r#async: bad }] {
                let mut blocks = pairs(&[1.0; 6]);
                blocks[4] = pair;
                let error = effect(&blocks).expect_err("a bad value is refused");
                assert!(matches!(error, NoEffect::NotPositive { block: 4, .. }), "{bad}: {error}");
            }
        }
    }

    #[test]
    fn equal_blocks_have_an_interval_of_no_width() {
        let found = effect(&pairs(&[1.0; 6])).unwrap();
        assert_eq!(found.log_interval(), Some(Interval { lo: 0.0, hi: 0.0 }));
    }

    #[test]
    fn extreme_values_do_not_overflow() {
        let found = effect(&[Pair { sync: f64::MIN_POSITIVE, r#async: f64::MAX }; 6]).unwrap();
        assert!(found.log_ratio().is_finite() && found.log_interval().unwrap().hi.is_finite());
    }

    #[test]
    fn errors_say_what_was_expected_and_what_to_do() {
        let error = effect(&pairs(&[1.0])).expect_err("one block");
        assert_eq!(
            error.to_string(),
            "cannot compare with 1 valid blocks, expected at least 2: measure more blocks"
        );
        let error = effect(&[Pair { sync: 0.0, r#async: 3.0 }; 6]).expect_err("zero");
        assert_eq!(
            error.to_string(),
            "cannot take the ratio async ÷ sync = 3 ÷ 0 in block 0, expected positive finite values: discard the \
             block as invalid"
        );
    }
}
