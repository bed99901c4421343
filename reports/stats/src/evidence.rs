//! One cell's effect weighed against the margin and the A/A limit, before its family is looked at.

use crate::aa_limit::AaLimit;
use crate::distributions::student_tail;
use crate::effect::Effect;
use crate::verdict::{Better, Verdict};

/// Differences up to this one make no difference in practice: ln 1.05.
///
/// Symmetric in logarithms, so that swapping the contenders changes nothing: ratios from 1 ÷ 1.05
/// (0.952) to 1.05. Fixed beforehand and never widened by noise: a margin that grew with noise
/// would call real differences ties.
pub const MARGIN: f64 = 0.048_790_164_169_432;

/// What one cell says by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The paired effect, as async ÷ sync whichever way the metric improves.
    pub effect: Effect,
    /// How far from 0 the log interval must lie for a win: the larger of [`MARGIN`] and the A/A limit.
    pub win_limit: f64,
    /// The verdict of the 95 % interval alone; never [`Verdict::Invalid`].
    pub by_interval: Verdict,
    /// Chance of a difference at least so clear, in either direction, if the true one were within `win_limit`.
    pub p_win: f64,
    /// Chance of an effect at least so close to equal if the true difference were [`MARGIN`].
    pub p_tie: f64,
}

/// Weighs one effect; without an A/A limit, the margin alone decides.
///
/// A *win* if the 95 % interval lies wholly beyond the larger of margin and A/A limit, a *tie* if
/// it lies wholly inside the margin, *cannot tell* otherwise. The two p-values restate this for
/// [`crate::discovery`]:
/// - `p_win` is the smaller of the two one-sided minimum-effect p-values, doubled because the data
///   chose the side; it is below 5 % exactly where the interval wins.
/// - `p_tie` is the larger of the two one-sided ones (TOST); it is below 2.5 % exactly where the
///   interval ties.
///
/// Source: Murphy and Myors, "Testing the hypothesis that treatments have negligible effects",
/// J. Applied Psychology 84 (1999) (minimum effect); Schuirmann, J. Pharmacokinetics and
/// Biopharmaceutics 15 (1987) (two one-sided tests).
pub fn weigh(effect: Effect, better: Better, aa_limit: Option<AaLimit>) -> Evidence {
    let win_limit = aa_limit.map_or(MARGIN, |limit| limit.log_ratio().max(MARGIN));
    let interval = effect.log_interval();
    let (when_more, when_less) = match better {
        Better::More => (Verdict::AsyncWins, Verdict::SyncWins),
        Better::Less => (Verdict::SyncWins, Verdict::AsyncWins),
    };
    let by_interval = if interval.lo > win_limit {
        when_more
    } else if interval.hi < -win_limit {
        when_less
    } else if interval.lo > -MARGIN && interval.hi < MARGIN {
        Verdict::Tie
    } else {
        Verdict::CannotTell
    };

    let beyond = |distance: f64| p_of_distance(distance, &effect);
    let more = beyond(effect.log_ratio() - win_limit);
    let less = beyond(-effect.log_ratio() - win_limit);
    let p_win = (2.0 * more.min(less)).min(1.0);
    let p_tie = beyond(MARGIN - effect.log_ratio()).max(beyond(MARGIN + effect.log_ratio()));
    Evidence { effect, win_limit, by_interval, p_win, p_tie }
}

/// One-sided p-value of an effect that lies `distance` on the far side of its null hypothesis.
fn p_of_distance(distance: f64, effect: &Effect) -> f64 {
    let standard_error = effect.standard_error();
    let t = if standard_error > 0.0 {
        distance / standard_error
    } else if distance > 0.0 {
        // Blocks that agree to the last digit leave no doubt on either side.
        f64::INFINITY
    } else {
        f64::NEG_INFINITY
    };
    student_tail(t, effect.freedom())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::{Pair, effect};

    /// Six blocks whose log ratios have the given mean and spread (sd = 1.0954 × spread).
    fn spread_around(mean: f64, spread: f64) -> Effect {
        let logs = [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0].map(|sign| mean + sign * spread);
        effect(&logs.map(|log: f64| Pair { sync: 1.0, r#async: log.exp() })).unwrap()
    }

    fn verdict(mean: f64, spread: f64) -> Verdict {
        weigh(spread_around(mean, spread), Better::More, None).by_interval
    }

    #[test]
    fn margin_is_the_log_of_five_percent() {
        assert!((MARGIN - 1.05_f64.ln()).abs() < 1e-15);
    }

    /// The half-width is 2.5706 × 1.0954 × 0.01 ÷ √6 = 0.0115.
    #[test]
    fn interval_decides_between_win_tie_and_cannot_tell() {
        assert_eq!(verdict(0.0604, 0.01), Verdict::AsyncWins);
        assert_eq!(verdict(0.0602, 0.01), Verdict::CannotTell);
        assert_eq!(verdict(0.0374, 0.01), Verdict::CannotTell);
        assert_eq!(verdict(0.0372, 0.01), Verdict::Tie);
        assert_eq!(verdict(-0.0372, 0.01), Verdict::Tie);
        assert_eq!(verdict(-0.0604, 0.01), Verdict::SyncWins);
    }

    #[test]
    fn wide_intervals_are_cannot_tell_however_equal_the_means() {
        assert_eq!(verdict(0.0, 0.2), Verdict::CannotTell);
    }

    #[test]
    fn where_less_is_better_the_larger_value_loses() {
        assert_eq!(weigh(spread_around(0.2, 0.01), Better::Less, None).by_interval, Verdict::SyncWins);
        assert_eq!(weigh(spread_around(-0.2, 0.01), Better::Less, None).by_interval, Verdict::AsyncWins);
        assert_eq!(weigh(spread_around(0.0, 0.01), Better::Less, None).by_interval, Verdict::Tie);
    }

    #[test]
    fn p_values_agree_with_the_interval() {
        for step in -400..=400 {
            let found = weigh(spread_around(f64::from(step) * 0.001, 0.03), Better::More, None);
            assert_eq!(found.by_interval.is_win(), found.p_win < 0.05, "{found:?}");
            assert_eq!(found.by_interval == Verdict::Tie, found.p_tie < 0.025, "{found:?}");
        }
    }

    /// t = (0.1 − 0.0488) ÷ (0.02 × 1.0954 ÷ √6) = 5.725; P(T₅ > 5.725) = 0.00114, doubled.
    #[test]
    fn p_of_a_win_equals_the_one_by_hand() {
        let found = weigh(spread_around(0.1, 0.02), Better::More, None);
        assert!((found.p_win - 0.00228).abs() < 2e-5, "{found:?}");
    }

    #[test]
    fn blocks_that_agree_exactly_give_p_values_of_zero_or_one() {
        let far = weigh(effect(&[Pair { sync: 1.0, r#async: 2.0 }; 6]).unwrap(), Better::More, None);
        let equal = weigh(effect(&[Pair { sync: 1.0, r#async: 1.0 }; 6]).unwrap(), Better::More, None);
        assert_eq!((far.by_interval, far.p_win, far.p_tie), (Verdict::AsyncWins, 0.0, 1.0));
        assert_eq!((equal.by_interval, equal.p_win, equal.p_tie), (Verdict::Tie, 1.0, 0.0));
    }
}
