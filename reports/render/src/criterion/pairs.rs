//! Both sides of each group, judged by their rounds; and each side against itself.

use reports_record::{BenchFigure, BenchRound, BenchRounds, BenchSlice, BenchUnit};
use reports_stats::effect::{Interval, Pair as Values};
use reports_stats::judge::{Cell, Judgement, Question, judge, judge_copies};
use reports_stats::looks::Looks;
use reports_stats::verdict::{Better, Verdict};

use crate::analysis::estimate::Estimate;

/// Blocks that the rounds of a group are cut into, each of consecutive rounds: rounds resemble their neighbours, and blocks of
/// ten hardly do.
pub(super) const BLOCKS: usize = 20;

/// Largest share of a round's time for which its threads may have waited for a CPU that others used, where the clock judges.
const MOST_DELAY: f64 = 0.05;

/// Least share of a group's rounds that must count where the clock judges. With fewer the machine was busy throughout.
const LEAST_CALM: f64 = 0.5;

/// Largest share of its CPUs that other processes may have taken from a group that the clock judges: what they take lengthens
/// its times by about as much, and threads that end take their own waits with them, so that no round shows those.
const MOST_FOREIGN: f64 = 0.05;

/// Sides whose comparison with themselves must hold 1, as a share; fewer say that the intervals of this session are too narrow.
pub(super) const PROMISED: f64 = 0.95;

/// Both sides of a group.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) rounds: &'a BenchRounds,
    pub(super) judgement: Judgement,
    /// The judged figure of one operation.
    pub(super) sync: Option<Estimate>,
    pub(super) awaiting: Option<Estimate>,
    /// Other figures of one operation of the blocking side and of the awaiting one.
    pub(super) others: [Others; 2],
    /// Rounds left out.
    pub(super) left_out: usize,
    /// Why the group has no verdict, whatever its rounds say.
    pub(super) unrest: Option<Unrest>,
    /// Each side against itself, the blocking one first.
    pub(super) itself: [Judgement; 2],
}

/// A reason not to believe any round of a group that the clock judges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unrest {
    /// Other processes took this share of its CPUs.
    Others(f64),
    /// This share of its rounds was disturbed.
    Rounds(f64),
}

/// Figures of one operation that are shown beside the judged one; `None` where they were not measured.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Others {
    /// Time on the clock, or bytes.
    pub(super) value: Option<f64>,
    pub(super) cpu_ns: Option<f64>,
    pub(super) switches: Option<f64>,
    pub(super) loop_waits: Option<f64>,
    pub(super) client_wakes: Option<f64>,
    pub(super) timer_interrupts: Option<f64>,
}

impl Pair<'_> {
    pub(super) fn group(&self) -> &str {
        &self.rounds.group
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.judgement.verdict
    }

    /// async ÷ sync; less is better, for times and sizes alike.
    pub(super) fn ratio(&self) -> Option<f64> {
        self.judgement.evidence.ok().map(|evidence| evidence.effect.ratio())
    }

    pub(super) fn interval(&self) -> Option<Interval> {
        self.judgement.evidence.ok().map(|evidence| evidence.ratio_interval())
    }

    /// The absolute difference of one operation, in the unit of the group.
    pub(super) fn difference(&self) -> Option<f64> {
        Some(self.awaiting?.middle - self.sync?.middle)
    }
}

/// Whether a round counts: the hypervisor took nothing, no thread waited long for its CPU where that would lengthen what
/// is judged, and the load generator's certificate held.
fn counts(round: &BenchRound, group: &BenchRounds) -> bool {
    if group.unit == BenchUnit::Bytes {
        return true;
    }
    // Both sides' time together: how quick one of them was says nothing about whether the round is kept.
    let delayed =
        group.judged == BenchFigure::Value && round.run_delay_ns as f64 > MOST_DELAY * round.wall_ns as f64;
    round.steal_ms == 0 && !delayed && round.certified
}

/// Why no round of a group is to be believed; `None` where nothing speaks against them, and where CPU time or bytes judge.
fn unrest(group: &BenchRounds) -> Option<Unrest> {
    if group.judged == BenchFigure::Cpu || group.unit == BenchUnit::Bytes {
        return None;
    }
    let counting = group.rounds.iter().filter(|round| counts(round, group)).count() as f64;
    let disturbed = 1.0 - counting / group.rounds.len() as f64;
    foreign_share(group)
        .filter(|share| *share > MOST_FOREIGN)
        .map(Unrest::Others)
        .or((disturbed > 1.0 - LEAST_CALM).then_some(Unrest::Rounds(disturbed)))
}

