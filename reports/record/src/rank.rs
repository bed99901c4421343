//! Which observation, in order of size, a quantile is, and how many it takes to print one.

/// Fewest observations that must lie beyond a quantile before it is printed.
///
/// With fewer, the order statistic has no useful interval: at ten, the share beyond is known to about a third (1/√10), so that a
/// printed p99 may stand anywhere between p98.2 and p99.6.
pub const MIN_BEYOND: u64 = 10;

/// The 1-based rank of the quantile `q` (0–1) among `count` observations: ⌈q·count⌉, and 1 at least.
///
/// The one definition of every figure, table and curve. Where q·count is whole it is that number: 0.999 is a little more in
/// binary than in decimal, and a product that is too large by such a rounding error alone is not rounded up.
#[must_use]
pub fn rank(q: f64, count: u64) -> u64 {
    let slack = 1.0 - 4.0 * f64::EPSILON;
    ((count as f64 * q * slack).ceil() as u64).clamp(1, count.max(1))
}

/// Whether `count` observations are enough to print their quantile `q`; never for a `q` outside 0–1.
#[must_use]
pub fn is_enough(count: u64, q: f64) -> bool {
    (0.0..1.0).contains(&q) && count > 0 && count - rank(q, count) >= MIN_BEYOND
}

/// The fewest observations that are enough to print the quantile `q`; `None` for a `q` outside 0–1, and for 1.
#[must_use]
pub fn needed(q: f64) -> Option<u64> {
    if !(0.0..1.0).contains(&q) {
        return None;
    }
    // A rounding error may put the quotient one too high or too low.
    let about = (MIN_BEYOND as f64 / (1.0 - q)).round() as u64;
    (about.saturating_sub(2)..=about + 2).find(|count| is_enough(*count, q))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_product_is_the_rank_itself() {
        for count in (1_000..200_000).step_by(1_000) {
            for thousandths in [500, 900, 950, 990, 999] {
                let q = f64::from(thousandths) / 1e3;
                assert_eq!(rank(q, count), u64::from(thousandths as u32) * count / 1_000, "{q} of {count}");
            }
        }
        assert_eq!((rank(99.9 / 100.0, 10_000), rank(1.0 - 0.1, 10)), (9_990, 9));
    }

    #[test]
    fn a_product_between_two_ranks_is_rounded_up() {
        assert_eq!((rank(0.5, 3), rank(0.99, 150), rank(0.0, 7), rank(1.0, 7)), (2, 149, 1, 7));
    }

    #[test]
    fn a_quantile_needs_ten_observations_beyond_it() {
        for (q, fewest) in [
            (0.5, 20),
            (0.9, 100),
            (0.95, 200),
            (0.975, 400),
            (0.99, 1_000),
            (0.999, 10_000),
            (0.9999, 100_000),
        ] {
            assert!(is_enough(fewest, q) && !is_enough(fewest - 1, q), "{q}");
            assert_eq!(needed(q), Some(fewest), "{q}");
        }
    }

    #[test]
    fn a_quantile_outside_0_to_1_is_never_printed() {
        for q in [-0.1, 1.0, 1.1, f64::NAN] {
            assert!(!is_enough(1_000_000, q) && needed(q).is_none(), "{q}");
        }
    }
}
