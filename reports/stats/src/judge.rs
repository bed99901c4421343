//! From the cells of one metric to their verdicts.

use crate::aa_limit::AaLimit;
use crate::discovery::{FALSE_DISCOVERY_RATE, benjamini_hochberg};
use crate::effect::{Effect, NoEffect, Pair, effect};
use crate::evidence::{Evidence, weigh};
use crate::verdict::{Better, Verdict};

/// Fewer valid blocks than this give no verdict.
///
/// The t interval of six blocks is 2.57 standard errors to each side, of three 4.3, of two 12.7.
pub const MIN_BLOCKS: usize = 6;

/// One metric of one pair in one cell, with the plan it was measured under.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell<'a> {
    /// Blocks fixed before the first was measured.
    pub planned: usize,
    /// Blocks measured and then left out, because a trial failed or its certificate was invalid.
    pub discarded: usize,
    /// The values of the blocks that count.
    pub pairs: &'a [Pair],
}

/// Why a cell gets no verdict but [`Verdict::Invalid`].
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// Blocks were added, or measuring stopped, after the plan was made.
    #[error(
        "cannot judge a cell after {measured} blocks, expected the {planned} planned ones: finish the run, or plan \
         another one"
    )]
    NotAsPlanned {
        /// Blocks measured, discarded ones included.
        measured: usize,
        /// Blocks planned.
        planned: usize,
    },
    /// Too few blocks are left, or a value has no logarithm.
    #[error(transparent)]
    NoEffect(#[from] NoEffect),
}

/// A cell's verdict and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// The verdict after false-discovery control.
    pub verdict: Verdict,
    /// The cell's own evidence, or why there is none; an error exactly where the verdict is [`Verdict::Invalid`].
    pub evidence: Result<Evidence, Unfit>,
}

impl<'a> Cell<'a> {
    /// A cell whose every planned block counts.
    pub fn complete(pairs: &'a [Pair]) -> Self {
        Self { planned: pairs.len(), discarded: 0, pairs }
    }

    /// The effect of this cell, if it is fit for a verdict.
    ///
    /// # Errors
    /// Measured blocks differ from the planned ones (stopping or going on because of what the data
    /// showed multiplies false wins: Armitage, McPherson and Rowe, JRSS A 132 (1969)); fewer than
    /// [`MIN_BLOCKS`] count; a value is zero, negative, infinite or NaN.
    pub fn effect(&self) -> Result<Effect, Unfit> {
        let measured = self.pairs.len() + self.discarded;
        if measured != self.planned {
            return Err(Unfit::NotAsPlanned { measured, planned: self.planned });
        }
        if self.pairs.len() < MIN_BLOCKS {
            return Err(NoEffect::TooFewBlocks { blocks: self.pairs.len(), needed: MIN_BLOCKS }.into());
        }
        Ok(effect(self.pairs)?)
    }
}

impl Judgement {
    /// Whether the cell alone would have given a win or a tie, and the family did not bear it out.
    pub fn is_withdrawn(&self) -> bool {
        self.evidence.is_ok_and(|evidence| evidence.by_interval != self.verdict)
    }
}

