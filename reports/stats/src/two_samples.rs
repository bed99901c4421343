//! The ratio of two independent samples, such as those of two benches.

use crate::distributions::student_quantile;
use crate::effect::{CONFIDENCE, Interval};
use crate::evidence::Evidence;

/// The geometric mean of one sample over that of another, and how far it may be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The ratio; 1 means equal.
    pub ratio: f64,
    /// Its interval at [`CONFIDENCE`].
    pub interval: Interval,
}

/// `numerator` ÷ `denominator`, by their geometric means; `None` with fewer than two values on a side, or a value that
/// is zero, negative, infinite or NaN.
///
/// Samples are taken as independent within and between sides. Unlike [`crate::effect`] it knows no pairs, so whatever
/// drifted between measuring one side and the other is inside the ratio and not inside the interval.
///
/// Source: Welch, "The generalization of 'Student's' problem when several different population variances are involved",
/// Biometrika 34 (1947), on logarithms; degrees of freedom by Satterthwaite (1946).
pub fn ratio(numerator: &[f64], denominator: &[f64]) -> Option<Ratio> {
    Some(Moments::of_logs(numerator)?.over(Moments::of_logs(denominator)?, 1.0 - CONFIDENCE))
}

/// The mean of `numerator` ÷ that of `denominator`, each with all that its evidence is uncertain by, excess variance included; the
/// interval misses the true ratio with a chance of `alpha`.
///
/// Source: as [`ratio`].
#[must_use]
pub fn ratio_of_evidence(numerator: &Evidence, denominator: &Evidence, alpha: f64) -> Ratio {
    Moments::of_evidence(numerator).over(Moments::of_evidence(denominator), alpha)
}

#[derive(Debug, Clone, Copy)]
struct Moments {
    mean: f64,
    variance_of_mean: f64,
    freedom: f64,
}

impl Moments {
    fn of_evidence(evidence: &Evidence) -> Self {
        Self {
            mean: evidence.effect.log_ratio(),
            variance_of_mean: evidence.standard_error.powi(2),
            freedom: evidence.freedom,
        }
    }

    fn over(self, below: Self, alpha: f64) -> Ratio {
        let log_ratio = self.mean - below.mean;
        let (a, b) = (self.variance_of_mean, below.variance_of_mean);
        let half_width = if a + b > 0.0 {
            let freedom = (a + b).powi(2) / (a.powi(2) / self.freedom + b.powi(2) / below.freedom);
            student_quantile(1.0 - alpha / 2.0, freedom) * (a + b).sqrt()
        } else {
            // All values of each side are alike: counts of bytes can be.
            0.0
        };
        let interval = Interval { lo: (log_ratio - half_width).exp(), hi: (log_ratio + half_width).exp() };
        Ratio { ratio: log_ratio.exp(), interval }
    }

