//! How much less a measurement knows than its number of observations suggests.

use crate::batch_means::Batch;
use crate::batches::ratio_variance;
use crate::quantile::Spread;

/// A variance from fewer sub-windows than this is too uncertain to widen anything by.
///
/// With 20 it is known to about a third (√(2/19)).
pub const MIN_WINDOWS: usize = 20;

/// One of the consecutive, equally long parts of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubWindow {
    /// Observations that belong to this sub-window.
    pub observations: u64,
    /// How many of them are at or below the quantile's value in the *whole* measurement.
    pub at_or_below: u64,
}

/// Fewest sub-windows that hold observations on either side of the quantile.
///
/// With fewer, what lies beyond came in a few clusters, of which the next measurement may have twice as many: the simulation in
/// `tests/rates/coverage.rs` has the interval miss more often than promised.
const FEWEST: usize = 8;

/// How far the ranks of a quantile's interval have to be apart: the variance of the share at or below it, as the sub-windows
/// show it, over the variance that independent observations would have, and the degrees of freedom of that variance.
///
/// About 1 for independent observations; far above 1 where slow requests come in clusters, which is the rule (a stall hits
/// everything in flight). What goes on from one sub-window to the next widens it further, as it does a mean's interval. Multiply the
/// binomial variance by it, as [`crate::quantile::interval_ranks`] does. The sub-windows that hold data on both sides of the
/// quantile are what there is to know about it: the degrees of freedom are those of the scarcer side, or of the pairs or fours of sub-windows
/// that show the variance.
///
/// `None` with fewer than [`MIN_WINDOWS`] sub-windows, where fewer than eight of them hold an observation at or below it or fewer
/// than eight one beyond, where neighbours resemble each other by more than 0.8, or if a sub-window counts more below than it has.
///
/// Source: Kish, *Survey Sampling* (1965), §8.2; the variance is that of a ratio estimator with
/// sub-windows as clusters (Cochran, *Sampling Techniques*, 3rd ed., chs. 6 and 9A).
pub fn design_effect(windows: &[SubWindow]) -> Option<Spread> {
    if windows.iter().any(|window| window.at_or_below > window.observations) {
        return None;
    }
    let below = windows.iter().filter(|window| window.at_or_below > 0).count();
    let beyond = windows.iter().filter(|window| window.at_or_below < window.observations).count();
    let scarcer = below.min(beyond);
    if scarcer < FEWEST {
        return None;
    }
    let observations: f64 = windows.iter().map(|window| window.observations as f64).sum();
    let share = windows.iter().map(|window| window.at_or_below as f64).sum::<f64>() / observations;
    let deviation = |window: &SubWindow| window.at_or_below as f64 - share * window.observations as f64;
    let clustered = ratio_variance(windows.iter().map(|window| (window.observations, deviation(window))))?;
    let independent = share * (1.0 - share) / observations;
    let design_effect = clustered.variance / independent;
    Some(Spread { design_effect, freedom: clustered.freedom.min(scarcer as f64 - 1.0) })
}

