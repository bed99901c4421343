//! From the blocks of one metric's cells to their verdicts, look by look.

use crate::discovery::{FALSE_DISCOVERY_RATE, benjamini_hochberg};
use crate::effect::{Effect, MIN_BLOCKS, NoEffect, Pair, effect};
use crate::evidence::Evidence;
use crate::excess_variance::ExcessVariance;
use crate::looks::{ALPHA, Looks};
use crate::moderation::{Prior, Variance};
use crate::power::is_hopeless;
use crate::verdict::{Better, Verdict};

/// How one family is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question<'a> {
    /// Which way the metric improves.
    pub better: Better,
    /// When the run was looked at.
    pub looks: &'a Looks,
    /// Whether the cells' variances borrow strength from each other ([`crate::moderation`]).
    ///
    /// For throughput and CPU time. Variances of response times scatter too much from cell to cell to lend any.
    pub moderated: bool,
}

/// One metric of one pair in one cell: its blocks in the order measured, `None` for one that was left out because a
/// trial failed or its certificate was invalid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell<'a> {
    /// Every block measured, up to the last look at the most.
    pub blocks: &'a [Option<Pair>],
}

/// Why a cell gets no verdict but [`Verdict::Invalid`].
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// Measuring ended before the first look, or went on after the last.
    #[error(
        "cannot judge a cell after {measured} blocks, expected a number from the first look ({first}) to the last \
         ({last}): finish the run, or plan another one"
    )]
    NotAsPlanned {
        /// Blocks measured, those left out included.
        measured: usize,
        /// Blocks at the first look.
        first: usize,
        /// Blocks at the last look.
        last: usize,
    },
    /// Too few blocks are left, or a value has no logarithm.
    #[error(transparent)]
    NoEffect(#[from] NoEffect),
}

/// Whether a cell is to be measured on, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The next look may still decide it.
    Open,
    /// It has won or tied.
    Decided,
    /// The looks left are unlikely to decide it ([`is_hopeless`]).
    Hopeless,
    /// The last look has passed.
    Finished,
}

/// A cell's verdict and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// The verdict after false-discovery control.
    pub verdict: Verdict,
    /// The cell's own evidence at its last look, or why there is none; an error exactly where the verdict is
    /// [`Verdict::Invalid`].
    pub evidence: Result<Evidence, Unfit>,
    /// The verdict that the evidence alone would have given.
    pub alone: Verdict,
    /// The variance of a block that the evidence rests on, moderated where the question asked for it.
    pub variance: Variance,
    /// The excess variance in the evidence.
    pub excess: ExcessVariance,
    /// Blocks seen at the cell's last look, those left out included.
    pub seen: usize,
    /// Whether it is worth measuring on.
    pub standing: Standing,
}

impl Cell<'_> {
    /// The effect of the first `seen` blocks, if enough of them count.
    fn effect(&self, seen: usize) -> Result<Effect, Unfit> {
        let pairs: Vec<Pair> = self.blocks[..seen].iter().flatten().copied().collect();
        if pairs.len() < MIN_BLOCKS {
            return Err(NoEffect::TooFewBlocks { blocks: pairs.len(), needed: MIN_BLOCKS }.into());
        }
        Ok(effect(&pairs)?)
    }
}

impl Judgement {
    /// Whether the cell alone would have given a win or a tie, and the family did not bear it out.
    #[must_use]
    pub fn is_withdrawn(&self) -> bool {
        self.alone.is_decided() && self.alone != self.verdict
    }
}

/// The verdicts on all cells of one metric, in their order, as the looks would have given them one after another.
///
/// Give it *all* cells in which the metric was measured for the question at hand: a family picked after looking promises
/// nothing. At each look, every open cell with enough blocks is weighed ([`Evidence`]) with the excess variance of the
/// A/A cells' blocks up to there. It ends as a win or a tie if its p-value is within the look's error *and*
/// [`benjamini_hochberg`], at that look, over the smallest p-values of all cells so far on the scale of [`ALPHA`], keeps
/// it. Asked only after the last look, the procedure would withdraw verdicts of cells that are no longer measured.
///
/// A/A cells never end early: ended by their own outcome, they would show less excess than there is.
///
/// Source: sequential p-values in a step-up procedure, Jennison and Turnbull, *Group Sequential Methods* (1999), §9.
#[must_use]
pub fn judge(question: Question<'_>, aa: &[Cell<'_>], family: &[Cell<'_>]) -> Vec<Judgement> {
    judge_by(question, family, |_, blocks| excess(aa.iter(), blocks))
}

