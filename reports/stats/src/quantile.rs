//! When a quantile of one measurement may be printed, and between which ranks it lies.

use crate::distributions::normal_quantile;

/// A quantile is printed only with this many observations beyond it.
///
/// With ten, the share beyond is known to about a third (1/√10): a printed p99 may stand anywhere
/// between p98.2 and p99.6. It is also where the usual rules let a binomial count pass for normal.
pub const MIN_BEYOND: u64 = 10;

/// Two 1-based ranks of the sorted observations, both inside the sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranks {
    /// Rank of the interval's lower end, from 1.
    pub lo: u64,
    /// Rank of the interval's upper end, at most the number of observations.
    pub hi: u64,
}

/// Whether `observations` are enough to print their quantile `q` (0–1).
///
/// True with at least [`MIN_BEYOND`] observations above the nearest rank ⌈q·n⌉. False for a `q`
/// outside 0–1 or NaN.
pub fn enough_beyond(observations: u64, q: f64) -> bool {
    if !(0.0..=1.0).contains(&q) {
        return false;
    }
    // A percentile of 99.9 becomes 0.9990000000000001, and 10,000 times that 9,990.000000000002:
    // without slack the rank would be one too high.
    let slack = 1.0 - 4.0 * f64::EPSILON;
    let nearest_rank = (observations as f64 * q * slack).ceil() as u64;
    observations.saturating_sub(nearest_rank) >= MIN_BEYOND
}

/// The ranks between which the true quantile `q` lies with at least `confidence`; free of any
/// assumption about the distribution's shape.
///
/// `design_effect` says how many times wider the variance is than for independent observations
/// ([`crate::design_effect`]); below 1 it counts as 1, so that it never narrows. `None` if the
/// sample does not reach far enough to hold either end, or if an argument is out of its range.
///
/// The number of observations below the true quantile is binomial; its two tail points, by the
/// Cornish–Fisher expansion (the tails of a count near 10 are far from symmetric) and rounded
/// outward, are the ranks. It describes one measurement: verdicts use blocks only.
///
/// Source: Woodruff, "Confidence intervals for medians and other position measures", JASA 47
/// (1952); Conover, *Practical Nonparametric Statistics*, 3rd ed., §3.2; Cornish and Fisher (1938).
pub fn interval_ranks(observations: u64, q: f64, confidence: f64, design_effect: f64) -> Option<Ranks> {
    let is_share = |share: f64| share > 0.0 && share < 1.0;
    let is_factor = design_effect.is_finite() && design_effect > 0.0;
    if !(is_share(q) && is_share(confidence) && is_factor) {
        return None;
    }
    let n = observations as f64;
    let widening = design_effect.max(1.0);
    let mean = n * q;
    let sd = (widening * n * q * (1.0 - q)).sqrt();
    let z = normal_quantile(0.5 + confidence / 2.0);
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

    #[test]
    fn a_quantile_needs_ten_observations_beyond_it() {
        for (q, needed) in
            [(0.5, 20), (0.9, 100), (0.95, 200), (0.99, 1_000), (0.999, 10_000), (0.9999, 100_000)]
        {
            assert!(enough_beyond(needed, q), "{needed} observations have ten beyond {q}");
            assert!(!enough_beyond(needed - 1, q), "{} observations have nine beyond {q}", needed - 1);
        }
    }

    #[test]
    fn binary_rounding_of_a_percentile_does_not_cost_an_observation() {
        assert!(enough_beyond(10_000, 99.9 / 100.0));
    }

    #[test]
    fn a_quantile_outside_0_to_1_is_never_printed() {
        for q in [-0.1, 1.0, 1.1, f64::NAN] {
            assert!(!enough_beyond(1_000_000, q), "{q}");
        }
    }

    /// Printed in tables of the median's interval: n = 16 → ranks 4 and 13; n = 100 → 40 and 61.
    #[test]
    fn median_ranks_equal_the_printed_ones() {
        assert_eq!(interval_ranks(16, 0.5, 0.95, 1.0), Some(Ranks { lo: 4, hi: 13 }));
        assert_eq!(interval_ranks(100, 0.5, 0.95, 1.0), Some(Ranks { lo: 40, hi: 61 }));
    }

    /// By hand: mean 990, σ = √9.9, z = 1.96, skew term −0.98 × 2.8415 / 6 = −0.464.
    #[test]
    fn p99_ranks_equal_those_by_hand() {
        assert_eq!(interval_ranks(1_000, 0.99, 0.95, 1.0), Some(Ranks { lo: 983, hi: 997 }));
    }

    #[test]
    fn ranks_cover_at_least_what_they_promise_and_not_much_more() {
        for q in [0.5, 0.9, 0.95, 0.99] {
            for n in (20..2_000).step_by(7).filter(|&n| enough_beyond(n, q)) {
                let ranks =
                    interval_ranks(n, q, 0.95, 1.0).expect("ten observations beyond hold an interval");
                let covered = coverage(ranks, n, q);
                assert!((0.95..0.99).contains(&covered), "n = {n}, q = {q}: {covered}");
            }
        }
    }

    #[test]
    fn a_design_effect_of_four_doubles_the_width() {
        let narrow = interval_ranks(1_000_000, 0.9, 0.95, 1.0).expect("inside the sample");
        let wide = interval_ranks(1_000_000, 0.9, 0.95, 4.0).expect("inside the sample");
        let ratio = (wide.hi - wide.lo) as f64 / (narrow.hi - narrow.lo) as f64;
        assert!((1.98..2.02).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_design_effect_below_one_does_not_narrow() {
        assert_eq!(interval_ranks(5_000, 0.9, 0.95, 0.3), interval_ranks(5_000, 0.9, 0.95, 1.0));
    }

    #[test]
    fn an_interval_that_leaves_the_sample_is_none() {
        assert_eq!(interval_ranks(0, 0.5, 0.95, 1.0), None);
        assert_eq!(interval_ranks(5, 0.5, 0.95, 1.0), None);
        assert_eq!(interval_ranks(200, 0.99, 0.95, 1.0), None);
        assert_eq!(interval_ranks(1_000, 0.99, 0.95, 100.0), None);
    }

    #[test]
    fn arguments_out_of_range_are_none() {
        assert_eq!(interval_ranks(1_000, f64::NAN, 0.95, 1.0), None);
        assert_eq!(interval_ranks(1_000, 0.5, 1.0, 1.0), None);
        assert_eq!(interval_ranks(1_000, 0.5, 0.95, f64::NAN), None);
        assert_eq!(interval_ranks(1_000, 0.5, 0.95, f64::INFINITY), None);
        assert_eq!(interval_ranks(1_000, 0.5, 0.95, 0.0), None);
    }
}
