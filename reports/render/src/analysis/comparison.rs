//! One contrast in one cell by one metric: its blocks, its effect, its verdict.

use std::fmt;

use reports_record::{Definition, Metric, StopReason, TrialOutcome};
use reports_stats::effect::{Effect, Interval, MIN_BLOCKS, Pair, effect};
use reports_stats::judge::{Judgement, Standing};
use reports_stats::power::{BlocksNeeded, blocks_needed, smallest_visible};
use reports_stats::thirds::Thirds;
use reports_stats::verdict::Verdict;

use super::contrast::Contrast;
use super::end::End;
use super::estimate::Estimate;
use super::grid::Grid;
use super::observation::{Observation, is_usable};
use super::subject::Subject;
use super::workload;

/// How far two offered rates may lie apart and still be the same load.
///
/// One seed gives one schedule, so they are equal unless the rate was calibrated again in between.
const SAME_LOAD: f64 = 0.01;

/// One contrast in one cell by one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison<'a> {
    /// The two that are compared.
    pub contrast: Contrast<'a>,
    /// The cell, by its index in the definition.
    pub cell: usize,
    /// What is compared.
    pub subject: Subject,
    /// The sound blocks, by number. Those after a look that ended this question were measured for another of the same loop.
    pub measured: Vec<(u32, Pair)>,
    /// Blocks that were planned, those after a look that ended it left out: all figures are of these.
    pub planned: usize,
    /// Blocks of the run at most.
    pub of_run: usize,
    /// After how many blocks, and why, a look ended its loop; `None` where none did.
    pub stopped: Option<(u32, StopReason)>,
    /// Why no verdict can follow; `None` where it was judged.
    pub obstacle: Option<Obstacle>,
    /// Blocks before the first that bars it from a verdict: what a look has decided by then stays decided.
    pub barred_after: usize,
    /// What may be said; an A/A comparison keeps [`Verdict::CannotTell`], for only its wins are counted.
    pub verdict: Verdict,
    /// The judgement that the verdict follows from; `None` unless judged.
    pub judgement: Option<Judgement>,
    /// Whether connections ÷ wait bind both contenders, so that their throughput is the client's doing.
    pub connections_bind: bool,
    /// Whether the throughput of this cell is a round trip's inverse, not a capacity: neither side is busy.
    pub is_round_trip: bool,
    /// Whose throughput is only a lower bound in a sound block, because the client was the limit.
    pub understated: Vec<(u32, Understated)>,
    /// Why a verdict was taken back; `None` where it stands, or where there was none.
    pub withheld: Option<Withheld>,
    /// Async ÷ sync by the first attempts alone; `None` where nothing was made again.
    pub ratio_of_first: Option<f64>,
}

/// Why a verdict that the blocks bear out is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// The client limited the side that would lose or tie.
    Client,
    /// The first attempts alone give another ratio, by more than the margin.
    Repeats,
    /// The first and the last third of the blocks differ by more than the margin and chance.
    Machine,
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => {
                "the client limited some trials, which understates a side that would lose or tie"
            }
            Self::Repeats => "the repeated trials decide it: first attempts alone differ by more than 5\u{a0}%",
            Self::Machine => {
                "depends on the state of this machine: the first and the last third of the blocks differ by more than 5\u{a0}%"
            }
        })
    }
}

/// How many times as many blocks as a comparison has are still within reach: fewer hours than a day for the runs of this project.
pub const REACH: usize = 10;

/// How far an undecided comparison is from a verdict, were the effect seen the true one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remaining {
    /// As many blocks as it has decide it in four of five runs; this was the fifth.
    NearMiss,
    /// This many more blocks would.
    More(usize),
    /// It takes more than [`REACH`] times as many blocks as it has.
    OutOfReach,
}

/// Whose figures the client limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Understated {
    /// The blocking side's.
    pub sync: bool,
    /// The awaiting side's.
    pub awaiting: bool,
}

