//! The smallest effect that a cell could have shown, and the one that more blocks could still show.

use crate::distributions::{normal_cdf, normal_quantile, student_quantile};
use crate::evidence::{Evidence, MARGIN, joined};
use crate::excess_variance::ExcessVariance;
use crate::looks::{ALPHA, Looks};
use crate::moderation::Variance;

/// The share of true effects that "could have been seen" means.
pub const POWER: f64 = 0.8;

/// Chance of a verdict below which a cell is not worth measuring on.
const HOPELESS: f64 = 0.1;

/// More blocks than this are not named: no run takes them.
const MOST_BLOCKS: usize = 1_000;

/// The smallest true log ratio (above 0) that a cell with this evidence would have won with probability [`POWER`].
///
/// Source: the power of a one-sided t test by its normal approximation, Cohen, *Statistical Power Analysis* (1988), §2.
#[must_use]
pub fn smallest_visible(evidence: &Evidence) -> f64 {
    let critical = student_quantile(1.0 - evidence.alpha, evidence.freedom);
    MARGIN + (critical + normal_quantile(POWER)) * evidence.standard_error
}

/// How many blocks in all a cell would need, if the truth were the effect that it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlocksNeeded {
    /// For a win with probability [`POWER`]; `None` where the effect lies within the margin, or no number does.
    pub for_a_win: Option<usize>,
    /// For a tie with probability [`POWER`]; `None` where the effect lies beyond the margin, or no number does.
    pub for_a_tie: Option<usize>,
}

/// The blocks needed by a run that spends all its error at one look.
#[must_use]
pub fn blocks_needed(evidence: &Evidence, variance: Variance, excess: ExcessVariance) -> BlocksNeeded {
    blocks_needed_among(evidence, variance, excess, 1)
}

/// The same for a cell that is one of a family of this many (at least 1), whatever the others show.
///
/// The procedure of Benjamini and Hochberg keeps every cell whose p-value is within the error divided by the number of cells; it keeps
/// others as well where several are that clear, so that fewer blocks may do.
#[must_use]
pub fn blocks_needed_among(
    evidence: &Evidence,
    variance: Variance,
    excess: ExcessVariance,
    family: usize,
) -> BlocksNeeded {
    let alpha = ALPHA / family.max(1) as f64;
    let beyond = evidence.effect.log_ratio().abs() - MARGIN;
    let enough = |distance: f64| {
        (2..=MOST_BLOCKS).find(|&blocks| {
            let later = of_blocks(evidence, variance, excess, blocks);
            let critical = student_quantile(1.0 - alpha, later.freedom);
            distance >= (critical + normal_quantile(POWER)) * later.standard_error
        })
    };
    BlocksNeeded {
        for_a_win: (beyond > 0.0).then(|| enough(beyond)).flatten(),
        for_a_tie: (beyond < 0.0).then(|| enough(-beyond)).flatten(),
    }
}

/// The evidence of the same mean and block variance over another number of blocks.
fn of_blocks(evidence: &Evidence, variance: Variance, excess: ExcessVariance, blocks: usize) -> Evidence {
    let more = blocks as f64 - evidence.effect.blocks() as f64;
    let own = variance.value / blocks as f64;
    let (all, freedom) = joined(own, (variance.freedom + more).max(1.0), excess);
    Evidence { standard_error: all.sqrt(), freedom, ..*evidence }
}

