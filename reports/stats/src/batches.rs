//! The consecutive, equally long parts of a measurement, and how far a ratio of two of their sums may be trusted.

use crate::design_effect::MIN_WINDOWS;
use crate::distributions::student_quantile;

/// Parts that resemble their neighbours more than this belong to one movement, and no interval of theirs is honest.
pub(crate) const MOST_CORRELATION: f64 = 0.8;

/// Observations that depend on each other by more than this design effect are a queue's, or a stretch's, and no longer chance's: that of
/// independent ones stays below it in 99 of 100 measurements.
const DEPENDENT: f64 = 4.0;

/// Independent observations that dependent ones have to be worth for an interval. A queue is busy in few long stretches: a
/// measurement that happened to see none of them looks calm and is wrong. From a hundred on, at most a twentieth of all measurements is
/// given a wrong interval, whatever the load (see the simulation in `tests/rates/coverage.rs`).
const FEWEST_WORTH: f64 = 100.0;

/// Whether so many `observations` depend on each other and are `worth` too few independent ones for an interval.
pub(crate) fn is_worth_too_little(observations: f64, worth: f64) -> bool {
    worth < FEWEST_WORTH && observations > DEPENDENT * worth
}

/// Parts are put together by these numbers, to see what goes on for longer than one of them.
const TOGETHER: [usize; 2] = [2, 4];

/// How surely the larger of two spreads is to be known; about that of the intervals that are drawn from them.
const UPPER: f64 = 0.975;

/// The variance of a ratio of two sums over parts, and its degrees of freedom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RatioVariance {
    /// Squared units of the ratio.
    pub(crate) variance: f64,
    /// Parts that hold data, less one; where they were put together, those.
    pub(crate) freedom: f64,
}

/// The variance of Σ value ÷ Σ observations, from each part's observations and its value's deviation from the one that the
/// ratio predicts for them.
///
/// Dependence within a part costs nothing, since the variance is that between parts. Dependence between neighbours widens it
/// by (1 + r) ÷ (1 − r), where r is the correlation of their deviations; a negative one counts as none. What goes on for longer shows
/// between pairs and fours of parts: where these have the wider interval, with their fewer degrees of freedom, it is theirs. Parts
/// without observations hold no data: they add no degree of freedom.
///
/// `None` with fewer than [`MIN_WINDOWS`] parts, with fewer than two that hold data, and where neighbours are alike by more
/// than 0.8: the parts are then too short for what moves here.
///
/// Source: Cochran, *Sampling Techniques*, 3rd ed., §6.3 (the ratio of two sums); Law, *Simulation Modeling and Analysis*, 5th ed.,
/// §9.5.3 (fewer, longer batches); the widening is that of a first-order autoregressive series. An estimated correlation is too low by (1 + 3r) ÷ n on average (Marriott and Pope, "Bias in the
/// estimation of autocorrelations", Biometrika 41, 1954), which is added back.
pub(crate) fn ratio_variance(parts: impl Iterator<Item = (u64, f64)>) -> Option<RatioVariance> {
    let parts: Vec<(u64, f64)> = parts.collect();
    let holding = parts.iter().filter(|(observations, _)| *observations > 0).count() as f64;
    if parts.len() < MIN_WINDOWS || holding < 2.0 {
        return None;
    }
    let observations: f64 = parts.iter().map(|(observations, _)| *observations as f64).sum();
    let squares: f64 = parts.iter().map(|(_, deviation)| deviation * deviation).sum();
    let correlation = if squares > 0.0 { correlation(&parts, squares) } else { 0.0 };
    if correlation > MOST_CORRELATION {
        return None;
    }
    let between = |count: f64, squares: f64| count / (count - 1.0) * squares / (observations * observations);
    let widened = between(holding, squares) * (1.0 + correlation) / (1.0 - correlation);
    let single = RatioVariance { variance: widened, freedom: holding - 1.0 };
    let together = TOGETHER.into_iter().filter(|together| holding >= (2 * together) as f64).map(|together| {
        let groups = parts.chunks_exact(together);
        let (count, sums) =
            (groups.len() as f64, groups.map(|group| group.iter().map(|part| part.1).sum::<f64>()));
        let variance = between(count, sums.map(|sum| sum * sum).sum());
        RatioVariance { variance, freedom: (count - 1.0).min(holding - 1.0) }
    });
    together.chain(std::iter::once(single)).max_by(|a, b| a.half_width().total_cmp(&b.half_width()))
}