/// The share of a group's CPUs that other processes took; `None` where it was not read.
fn foreign_share(group: &BenchRounds) -> Option<f64> {
    let taken_ms: f64 = group.rounds.iter().map(|round| round.foreign_ms).sum::<Option<f64>>()?;
    let wall_ms: f64 = group.rounds.iter().map(|round| round.wall_ns as f64 / 1e6).sum();
    Some(taken_ms / (wall_ms * f64::from(group.cpus))).filter(|share| share.is_finite())
}

/// Intervals of a side against itself that hold 1, and how many there are.
pub(super) fn holding(pairs: &[Pair<'_>]) -> (usize, usize) {
    let intervals = pairs.iter().flat_map(|pair| &pair.itself).filter_map(|side| side.evidence.ok());
    intervals.fold((0, 0), |(holding, all), evidence| {
        (holding + usize::from(evidence.ratio_interval().holds(1.0)), all + 1)
    })
}

/// The groups judged as one family, in their order. Each side against itself shows how far this session sets copies apart, which
/// widens every interval: that of the side itself by what the other sides show.
pub(super) fn judged(groups: &[BenchRounds]) -> Vec<Pair<'_>> {
    let counted: Vec<Blocks<'_>> = groups.iter().map(Blocks::of).collect();
    let values = |of: fn(&Blocks<'_>) -> Vec<Option<Values>>| counted.iter().map(of).collect::<Vec<_>>();
    let both = values(|blocks| blocks.both());
    let copies = [values(|blocks| blocks.itself(sync)), values(|blocks| blocks.itself(awaiting))].concat();

    let looks = Looks::once(BLOCKS);
    let question = Question { better: Better::Less, looks: &looks, moderated: false };
    let (family, copies) = (cells(&both), cells(&copies));
    let judgements = judge(question, &copies, &family);
    let themselves = judge_copies(question, &copies);

    let mut pairs = Vec::new();
    for (index, blocks) in counted.iter().enumerate() {
        let estimate =
            |of: fn(&Values) -> f64| Estimate::of(&both[index].iter().flatten().map(of).collect::<Vec<_>>());
        pairs.push(Pair {
            rounds: blocks.group,
            judgement: judgements[index],
            sync: estimate(|values| values.sync),
            awaiting: estimate(|values| values.r#async),
            others: [blocks.others(sync), blocks.others(awaiting)],
            unrest: unrest(blocks.group),
            left_out: blocks.group.rounds.len() - blocks.rounds.iter().map(Vec::len).sum::<usize>(),
            itself: [themselves[index], themselves[groups.len() + index]],
        });
    }
    pairs
}

fn cells(values: &[Vec<Option<Values>>]) -> Vec<Cell<'_>> {
    values.iter().map(|blocks| Cell { blocks }).collect()
}

/// One side of a round.
type SideOf = fn(&BenchRound) -> &[BenchSlice; 2];

fn sync(round: &BenchRound) -> &[BenchSlice; 2] {
    &round.sync
}

fn awaiting(round: &BenchRound) -> &[BenchSlice; 2] {
    &round.r#async
}

/// The rounds of a group that count, by block; fewer than [`BLOCKS`] blocks where there are fewer rounds.
#[derive(Debug)]
struct Blocks<'a> {
    group: &'a BenchRounds,
    rounds: Vec<Vec<&'a BenchRound>>,
}

impl<'a> Blocks<'a> {
    fn of(group: &'a BenchRounds) -> Self {
        let count = group.rounds.len().min(BLOCKS);
        let is_calm = unrest(group).is_none();
        let block = |index: usize| {
            let (first, end) = (index * group.rounds.len() / count, (index + 1) * group.rounds.len() / count);
            let counting = |round: &&BenchRound| is_calm && counts(round, group);
            group.rounds[first..end].iter().filter(counting).collect()
        };
        Self { group, rounds: (0..count).map(block).collect() }
    }

