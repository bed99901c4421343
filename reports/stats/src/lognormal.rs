//! Equally likely values of a lognormal distribution, for draws whose mean is exact.

use crate::distributions::{normal_cdf, normal_quantile};

/// The means of `count` equally likely strata of a lognormal distribution with this `mean` and coefficient of variation
/// `spread`, ascending. Their own mean is `mean`; their spread is a little below `spread`, since each stratum is one value.
///
/// The mean of a lognormal variable between two of its quantiles follows from its partial expectation (Johnson, Kotz,
/// Balakrishnan, *Continuous Univariate Distributions*, vol. 1, ch. 14).
///
/// # Panics
/// When `mean` or `spread` is negative or not finite.
#[must_use]
pub fn strata(mean: f64, spread: f64, count: usize) -> Vec<f64> {
    assert!(mean.is_finite() && mean >= 0.0 && spread.is_finite() && spread >= 0.0, "{mean} ± {spread}");
    let sigma = (spread * spread).ln_1p().sqrt();
    let share_below = |edge: usize| match edge {
        0 => 0.0,
        _ if edge == count => 1.0,
        _ => normal_cdf(normal_quantile(edge as f64 / count as f64) - sigma),
    };
    (0..count).map(|low| mean * count as f64 * (share_below(low + 1) - share_below(low))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_exact_and_the_spread_nearly_so() {
        for spread in [0.1, 0.5, 1.0] {
            let strata = strata(10.0, spread, 256);
            let mean = strata.iter().sum::<f64>() / 256.0;
            let variance = strata.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 256.0;
            assert!((mean - 10.0).abs() < 1e-9, "{mean}");
            assert!((variance.sqrt() / mean / spread - 1.0).abs() < 0.04, "{spread}: {}", variance.sqrt());
            assert!(strata.is_sorted() && strata[0] > 0.0);
        }
    }

    /// The median of a lognormal distribution is exp(μ), here 10 ÷ √1.25.
    #[test]
    fn half_of_the_strata_lie_below_the_median() {
        let strata = strata(10.0, 0.5, 256);
        let median = 10.0 / 1.25_f64.sqrt();
        assert!(strata[127] < median && median < strata[128], "{} {}", strata[127], strata[128]);
    }

    #[test]
    fn without_a_spread_all_are_the_mean() {
        assert!(strata(3.0, 0.0, 8).iter().all(|value| (value - 3.0).abs() < 1e-6));
    }
}
