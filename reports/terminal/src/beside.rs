//! Figures beside the bounds that they are held to.

/// Decimals beyond which a figure counts as equal to its bound.
const MOST: usize = 9;

/// The fewest decimals, `least` or more, with which `value` is written on the side of `bound` where it lies.
///
/// A share of 98.996 % that is below a bound of 99 % is not "99.0 %": the figure would contradict the verdict beside it. Both are in the
/// unit in which the figure is written.
#[must_use]
pub fn decimals_beside(value: f64, bound: f64, least: usize) -> usize {
    let written = |decimals: usize| format!("{value:.decimals$}").parse::<f64>().unwrap_or(value);
    let side = value.partial_cmp(&bound);
    (least..=MOST).find(|decimals| written(*decimals).partial_cmp(&bound) == side).unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_written_on_its_own_side_of_the_bound() {
        for (value, bound, expected) in [
            (98.996, 99.0, "98.996"),
            (98.994, 99.0, "98.99"),
            (99.0, 99.0, "99.0"),
            (97.3, 99.0, "97.3"),
            (70.000_4, 70.0, "70.0004"),
            (5.0, 2.0, "5.0"),
        ] {
            let decimals = decimals_beside(value, bound, 1);
            let shown = format!("{value:.decimals$}");
            let is_apart = shown.parse::<f64>().unwrap().partial_cmp(&bound) == value.partial_cmp(&bound);
            assert!(is_apart, "{value} {bound}: {shown}");
            assert!(shown.len() <= expected.len() + 1, "{value} {bound}: {shown}");
        }
        assert_eq!(decimals_beside(97.3, 99.0, 0), 0);
        assert_eq!(decimals_beside(98.7, 99.0, 0), 1);
    }

    #[test]
    fn a_difference_that_no_figure_shows_adds_no_digits() {
        assert_eq!(decimals_beside(50.0 + 1e-12, 50.0, 1), 1);
        assert_eq!(decimals_beside(f64::NAN, 50.0, 1), 1);
    }
}
