//! Whether a measurement was the same at its end as at its beginning.

/// The change from the first half of a measurement to the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// (second − first) ÷ their mean; 0.05 means the second half is about 5 % higher.
    pub relative: f64,
    /// Standard error of `relative`; a drift below about two of these may be chance.
    pub standard_error: f64,
}

/// The drift of a positive series: a value (replies per second, a median) per equally long
/// sub-window, in time order.
///
/// With an odd number the middle one is left out. `None` with fewer than two per half, or if a
/// value is negative, infinite or NaN, or all are zero. Halves and not a slope: a step half-way,
/// which is what warm-up that lasts too long looks like, shows in full. The standard error treats
/// sub-windows as independent; it is too small if they are short against what disturbs them.
///
/// Source: comparing the ends of a series, Geweke, in *Bayesian Statistics 4* (1992); standard
/// error of a ratio by the delta method, Casella and Berger, *Statistical Inference*, §5.5.4.
pub fn drift(values: &[f64]) -> Option<Drift> {
    let half = values.len() / 2;
    if half < 2 || values.iter().any(|value| !(value.is_finite() && *value >= 0.0)) {
        return None;
    }
    let (first, first_variance) = mean_and_its_variance(&values[..half]);
    let (second, second_variance) = mean_and_its_variance(&values[values.len() - half..]);
    let sum = first + second;
    if sum == 0.0 {
        return None;
    }
    let spread = (first * first * second_variance + second * second * first_variance).sqrt();
    Some(Drift { relative: 2.0 * (second - first) / sum, standard_error: 4.0 * spread / (sum * sum) })
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
    /// 2 × 10 ÷ 210 = 0.09524; 4 × √(100² × 25 + 110² × 1) ÷ 210² = 0.046436.
    #[test]
    fn drift_equals_the_one_by_hand() {
        let found = drift(&[99.0, 101.0, 105.0, 115.0]).unwrap();
        assert!((found.relative - 0.095_238).abs() < 1e-6, "{found:?}");
        assert!((found.standard_error - 0.046_436).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn middle_of_an_odd_series_is_left_out() {
        assert_eq!(drift(&[99.0, 101.0, 5_000.0, 109.0, 111.0]), drift(&[99.0, 101.0, 109.0, 111.0]));
    }

    #[test]
    fn a_constant_series_does_not_drift() {
        assert_eq!(drift(&[7.0; 20]), Some(Drift { relative: 0.0, standard_error: 0.0 }));
    }

    #[test]
    fn a_falling_series_drifts_below_zero_and_units_do_not_matter() {
        let falling = drift(&[12.0, 11.0, 10.0, 9.0]).unwrap();
        let scaled = drift(&[12e6, 11e6, 10e6, 9e6]).unwrap();
        assert!(falling.relative < 0.0);
        assert!((falling.relative - scaled.relative).abs() < 1e-12);
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