impl RatioVariance {
    /// Half the width of an interval.
    fn half_width(&self) -> f64 {
        student_quantile(UPPER, self.freedom) * self.variance.sqrt()
    }
}

/// Of neighbouring parts, 0 at least.
fn correlation(parts: &[(u64, f64)], squares: f64) -> f64 {
    let count = parts.len() as f64;
    let deviations: Vec<f64> = parts.iter().map(|(_, deviation)| *deviation).collect();
    let (products, _) = neighbours(&deviations);
    ((products / squares + 1.0 / count) / (1.0 - 3.0 / count)).max(0.0)
}

/// The sum of the products of neighbours, and that of the squares.
pub(crate) fn neighbours(deviations: &[f64]) -> (f64, f64) {
    let products = deviations.windows(2).map(|pair| pair[0] * pair[1]).sum();
    (products, deviations.iter().map(|deviation| deviation * deviation).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 20 deviations of ±2 from 200 observations: 20 ÷ 19 × 80 ÷ 200²; neighbours and groups cancel out.
    #[test]
    fn the_variance_of_parts_that_cancel_out_is_that_between_them() {
        let parts = (0..20).map(|part| (10, if part % 2 == 0 { 2.0 } else { -2.0 }));
        let found = ratio_variance(parts).unwrap();
        assert!((found.variance - 20.0 / 19.0 * 80.0 / 40_000.0).abs() < 1e-15, "{found:?}");
        assert_eq!(found.freedom, 19.0);
    }

    /// Twenty parts of which `holding` have ten observations each, by their place and deviation.
    fn sparse(holding: &[(usize, f64)]) -> Option<RatioVariance> {
        let mut parts = [(0, 0.0); 20];
        holding.iter().for_each(|(place, deviation)| parts[*place] = (10, *deviation));
        ratio_variance(parts.into_iter())
    }

    /// By hand: 2 ÷ 1 × 8 ÷ 20², widened by (1 + r) ÷ (1 − r) with r = 1 ÷ 20 ÷ (1 − 3 ÷ 20) = 1 ÷ 17.
    #[test]
    fn two_parts_that_hold_data_are_enough_and_one_is_not() {
        let found = sparse(&[(0, 2.0), (10, -2.0)]).unwrap();
        assert!((found.variance - 0.04 * 18.0 / 16.0).abs() < 1e-15, "{found:?}");
        assert_eq!(found.freedom, 1.0);
        assert_eq!(sparse(&[(0, 2.0)]), None);
    }

    /// By hand: 6 ÷ 5 × 12 ÷ 60² × 18 ÷ 16, where fours would have 5 ÷ 4 × 24 ÷ 60².
    #[test]
    fn fours_are_put_together_where_two_of_them_can_hold_data() {
        let found = sparse(&[(0, 2.0), (3, 2.0), (8, -1.0), (11, -1.0), (16, -1.0), (19, -1.0)]).unwrap();
        assert!((found.variance - 14.4 / 3600.0 * 18.0 / 16.0).abs() < 1e-15, "{found:?}");
        assert_eq!(found.freedom, 5.0);
    }

    /// By hand: the sums of pairs are 2, −2, 2 and −2: 10 ÷ 9 × 16 ÷ 80², with the freedom of eight parts.
    #[test]
    fn pairs_have_no_more_freedom_than_the_parts_that_hold_data() {
        let signs = [1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, -1.0];
        let found = sparse(&signs.into_iter().enumerate().collect::<Vec<_>>()).unwrap();
        assert!((found.variance - 160.0 / 9.0 / 6400.0).abs() < 1e-15, "{found:?}");
        assert_eq!(found.freedom, 7.0);
    }
}
