//! How many of many small p-values may be believed.

/// The share of false ones accepted among the wins, and among the ties, of one metric.
pub const FALSE_DISCOVERY_RATE: f64 = 0.05;

/// Which hypotheses to keep so that the expected share of false ones among them is at most `rate`;
/// in the order of `p_values`.
///
/// With the p-values sorted, keeps all up to the largest k with p₍ₖ₎ ≤ k ÷ m × `rate`. Cells of a
/// run share contenders and machine, so their p-values are positively dependent; the rate holds
/// then too. A NaN is never kept and still counts as one of the m.
///
/// Source: Benjamini and Hochberg, "Controlling the false discovery rate", JRSS B 57 (1995);
/// positive dependence: Benjamini and Yekutieli, Annals of Statistics 29 (2001).
pub fn benjamini_hochberg(p_values: &[f64], rate: f64) -> Vec<bool> {
    let mut sorted = p_values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let step = rate / p_values.len() as f64;
    let last_kept = (0..sorted.len()).rev().find(|&index| sorted[index] <= (index + 1) as f64 * step);
    let threshold = last_kept.map(|index| sorted[index]);
    p_values.iter().map(|&p| threshold.is_some_and(|threshold| p <= threshold)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The 15 p-values of the paper's own example (Neuhaus et al., 1992): four are kept, Bonferroni keeps three.
    #[test]
    fn worked_example_of_the_paper_keeps_four_of_fifteen() {
        let p_values = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
            0.6528, 0.7590, 1.0000,
        ];
        let kept = benjamini_hochberg(&p_values, 0.05);
        assert_eq!(kept, (0..15).map(|index| index < 4).collect::<Vec<_>>());
    }

    /// 0.04 alone would fail its own bound (2 ÷ 3 × 5 % = 3.3 %); the third passes and lifts it.
    #[test]
    fn a_later_p_value_lifts_the_earlier_ones() {
        assert_eq!(benjamini_hochberg(&[0.045, 0.01, 0.04], 0.05), [true, true, true]);
        assert_eq!(benjamini_hochberg(&[0.06, 0.01, 0.04], 0.05), [false, true, false]);
    }

    #[test]
    fn a_family_of_one_is_an_ordinary_test() {
        assert_eq!(benjamini_hochberg(&[0.05], 0.05), [true]);
        assert_eq!(benjamini_hochberg(&[0.0501], 0.05), [false]);
    }

    #[test]
    fn nan_is_never_kept_and_still_counts() {
        assert_eq!(benjamini_hochberg(&[f64::NAN, 0.03], 0.05), [false, false]);
        assert_eq!(benjamini_hochberg(&[], 0.05), Vec::<bool>::new());
    }
}
