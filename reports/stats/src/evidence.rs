//! One cell's effect weighed against the margin, before its family is looked at.

use crate::distributions::{student_quantile, student_tail};
use crate::effect::{Effect, Interval};
use crate::excess_variance::ExcessVariance;
use crate::moderation::Variance;
use crate::verdict::{Better, Verdict};

/// Differences up to this one make no difference in practice: ln 1.05.
///
/// Symmetric in logarithms, so that swapping the contenders changes nothing: ratios from 1 ÷ 1.05
/// (0.952) to 1.05. Fixed beforehand and never widened by noise: a margin that grew with noise
/// would call real differences ties.
pub const MARGIN: f64 = 0.048_790_164_169_432;

/// A mean log ratio with its uncertainty, at one look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The paired effect of the blocks seen, as async ÷ sync whichever way the metric improves.
    pub effect: Effect,
    /// Standard error of its mean: the blocks' variance, moderated or not, and the excess variance.
    pub standard_error: f64,
    /// Degrees of freedom of the t distribution that goes with it.
    pub freedom: f64,
    /// The error that this look may spend ([`crate::looks`]).
    pub alpha: f64,
}

impl Evidence {
    /// Weighs `effect`, whose block variance is `variance`, at a look that may spend `alpha`.
    #[must_use]
    pub fn weigh(effect: Effect, variance: Variance, excess: ExcessVariance, alpha: f64) -> Self {
        let (all, freedom) = joined(variance.value / effect.blocks() as f64, variance.freedom, excess);
        Self { effect, standard_error: all.sqrt(), freedom, alpha }
    }

    /// Chance of a mean at least this far from 0, in either direction, at the worst true difference within [`MARGIN`].
    ///
    /// Exact for the interval null |δ| ≤ M, whose worst points are its ends: P(T ≥ (|m| − M) ÷ SE) + P(T ≥ (|m| + M) ÷ SE).
    /// Source: Hodges and Lehmann, "Testing the approximate validity of statistical hypotheses", JRSS B 16 (1954).
    #[must_use]
    pub fn p_win(&self) -> f64 {
        let distance = self.effect.log_ratio().abs();
        (self.tail(distance - MARGIN) + self.tail(distance + MARGIN)).min(1.0)
    }

    /// Chance of a mean at least this close to 0 if the true difference were [`MARGIN`]: the larger of two one-sided tests.
    ///
    /// Source: Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15 (1987).
    #[must_use]
    pub fn p_tie(&self) -> f64 {
        self.tail(MARGIN - self.effect.log_ratio().abs())
    }

    /// The verdict of this cell alone: whether `p_win` or `p_tie` is within what the look may spend.
    #[must_use]
    pub fn alone(&self, better: Better) -> Verdict {
        if self.p_win() <= self.alpha {
            win(self.effect.log_ratio(), better)
        } else if self.p_tie() <= self.alpha {
            Verdict::Tie
        } else {
            Verdict::CannotTell
        }
    }

    /// The interval of the log ratio that holds at every look at once; at a run's only look, the 95 % interval.
    #[must_use]
    pub fn log_interval(&self) -> Interval {
        let half_width = student_quantile(1.0 - self.alpha / 2.0, self.freedom) * self.standard_error;
        Interval { lo: self.effect.log_ratio() - half_width, hi: self.effect.log_ratio() + half_width }
    }

    /// [`Evidence::log_interval`] as ratios async ÷ sync.
    #[must_use]
    pub fn ratio_interval(&self) -> Interval {
        let Interval { lo, hi } = self.log_interval();
        Interval { lo: lo.exp(), hi: hi.exp() }
    }

    /// One-sided p-value of a mean that lies `distance` on the far side of its null hypothesis.
    fn tail(&self, distance: f64) -> f64 {
        let t = if self.standard_error > 0.0 {
            distance / self.standard_error
        } else if distance > 0.0 {
            // Blocks that agree to the last digit leave no doubt on either side.
            f64::INFINITY
        } else {
            f64::NEG_INFINITY
        };
        student_tail(t, self.freedom)
    }
}

/// The variance of a mean, `own` with `freedom`, joined by the excess variance, and the degrees of freedom of both.
///
/// Source: Welch, Biometrika 34 (1947); Satterthwaite, Biometrics Bulletin 2 (1946).
pub(crate) fn joined(own: f64, freedom: f64, excess: ExcessVariance) -> (f64, f64) {
    let shared = excess.variance();
    let all = own + shared;
    if shared > 0.0 {
        (all, all.powi(2) / (own.powi(2) / freedom + shared.powi(2) / excess.cells() as f64))
    } else {
        (all, freedom)
    }
}

