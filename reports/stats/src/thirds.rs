//! Whether an effect was the same at the beginning and at the end of a run.

use crate::distributions::student_tail;
use crate::effect::{CONFIDENCE, Effect, Pair, effect};
use crate::evidence::MARGIN;

/// The effects in the first and in the last third of a cell's blocks.
///
/// Machines have regimes of minutes: in one of them a program may run a fifth faster, and a decided win reads as a decided tie.
/// A verdict on blocks of both regimes is a verdict on their mixture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thirds {
    /// Mean log ratio of the first third.
    pub first: f64,
    /// Mean log ratio of the last third.
    pub last: f64,
    /// Chance of means at least this far apart, were the true ones apart by just the margin.
    pub p: f64,
}

impl Thirds {
    /// Compares the first and the last third of `blocks`, in the order measured, `None` for those that do not count; `None`
    /// where either third has fewer than two that do.
    ///
    /// Source: Welch, Biometrika 34 (1947), against the interval null of Hodges and Lehmann, JRSS B 16 (1954).
    #[must_use]
    pub fn of(blocks: &[Option<Pair>]) -> Option<Self> {
        let third = blocks.len() / 3;
        let of =
            |blocks: &[Option<Pair>]| effect(&blocks.iter().flatten().copied().collect::<Vec<Pair>>()).ok();
        let (first, last) = (of(&blocks[..third])?, of(&blocks[blocks.len() - third..])?);
        Some(Self { first: first.log_ratio(), last: last.log_ratio(), p: p_apart(&first, &last) })
    }

    /// Whether the two differ by more than the margin, and by more than chance: then a verdict depends on the state of the
    /// machine.
    #[must_use]
    pub fn disagree(&self) -> bool {
        self.p < 1.0 - CONFIDENCE
    }
}

fn p_apart(one: &Effect, other: &Effect) -> f64 {
    let distance = (one.log_ratio() - other.log_ratio()).abs();
    let (a, b) = (one.standard_error().powi(2), other.standard_error().powi(2));
    if a + b <= 0.0 {
        return if distance > MARGIN { 0.0 } else { 1.0 };
    }
    let freedom = (a + b).powi(2) / (a.powi(2) / one.freedom() + b.powi(2) / other.freedom());
    let tail = |beyond: f64| student_tail(beyond / (a + b).sqrt(), freedom);
    (tail(distance - MARGIN) + tail(distance + MARGIN)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(logs: &[f64]) -> Vec<Option<Pair>> {
        logs.iter().map(|log| Some(Pair { sync: 1.0, r#async: log.exp() })).collect()
    }

    #[test]
    fn a_regime_that_changes_within_a_run_is_told() {
        let changed = [-0.12, -0.11, -0.12, -0.11, -0.05, -0.06, -0.04, -0.05, 0.0, 0.01, 0.0, 0.01];
        let found = Thirds::of(&blocks(&changed)).unwrap();
        assert!(found.disagree(), "{found:?}");
        assert!((found.first + 0.115).abs() < 1e-12 && (found.last - 0.005).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn noise_and_differences_within_the_margin_are_no_regimes() {
        let noisy = [0.1, -0.1, 0.2, -0.2, 0.0, 0.1, -0.1, 0.2, -0.1, 0.3, 0.0, -0.2];
        assert!(!Thirds::of(&blocks(&noisy)).unwrap().disagree());
        let small = [0.001, 0.0, 0.001, 0.0, 0.02, 0.02, 0.02, 0.02, 0.04, 0.041, 0.04, 0.041];
        assert!(!Thirds::of(&blocks(&small)).unwrap().disagree());
        assert!(!Thirds::of(&blocks(&[0.1; 12])).unwrap().disagree());
    }

    /// By hand: two thirds of four blocks with one spread have (2a)² ÷ (2a² ÷ 3) = 6 degrees of freedom (Welch).
    #[test]
    fn two_thirds_of_one_spread_have_the_freedom_of_both() {
        let of = |mean: f64| {
            let logs = [-0.03, 0.03, -0.03, 0.03].map(|noise| mean + noise);
            effect(&blocks(&logs).into_iter().flatten().collect::<Vec<_>>()).unwrap()
        };
        let tail = |beyond: f64| student_tail(beyond / 0.000_6_f64.sqrt(), 6.0);
        let expected = tail(0.1 - MARGIN) + tail(0.1 + MARGIN);
        let found = p_apart(&of(0.0), &of(0.1));
        assert!((found - expected).abs() < 1e-9, "{found} and not {expected}");
    }

    #[test]
    fn thirds_of_fewer_than_two_blocks_are_not_compared() {
        assert_eq!(Thirds::of(&blocks(&[0.1; 5])), None);
        let mut sparse = blocks(&[0.1; 6]);
        sparse[0] = None;
        assert_eq!(Thirds::of(&sparse), None);
        assert_eq!(Thirds::of(&[]), None);
    }

    /// By hand: a² ÷ (a² ÷ 3) = 3 degrees of freedom are those of the third that spreads, whichever it is.
    #[test]
    fn a_third_without_spread_adds_no_freedom() {
        let of = |logs: &[f64]| effect(&blocks(logs).into_iter().flatten().collect::<Vec<_>>()).unwrap();
        let (spread, still) = (of(&[-0.03, 0.03, -0.03, 0.03]), of(&[0.1, 0.1]));
        let tail = |beyond: f64| student_tail(beyond / 0.000_3_f64.sqrt(), 3.0);
        let expected = tail(0.1 - MARGIN) + tail(0.1 + MARGIN);
        for found in [p_apart(&spread, &still), p_apart(&still, &spread)] {
            assert!((found - expected).abs() < 1e-9, "{found} and not {expected}");
        }
    }

    #[test]
    fn thirds_without_any_spread_differ_where_the_margin_is_exceeded() {
        let of = |log: f64| effect(&blocks(&[log; 2]).into_iter().flatten().collect::<Vec<_>>()).unwrap();
        assert_eq!(p_apart(&of(0.0), &of(MARGIN + 0.001)), 0.0);
        assert_eq!(p_apart(&of(0.0), &of(MARGIN - 0.001)), 1.0);
    }
}