    fn of_logs(values: &[f64]) -> Option<Self> {
        let usable = |value: &f64| value.is_finite() && *value > 0.0;
        if values.len() < 2 || !values.iter().all(usable) {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().map(|value| value.ln()).sum::<f64>() / count;
        let squares = values.iter().map(|value| (value.ln() - mean).powi(2)).sum::<f64>();
        let freedom = count - 1.0;
        Some(Self { mean, variance_of_mean: squares / freedom / count, freedom })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exp(logs: &[f64]) -> Vec<f64> {
        logs.iter().map(|log| log.exp()).collect()
    }

    /// By hand. Logs 1, 2, 3: mean 2, variance of the mean 1/3. Logs 0, 0.5, 1, 0.5: mean 0.5, 1/24.
    /// Freedom (3/8)² ÷ ((1/9)/2 + (1/576)/3) = 2.505; its 97.5 % point lies between those of 2 (4.303) and 3 (3.182).
    #[test]
    fn the_ratio_and_its_interval_equal_those_by_hand() {
        let found = ratio(&exp(&[1.0, 2.0, 3.0]), &exp(&[0.0, 0.5, 1.0, 0.5])).unwrap();
        assert!((found.ratio.ln() - 1.5).abs() < 1e-12);
        let half_width = (found.interval.hi / found.interval.lo).ln() / 2.0;
        let se = (1.0_f64 / 3.0 + 1.0 / 24.0).sqrt();
        assert!((3.182 * se..4.303 * se).contains(&half_width), "{half_width}");
        assert!((found.interval.hi / found.ratio - found.ratio / found.interval.lo).abs() < 1e-9);
    }

    /// Without excess the evidence of values beside ones is that of the values.
    #[test]
    fn the_ratio_of_evidence_is_that_of_its_values_and_excess_widens_it() {
        use crate::effect::{Pair, effect};
        use crate::excess_variance::ExcessVariance;

        let (above, below) = (exp(&[1.0, 2.0, 3.0]), exp(&[0.0, 0.5, 1.0, 0.5]));
        let evidence = |values: &[f64], excess| {
            let beside_one: Vec<Pair> =
                values.iter().map(|&value| Pair { sync: 1.0, r#async: value }).collect();
            let effect = effect(&beside_one).unwrap();
            Evidence::weigh(effect, effect.variance(), excess, 0.05)
        };
        let found =
            |excess, alpha| ratio_of_evidence(&evidence(&above, excess), &evidence(&below, excess), alpha);
        let (plain, by_values) = (found(ExcessVariance::UNKNOWN, 0.05), ratio(&above, &below).unwrap());
        assert!((plain.interval.hi / by_values.interval.hi - 1.0).abs() < 1e-9, "{plain:?} {by_values:?}");
        let width = |found: Ratio| (found.interval.hi / found.interval.lo).ln();
        let apart = effect(&[0.4, 0.401, 0.399, 0.4].map(|log: f64| Pair { sync: 1.0, r#async: log.exp() }));
        let excess = ExcessVariance::among(&[apart.unwrap(); 8]);
        assert!(width(found(ExcessVariance::UNKNOWN, 0.02)) > width(plain));
        // By hand: the squared standard error grows from 0.375 to 0.695, whose freedom is 7.72.
        assert!((excess.variance() - 0.16).abs() < 1e-3, "{excess:?}");
        assert!(
            (width(found(excess, 0.05)) / 2.0 / 0.695_f64.sqrt() - 2.32).abs() < 0.02,
            "{:?}",
            found(excess, 0.05)
        );
    }

    #[test]
    fn sides_of_equal_size_and_spread_have_the_pooled_freedom() {
        let found = ratio(&exp(&[1.0, 2.0, 3.0]), &exp(&[0.0, 1.0, 2.0])).unwrap();
        let half_width = (found.interval.hi / found.interval.lo).ln() / 2.0;
        // Four degrees of freedom: 2.776 in every table of t.
        assert!((half_width - 2.776 * (2.0_f64 / 3.0).sqrt()).abs() < 1e-3, "{half_width}");
    }

    #[test]
    fn swapping_the_sides_inverts_the_ratio() {
        let (a, b) = ([3.0, 4.0, 5.0], [1.0, 1.1, 0.9, 1.3]);
        let (there, back) = (ratio(&a, &b).unwrap(), ratio(&b, &a).unwrap());
        assert!((there.ratio * back.ratio - 1.0).abs() < 1e-12);
        assert!((there.interval.lo * back.interval.hi - 1.0).abs() < 1e-12);
    }

    #[test]
    fn values_all_alike_have_an_interval_of_no_width() {
        let found = ratio(&[4.0, 4.0], &[2.0, 2.0, 2.0]).unwrap();
        assert_eq!((found.interval.lo, found.interval.hi), (found.ratio, found.ratio));
        assert!((found.ratio - 2.0).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_ratio_gives_none() {
        assert_eq!(ratio(&[1.0], &[1.0, 2.0]), None);
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(ratio(&[1.0, wrong], &[1.0, 2.0]), None);
        }
    }
}