/// The side that a log ratio speaks for.
fn win(log_ratio: f64, better: Better) -> Verdict {
    match (log_ratio > 0.0, better) {
        (true, Better::More) | (false, Better::Less) => Verdict::AsyncWins,
        (false, Better::More) | (true, Better::Less) => Verdict::SyncWins,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::{Pair, effect};
    use crate::looks::ALPHA;

    /// Eight blocks of this mean log ratio, whose mean has this standard error.
    fn evidence(mean: f64, standard_error: f64) -> Evidence {
        let spread = standard_error * 7.0_f64.sqrt();
        let logs = [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0].map(|sign| mean + sign * spread);
        let effect = effect(&logs.map(|log: f64| Pair { sync: 1.0, r#async: log.exp() })).unwrap();
        Evidence::weigh(effect, effect.variance(), ExcessVariance::UNKNOWN, ALPHA)
    }

    fn alone(mean: f64, standard_error: f64) -> Verdict {
        evidence(mean, standard_error).alone(Better::More)
    }

    #[test]
    fn margin_is_the_log_of_five_percent() {
        assert!((MARGIN - 1.05_f64.ln()).abs() < 1e-15);
    }

    /// The reference simulator's known answer for a mean of 0.1 with a standard error of 0.02: 0.01883459.
    #[test]
    fn p_of_a_win_equals_the_known_one() {
        let found = evidence(0.1, 0.02).p_win();
        assert!((found - 0.018_834_59).abs() < 1e-7, "{found}");
    }

    /// t₀.₉₅(7) = 1.8946: the nearer end of the 90 % interval decides, 0.0189 from the mean.
    #[test]
    fn the_distance_from_the_margin_decides_between_win_tie_and_cannot_tell() {
        assert_eq!(alone(MARGIN + 0.0190, 0.01), Verdict::AsyncWins);
        assert_eq!(alone(MARGIN + 0.0189, 0.01), Verdict::CannotTell);
        assert_eq!(alone(MARGIN - 0.0189, 0.01), Verdict::CannotTell);
        assert_eq!(alone(MARGIN - 0.0190, 0.01), Verdict::Tie);
        assert_eq!(alone(-MARGIN + 0.0190, 0.01), Verdict::Tie);
        assert_eq!(alone(-MARGIN - 0.0190, 0.01), Verdict::SyncWins);
    }

    #[test]
    fn noise_is_cannot_tell_however_equal_the_means() {
        assert_eq!(alone(0.0, 0.2), Verdict::CannotTell);
    }

    #[test]
    fn where_less_is_better_the_larger_value_loses() {
        assert_eq!(evidence(0.2, 0.01).alone(Better::Less), Verdict::SyncWins);
        assert_eq!(evidence(-0.2, 0.01).alone(Better::Less), Verdict::AsyncWins);
        assert_eq!(evidence(0.0, 0.01).alone(Better::Less), Verdict::Tie);
    }

    #[test]
    fn excess_variance_widens_by_both_variances_and_their_freedom() {
        let plain = evidence(0.1, 0.01);
        let copies = [0.03_f64; 8].map(|log| Pair { sync: 1.0, r#async: log.exp() });
        let excess = ExcessVariance::among(&[effect(&copies).unwrap(); 4]);
        let wide = Evidence::weigh(plain.effect, plain.effect.variance(), excess, ALPHA);
        assert!((wide.standard_error - (1e-4 + 9e-4_f64).sqrt()).abs() < 1e-6, "{wide:?}");
        // (10⁻³)² ÷ ((10⁻⁴)² ÷ 7 + (9 × 10⁻⁴)² ÷ 4) = 4.90.
        assert!((wide.freedom - 4.904).abs() < 0.01, "{wide:?}");
    }

    #[test]
    fn blocks_that_agree_exactly_give_p_values_of_zero_or_one() {
        let (far, equal) = (evidence(0.7, 0.0), evidence(0.0, 0.0));
        assert_eq!((far.p_win(), far.p_tie()), (0.0, 1.0));
        assert_eq!((equal.p_win(), equal.p_tie()), (1.0, 0.0));
    }

    #[test]
    fn the_interval_of_an_only_look_is_the_95_percent_interval() {
        let found = evidence(0.1, 0.02);
        let plain = found.effect.log_interval().unwrap();
        assert!((found.log_interval().lo - plain.lo).abs() < 1e-12, "{found:?}");
        assert!((found.log_interval().hi - plain.hi).abs() < 1e-12, "{found:?}");
    }
}
