//! A mean of paired differences in the figures' own unit, where a ratio would not say how much.

use crate::distributions::student_quantile;
use crate::effect::{CONFIDENCE, Interval, MIN_BLOCKS};

/// A mean over blocks, and how far it may be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The arithmetic mean, in the unit of the figures.
    pub mean: f64,
    /// The paired t interval of the mean at [`CONFIDENCE`].
    pub interval: Interval,
    /// Blocks behind it, [`MIN_BLOCKS`] at least.
    pub blocks: usize,
}

/// The mean of the blocks' differences; `None` with fewer than [`MIN_BLOCKS`] of them, or with one that is not finite.
///
/// Means of differences add up, as logarithms of ratios do not: the whole is the sum of its parts, in microseconds.
/// Source: Student, "The probable error of a mean", Biometrika 6 (1908).
#[must_use]
pub fn difference(differences: &[f64]) -> Option<Difference> {
    let blocks = differences.len();
    if blocks < MIN_BLOCKS || !differences.iter().all(|one| one.is_finite()) {
        return None;
    }
    let count = blocks as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let variance = differences.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let half_width = student_quantile(0.5 + CONFIDENCE / 2.0, count - 1.0) * (variance / count).sqrt();
    let interval = Interval { lo: mean - half_width, hi: mean + half_width };
    Some(Difference { mean, interval, blocks })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 1 to 6 have mean 3.5, sd √3.5, half-width 2.5706 × √(3.5/6) = 1.9633.
    #[test]
    fn the_mean_and_its_interval_equal_those_by_hand() {
        let found = difference(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        assert!((found.mean - 3.5).abs() < 1e-12 && found.blocks == 6, "{found:?}");
        assert!((found.interval.lo - 1.5367).abs() < 1e-4, "{found:?}");
        assert!((found.interval.hi - 5.4633).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn fewer_than_six_blocks_or_a_figure_that_is_no_number_gives_none() {
        assert_eq!(difference(&[1.0, 2.0, 3.0, 4.0, 5.0]), None);
        assert_eq!(difference(&[1.0, f64::NAN, 2.0, 3.0, 4.0, 5.0]), None);
    }
}
