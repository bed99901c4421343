//! Between which values the mean of one measurement lies.

use crate::design_effect::MIN_WINDOWS;
use crate::distributions::student_quantile;

/// One of the consecutive, equally long parts of a measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Batch {
    /// Observations that belong to it.
    pub observations: u64,
    /// Their sum.
    pub sum: f64,
}

/// Neighbouring batches that resemble each other more than that are parts of one movement, and no interval is honest.
const MOST_CORRELATION: f64 = 0.8;

/// The interval that holds the true mean with `confidence`, lower end first.
///
/// What is dependent within a batch costs nothing: the variance is that between batches, whose number of observations may
/// differ. What is dependent between neighbours widens it by (1 + r) ÷ (1 − r), r being the correlation of their
/// residuals; where that is negative it counts as none. It describes one measurement: verdicts use blocks only.
///
/// `None` with fewer than [`MIN_WINDOWS`] batches, without observations, for a `confidence` outside 0–1, and where
/// neighbours are alike by more than 0.8: the batches are then too short for what moves here.
///
/// Source: Law, *Simulation Modeling and Analysis*, 5th ed., §9.5.3 (batch means); Cochran, *Sampling Techniques*, 3rd ed.,
/// §6.3 (the ratio of two sums); the widening is that of a first-order autoregressive series.
pub fn mean_interval(batches: &[Batch], confidence: f64) -> Option<(f64, f64)> {
    let observations: f64 = batches.iter().map(|batch| batch.observations as f64).sum();
    let is_share = confidence > 0.0 && confidence < 1.0;
    if batches.len() < MIN_WINDOWS || observations == 0.0 || !is_share {
        return None;
    }
    let mean = batches.iter().map(|batch| batch.sum).sum::<f64>() / observations;
    let residuals: Vec<f64> =
        batches.iter().map(|batch| batch.sum - mean * batch.observations as f64).collect();
    let squares: f64 = residuals.iter().map(|residual| residual * residual).sum();
    if squares == 0.0 {
        return Some((mean, mean));
    }
    let neighbours: f64 = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let correlation = (neighbours / squares).max(0.0);
    if correlation > MOST_CORRELATION {
        return None;
    }
    let count = batches.len() as f64;
    let independent = count / (count - 1.0) * squares / (observations * observations);
    let deviation = (independent * (1.0 + correlation) / (1.0 - correlation)).sqrt();
    let half = student_quantile(0.5 + confidence / 2.0, count - 1.0) * deviation;
    Some((mean - half, mean + half))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(means: impl Iterator<Item = f64>) -> Vec<Batch> {
        means.map(|mean| Batch { observations: 100, sum: mean * 100.0 }).collect()
    }

    /// By hand: 20 batches of means 9, 9, 11, 11 …; residuals ±100, squares 200,000, so variance 20/19 × 200,000 ÷ 2,000²
    /// and deviation 0.22942. Of 19 products of neighbours 10 are positive: correlation 1/20, which makes 0.24119. t(19) is
    /// 2.0930.
    #[test]
    fn an_interval_equals_the_one_by_hand() {
        let (low, high) =
            mean_interval(&batches((0..20).map(|i| if i % 4 < 2 { 9.0 } else { 11.0 })), 0.95).unwrap();
        assert!(
            (low - (10.0 - 0.50482)).abs() < 1e-3 && (high - (10.0 + 0.50482)).abs() < 1e-3,
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
        assert_eq!(mean_interval(&batches((0..20).map(|_| 1.0)), 1.0), None);
        // One slow movement over the whole measurement: half of it below, half above.
        assert_eq!(mean_interval(&batches((0..20).map(|i| f64::from(i / 10))), 0.95), None);
        assert_eq!(mean_interval(&batches((0..20).map(|_| 3.0)), 0.95), Some((3.0, 3.0)));
    }
}