/// Why a comparison was not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Fewer blocks were planned than a verdict needs.
    ShortPlan {
        /// Blocks planned.
        planned: usize,
    },
    /// Planned blocks are missing: the run goes on, or ended early.
    Unfinished {
        /// Blocks missing.
        missing: usize,
    },
    /// A trial has too few requests for this quantile.
    TooFewRequests,
    /// In a trial the quantile is only known as a lower bound.
    Censored,
    /// The two were offered different loads.
    OtherLoad,
    /// Too few blocks are left, because trials failed or are not believable.
    TooFewValid {
        /// Blocks left.
        valid: usize,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShortPlan { planned } => {
                write!(f, "{planned} blocks planned, {MIN_BLOCKS} needed")
            }
            Self::Unfinished { missing } => write!(f, "{missing} planned blocks were not measured"),
            Self::TooFewRequests => f.write_str("too few requests for this quantile"),
            Self::Censored => f.write_str("only a lower bound is known in some trials"),
            Self::OtherLoad => f.write_str("the two were offered different rates"),
            Self::TooFewValid { valid } => write!(f, "{valid} valid blocks, {MIN_BLOCKS} needed"),
        }
    }
}

impl<'a> Comparison<'a> {
    /// Collects the blocks of one comparison. Its verdict is not final before its family was judged.
    #[must_use]
    pub fn collect(
        definition: &Definition,
        grid: &Grid<'_>,
        contrast: Contrast<'a>,
        cell: usize,
        subject: Subject,
    ) -> Self {
        let mut tally = Tally::default();
        let blocks = grid.blocks_of(cell, contrast, subject);
        for block in 0..blocks {
            tally.add(grid, contrast, (cell, &definition.cells[cell]), block, subject);
        }
        let planned = blocks as usize;
        let obstacle = tally.obstacle(planned);
        let verdict = match obstacle {
            Some(Obstacle::TooFewValid { .. } | Obstacle::OtherLoad) => Verdict::Invalid,
            _ => Verdict::CannotTell,
        };
        Self {
            contrast,
            cell,
            subject,
            measured: tally.pairs,
            planned,
            of_run: definition.blocks as usize,
            stopped: grid.stopped(cell, contrast, subject),
            obstacle,
            barred_after: tally.barred.map_or(planned, |block| block as usize),
            verdict,
            judgement: None,
            connections_bind: false,
            is_round_trip: subject.metric == Metric::Throughput
                && workload::is_round_trip(&definition.cells[cell]),
            understated: tally.understated,
            withheld: None,
            ratio_of_first: None,
        }
    }

    /// Settles on the judgement's verdict, unless a lower bound cannot bear it out (a side whose throughput is understated may win, but
    /// neither lose nor tie), or the effect changed with the state of the machine.
    ///
    /// A block that bars it from a verdict counts where it went on to that block; one that was measured for another question of its loop,
    /// after a look had decided this one, does not.
    pub fn settle(&mut self, judgement: Judgement) {
        if self.obstacle.is_some() && judgement.standing != Standing::Decided {
            return;
        }
        self.obstacle = None;
        self.judgement = Some(judgement);
        if judgement.evidence.is_ok() {
            self.planned = judgement.seen;
        }
        self.settle_on(judgement.verdict);
    }

    fn settle_on(&mut self, verdict: Verdict) {
        let Understated { sync, awaiting } = self.understated();
        self.verdict = verdict;
        let is_understated = match verdict {
            Verdict::AsyncWins => sync,
            Verdict::SyncWins => awaiting,
            Verdict::Tie => sync || awaiting,
            Verdict::CannotTell | Verdict::Invalid => false,
        };
        if is_understated {
            self.withhold(Withheld::Client);
        } else if Thirds::of(&self.all_blocks()).is_some_and(|thirds| thirds.disagree()) {
            self.withhold(Withheld::Machine);
        }
    }

    /// Takes a verdict back; without a verdict there is nothing to take.
    pub fn withhold(&mut self, why: Withheld) {
        if self.verdict.is_decided() {
            (self.verdict, self.withheld) = (Verdict::CannotTell, Some(why));
        }
    }