/// The same where times are so alike that their share at or below the quantile has no variance to compare with: each of `parts` that holds
/// data counts as one observation, which is the most that times within it can depend on each other.
///
/// Parts whose means resemble those of their neighbours are fewer observations still, by as much as the variance of the mean is larger than
/// that of independent parts: a series that moves slowly and by little is not seen whole either. Means that differ by no more than `least`
/// are not told apart.
///
/// `None` with fewer than [`MIN_WINDOWS`] parts, with fewer than two that hold data, and where neighbours resemble each other by more than
/// 0.8.
pub fn of_alike(parts: &[Batch], least: f64) -> Option<Spread> {
    let observations: f64 = parts.iter().map(|part| part.observations as f64).sum();
    let holding = parts.iter().filter(|part| part.observations > 0).count() as f64;
    let means =
        parts.iter().filter(|part| part.observations > 0).map(|part| part.sum / part.observations as f64);
    let (lowest, highest) =
        means.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), mean| (low.min(mean), high.max(mean)));
    if parts.len() >= MIN_WINDOWS && holding >= 2.0 && highest - lowest <= least {
        return Some(Spread { design_effect: observations / holding, freedom: holding - 1.0 });
    }
    let mean = parts.iter().map(|part| part.sum).sum::<f64>() / observations;
    let residual = |part: &Batch| part.sum - mean * part.observations as f64;
    let found = ratio_variance(parts.iter().map(|part| (part.observations, residual(part))))?;
    let squares: f64 = parts.iter().map(|part| residual(part).powi(2)).sum();
    let of_independent = holding / (holding - 1.0) * squares / (observations * observations);
    let widening = if of_independent > 0.0 { (found.variance / of_independent).max(1.0) } else { 1.0 };
    Some(Spread { design_effect: observations / holding * widening, freedom: found.freedom })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(below: impl Iterator<Item = u64>) -> Vec<SubWindow> {
        below.map(|at_or_below| SubWindow { observations: 100, at_or_below }).collect()
    }

    fn effect(below: impl Iterator<Item = u64>) -> Option<f64> {
        design_effect(&windows(below)).map(|spread| spread.design_effect)
    }

    /// By hand: 20 windows of 100, half with 85 below and half with 95, so share 0.9 and squares
    /// 20 × 25; 20/19 × 500 / 2000² ÷ (0.09 / 2000) = 2.924. Neighbours differ, so that nothing widens it.
    #[test]
    fn design_effect_equals_the_one_by_hand() {
        let found = design_effect(&windows((0..20).map(|i| if i % 2 == 0 { 85 } else { 95 }))).unwrap();
        assert!((found.design_effect - 2.92398).abs() < 1e-4 && found.freedom == 19.0, "{found:?}");
    }

    #[test]
    fn neighbours_that_resemble_each_other_widen_it_and_withhold_it_beyond_four_fifths() {
        let alternating = effect((0..40).map(|i| if i % 2 == 0 { 85 } else { 95 })).unwrap();
        let in_pairs = effect((0..40).map(|i| if i % 4 < 2 { 85 } else { 95 })).unwrap();
        let in_fives = effect((0..40).map(|i| if i % 10 < 5 { 85 } else { 95 })).unwrap();
        assert!(alternating < in_pairs && 2.0 * in_pairs < in_fives, "{alternating} {in_pairs} {in_fives}");
        assert_eq!(effect((0..40).map(|i| if i < 20 { 85 } else { 95 })), None);
    }

    #[test]
    fn windows_filled_with_copies_of_one_observation_count_each_window_once() {
        let found = effect((0..1_000).map(|i| if i % 10 == 0 { 0 } else { 100 }));
        assert!(found.is_some_and(|found| (99.0..101.0).contains(&found)), "{found:?}");
    }

    #[test]
    fn what_lies_beyond_has_to_lie_in_eight_windows_and_they_are_its_degrees_of_freedom() {
        // Every other window but for some: neighbours, pairs and fours of windows differ by no more than single ones.
        let beyond_but = |without: &[u64]| {
            design_effect(&windows(
                (0..20).map(|i| if i % 2 == 0 && !without.contains(&i) { 98 } else { 100 }),
            ))
        };
        assert_eq!(beyond_but(&[4, 8, 14]), None);
        assert_eq!(beyond_but(&[4, 14]).map(|spread| spread.freedom), Some(7.0));
    }

    #[test]
    fn too_few_windows_say_nothing() {
        assert_eq!(design_effect(&windows((0..19).map(|i| 85 + i % 3))), None);
        assert!(design_effect(&windows((0..20).map(|i| 85 + i % 3))).is_some());
    }

    #[test]
    fn windows_without_variance_or_observations_say_nothing() {
        assert_eq!(design_effect(&windows((0..20).map(|_| 100))), None);
        assert_eq!(design_effect(&windows((0..20).map(|_| 0))), None);
        assert_eq!(design_effect(&[SubWindow { observations: 0, at_or_below: 0 }; 20]), None);
        assert_eq!(design_effect(&[SubWindow { observations: 1, at_or_below: 2 }; 20]), None);
    }

    fn alike(means: impl Iterator<Item = f64>) -> Option<Spread> {
        of_alike(&means.map(|mean| Batch { observations: 100, sum: 100.0 * mean }).collect::<Vec<_>>(), 1e-5)
    }

    /// By hand: 2,000 times in twenty parts, of which neighbours differ and pairs and fours cancel out.
    #[test]
    fn of_times_that_are_alike_each_part_counts_once() {
        let found = alike((0..20).map(|i| 10.0 + f64::from(i % 2) / 1e3)).unwrap();
        assert!((found.design_effect - 100.0).abs() < 1e-6 && found.freedom == 19.0, "{found:?}");
    }

    #[test]
    fn of_times_that_are_alike_and_move_slowly_parts_count_less_or_nothing_is_known() {
        // In pairs: 10/9 × 10 × 4 against 20/19 × 20, with nine degrees of freedom.
        let in_pairs = alike((0..20).map(|i| if i % 4 < 2 { 10.0 } else { 10.001 })).unwrap();
        assert!(in_pairs.design_effect > 200.0 && in_pairs.freedom == 9.0, "{in_pairs:?}");
        assert_eq!(alike((0..20).map(|i| 10.0 + f64::from(i) / 1e4)), None, "a drift");
        let still = alike((0..20).map(|i| 10.0 + f64::from(i) / 1e7)).unwrap();
        assert!((still.design_effect - 100.0).abs() < 1e-6 && still.freedom == 19.0, "{still:?}");
        assert_eq!(alike((0..19).map(f64::from)), None);
    }
}