/// The verdicts on all cells of one metric, in their order.
///
/// Give it *all* cells in which the metric was measured for the question at hand: a family picked
/// after looking promises nothing. Each fit cell is weighed by itself
/// ([`crate::evidence::weigh`]); wins, and separately ties, must then also be kept by
/// [`benjamini_hochberg`] at 5 % over all fit cells, or become *cannot tell*.
pub fn judge(better: Better, aa_limit: Option<AaLimit>, family: &[Cell<'_>]) -> Vec<Judgement> {
    judge_by(better, family, |_| aa_limit)
}

/// As [`judge`], with the A/A limit of each cell given by its index.
pub(crate) fn judge_by(
    better: Better,
    family: &[Cell<'_>],
    limit_of: impl Fn(usize) -> Option<AaLimit>,
) -> Vec<Judgement> {
    let weighed: Vec<Result<Evidence, Unfit>> = family
        .iter()
        .enumerate()
        .map(|(index, cell)| Ok(weigh(cell.effect()?, better, limit_of(index))))
        .collect();
    let fit: Vec<&Evidence> = weighed.iter().flatten().collect();
    let kept_among = |p_of: fn(&Evidence) -> f64| {
        benjamini_hochberg(
            &fit.iter().map(|evidence| p_of(evidence)).collect::<Vec<_>>(),
            FALSE_DISCOVERY_RATE,
        )
    };
    let mut kept =
        kept_among(|evidence| evidence.p_win).into_iter().zip(kept_among(|evidence| evidence.p_tie));

    weighed
        .into_iter()
        .map(|evidence| {
            let verdict = match &evidence {
                Err(_) => Verdict::Invalid,
                Ok(evidence) => {
                    let (win, tie) = kept.next().expect("one decision per fit cell");
                    controlled(evidence.by_interval, win, tie)
                }
            };
            Judgement { verdict, evidence }
        })
        .collect()
}

/// What is left of an interval's verdict once the family has decided which wins and ties it bears.
fn controlled(by_interval: Verdict, win_kept: bool, tie_kept: bool) -> Verdict {
    match by_interval {
        Verdict::AsyncWins | Verdict::SyncWins if !win_kept => Verdict::CannotTell,
        Verdict::Tie if !tie_kept => Verdict::CannotTell,
        verdict => verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Six blocks whose log ratios alternate around `mean`.
    fn blocks(mean: f64, spread: f64) -> [Pair; 6] {
        [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0]
            .map(|sign| Pair { sync: 1.0, r#async: (mean + sign * spread).exp() })
    }

    fn verdicts(judgements: &[Judgement]) -> Vec<Verdict> {
        judgements.iter().map(|judgement| judgement.verdict).collect()
    }

    #[test]
    fn each_cell_gets_its_verdict_in_its_place() {
        let (win, loss, tie, noise) =
            (blocks(0.3, 0.01), blocks(-0.3, 0.01), blocks(0.0, 0.01), blocks(0.0, 0.5));
        let nothing = [Pair { sync: 1.0, r#async: f64::NAN }; 6];
        let family = [&win, &nothing, &loss, &tie, &noise].map(|pairs| Cell::complete(pairs));
        let judgements = judge(Better::More, None, &family);
        assert_eq!(
            verdicts(&judgements),
            [Verdict::AsyncWins, Verdict::Invalid, Verdict::SyncWins, Verdict::Tie, Verdict::CannotTell]
        );
        assert!(judgements[1].evidence.is_err());
    }

    #[test]
    fn a_win_or_tie_that_its_family_does_not_bear_out_becomes_cannot_tell() {
        // Just beyond the win limit, and just inside the margin: p ≈ 0.04 and 0.02.
        let (narrow_win, narrow_tie, noise) = (blocks(0.0615, 0.01), blocks(0.0365, 0.01), blocks(0.0, 0.5));
        for (pairs, alone) in [(&narrow_win, Verdict::AsyncWins), (&narrow_tie, Verdict::Tie)] {
            let cell = Cell::complete(pairs);
            assert_eq!(judge(Better::More, None, &[cell])[0].verdict, alone);

            let mut family = vec![Cell::complete(&noise); 9];
            family.push(cell);
            let judged = judge(Better::More, None, &family)[9];
            assert_eq!(judged.verdict, Verdict::CannotTell);
            assert!(judged.is_withdrawn());
        }
    }

    #[test]
    fn a_difference_within_the_aa_limit_is_no_win() {
        let apart = blocks(0.2, 0.01);
        let limit = AaLimit::pooled(&[Cell::complete(&apart); 8]);
        for (mean, alone) in [(0.1, Verdict::AsyncWins), (-0.1, Verdict::SyncWins)] {
            let close = blocks(mean, 0.01);
            assert_eq!(judge(Better::More, None, &[Cell::complete(&close)])[0].verdict, alone);
            let limited = judge(Better::More, limit, &[Cell::complete(&close)])[0];
            assert_eq!(limited.verdict, Verdict::CannotTell);
            assert!(!limited.is_withdrawn(), "the cell alone must not win");
        }
    }

    #[test]
    fn a_small_aa_limit_does_not_lower_the_margin() {
        let (alike, close) = (blocks(0.001, 0.001), blocks(0.03, 0.001));
        let limit = AaLimit::pooled(&[Cell::complete(&alike); 8]);
        assert_eq!(judge(Better::More, limit, &[Cell::complete(&close)])[0].verdict, Verdict::Tie);
    }

    #[test]
    fn blocks_beyond_or_short_of_the_plan_are_never_judged() {
        let pairs: Vec<Pair> = [blocks(0.3, 0.01), blocks(0.3, 0.01)].concat();
        for planned in [6, 11, 13, 20] {
            let judged = judge(Better::More, None, &[Cell { planned, discarded: 0, pairs: &pairs }])[0];
            assert_eq!(judged.verdict, Verdict::Invalid);
            assert_eq!(judged.evidence, Err(Unfit::NotAsPlanned { measured: 12, planned }));
        }
    }

    #[test]
    fn discarded_blocks_are_missed_only_below_six() {
        let pairs = blocks(0.3, 0.01);
        let judged = |planned, pairs| judge(Better::More, None, &[Cell { planned, discarded: 2, pairs }])[0];
        assert_eq!(judged(8, &pairs[..]).verdict, Verdict::AsyncWins);
        assert_eq!(
            judged(7, &pairs[..5]).evidence,
            Err(Unfit::NoEffect(NoEffect::TooFewBlocks { blocks: 5, needed: 6 }))
        );
    }

    #[test]
    fn an_empty_family_has_no_verdicts() {
        assert_eq!(judge(Better::Less, None, &[]), []);
    }
}