/// The verdicts on A/A cells of one metric, as if the two copies were contenders.
///
/// Each cell faces the excess variance of the *other* cells: measured against an excess that it helped to set, a cell would
/// half excuse itself. Source: leave-one-out, Stone, JRSS B 36 (1974).
#[must_use]
pub fn judge_copies(question: Question<'_>, cells: &[Cell<'_>]) -> Vec<Judgement> {
    judge_by(question, cells, |left_out, blocks| {
        excess(cells.iter().enumerate().filter(|(index, _)| *index != left_out).map(|(_, cell)| cell), blocks)
    })
}

/// As [`judge`], with the excess variance given by a cell's index and the number of blocks.
fn judge_by(
    question: Question<'_>,
    family: &[Cell<'_>],
    excess_of: impl Fn(usize, usize) -> ExcessVariance,
) -> Vec<Judgement> {
    let first = question.looks.spending().next().map_or(0, |(blocks, _)| blocks);
    let mut courses: Vec<Course> =
        family.iter().map(|cell| Course::begin(cell.blocks.len(), first, question.looks.last())).collect();
    for (blocks, alpha) in question.looks.spending() {
        look(question, family, &mut courses, (blocks, alpha), &excess_of);
    }
    courses.into_iter().map(|course| course.judgement).collect()
}

/// The excess variance of the A/A cells' first `blocks` blocks.
fn excess<'c>(aa: impl Iterator<Item = &'c Cell<'c>>, blocks: usize) -> ExcessVariance {
    let effects: Vec<Effect> =
        aa.filter_map(|cell| cell.effect(blocks.min(cell.blocks.len())).ok()).collect();
    ExcessVariance::among(&effects)
}

/// One cell on its way through the looks.
struct Course {
    judgement: Judgement,
    /// The smallest p-values so far, on the scale on which each look spends [`ALPHA`]; 1 before the first look.
    p_win: f64,
    p_tie: f64,
}

impl Course {
    fn begin(measured: usize, first: usize, last: usize) -> Self {
        let nothing = Variance { value: 0.0, freedom: 1.0 };
        Self {
            judgement: Judgement {
                verdict: Verdict::Invalid,
                evidence: Err(Unfit::NotAsPlanned { measured, first, last }),
                alone: Verdict::CannotTell,
                variance: nothing,
                excess: ExcessVariance::UNKNOWN,
                seen: 0,
                standing: if measured > last { Standing::Finished } else { Standing::Open },
            },
            p_win: 1.0,
            p_tie: 1.0,
        }
    }

    fn weigh(&mut self, effect: Effect, variance: Variance, excess: ExcessVariance, alpha: f64) {
        let evidence = Evidence::weigh(effect, variance, excess, alpha);
        self.p_win = self.p_win.min(evidence.p_win() * ALPHA / alpha);
        self.p_tie = self.p_tie.min(evidence.p_tie() * ALPHA / alpha);
        self.judgement.evidence = Ok(evidence);
        self.judgement.variance = variance;
        self.judgement.excess = excess;
    }

    /// Settles the cell at a look whose family keeps wins, and ties, or not.
    fn settle(&mut self, question: Question<'_>, (keeps_win, keeps_tie): (bool, bool)) {
        let Ok(evidence) = self.judgement.evidence else { return };
        let alone = evidence.alone(question.better);
        let kept = match alone {
            Verdict::Tie => keeps_tie,
            verdict => verdict.is_win() && keeps_win,
        };
        self.judgement.alone = alone;
        self.judgement.verdict = if kept { alone } else { Verdict::CannotTell };
        self.judgement.standing = if kept {
            Standing::Decided
        } else if self.judgement.seen == question.looks.last() {
            Standing::Finished
        } else if is_hopeless(&evidence, self.judgement.variance, self.judgement.excess, question.looks) {
            Standing::Hopeless
        } else {
            Standing::Open
        };
    }
}

