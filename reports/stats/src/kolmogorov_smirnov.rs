//! How far a sample lies from the distribution it should have come from.

/// The distribution that a sample is held against; any unit, the sample's own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reference {
    /// Evenly over 0 to `end`: the starts of a Poisson schedule of that length, as offsets.
    Uniform {
        /// Length of the schedule, above 0.
        end: f64,
    },
    /// Exponential: the gaps between the starts of a Poisson schedule.
    Exponential {
        /// Mean gap, above 0.
        mean: f64,
    },
}

impl Reference {
    /// The share of the distribution at or below `value`; 0 for a negative value.
    fn share_at_or_below(self, value: f64) -> f64 {
        match self {
            Self::Uniform { end } => (value / end).clamp(0.0, 1.0),
            Self::Exponential { mean } => -(-value.max(0.0) / mean).exp_m1(),
        }
    }

    fn is_proper(self) -> bool {
        let (Self::Uniform { end: scale } | Self::Exponential { mean: scale }) = self;
        scale.is_finite() && scale > 0.0
    }
}

/// The Kolmogorov–Smirnov distance, 0–1: the largest gap between the sample's cumulative share and
/// the reference's.
///
/// The order of the sample is irrelevant. `None` if it is empty or holds a NaN, or if the
/// reference's scale is not a positive number. Compare it with a fixed bound, not with a p-value:
/// over a million starts, a difference that harms nothing is "significant".
///
/// A sample that fits has a distance of about 0.87 ÷ √n, and stays below 1.36 ÷ √n 19 times in 20;
/// a bound below that asks for more than the sample can show.
///
/// Source: Kolmogorov (1933); Massey, "The Kolmogorov-Smirnov test for goodness of fit", JASA 46
/// (1951). That the starts of a Poisson process are uniform given their number: Cox and Lewis, *The
/// Statistical Analysis of Series of Events* (1966), ch. 6.
pub fn distance(sample: &[f64], reference: Reference) -> Option<f64> {
    if sample.is_empty() || !reference.is_proper() || sample.iter().any(|value| value.is_nan()) {
        return None;
    }
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let widest = sorted.iter().enumerate().map(|(index, &value)| {
        let expected = reference.share_at_or_below(value);
        // The sample's share jumps at the value: look on both sides of the jump.
        f64::max((index + 1) as f64 / count - expected, expected - index as f64 / count)
    });
    Some(widest.fold(0.0, f64::max))
}

/// The distance, 0–1, that a sample of this size exceeds about once in a hundred times although it fits: 1.63 ÷ √n.
///
/// For 20 values 0.364, where the exact distance is 0.352; the two approach each other. At least 1 for two values or fewer: those
/// show nothing.
///
/// Source: Massey (1951), table 1.
#[must_use]
pub fn rarely_exceeded(count: u64) -> f64 {
    1.63 / (count.max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_of_chance_shrinks_with_the_root_of_the_sample() {
        assert!(
            (rarely_exceeded(100) - 0.163).abs() < 1e-12 && (rarely_exceeded(10_000) - 0.0163).abs() < 1e-12
        );
        assert!(rarely_exceeded(0) > 1.0 && rarely_exceeded(2) > 1.0);
    }

    const UNIT: Reference = Reference::Uniform { end: 1.0 };

    /// By hand: shares 1/3, 2/3, 1 against 0.1, 0.2, 0.6: the widest gap is 2/3 − 0.2.
    #[test]
    fn distance_from_uniform_equals_the_one_by_hand() {
        let found = distance(&[0.6, 0.1, 0.2], UNIT).unwrap();
        assert!((found - (2.0 / 3.0 - 0.2)).abs() < 1e-12, "{found}");
        // And on the other side of a jump: 0.9 less the third that lies below it.
        let found = distance(&[0.1, 0.9, 0.95], UNIT).unwrap();
        assert!((found - (0.9 - 1.0 / 3.0)).abs() < 1e-12, "{found}");
    }

    /// The middles of n equal parts are as even as n values can be: 1 ÷ 2n.
    #[test]
    fn evenly_spread_sample_is_half_a_step_away() {
        let sample: Vec<f64> = (0..50).map(|index| (f64::from(index) + 0.5) / 50.0).collect();
        assert!((distance(&sample, UNIT).unwrap() - 0.01).abs() < 1e-12);
    }

    #[test]
    fn exponential_quantiles_fit_the_exponential_and_not_the_uniform() {
        let sample: Vec<f64> = (0..200).map(|i| -5.0 * (1.0 - (f64::from(i) + 0.5) / 200.0).ln()).collect();
        assert!(distance(&sample, Reference::Exponential { mean: 5.0 }).unwrap() < 0.003);
        assert!(distance(&sample, Reference::Uniform { end: 30.0 }).unwrap() > 0.3);
        assert!(distance(&sample, Reference::Exponential { mean: 10.0 }).unwrap() > 0.2);
    }

    #[test]
    fn sample_beyond_the_reference_is_as_far_as_can_be() {
        assert_eq!(distance(&[-2.0, -1.0], UNIT), Some(1.0));
        assert_eq!(distance(&[5.0, f64::INFINITY], UNIT), Some(1.0));
    }

    #[test]
    fn nothing_to_compare_has_no_distance() {
        assert_eq!(distance(&[], UNIT), None);
        assert_eq!(distance(&[0.5, f64::NAN], UNIT), None);
        for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(distance(&[0.5], Reference::Uniform { end: scale }), None);
            assert_eq!(distance(&[0.5], Reference::Exponential { mean: scale }), None);
        }
    }
}
