//! How much less a measurement knows than its number of observations suggests.

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

/// The design effect of a quantile: the variance of the share at or below it, as the sub-windows
/// show it, over the variance that independent observations would have.
///
/// About 1 for independent observations; far above 1 where slow requests come in clusters, which
/// is the rule (a stall hits everything in flight). Multiply the binomial variance by it, as
/// [`crate::quantile::interval_ranks`] does. Sub-windows must be long against the clusters: what
/// spans several of them is not seen.
///
/// `None` with fewer than [`MIN_WINDOWS`] sub-windows, if all or no observations are at or below
/// (there is no variance to compare with), or if a sub-window counts more below than it has.
///
/// Source: Kish, *Survey Sampling* (1965), §8.2; the variance is that of a ratio estimator with
/// sub-windows as clusters (Cochran, *Sampling Techniques*, 3rd ed., chs. 6 and 9A).
pub fn design_effect(windows: &[SubWindow]) -> Option<f64> {
    if windows.len() < MIN_WINDOWS || windows.iter().any(|window| window.at_or_below > window.observations) {
        return None;
    }
    let observations: f64 = windows.iter().map(|window| window.observations as f64).sum();
    let below: f64 = windows.iter().map(|window| window.at_or_below as f64).sum();
    let share = below / observations;
    if !(share > 0.0 && share < 1.0) {
        return None;
    }
    let count = windows.len() as f64;
    let squares: f64 = windows
        .iter()
        .map(|window| (window.at_or_below as f64 - share * window.observations as f64).powi(2))
        .sum();
    let clustered = count / (count - 1.0) * squares / (observations * observations);
    let independent = share * (1.0 - share) / observations;
    Some(clustered / independent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(below: impl Iterator<Item = u64>) -> Vec<SubWindow> {
        below.map(|at_or_below| SubWindow { observations: 100, at_or_below }).collect()
    }

    /// By hand: 20 windows of 100, half with 85 below and half with 95, so share 0.9 and squares
    /// 20 × 25; 20/19 × 500 / 2000² ÷ (0.09 / 2000) = 2.924.
    #[test]
    fn design_effect_equals_the_one_by_hand() {
        let found = design_effect(&windows((0..20).map(|i| if i % 2 == 0 { 85 } else { 95 })));
        assert!(found.is_some_and(|found| (found - 2.92398).abs() < 1e-4), "{found:?}");
    }

    #[test]
    fn windows_filled_with_copies_of_one_observation_count_each_window_once() {
        let found = design_effect(&windows((0..1_000).map(|i| if i % 10 == 0 { 0 } else { 100 })));
        assert!(found.is_some_and(|found| (99.0..101.0).contains(&found)), "{found:?}");
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
}