    /// Both sides in each block.
    fn both(&self) -> Vec<Option<Values>> {
        let figure = self.group.judged;
        let all =
            |block: &[&BenchRound], side: SideOf| over(block.iter().flat_map(|round| side(round)), figure);
        let values = |block: &Vec<&BenchRound>| {
            Some(Values { sync: all(block, sync)?, r#async: all(block, awaiting)? })
        };
        self.rounds.iter().map(values).collect()
    }

    /// A side's first slices of each round against its second ones.
    fn itself(&self, side: SideOf) -> Vec<Option<Values>> {
        let half = |block: &[&BenchRound], index: usize| {
            over(block.iter().map(|round| &side(round)[index]), self.group.judged)
        };
        let values =
            |block: &Vec<&BenchRound>| Some(Values { sync: half(block, 0)?, r#async: half(block, 1)? });
        self.rounds.iter().map(values).collect()
    }

    /// Arithmetic means over all rounds that count.
    fn others(&self, side: SideOf) -> Others {
        let slices = || self.rounds.iter().flatten().flat_map(|round| side(round));
        let operations: u64 = slices().map(|slice| slice.operations).sum();
        let each = |sum: Option<f64>| sum.filter(|_| operations > 0).map(|sum| sum / operations as f64);
        Others {
            value: each(slices().map(|slice| Some(slice.value)).sum()),
            cpu_ns: each(slices().map(|slice| slice.cpu_ns).sum()),
            switches: each(slices().map(|slice| slice.switches.map(|count| count as f64)).sum()),
            loop_waits: each(slices().map(|slice| slice.loop_waits.map(|count| count as f64)).sum()),
            client_wakes: each(slices().map(|slice| slice.client_wakes.map(|count| count as f64)).sum()),
            timer_interrupts: each(
                slices().map(|slice| slice.timer_interrupts.map(|count| count as f64)).sum(),
            ),
        }
    }
}

/// `figure` of one operation over `slices`; `None` where it was not measured, or there is nothing.
fn over<'a>(slices: impl Iterator<Item = &'a BenchSlice>, figure: BenchFigure) -> Option<f64> {
    let mut sum = BenchSlice { cpu_ns: Some(0.0), ..BenchSlice::default() };
    for slice in slices {
        sum.operations += slice.operations;
        sum.value += slice.value;
        sum.cpu_ns = sum.cpu_ns.zip(slice.cpu_ns).map(|(sum, cpu)| sum + cpu);
    }
    sum.each(figure).filter(|each| each.is_finite() && *each > 0.0)
}

#[cfg(test)]
pub(super) mod tests {
    use reports_record::{Cpu, Environment, SCHEMA};

    use super::*;

    fn slice(value: f64) -> BenchSlice {
        BenchSlice {
            operations: 10,
            value: value * 10.0,
            cpu_ns: Some(value * 9.0),
            switches: Some(20),
            ..BenchSlice::default()
        }
    }

    fn round(sync: f64, awaiting: f64) -> BenchRound {
        BenchRound {
            sync: [slice(sync); 2],
            r#async: [slice(awaiting); 2],
            steal_ms: 0,
            run_delay_ns: 0,
            foreign_ms: None,
            wall_ns: 1_000_000,
            certified: true,
        }
    }

    #[test]
    fn a_round_is_left_out_for_both_sides_alike_and_for_each_reason() {
        let clean = round(1.0, 2.0);
        let stolen = BenchRound { steal_ms: 10, ..clean };
        let doubtful = BenchRound { certified: false, ..clean };
        let delayed = BenchRound { run_delay_ns: 60_000, ..clean };
        let judged = |round: &BenchRound, judged| counts(round, &BenchRounds { judged, ..group(Vec::new()) });
        for figure in [BenchFigure::Cpu, BenchFigure::Value] {
            assert!(judged(&clean, figure) && !judged(&stolen, figure) && !judged(&doubtful, figure));
        }
        // A wait for the CPU is on the clock and in no CPU time.
        assert!(!judged(&delayed, BenchFigure::Value) && judged(&delayed, BenchFigure::Cpu));
    }

    /// Both sides together took the millisecond that is on the clock, however they share it.
    #[test]
    fn how_quick_one_side_was_does_not_decide_whether_a_round_counts() {
        let judged = |round: &BenchRound| counts(round, &group(Vec::new()));
        for (sync, awaiting) in [(25.0, 25.0), (49.9, 0.1), (0.1, 49.9)] {
            for (run_delay_ns, kept) in [(40_000, true), (60_000, false)] {
                let delayed = BenchRound { run_delay_ns, ..round(sync, awaiting) };
                assert_eq!(judged(&delayed), kept, "{run_delay_ns} ns with sides of {sync} and {awaiting}");
            }
        }
    }

    /// Threads that ended waited for most of each round, and no counter of this process kept it.
    #[test]
    fn a_group_is_withheld_where_others_took_its_cpus_and_the_clock_judges() {
        let group = |foreign_ms: Option<f64>, judged| {
            let rounds = (0..40).map(|number| {
                let off = 1.0 + f64::from(number * 7 % 5) * 0.01;
                BenchRound { foreign_ms, ..round(50.0 * off, off) }
            });
            BenchRounds { judged, ..group(rounds.collect()) }
        };
        // A tenth of two CPUs for a millisecond; and a fortieth.
        for (foreign_ms, judged, unrest, verdict) in [
            (Some(0.2), BenchFigure::Value, Some(Unrest::Others(0.1)), Verdict::Invalid),
            (Some(0.2), BenchFigure::Cpu, None, Verdict::AsyncWins),
            (Some(0.05), BenchFigure::Value, None, Verdict::AsyncWins),
            (Some(-0.05), BenchFigure::Value, None, Verdict::AsyncWins),
            (None, BenchFigure::Value, None, Verdict::AsyncWins),
        ] {
            let groups = [group(foreign_ms, judged)];
            let pair = &super::judged(&groups)[0];
            let rounded = pair.unrest.map(|unrest| match unrest {
                Unrest::Others(share) => Unrest::Others((share * 1e6).round() / 1e6),
                other @ Unrest::Rounds(_) => other,
            });
            assert_eq!((rounded, pair.verdict()), (unrest, verdict), "{foreign_ms:?} ms a round, {judged:?}");
        }
    }

    #[test]
    fn a_group_whose_rounds_were_mostly_disturbed_is_invalid_where_the_clock_judges() {
        let verdict = |disturbed: usize, judged| {
            let rounds = (0..200).map(|number| {
                let off = 1.0 + (number * 7 % 5) as f64 * 0.01;
                // Spread over the group: every block keeps some rounds.
                let delayed = number * disturbed / 200 != (number + 1) * disturbed / 200;
                let run_delay_ns = if delayed { 900_000 } else { 0 };
                BenchRound { run_delay_ns, ..round(50.0 * off, off) }
            });
            let group = BenchRounds { judged, ..group(rounds.collect()) };
            super::judged(&[group])[0].verdict()
        };
        assert_eq!(verdict(90, BenchFigure::Value), Verdict::AsyncWins);
        assert_eq!(verdict(110, BenchFigure::Value), Verdict::Invalid);
        assert_eq!(verdict(110, BenchFigure::Cpu), Verdict::AsyncWins);
    }

    /// The two copies of each side are this many logarithms apart, with next to no noise.
    fn apart(distances: impl IntoIterator<Item = f64>) -> Vec<BenchRounds> {
        let group_of = |distance: f64| {
            let rounds = (0..40).map(|number| {
                let off = 1.0 + f64::from(number % 3) * 1e-4;
                let copies = [slice(off), slice(off * distance.exp())];
                BenchRound { sync: copies, r#async: copies, ..round(1.0, 1.0) }
            });
            group(rounds.collect())
        };
        distances.into_iter().map(group_of).collect()
    }

    /// Alone, no interval of theirs would hold 1: the noise of rounds is hundreds of times as small as what sets copies apart.
    #[test]
    fn a_side_against_itself_is_as_uncertain_as_the_others_show() {
        let spread = (0..20).map(|number| f64::from(number % 5 - 2) * 0.01);
        assert_eq!(holding(&super::judged(&apart(spread))), (40, 40));
    }

    #[test]
    fn a_side_that_differs_from_itself_does_not_excuse_itself() {
        let groups = apart((0..20).map(|number| if number == 7 { 0.3 } else { 0.0 }));
        let pairs = super::judged(&groups[..]);
        let holds = |side: &Judgement| side.evidence.ok().map(|found| found.ratio_interval().holds(1.0));
        let found: Vec<_> = pairs.iter().map(|pair| pair.itself.each_ref().map(holds)).collect();
        let expected: Vec<_> = (0..20).map(|number| [Some(number != 7); 2]).collect();
        assert_eq!(found, expected);
    }

    /// A group of this name, in which nothing wins.
    pub(in crate::criterion) fn group_named(name: &str) -> BenchRounds {
        let rounds = (0..40).map(|number| round(1.0 + f64::from(number % 3) * 0.01, 1.01)).collect();
        BenchRounds { group: name.to_owned(), ..group(rounds) }
    }

    fn group(rounds: Vec<BenchRound>) -> BenchRounds {
        let cpu = Cpu {
            model: String::new(),
            online: 2,
            threads_per_core: None,
            governor: None,
            virtualised: true,
            clock_source: None,
        };
        let environment = Environment {
            crossover: String::new(),
            commit: None,
            dirty: None,
            rustc: String::new(),
            kernel: String::new(),
            cpu,
            memory_bytes: None,
            client_cpus: vec![0],
            contender_cpus: vec![1],
            descriptor_limit: 1024,
            throttled_before: None,
            remarks: Vec::new(),
        };
        BenchRounds {
            schema: SCHEMA,
            group: "spawn/two_cpus".to_owned(),
            sync: String::new(),
            r#async: String::new(),
            so_what: String::new(),
            unit: BenchUnit::Nanoseconds,
            judged: BenchFigure::Value,
            cpus: 2,
            began_unix_s: 0,
            environment,
            rounds,
        }
    }
}