/// One look at the whole family.
fn look(
    question: Question<'_>,
    family: &[Cell<'_>],
    courses: &mut [Course],
    (blocks, alpha): (usize, f64),
    excess_of: &impl Fn(usize, usize) -> ExcessVariance,
) {
    let looked_at: Vec<bool> = family
        .iter()
        .zip(&mut *courses)
        .map(|(cell, course)| course.judgement.standing == Standing::Open && cell.blocks.len() >= blocks)
        .collect();
    for (course, _) in courses.iter_mut().zip(&looked_at).filter(|(_, looked_at)| **looked_at) {
        course.judgement.seen = blocks;
    }
    let effects: Vec<Result<Effect, Unfit>> =
        family.iter().zip(&*courses).map(|(cell, course)| cell.effect(course.judgement.seen)).collect();
    let prior = if question.moderated { prior(&effects) } else { None };
    for (index, course) in courses.iter_mut().enumerate().filter(|(index, _)| looked_at[*index]) {
        match effects[index] {
            Ok(effect) => {
                let own = effect.variance();
                let variance = prior.map_or(own, |prior| prior.moderate(own));
                course.weigh(effect, variance, excess_of(index, blocks), alpha);
            }
            Err(unfit) => {
                course.judgement.evidence = Err(unfit);
                course.judgement.verdict = Verdict::Invalid;
            }
        }
    }
    let wins = kept(courses, |course| course.p_win);
    let ties = kept(courses, |course| course.p_tie);
    for (index, course) in courses.iter_mut().enumerate().filter(|(index, _)| looked_at[*index]) {
        course.settle(question, (wins[index], ties[index]));
    }
}

fn prior(effects: &[Result<Effect, Unfit>]) -> Option<Prior> {
    let variances: Vec<Variance> = effects.iter().flatten().map(Effect::variance).collect();
    Prior::of(&variances)
}

/// Which cells' hypotheses the family keeps; a cell without evidence is no hypothesis.
fn kept(courses: &[Course], p_of: impl Fn(&Course) -> f64) -> Vec<bool> {
    let fit = |course: &&Course| course.judgement.evidence.is_ok();
    let p_values: Vec<f64> = courses.iter().filter(fit).map(&p_of).collect();
    let mut decisions = benjamini_hochberg(&p_values, FALSE_DISCOVERY_RATE).into_iter();
    courses.iter().map(|course| fit(&course) && decisions.next().unwrap_or(false)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(log_ratio: f64) -> Option<Pair> {
        Some(Pair { sync: 1.0, r#async: log_ratio.exp() })
    }

    /// This many blocks whose log ratios alternate around `mean`.
    fn blocks(count: usize, mean: f64, spread: f64) -> Vec<Option<Pair>> {
        [-1.0, 1.0].iter().cycle().take(count).map(|sign| pair(mean + sign * spread)).collect()
    }

    fn cells(family: &[Vec<Option<Pair>>]) -> Vec<Cell<'_>> {
        family.iter().map(|blocks| Cell { blocks }).collect()
    }

    fn judged_at(looks: &Looks, aa: &[Vec<Option<Pair>>], family: &[Vec<Option<Pair>>]) -> Vec<Judgement> {
        let question = Question { better: Better::More, looks, moderated: false };
        judge(question, &cells(aa), &cells(family))
    }

    fn judged(family: &[Vec<Option<Pair>>]) -> Vec<Judgement> {
        judged_at(&Looks::once(6), &[], family)
    }

    fn verdicts(judgements: &[Judgement]) -> Vec<Verdict> {
        judgements.iter().map(|judgement| judgement.verdict).collect()
    }

    #[test]
    fn each_cell_gets_its_verdict_in_its_place() {
        let family = [
            blocks(6, 0.3, 0.01),
            vec![Some(Pair { sync: 1.0, r#async: f64::NAN }); 6],
            blocks(6, -0.3, 0.01),
            blocks(6, 0.0, 0.01),
            blocks(6, 0.0, 0.5),
        ];
        let judgements = judged(&family);
        assert_eq!(
            verdicts(&judgements),
            [Verdict::AsyncWins, Verdict::Invalid, Verdict::SyncWins, Verdict::Tie, Verdict::CannotTell]
        );
        assert!(judgements[1].evidence.is_err());
    }

    #[test]
    fn a_win_or_tie_that_its_family_does_not_bear_out_becomes_cannot_tell() {
        // Just beyond the margin, and just inside it: p ≈ 0.04 each.
        for (mean, alone) in [(0.0585, Verdict::AsyncWins), (0.0390, Verdict::Tie)] {
            let close = blocks(6, mean, 0.01);
            assert_eq!(judged(std::slice::from_ref(&close))[0].verdict, alone);

            let mut family = vec![blocks(6, 0.0, 0.5); 9];
            family.push(close);
            let last = judged(&family)[9];
            assert_eq!(last.verdict, Verdict::CannotTell);
            assert_eq!(last.alone, alone);
            assert!(last.is_withdrawn());
        }
    }

    #[test]
    fn a_difference_that_copies_show_as_well_is_no_win() {
        let close = [blocks(8, 0.1, 0.01)];
        let alike = vec![blocks(8, 0.0, 0.01); 8];
        let apart: Vec<_> = [0.1, -0.1].iter().cycle().take(8).map(|mean| blocks(8, *mean, 0.01)).collect();
        let looks = Looks::once(8);
        assert_eq!(judged_at(&looks, &alike, &close)[0].verdict, Verdict::AsyncWins);
        let doubted = judged_at(&looks, &apart, &close)[0];
        assert_eq!(doubted.verdict, Verdict::CannotTell);
        assert!(!doubted.is_withdrawn(), "the cell alone must not win");
    }

    #[test]
    fn degenerate_blocks_give_figures_and_no_nan() {
        let same = |mean: f64| blocks(8, mean, 0.0);
        let families = [
            vec![same(0.0); 4],
            vec![same(0.3), same(0.0), same(-0.3), blocks(8, 0.0, 1e-15)],
            vec![same(0.3), blocks(8, 0.3, 0.1), blocks(8, 0.0, 1e-9), blocks(8, 0.01, 2.0), same(0.0)],
            vec![vec![Some(Pair { sync: 1e-300, r#async: 1e300 }); 8], blocks(8, 0.0, 0.01)],
        ];
        let copies = [vec![], vec![same(0.0)], vec![same(0.2)], vec![same(0.0), blocks(8, 0.0, 0.3)]];
        let looks = Looks::once(8);
        for (family, aa) in families.iter().flat_map(|family| copies.iter().map(move |aa| (family, aa))) {
            for moderated in [false, true] {
                let question = Question { better: Better::More, looks: &looks, moderated };
                for judgement in judge(question, &cells(aa), &cells(family)) {
                    let evidence = judgement.evidence.unwrap();
                    let ends = [evidence.log_interval().lo, evidence.log_interval().hi];
                    let figures = [evidence.p_win(), evidence.p_tie(), evidence.freedom, ends[0], ends[1]];
                    assert!(figures.iter().all(|figure| figure.is_finite()), "{figures:?} {judgement:?}");
                    assert!(evidence.freedom >= 1.0 && ends[0] <= ends[1], "{judgement:?}");
                    let visible = crate::power::smallest_visible(&evidence);
                    assert!(visible.is_finite() && visible > 0.0, "{judgement:?}");
                }
            }
        }
    }

    #[test]
    fn measuring_short_of_the_first_look_or_beyond_the_last_is_never_judged() {
        let looks = Looks::after(&[8, 12]).unwrap();
        for measured in [6, 7, 13, 20] {
            let found = judged_at(&looks, &[], &[blocks(measured, 0.3, 0.01)])[0];
            assert_eq!(found.verdict, Verdict::Invalid);
            assert_eq!(found.evidence, Err(Unfit::NotAsPlanned { measured, first: 8, last: 12 }));
        }
    }

    #[test]
    fn blocks_left_out_are_missed_only_below_six() {
        let with_gaps = |valid| [blocks(valid, 0.3, 0.01), vec![None; 8 - valid]].concat();
        let looks = Looks::once(8);
        assert_eq!(judged_at(&looks, &[], &[with_gaps(6)])[0].verdict, Verdict::AsyncWins);
        assert_eq!(
            judged_at(&looks, &[], &[with_gaps(5)])[0].evidence,
            Err(Unfit::NoEffect(NoEffect::TooFewBlocks { blocks: 5, needed: 6 }))
        );
    }

    #[test]
    fn a_clear_cell_ends_at_the_first_look_and_later_blocks_change_nothing() {
        let looks = Looks::after(&[8, 12, 16, 24]).unwrap();
        let clear = blocks(8, 0.3, 0.02);
        let gone_on = [clear.clone(), blocks(4, -5.0, 1.0)].concat();
        for measured in [clear, gone_on] {
            let found = judged_at(&looks, &[], &[measured])[0];
            assert_eq!((found.verdict, found.seen), (Verdict::AsyncWins, 8));
            assert_eq!(found.standing, Standing::Decided);
        }
    }

    #[test]
    fn a_cell_between_two_looks_stands_as_the_earlier_left_it() {
        let looks = Looks::after(&[8, 12]).unwrap();
        let found = judged_at(&looks, &[], &[blocks(11, 0.1, 0.06)])[0];
        assert_eq!((found.verdict, found.seen, found.standing), (Verdict::CannotTell, 8, Standing::Open));
        assert_eq!(found.evidence.unwrap().effect.blocks(), 8);
    }

    #[test]
    fn noise_ends_as_hopeless_and_stays_undecided() {
        let looks = Looks::after(&[8, 12, 16, 24]).unwrap();
        let found = judged_at(&looks, &[], &[blocks(24, 0.0, 0.4)])[0];
        assert_eq!((found.verdict, found.seen, found.standing), (Verdict::CannotTell, 8, Standing::Hopeless));
    }

    #[test]
    fn a_variance_far_below_its_class_is_drawn_towards_it() {
        let looks = Looks::once(8);
        let mut family: Vec<_> =
            (1..20).map(|index| blocks(8, 0.0, 0.05 + 0.001 * f64::from(index))).collect();
        family.push(blocks(8, 0.06, 0.001));
        let ask = |moderated| {
            let question = Question { better: Better::More, looks: &looks, moderated };
            judge(question, &[], &cells(&family))[19]
        };
        assert_eq!(ask(false).verdict, Verdict::AsyncWins);
        assert_eq!(ask(true).verdict, Verdict::CannotTell);
        assert!(ask(true).variance.freedom > ask(false).variance.freedom);
    }

    #[test]
    fn an_empty_family_has_no_verdicts() {
        assert_eq!(judged(&[]), []);
    }
}
