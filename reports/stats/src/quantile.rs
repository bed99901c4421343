//! Between which ranks a quantile of one measurement lies.

use crate::batches::is_worth_too_little;
use crate::distributions::{normal_quantile, student_quantile};

/// Two 1-based ranks of the sorted observations, both inside the sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranks {
    /// Rank of the interval's lower end, from 1.
    pub lo: u64,
    /// Rank of the interval's upper end, at most the number of observations.
    pub hi: u64,
}

/// How far the ranks of an interval have to be apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// How many times larger the variance is than for independent observations; below 1 it counts as 1.
    pub design_effect: f64,
    /// Degrees of freedom of that variance; infinite where it is known and not estimated.
    pub freedom: f64,
}

impl Spread {
    /// Of independent observations.
    pub const INDEPENDENT: Self = Self { design_effect: 1.0, freedom: f64::INFINITY };
}

/// Fewest observations, as multiples of their count's squared skewness: of fewer, not even the expansion below knows the tail.
///
/// Without any correction it takes 25 (Cochran, *Sampling Techniques*, 3rd ed., §2.15); the simulation in
/// `tests/rates/coverage.rs` shows that eight do with one.
const SKEWNESSES: f64 = 8.0;

/// The ranks between which the true quantile `q` lies with at least `confidence`; free of any
/// assumption about the distribution's shape.
///
/// `spread` comes from [`crate::design_effect`] where observations depend on each other. `None` if the sample does not reach far
/// enough to hold either end, if it holds so few independent observations' worth that their number beyond the quantile is too
/// skewed (776 at the 99th percentile, 57 at the 90th), if they depend on each other and are worth fewer than a hundred independent ones
/// (the median apart, which a calm stretch of a queue shows as well), or if an argument is out of its range.
///
/// The number of observations below the true quantile is binomial; its two tail points, by the
/// Cornish–Fisher expansion (the tails of a count near 10 are far from symmetric) and rounded
/// outward, are the ranks. It describes one measurement: verdicts use blocks only.
///
/// Source: Woodruff, "Confidence intervals for medians and other position measures", JASA 47
/// (1952); Conover, *Practical Nonparametric Statistics*, 3rd ed., §3.2; Cornish and Fisher (1938).
pub fn interval_ranks(observations: u64, q: f64, confidence: f64, spread: Spread) -> Option<Ranks> {
    let is_share = |share: f64| share > 0.0 && share < 1.0;
    let is_factor = spread.design_effect.is_finite() && spread.design_effect >= 0.0 && spread.freedom >= 1.0;
    if !(is_share(q) && is_share(confidence) && is_factor) {
        return None;
    }
    let n = observations as f64;
    let widening = spread.design_effect.max(1.0);
    let squared_skewness = (1.0 - 2.0 * q).powi(2) / (q * (1.0 - q));
    let worth = n / widening;
    let is_calm_by_chance = squared_skewness > 0.0 && is_worth_too_little(n, worth);
    if worth < SKEWNESSES * squared_skewness || is_calm_by_chance {
        return None;
    }
    let mean = n * q;
    let sd = (widening * n * q * (1.0 - q)).sqrt();
    let p = 0.5 + confidence / 2.0;
    let z = if spread.freedom.is_finite() { student_quantile(p, spread.freedom) } else { normal_quantile(p) };
    // Third-moment term of a count whose observations come in clumps of `widening`.
    let skew = widening * (1.0 - 2.0 * q) * (z * z - 1.0) / 6.0;

    let lo = (mean - z * sd + skew).floor();
    let hi = (mean + z * sd + skew).ceil() + 1.0;
    (lo >= 1.0 && hi <= n).then_some(Ranks { lo: lo as u64, hi: hi as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `P(lo ≤ B ≤ hi − 1)` of a binomial count, summed term by term.
    fn coverage(ranks: Ranks, n: u64, q: f64) -> f64 {
        let mut log_choose = 0.0;
        let mut sum = 0.0;
        for k in 0..ranks.hi {
            if k >= ranks.lo {
                sum += (log_choose + k as f64 * q.ln() + (n - k) as f64 * (1.0 - q).ln()).exp();
            }
            log_choose += ((n - k) as f64).ln() - ((k + 1) as f64).ln();
        }
        sum
    }

    fn ranks(observations: u64, q: f64, design_effect: f64) -> Option<Ranks> {
        interval_ranks(observations, q, 0.95, Spread { design_effect, ..Spread::INDEPENDENT })
    }

    /// Printed in tables of the median's interval: n = 16 → ranks 4 and 13; n = 100 → 40 and 61.
    #[test]
    fn median_ranks_equal_the_printed_ones() {
        assert_eq!(ranks(16, 0.5, 1.0), Some(Ranks { lo: 4, hi: 13 }));
        assert_eq!(ranks(100, 0.5, 1.0), Some(Ranks { lo: 40, hi: 61 }));
    }

    /// By hand: mean 990, σ = √9.9, z = 1.96, skew term −0.98 × 2.8415 / 6 = −0.464.
    #[test]
    fn p99_ranks_equal_those_by_hand() {
        assert_eq!(ranks(1_000, 0.99, 1.0), Some(Ranks { lo: 983, hi: 997 }));
    }

    #[test]
    fn ranks_cover_at_least_what_they_promise_and_not_much_more() {
        for q in [0.5, 0.9, 0.95, 0.99] {
            for n in (20..2_000).step_by(7).filter(|&n| n as f64 * (1.0 - q) >= 10.0) {
                let ranks = ranks(n, q, 1.0).expect("ten observations beyond hold an interval");
                let covered = coverage(ranks, n, q);
                assert!((0.95..0.99).contains(&covered), "n = {n}, q = {q}: {covered}");
            }
        }
    }

    #[test]
    fn a_variance_that_was_estimated_makes_an_interval_wider() {
        let width = |freedom| {
            let ranks = interval_ranks(1_000_000, 0.9, 0.95, Spread { design_effect: 1.0, freedom }).unwrap();
            (ranks.hi - ranks.lo) as f64
        };
        // t(7) is 2.365, and the normal distribution has 1.960.
        assert!((width(7.0) / width(f64::INFINITY) - 2.365 / 1.960).abs() < 0.01);
        assert_eq!(interval_ranks(1_000, 0.5, 0.95, Spread { design_effect: 1.0, freedom: 0.0 }), None);
    }

    #[test]
    fn a_design_effect_of_four_doubles_the_width() {
        let narrow = ranks(1_000_000, 0.9, 1.0).expect("inside the sample");
        let wide = ranks(1_000_000, 0.9, 4.0).expect("inside the sample");
        let ratio = (wide.hi - wide.lo) as f64 / (narrow.hi - narrow.lo) as f64;
        assert!((1.98..2.02).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_design_effect_below_one_does_not_narrow() {
        assert_eq!(ranks(5_000, 0.9, 0.3), ranks(5_000, 0.9, 1.0));
    }

    #[test]
    fn an_interval_that_leaves_the_sample_is_none() {
        assert_eq!(ranks(0, 0.5, 1.0), None);
        assert_eq!(ranks(5, 0.5, 1.0), None);
        assert_eq!(ranks(200, 0.99, 1.0), None);
        assert_eq!(ranks(1_000, 0.99, 100.0), None);
    }

    /// By hand: 0.98² ÷ 0.0099 = 97.01, and 0.8² ÷ 0.09 = 7.11; the median's count has no skewness.
    #[test]
    fn fewer_independent_observations_than_the_tail_takes_have_no_interval() {
        assert!(ranks(2_000, 0.99, 2.57).is_some() && ranks(2_000, 0.99, 2.58).is_none());
        assert!(ranks(200, 0.9, 3.5).is_some() && ranks(200, 0.9, 3.6).is_none());
        assert!(ranks(1_000, 0.5, 100.0).is_some());
    }

    #[test]
    fn dependent_observations_have_to_be_worth_a_hundred_beyond_the_median() {
        assert!(ranks(1_000, 0.9, 10.0).is_some() && ranks(1_000, 0.9, 10.1).is_none());
        assert!(ranks(1_000, 0.5, 10.1).is_some() && ranks(300, 0.9, 4.0).is_some());
    }

    #[test]
    fn arguments_out_of_range_are_none() {
        assert_eq!(ranks(1_000, f64::NAN, 1.0), None);
        assert_eq!(interval_ranks(1_000, 0.5, 1.0, Spread::INDEPENDENT), None);
        assert_eq!(ranks(1_000, 0.5, f64::NAN), None);
        assert_eq!(ranks(1_000, 0.5, f64::INFINITY), None);
        assert_eq!(ranks(1_000, 0.5, -1.0), None);
    }
}