/// Whether neither a win nor a tie is likelier than a tenth at the last look, were the truth the effect seen so far.
///
/// Source: conditional power, Lan, Simon and Halperin, "Stochastically curtailed tests in long-term clinical trials",
/// Sequential Analysis 1 (1982).
#[must_use]
pub fn is_hopeless(evidence: &Evidence, variance: Variance, excess: ExcessVariance, looks: &Looks) -> bool {
    let (now, last) = (evidence.effect.blocks() as f64, looks.last() as f64);
    let Some((_, last_alpha)) = looks.spending().last() else { return false };
    if now >= last {
        return false;
    }
    let distance = evidence.effect.log_ratio().abs();
    let at_last = of_blocks(evidence, variance, excess, looks.last());
    let needed = student_quantile(1.0 - last_alpha, at_last.freedom) * at_last.standard_error;
    // The standard deviation by which the mean may still move.
    let moves = (variance.value * (1.0 / now - 1.0 / last)).sqrt();
    let chance_of_moving = |by: f64| if moves > 0.0 { normal_cdf(-by / moves) } else { f64::from(by <= 0.0) };
    let win = chance_of_moving(MARGIN + needed - distance);
    let tie = if needed < MARGIN { chance_of_moving(distance - (MARGIN - needed)) } else { 0.0 };
    win < HOPELESS && tie < HOPELESS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::{Pair, effect};

    /// Eight blocks of this mean log ratio and block standard deviation.
    fn cell(mean: f64, sd: f64) -> (Evidence, Variance) {
        let spread = sd * (7.0_f64 / 8.0).sqrt();
        let logs = [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0].map(|sign| mean + sign * spread);
        let effect = effect(&logs.map(|log: f64| Pair { sync: 1.0, r#async: log.exp() })).unwrap();
        (Evidence::weigh(effect, effect.variance(), ExcessVariance::UNKNOWN, ALPHA), effect.variance())
    }

    fn needed(mean: f64, sd: f64) -> BlocksNeeded {
        let (evidence, variance) = cell(mean, sd);
        blocks_needed(&evidence, variance, ExcessVariance::UNKNOWN)
    }

    /// t₀.₉₅(7) = 1.8946, z₀.₈ = 0.8416: 0.04879 + 2.7362 × 0.08 ÷ √8 = 0.1262.
    #[test]
    fn smallest_visible_effect_equals_the_one_by_hand() {
        let (evidence, _) = cell(0.0, 0.08);
        assert!((smallest_visible(&evidence) - 0.1262).abs() < 1e-4, "{}", smallest_visible(&evidence));
    }

    #[test]
    fn an_effect_needs_blocks_for_the_verdict_on_its_own_side_of_the_margin() {
        let (far, near) = (needed(0.1, 0.08), needed(0.0, 0.08));
        // By hand: (1.72 + 0.84)² × 0.08² ÷ 0.0512² = 16 to 19 blocks; at 0, as far from the margin, as many.
        assert!(far.for_a_win.is_some_and(|blocks| (15..=20).contains(&blocks)), "{far:?}");
        assert_eq!(far.for_a_tie, None);
        assert!(near.for_a_tie.is_some_and(|blocks| (15..=21).contains(&blocks)), "{near:?}");
        assert_eq!(near.for_a_win, None);
    }

    /// By hand, with sd 0.08: t₀.₉₅(16) = 1.7459, and (1.7459 + 0.8416) × 0.08 ÷ √17 = 0.05020 ≤ 0.1 − 0.04879, while t(15) = 1.7531 gives
    /// 0.05189 at 16 blocks. For a tie, t(17) = 1.7396 gives 0.04867 ≤ 0.04879 at 18. At which look the question is asked does not matter.
    #[test]
    fn the_blocks_needed_equal_those_by_hand() {
        let needed = |mean, alpha| {
            let (evidence, variance) = cell(mean, 0.08);
            blocks_needed(&Evidence { alpha, ..evidence }, variance, ExcessVariance::UNKNOWN)
        };
        for alpha in [ALPHA, ALPHA / 10.0] {
            assert_eq!(needed(0.1, alpha), BlocksNeeded { for_a_win: Some(17), for_a_tie: None });
            assert_eq!(needed(0.0, alpha), BlocksNeeded { for_a_win: None, for_a_tie: Some(18) });
        }
    }

    /// By hand, of four cells: t₀.₉₈₇₅(24) = 2.391, and (2.391 + 0.8416) × 0.08 ÷ √25 = 0.05172; t(25) = 2.385 gives 0.05062 at 26 blocks,
    /// the first within 0.1 − 0.04879 = 0.05121.
    #[test]
    fn one_of_several_cells_needs_as_many_blocks_as_make_it_surer_by_their_number() {
        let (evidence, variance) = cell(0.1, 0.08);
        let among = |family| {
            blocks_needed_among(&evidence, variance, ExcessVariance::UNKNOWN, family).for_a_win.unwrap()
        };
        assert_eq!((among(0), among(1), among(4)), (17, 17, 26));
    }

    /// What a run adds between its trials is not divided by their number.
    #[test]
    fn a_variance_that_no_block_lessens_needs_more_of_them_or_has_none_that_suffice() {
        let effects = |spread: f64| -> Vec<_> {
            [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0].map(|sign| cell(sign * spread, 0.02).0.effect).to_vec()
        };
        let (evidence, variance) = cell(0.1, 0.08);
        let needed =
            |spread| blocks_needed(&evidence, variance, ExcessVariance::among(&effects(spread))).for_a_win;
        assert!(ExcessVariance::among(&effects(0.01)).variance() > 0.0);
        assert!(needed(0.01).is_some_and(|blocks| blocks > 17), "{:?}", needed(0.01));
        assert_eq!(needed(0.2), None);
    }

    #[test]
    fn an_effect_on_the_margin_needs_more_blocks_than_any_run_takes() {
        assert_eq!(needed(MARGIN + 1e-4, 0.1), BlocksNeeded { for_a_win: None, for_a_tie: None });
    }

    #[test]
    fn noise_far_beyond_the_margin_is_hopeless_and_a_clear_effect_is_not() {
        let looks = Looks::after(&[8, 12, 16, 24]).unwrap();
        let hopeless = |mean, sd| {
            let (evidence, variance) = cell(mean, sd);
            is_hopeless(&evidence, variance, ExcessVariance::UNKNOWN, &looks)
        };
        assert!(hopeless(0.0, 0.3));
        assert!(!hopeless(0.3, 0.3));
        assert!(!hopeless(0.0, 0.04));
        assert!(!hopeless(MARGIN + 0.03, 0.04));
        // By hand, with sd 0.3 and sixteen blocks to come: the mean moves by 0.3 × √(1/8 − 1/24) = 0.0866, so that a tenth of all
        // runs move by 0.111. A win takes 0.0488 + t × 0.0612, about 0.17: from 0.06 on it is likelier than a tenth.
        assert!(hopeless(0.05, 0.3) && !hopeless(0.07, 0.3));
        // With sd 0.04 it moves by 0.0115: a win takes 0.065 less 0.0148, a tie 0.033 and 0.0148 more.
        assert!(
            !hopeless(0.03, 0.04)
                && !hopeless(0.045, 0.04)
                && hopeless(0.049, 0.04)
                && !hopeless(0.053, 0.04)
        );
    }

    #[test]
    fn after_the_last_look_there_is_nothing_to_hope_for_or_to_give_up() {
        let (evidence, variance) = cell(0.0, 0.3);
        assert!(!is_hopeless(&evidence, variance, ExcessVariance::UNKNOWN, &Looks::once(8)));
    }

    /// Few A/A cells say how much cells scatter, so that more blocks make a verdict hardly surer: t₀.₉₅₆(2) is 3.1 and t₀.₉₅₆(23) 1.8.
    #[test]
    fn what_is_hopeless_hangs_on_the_joined_degrees_of_freedom() {
        let (evidence, variance) = cell(0.13, 0.02);
        let copies = [0.035, -0.035].map(|log: f64| {
            effect(
                &[0.999, 1.001, 0.999, 1.001, 0.999, 1.001]
                    .map(|noise: f64| Pair { sync: 1.0, r#async: log.exp() * noise }),
            )
            .unwrap()
        });
        let excess = ExcessVariance::among(&copies);
        assert!((excess.variance().sqrt() - 0.035).abs() < 0.001, "{excess:?}");
        let looks = Looks::after(&[8, 24]).unwrap();
        // By hand: M + t · 0.035 is 0.049 + 1.8 · 0.035 = 0.11 with the blocks' degrees of freedom, 0.16 with the joined ones.
        assert!(is_hopeless(&evidence, variance, excess, &looks));
        assert!(!is_hopeless(&evidence, variance, ExcessVariance::UNKNOWN, &looks));
    }
}