    /// Whether the blocks may be judged.
    #[must_use]
    pub fn is_fit(&self) -> bool {
        self.obstacle.is_none()
    }

    /// Whether a look after `first` blocks could judge it: none of them bars it from a verdict.
    #[must_use]
    pub fn is_fit_at(&self, first: usize) -> bool {
        self.is_fit() || self.barred_after >= first && self.barred_after < self.planned
    }

    /// The blocks that looks could judge it by: those before the first that bars it from a verdict.
    #[must_use]
    pub fn judged_blocks(&self) -> Vec<Option<Pair>> {
        let mut all = self.all_blocks();
        all.truncate(self.barred_after);
        all
    }

    /// Whether too little of its data is sound for any verdict: it was not judged, which is another thing than being undecided.
    #[must_use]
    pub fn lacks_data(&self) -> bool {
        self.obstacle.is_some()
    }

    /// Every planned block in order, `None` for one that does not count.
    #[must_use]
    pub fn all_blocks(&self) -> Vec<Option<Pair>> {
        let mut all = vec![None; self.planned];
        for (block, pair) in self.blocks() {
            all[block as usize] = Some(pair);
        }
        all
    }

    /// The blocks that count, by number.
    pub fn blocks(&self) -> impl Iterator<Item = (u32, Pair)> {
        self.blocks_before(self.planned)
    }

    fn blocks_before(&self, end: usize) -> impl Iterator<Item = (u32, Pair)> {
        self.measured.iter().copied().filter(move |&(block, _)| (block as usize) < end)
    }

    /// The values of the blocks that count.
    #[must_use]
    pub fn pairs(&self) -> Vec<Pair> {
        self.blocks().map(|(_, pair)| pair).collect()
    }

    /// Whose throughput is only a lower bound in a block that counts.
    fn understated(&self) -> Understated {
        let counts = self.understated.iter().filter(|&&(block, _)| (block as usize) < self.planned);
        counts.fold(Understated::default(), |all, (_, whose)| Understated {
            sync: all.sync || whose.sync,
            awaiting: all.awaiting || whose.awaiting,
        })
    }

