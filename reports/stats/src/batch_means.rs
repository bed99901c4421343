//! Between which values the mean of one measurement lies.

use crate::batches::ratio_variance;
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
const FEWEST: f64 = 12.0;

/// The interval that holds the true mean with `confidence`, lower end first.
///
/// What is dependent within a batch costs nothing: the variance is that between batches, whose number of observations may
/// differ. What is dependent between neighbours widens it by (1 + r) ÷ (1 − r), r being the correlation of their
/// residuals; where that is negative it counts as none. The degrees of freedom are those of the batches that hold data. It
/// describes one measurement: verdicts use blocks only.
///
/// `None` with fewer than [`MIN_WINDOWS`](crate::design_effect::MIN_WINDOWS) batches, where fewer than twelve of them hold data, for
/// a `confidence` outside 0–1, and where neighbours are alike by more than 0.8: the batches are then too short for what moves
/// here.
///
/// Source: Law, *Simulation Modeling and Analysis*, 5th ed., §9.5.3 (batch means); Cochran, *Sampling Techniques*, 3rd ed.,
/// §6.3 (the ratio of two sums); the widening is that of a first-order autoregressive series.
pub fn mean_interval(batches: &[Batch], confidence: f64) -> Option<(f64, f64)> {
    let observations: f64 = batches.iter().map(|batch| batch.observations as f64).sum();
    if observations == 0.0 || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let mean = batches.iter().map(|batch| batch.sum).sum::<f64>() / observations;
    let residual = |batch: &Batch| batch.sum - mean * batch.observations as f64;
    let found = ratio_variance(batches.iter().map(|batch| (batch.observations, residual(batch))))?;
    if found.freedom + 1.0 < FEWEST {
        return None;
    }
    let half = student_quantile(0.5 + confidence / 2.0, found.freedom) * found.variance.sqrt();
    Some((mean - half, mean + half))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(means: impl Iterator<Item = f64>) -> Vec<Batch> {
        means.map(|mean| Batch { observations: 100, sum: mean * 100.0 }).collect()
    }

    /// By hand: 20 batches of means 9, 9, 11, 11 …; residuals ±100, squares 200,000, so variance 20/19 × 200,000 ÷ 2,000²
    /// and deviation 0.22942. Of 19 products of neighbours 10 are positive: correlation 1/20, its bias of 1/20 added and by 17/20
    /// divided 0.11765, which makes 0.25816. t(19) is 2.0930.
    #[test]
    fn an_interval_equals_the_one_by_hand() {
        let (low, high) =
            mean_interval(&batches((0..20).map(|i| if i % 4 < 2 { 9.0 } else { 11.0 })), 0.95).unwrap();
        assert!(
            (low - (10.0 - 0.54033)).abs() < 1e-3 && (high - (10.0 + 0.54033)).abs() < 1e-3,
            "{low} {high}"
        );
    }

    #[test]
    fn a_batch_counts_by_its_observations() {
        let mut all = batches((0..19).map(|_| 1.0));
        all.push(Batch { observations: 1, sum: 1000.0 });
        let (low, high) = mean_interval(&all, 0.95).unwrap();
        assert!(low < 2900.0 / 1901.0 && high > 2900.0 / 1901.0 && high < 3.0, "{low} {high}");
    }

    #[test]
    fn what_cannot_be_said_is_not() {
        assert_eq!(mean_interval(&batches((0..19).map(f64::from)), 0.95), None);
        assert_eq!(mean_interval(&[Batch { observations: 0, sum: 0.0 }; 20], 0.95), None);
        for confidence in [-0.1, 0.0, 1.0, f64::NAN] {
            assert_eq!(mean_interval(&batches((0..20).map(|_| 1.0)), confidence), None, "{confidence}");
        }
        let holding = |count: u64| -> Vec<Batch> {
            let observations = (0..20).map(|index| u64::from(index < count));
            observations.map(|observations| Batch { observations, sum: observations as f64 }).collect()
        };
        assert_eq!((mean_interval(&holding(1), 0.95), mean_interval(&holding(11), 0.95)), (None, None));
        assert_eq!(mean_interval(&holding(12), 0.95), Some((1.0, 1.0)));
        // One slow movement over the whole measurement: half of it below, half above.
        assert_eq!(mean_interval(&batches((0..20).map(|i| f64::from(i / 10))), 0.95), None);
        assert_eq!(mean_interval(&batches((0..20).map(|_| 3.0)), 0.95), Some((3.0, 3.0)));
    }
}
