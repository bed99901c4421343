//! Whether a measurement was the same at its end as at its beginning.

use crate::batches::{MOST_CORRELATION, neighbours};

/// The change from the first half of a measurement to the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// Mean of the first half.
    pub first: f64,
    /// Mean of the second half.
    pub second: f64,
    /// Standard error of [`relative`](Self::relative); a drift below about two of these may be chance.
    pub standard_error: f64,
}

impl Drift {
    /// (second − first) ÷ their mean; 0.05 means the second half is about 5 % higher. Between −2 and 2.
    #[must_use]
    pub fn relative(&self) -> f64 {
        2.0 * (self.second - self.first) / (self.first + self.second)
    }
}

/// The drift of a positive series: a value (replies per second, a median) per equally long
/// sub-window, in time order.
///
/// With an odd number the middle one is left out. `None` with fewer than two per half, or if a
/// value is negative, infinite or NaN, or all are zero. Halves and not a slope: a step half-way,
/// which is what warm-up that lasts too long looks like, shows in full.
///
/// The standard error is that of a difference, over the mean of both halves: where one of them is zero throughout, the other
/// still says how much chance there is. So replies that come in herds count by their herds: a few sub-windows with many and
/// many with none differ by more among themselves than their number of replies lets expect. Sub-windows that resemble their
/// neighbours within a half widen it by (1 + r) ÷ (1 − r), r being at most 0.8.
///
/// Source: comparing the ends of a series, Geweke, in *Bayesian Statistics 4* (1992); the widening is that of a first-order
/// autoregressive series.
pub fn drift(values: &[f64]) -> Option<Drift> {
    let half = values.len() / 2;
    if half < 2 || values.iter().any(|value| !(value.is_finite() && *value >= 0.0)) {
        return None;
    }
    let halves = [&values[..half], &values[values.len() - half..]];
    let [(first, first_variance), (second, second_variance)] = halves.map(mean_and_its_variance);
    if first + second == 0.0 {
        return None;
    }
    let [(a, first_squares), (b, second_squares)] =
        [(halves[0], first), (halves[1], second)].map(|(half, mean)| {
            let deviations: Vec<f64> = half.iter().map(|value| value - mean).collect();
            neighbours(&deviations)
        });
    let squares = first_squares + second_squares;
    let alike = if squares > 0.0 { ((a + b) / squares).clamp(0.0, MOST_CORRELATION) } else { 0.0 };
    let variance = (first_variance + second_variance) * (1.0 + alike) / (1.0 - alike);
    Some(Drift { first, second, standard_error: 2.0 * variance.sqrt() / (first + second) })
}

/// The mean of at least two values, and the variance of that mean.
fn mean_and_its_variance(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, squares / (count - 1.0) / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: halves 99, 101 and 105, 115: means 100 and 110, whose variances are 1 and 25;
    /// 2 × 10 ÷ 210 = 0.09524; 2 × √(1 + 25) ÷ 210 = 0.048562. Neighbours differ, so that nothing widens it.
    #[test]
    fn drift_equals_the_one_by_hand() {
        let found = drift(&[99.0, 101.0, 105.0, 115.0]).unwrap();
        assert!((found.relative() - 0.095_238).abs() < 1e-6, "{found:?}");
        assert!((found.standard_error - 0.048_562).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn a_few_herds_are_a_few_observations_and_not_a_drift() {
        // Two herds of 1,024, both in the second half; and one in each.
        for herds in [[13, 17], [3, 17]] {
            let values: Vec<f64> =
                (0..20).map(|index| if herds.contains(&index) { 1024.0 } else { 0.0 }).collect();
            let found = drift(&values).unwrap();
            assert!(found.relative().abs() < 3.0 * found.standard_error, "{herds:?}: {found:?}");
        }
    }

    #[test]
    fn a_slow_movement_is_less_certain_than_as_much_noise() {
        let slow = drift(&[1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 5.0, 5.0, 5.0]).unwrap();
        let noise = drift(&[1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 3.0, 5.0, 3.0, 5.0, 3.0, 5.0]).unwrap();
        assert_eq!(slow.relative(), noise.relative());
        assert!(slow.standard_error > 1.5 * noise.standard_error, "{slow:?} {noise:?}");
    }

    #[test]
    fn middle_of_an_odd_series_is_left_out() {
        assert_eq!(drift(&[99.0, 101.0, 5_000.0, 109.0, 111.0]), drift(&[99.0, 101.0, 109.0, 111.0]));
    }

    #[test]
    fn a_constant_series_does_not_drift() {
        assert_eq!(drift(&[7.0; 20]), Some(Drift { first: 7.0, second: 7.0, standard_error: 0.0 }));
    }

    #[test]
    fn a_falling_series_drifts_below_zero_and_units_do_not_matter() {
        let falling = drift(&[12.0, 11.0, 10.0, 9.0]).unwrap();
        let scaled = drift(&[12e6, 11e6, 10e6, 9e6]).unwrap();
        assert!(falling.relative() < 0.0);
        assert!((falling.relative() - scaled.relative()).abs() < 1e-12);
        assert!((falling.standard_error - scaled.standard_error).abs() < 1e-12);
    }

    #[test]
    fn series_that_cannot_tell_have_no_drift() {
        let series: [&[f64]; 6] = [
            &[],
            &[1.0, 2.0, 3.0],
            &[0.0; 8],
            &[1.0, -1.0, 1.0, 1.0],
            &[1.0, f64::NAN, 1.0, 1.0],
            &[1.0, f64::INFINITY, 1.0, 1.0],
        ];
        for values in series {
            assert_eq!(drift(values), None, "{values:?}");
        }
    }
}
