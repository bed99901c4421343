//! Between which values the mean of one measurement lies.

use crate::batches::{is_worth_too_little, ratio_variance};
use crate::distributions::student_quantile;

/// One of the consecutive, equally long parts of a measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Batch {
    /// Observations that belong to it.
    pub observations: u64,
    /// Their sum.
    pub sum: f64,
}

/// Fewest batches that hold data. With fewer, the mean of times as skewed as an exponential's is missed more often than one time
/// in ten (see the simulation in `tests/rates/coverage.rs`).
const FEWEST: usize = 12;

/// The interval that holds the true mean of times, none of them negative, with `confidence`; lower end first. `variance` is that of
/// single times.
///
/// What is dependent within a batch costs nothing: the variance is that between batches, whose number of observations may
/// differ. What is dependent between neighbours widens it by (1 + r) ÷ (1 − r), r being the correlation of their
/// residuals; where that is negative it counts as none. Where pairs or fours of batches show a wider interval, it is theirs. The degrees
/// of freedom are those of the batches that hold data. Both ends are as many times the mean apart from it: a mean that came out too low comes with
/// a variance that did as well, so that the upper end has to be farther away. It describes one measurement: verdicts use blocks only.
///
/// `None` where times depend on each other so much that they are worth fewer than a hundred independent ones, with fewer than [`MIN_WINDOWS`](crate::design_effect::MIN_WINDOWS) batches, where fewer than twelve of them hold data, where
/// these do not differ at all, for a `confidence` outside 0–1, and where neighbours are alike by more than 0.8: the batches are then too
/// short for what moves here.
///
/// Source: Law, *Simulation Modeling and Analysis*, 5th ed., §9.5.3 (batch means); Cochran, *Sampling Techniques*, 3rd ed.,
/// §6.3 (the ratio of two sums); the widening is that of a first-order autoregressive series.
pub fn mean_interval(batches: &[Batch], variance: f64, confidence: f64) -> Option<(f64, f64)> {
    let observations: f64 = batches.iter().map(|batch| batch.observations as f64).sum();
    if observations == 0.0 || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let mean = batches.iter().map(|batch| batch.sum).sum::<f64>() / observations;
    let residual = |batch: &Batch| batch.sum - mean * batch.observations as f64;
    if batches.iter().filter(|batch| batch.observations > 0).count() < FEWEST {
        return None;
    }
    let found = ratio_variance(batches.iter().map(|batch| (batch.observations, residual(batch))))?;
    // Where all times are the same, another one was not seen, nor how often it comes.
    if found.variance <= 0.0 || is_worth_too_little(observations, variance / found.variance) {
        return None;
    }
    let half = student_quantile(0.5 + confidence / 2.0, found.freedom) * found.variance.sqrt();
    let factor = (half / mean).exp();
    factor.is_finite().then_some((mean / factor, mean * factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(means: impl Iterator<Item = f64>) -> Vec<Batch> {
        means.map(|mean| Batch { observations: 100, sum: mean * 100.0 }).collect()
    }

    /// By hand: 20 batches of means 9, 11, 9, 11 …; residuals ±100, squares 200,000, so variance 20/19 × 200,000 ÷ 2,000² and deviation
    /// 0.22942. Neighbours differ, and pairs do not. t(19) is 2.0930, which makes 0.48017: the factor is e to 0.048017.
    #[test]
    fn an_interval_equals_the_one_by_hand() {
        let found =
            mean_interval(&batches((0..20).map(|i| 9.0 + f64::from(i % 2) * 2.0)), 100.0, 0.95).unwrap();
        assert!((found.0 - 9.531177).abs() < 1e-4 && (found.1 - 10.491885).abs() < 1e-4, "{found:?}");
    }

    /// By hand: of means 9, 9, 11, 11 … pairs have residuals ±200: variance 10/9 × 400,000 ÷ 2,000², deviation 0.33333, and t(9) is
    /// 2.2622: 0.75406. Neighbours alone would make 0.54033.
    #[test]
    fn what_goes_on_for_two_batches_is_seen_between_pairs() {
        let found = mean_interval(&batches((0..20).map(|i| if i % 4 < 2 { 9.0 } else { 11.0 })), 100.0, 0.95)
            .unwrap();
        assert!((found.0 - 9.273669).abs() < 1e-4 && (found.1 - 10.783219).abs() < 1e-4, "{found:?}");
    }

    /// A variance of the mean of 0.052632: single times with 3.1579 times 0.052632 … are worth as many independent ones.
    #[test]
    fn times_that_depend_on_each_other_have_to_be_worth_a_hundred() {
        let alternating = batches((0..20).map(|i| 9.0 + f64::from(i % 2) * 2.0));
        let of = |worth: f64| mean_interval(&alternating, worth * 0.052_631_6, 0.95);
        assert!(of(100.1).is_some() && of(99.9).is_none());
        // Of few times an interval is given all the same: they are not dependent, but few.
        let few: Vec<Batch> =
            alternating.iter().map(|batch| Batch { observations: 2, sum: batch.sum / 50.0 }).collect();
        assert!(mean_interval(&few, 10.1 * 0.052_631_6, 0.95).is_some());
        assert!(mean_interval(&few, 9.9 * 0.052_631_6, 0.95).is_none());
    }

    #[test]
    fn a_batch_counts_by_its_observations() {
        let mut all = batches((0..19).map(|_| 1.0));
        all.push(Batch { observations: 1, sum: 1000.0 });
        let (low, high) = mean_interval(&all, 900.0, 0.95).unwrap();
        assert!(low < 2900.0 / 1901.0 && high > 2900.0 / 1901.0 && high < 5.0, "{low} {high}");
    }

    #[test]
    fn what_cannot_be_said_is_not() {
        assert_eq!(mean_interval(&batches((0..19).map(f64::from)), 100.0, 0.95), None);
        assert_eq!(mean_interval(&[Batch { observations: 0, sum: 0.0 }; 20], 100.0, 0.95), None);
        for confidence in [-0.1, 0.0, 1.0, f64::NAN] {
            assert_eq!(
                mean_interval(&batches((0..20).map(|i| f64::from(i % 2))), 100.0, confidence),
                None,
                "{confidence}"
            );
        }
        let holding = |count: u64| -> Vec<Batch> {
            let of = |index: u64| {
                let observations = u64::from(index < count);
                Batch { observations, sum: (observations * (1 + index % 2)) as f64 }
            };
            (0..20).map(of).collect()
        };
        assert_eq!(
            (mean_interval(&holding(1), 1.0, 0.95), mean_interval(&holding(11), 1.0, 0.95)),
            (None, None)
        );
        assert!(mean_interval(&holding(12), 100.0, 0.95).is_some());
        // One slow movement over the whole measurement: half of it below, half above.
        assert_eq!(mean_interval(&batches((0..20).map(|i| f64::from(i / 10))), 100.0, 0.95), None);
    }

    /// Of two thousand requests that all met a free connection, the next thousand may have one that waited: 0 to 0 would deny it.
    #[test]
    fn an_interval_without_width_is_none() {
        for value in [0.0, 3.0] {
            assert_eq!(mean_interval(&batches((0..20).map(|_| value)), 100.0, 0.95), None, "{value}");
        }
    }
}