    /// Whether connections or the client bound these throughputs, so that their ratio is not the contenders'.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.connections_bind || self.understated() != Understated::default()
    }

    /// The paired effect; `None` with fewer than two blocks.
    #[must_use]
    pub fn effect(&self) -> Option<Effect> {
        effect(&self.pairs()).ok()
    }

    /// Async ÷ sync, the geometric mean over blocks; a single block gives its own ratio.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        self.ratio_before(self.planned)
    }

    /// The same over the sound blocks below the number `end`.
    #[must_use]
    pub fn ratio_before(&self, end: usize) -> Option<f64> {
        let pairs: Vec<Pair> = self.blocks_before(end).map(|(_, pair)| pair).collect();
        match pairs[..] {
            [] => None,
            [only] => Some(only.r#async / only.sync),
            _ => effect(&pairs).ok().map(|effect| effect.ratio()),
        }
    }

    /// The two sides' figures, sync first: geometric means over the very blocks that the ratio is of, so that their quotient
    /// is the ratio. `None` without such a block.
    #[must_use]
    pub fn sides(&self) -> Option<(Estimate, Estimate)> {
        let pairs = self.pairs();
        let of = |side: fn(&Pair) -> f64| Estimate::of(&pairs.iter().map(side).collect::<Vec<_>>());
        of(|pair| pair.sync).zip(of(|pair| pair.r#async))
    }

    /// The 95 % interval of the ratio that the verdict rests on, or of its blocks alone where it was not judged; `None` with
    /// fewer than [`MIN_BLOCKS`] of them.
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        match self.judgement.and_then(|judgement| judgement.evidence.ok()) {
            Some(evidence) => Some(evidence.ratio_interval()),
            None => self.effect()?.ratio_interval(),
        }
    }

    /// The smallest effect that these blocks would have shown in four of five runs, as a ratio above 1; `None` unless judged.
    #[must_use]
    pub fn visible(&self) -> Option<f64> {
        Some(smallest_visible(&self.judgement?.evidence.ok()?).exp())
    }

    /// The blocks in all after which an undecided comparison would be decided in four of five runs, were the effect seen
    /// the true one; `None` unless judged and undecided.
    #[must_use]
    pub fn needed(&self) -> Option<BlocksNeeded> {
        let judgement = self.judgement.filter(|judgement| judgement.verdict == Verdict::CannotTell)?;
        Some(blocks_needed(&judgement.evidence.ok()?, judgement.variance, judgement.excess))
    }

    /// How far an undecided comparison is from a verdict; `None` unless judged and undecided.
    #[must_use]
    pub fn remaining(&self) -> Option<Remaining> {
        let needed = self.needed()?;
        let sound = self.pairs().len();
        Some(match needed.for_a_win.or(needed.for_a_tie) {
            Some(blocks) if blocks <= sound => Remaining::NearMiss,
            Some(blocks) if blocks <= REACH * sound => Remaining::More(blocks - sound),
            _ => Remaining::OutOfReach,
        })
    }

    /// Why it is undecided; `None` unless judged and undecided by its blocks.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        End::of(&self.judgement?, self.stopped, self.of_run)
    }

    /// Whether the interval includes a ratio of 1; true where there is no interval to exclude it.
    #[must_use]
    pub fn includes_equal(&self) -> bool {
        self.interval().is_none_or(|interval| interval.lo <= 1.0 && 1.0 <= interval.hi)
    }

    /// A tie, or nothing, that the load generator brought about: it counts in no score.
    ///
    /// A win in spite of the bound is a finding and counts.
    #[must_use]
    pub fn is_by_construction(&self) -> bool {
        self.connections_bind && !self.verdict.is_win()
    }
}

/// Blocks of one comparison, sorted by what can be done with them.
#[derive(Debug, Default)]
struct Tally {
    pairs: Vec<(u32, Pair)>,
    missing: usize,
    too_few_requests: usize,
    censored: usize,
    other_load: usize,
    /// The first block that is counted as any of these.
    barred: Option<u32>,
    understated: Vec<(u32, Understated)>,
}

impl Tally {
    fn add(
        &mut self,
        grid: &Grid<'_>,
        contrast: Contrast<'_>,
        (index, cell): (usize, &reports_record::Cell),
        block: u32,
        subject: Subject,
    ) {
        let trials = (grid.trial(index, contrast.sync, block), grid.trial(index, contrast.awaiting, block));
        let (Some(sync), Some(awaiting)) = trials else {
            self.missing += 1;
            self.barred.get_or_insert(block);
            return;
        };
        let sound = self.pairs.len();
        match (Observation::of(subject, cell, sync), Observation::of(subject, cell, awaiting)) {
            (Observation::Unusable, _) | (_, Observation::Unusable) => return,
            (Observation::TooFewRequests, _) | (_, Observation::TooFewRequests) => self.too_few_requests += 1,
            (Observation::AtLeast(_), _) | (_, Observation::AtLeast(_)) => self.censored += 1,
            (Observation::Figure(_), Observation::Figure(_))
                if subject.metric.is_at_a_rate()
                    && !same_load(&sync.outcome, &awaiting.outcome, subject.level) =>
            {
                self.other_load += 1;
            }
            (Observation::Figure(of_sync), Observation::Figure(of_awaiting)) => {
                let [sync, awaiting] = [sync, awaiting].map(|trial| is_understated(&trial.outcome));
                if subject.metric == Metric::Throughput && (sync || awaiting) {
                    self.understated.push((block, Understated { sync, awaiting }));
                }
                self.pairs.push((block, Pair { sync: of_sync, r#async: of_awaiting }));
            }
        }
        if self.pairs.len() == sound {
            self.barred.get_or_insert(block);
        }
    }

    /// The first reason that applies. One censored or too small trial is enough: to leave out just
    /// the blocks in which a quantile is missing would keep the blocks in which it was small.
    fn obstacle(&self, planned: usize) -> Option<Obstacle> {
        let valid = self.pairs.len();
        Some(match self {
            _ if planned < MIN_BLOCKS => Obstacle::ShortPlan { planned },
            Self { missing, .. } if *missing > 0 => Obstacle::Unfinished { missing: *missing },
            Self { other_load, .. } if *other_load > 0 => Obstacle::OtherLoad,
            Self { too_few_requests, .. } if *too_few_requests > 0 => Obstacle::TooFewRequests,
            Self { censored, .. } if *censored > 0 => Obstacle::Censored,
            _ if valid < MIN_BLOCKS => Obstacle::TooFewValid { valid },
            _ => return None,
        })
    }
}

fn is_understated(outcome: &TrialOutcome) -> bool {
    matches!(outcome, TrialOutcome::Measured(measured) if measured.closed.as_ref().is_some_and(|closed| closed.measurement.is_throughput_at_least()))
}

fn same_load(sync: &TrialOutcome, awaiting: &TrialOutcome, level: usize) -> bool {
    let offered = |outcome: &TrialOutcome| match outcome {
        TrialOutcome::Measured(measured) => {
            let open = measured.open_at(level).filter(|open| is_usable(&open.measurement));
            open.and_then(|open| open.measurement.offered_rate_per_s)
        }
        TrialOutcome::Failed { .. } => None,
    };
    match (offered(sync), offered(awaiting)) {
        (Some(sync), Some(awaiting)) => (sync / awaiting - 1.0).abs() <= SAME_LOAD,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use reports_stats::judge::{Cell, Question, judge};
    use reports_stats::looks::Looks;
    use reports_stats::verdict::Better;

    use super::*;
    use crate::analysis::contrast::Kind;

    fn comparison(measured: Vec<(u32, Pair)>, understated: Vec<(u32, Understated)>) -> Comparison<'static> {
        Comparison {
            contrast: Contrast { kind: Kind::Control, sync: "threads", awaiting: "tasks" },
            cell: 0,
            subject: Metric::Throughput.into(),
            planned: measured.len(),
            of_run: measured.len(),
            stopped: None,
            measured,
            obstacle: None,
            barred_after: 0,
            verdict: Verdict::CannotTell,
            judgement: None,
            connections_bind: false,
            is_round_trip: false,
            understated,
            withheld: None,
            ratio_of_first: None,
        }
    }

    fn settled(verdict: Verdict, whose: Understated) -> (Verdict, Option<Withheld>) {
        let block = (0, Pair { sync: 1.0, r#async: 1.0 });
        let mut comparison = comparison(vec![block], vec![(0, whose)]);
        comparison.settle_on(verdict);
        (comparison.verdict, comparison.withheld)
    }

    #[test]
    fn an_understated_side_may_win_but_neither_lose_nor_tie() {
        let awaiting = Understated { sync: false, awaiting: true };
        assert_eq!(settled(Verdict::AsyncWins, awaiting), (Verdict::AsyncWins, None));
        assert_eq!(settled(Verdict::SyncWins, awaiting), (Verdict::CannotTell, Some(Withheld::Client)));
        assert_eq!(settled(Verdict::Tie, awaiting), (Verdict::CannotTell, Some(Withheld::Client)));
        let sync = Understated { sync: true, awaiting: false };
        assert_eq!(settled(Verdict::AsyncWins, sync), (Verdict::CannotTell, Some(Withheld::Client)));
        assert_eq!(settled(Verdict::SyncWins, sync), (Verdict::SyncWins, None));
    }

    #[test]
    fn what_was_measured_for_another_question_is_in_no_figure() {
        let block =
            |block: u32| (block, Pair { sync: 100.0, r#async: if block < 6 { 200.0 } else { 900.0 } });
        let mut comparison =
            comparison((0..8).map(block).collect(), vec![(7, Understated { sync: true, awaiting: true })]);
        let all = comparison.all_blocks();
        assert!((comparison.ratio().unwrap() - 2.0).abs() > 0.5, "not judged yet: all eight");

        let question =
            Question { better: Better::More, looks: &Looks::after(&[6, 8]).unwrap(), moderated: false };
        let judgement = judge(question, &[], &[Cell { blocks: &all }])[0];
        assert_eq!((judgement.seen, judgement.verdict), (6, Verdict::AsyncWins));
        comparison.settle(judgement);
        assert_eq!((comparison.pairs().len(), comparison.planned), (6, 6));
        assert!((comparison.ratio().unwrap() - 2.0).abs() < 1e-9, "{:?}", comparison.ratio());
        let (sync, awaiting) = comparison.sides().unwrap();
        assert!((awaiting.middle / sync.middle - 2.0).abs() < 1e-9);
        assert_eq!(comparison.verdict, Verdict::AsyncWins, "the client limited none of the six");
    }

    /// The t interval of five blocks is 2.8 standard errors to each side, of two 12.7: what may not be judged has none.
    #[test]
    fn an_invalid_row_has_a_ratio_and_no_interval() {
        let block = |block: u32| (block, Pair { sync: 100.0, r#async: 120.0 + f64::from(block) });
        for (blocks, has_interval) in [(1, false), (2, false), (5, false), (6, true)] {
            let mut row = comparison((0..blocks).map(block).collect(), Vec::new());
            (row.verdict, row.planned) = (Verdict::Invalid, 8);
            assert!(row.ratio().is_some_and(|ratio| ratio > 1.1), "{blocks}");
            assert_eq!(row.interval().is_some(), has_interval, "{blocks}");
            let (sync, awaiting) = row.sides().unwrap();
            assert_eq!((sync.interval.is_some(), awaiting.interval.is_some()), (has_interval, has_interval));
        }
    }

    /// Noise of a third a block, judged after six blocks of ten, whatever ended it.
    #[test]
    fn what_is_undecided_says_whether_it_was_hopeless_or_the_budget_or_the_blocks_ended() {
        let end = |spread: f64, planned: &[usize], measured: u32, stopped: Option<(u32, StopReason)>| {
            let log = |block: u32| spread * [-1.0, 1.0][block as usize % 2];
            let block = |block: u32| (block, Pair { sync: 1.0, r#async: (0.06 + log(block)).exp() });
            let mut row = comparison((0..measured).map(block).collect(), Vec::new());
            (row.of_run, row.stopped) = (10, stopped);
            let question =
                Question { better: Better::More, looks: &Looks::after(planned).unwrap(), moderated: false };
            let judgement = judge(question, &[], &[Cell { blocks: &row.all_blocks() }])[0];
            row.settle(judgement);
            assert_eq!(row.verdict, Verdict::CannotTell);
            row.end().map(|end| end.to_string()).unwrap_or_default()
        };
        let (noisy, calm) = (0.3, 0.02);
        assert_eq!(end(noisy, &[6, 10], 6, Some((6, StopReason::Hopeless))), "hopeless after 6 of 10 blocks");
        assert_eq!(
            end(calm, &[6, 10], 7, Some((7, StopReason::Budget))),
            "the budget ended after 7 of 10 blocks"
        );
        assert_eq!(
            end(calm, &[6, 10], 6, Some((6, StopReason::Decided))),
            "its loop ended after 6 of 10 blocks"
        );
        assert_eq!(end(calm, &[6, 10], 10, None), "all 10 blocks leave it open");
        assert_eq!(end(calm, &[6, 10], 6, None), "", "measuring goes on");
    }

    #[test]
    fn what_was_not_understated_is_not_withheld() {
        for verdict in [Verdict::AsyncWins, Verdict::SyncWins, Verdict::Tie, Verdict::Invalid] {
            assert_eq!(settled(verdict, Understated::default()), (verdict, None));
        }
    }
}
