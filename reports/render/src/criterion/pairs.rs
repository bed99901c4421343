//! Both sides of each group, judged by their rounds; and each side against itself.

use std::collections::BTreeMap;

use reports_record::{BenchFigure, BenchRound, BenchRounds, BenchSlice, BenchUnit};
use reports_stats::effect::{Effect, Interval, MIN_BLOCKS, Pair as Values, effect};
use reports_stats::evidence::Evidence;
use reports_stats::excess_variance::ExcessVariance;
use reports_stats::judge::{Cell, Judgement, Question, judge, judge_copies};
use reports_stats::looks::{ALPHA, Looks};
use reports_stats::verdict::{Better, Verdict};

use crate::analysis::estimate::Estimate;

/// Largest share of a round's time for which its threads may have waited for a CPU that others used, where the clock judges.
const MOST_DELAY: f64 = 0.05;

/// Least share of a group's rounds that must count where the clock judges. With fewer the machine was busy throughout.
const LEAST_CALM: f64 = 0.5;

/// Largest share of its CPUs that other processes may have taken from a group that the clock judges: what they take lengthens
/// its times by about as much, and threads that end take their own waits with them, so that no round shows those.
const MOST_FOREIGN: f64 = 0.05;

/// Sides whose comparison with themselves must hold 1, as a share; fewer say that the intervals of this session are too narrow.
pub(super) const PROMISED: f64 = 0.95;

/// The chance of a miss of each such interval. Less than [`PROMISED`] allows: of ninety intervals that miss with a chance of just
/// 5 %, more than 5 % do so in every other session.
pub(super) const COPIES_ALPHA: f64 = 0.02;

/// Both sides of a group.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) rounds: &'a BenchRounds,
    pub(super) judgement: Judgement,
    /// The judged figure of one operation.
    pub(super) sync: Option<Estimate>,
    pub(super) awaiting: Option<Estimate>,
    /// That figure of either side, beside 1: its logarithm with all that it is uncertain by, the blocking side first; `None` with
    /// too few processes.
    pub(super) costs: [Option<Evidence>; 2],
    /// Other figures of one operation of the blocking side and of the awaiting one.
    pub(super) others: [Others; 2],
    /// Rounds left out.
    pub(super) left_out: usize,
    /// Processes with rounds that count.
    pub(super) processes: usize,
    /// Why the group has no verdict, whatever its rounds say.
    pub(super) unrest: Option<Unrest>,
    /// Each side's later processes ÷ its earlier ones, the blocking one first.
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

/// The interval of a side's comparison with itself.
pub(super) fn copies_interval(evidence: Evidence) -> Interval {
    Evidence { alpha: COPIES_ALPHA, ..evidence }.ratio_interval()
}

/// Intervals of a side against itself that hold 1, and how many there are.
pub(super) fn holding(pairs: &[Pair<'_>]) -> (usize, usize) {
    let intervals = pairs.iter().flat_map(|pair| &pair.itself).filter_map(|side| side.evidence.ok());
    intervals.fold((0, 0), |(holding, all), evidence| {
        (holding + usize::from(copies_interval(evidence).holds(1.0)), all + 1)
    })
}

/// The groups judged, in their order: those of time as one family, those of memory as another.
///
/// Apart, because bytes are alike to the last digit: beside such copies no others would count.
pub(super) fn judged(groups: &[BenchRounds]) -> Vec<Pair<'_>> {
    let mut pairs: Vec<(usize, Pair<'_>)> = Vec::new();
    for unit in [BenchUnit::Nanoseconds, BenchUnit::Bytes] {
        let (places, family): (Vec<usize>, Vec<&BenchRounds>) =
            groups.iter().enumerate().filter(|(_, group)| group.unit == unit).unzip();
        pairs.extend(places.into_iter().zip(judged_family(&family)));
    }
    pairs.sort_by_key(|(place, _)| *place);
    pairs.into_iter().map(|(_, pair)| pair).collect()
}

/// Groups of one unit. Each process is a block: whatever is decided once in a process, and whatever changes from pass to pass, lies
/// between blocks.
///
/// The later half of a group's processes against the earlier one shows how far the machine drifts for longer than a pass. That widens
/// every interval: a ratio's by how far ratios drift, a side's by how far costs do, and that of a side against itself by what the other
/// sides show.
fn judged_family<'a>(groups: &[&'a BenchRounds]) -> Vec<Pair<'a>> {
    let counted: Vec<Processes<'a>> = groups.iter().map(|group| Processes::of(group)).collect();
    let values = |of: fn(&Processes<'_>) -> Vec<Option<Values>>| counted.iter().map(of).collect::<Vec<_>>();
    let most = counted.iter().map(|processes| processes.rounds.len()).max().unwrap_or(0);
    let (looks, looks_at_halves) = (Looks::once(most), Looks::once(most / 2));
    let asked = |looks| Question { better: Better::Less, looks, moderated: false };

    let (both, ratio_drift) = (values(|processes| processes.both()), values(|processes| processes.drift()));
    let judgements = judge(asked(&looks), &cells(&ratio_drift), &cells(&both));
    let sides: [SideOf; 2] = [sync, awaiting];
    let of_sides = |of: &dyn Fn(&Processes<'_>, SideOf) -> Vec<Option<Values>>| {
        sides.iter().flat_map(|side| counted.iter().map(|processes| of(processes, *side))).collect::<Vec<_>>()
    };
    let copies = of_sides(&|processes, side| processes.itself(side));
    let themselves = judge_copies(asked(&looks_at_halves), &cells(&copies));
    let cost_drift = of_sides(&|processes, side| processes.drift_of(side));
    let cost_drift: Vec<Effect> = cost_drift.iter().filter_map(|blocks| effect_of(blocks)).collect();
    let excess = ExcessVariance::among(&cost_drift);

    let mut pairs = Vec::new();
    for (index, processes) in counted.iter().enumerate() {
        let costs = sides.map(|side| cost(&processes.beside_one(side), excess));
        let estimate = |which: usize| {
            let figures = processes.costs(sides[which]).into_iter().flatten().collect::<Vec<_>>();
            let interval = costs[which].map(|evidence| evidence.ratio_interval());
            Estimate::of(&figures).map(|estimate| Estimate { interval, ..estimate })
        };
        pairs.push(Pair {
            rounds: processes.group,
            judgement: judgements[index],
            sync: estimate(0),
            awaiting: estimate(1),
            costs,
            others: sides.map(|side| processes.others(side)),
            unrest: unrest(processes.group),
            left_out: processes.group.rounds.len() - processes.counting().count(),
            processes: processes.rounds.iter().filter(|rounds| !rounds.is_empty()).count(),
            itself: [themselves[index], themselves[groups.len() + index]],
        });
    }
    pairs
}

fn cells(values: &[Vec<Option<Values>>]) -> Vec<Cell<'_>> {
    values.iter().map(|blocks| Cell { blocks }).collect()
}

/// The effect of the blocks that count; `None` with too few of them for an interval.
fn effect_of(blocks: &[Option<Values>]) -> Option<Effect> {
    let blocks: Vec<Values> = blocks.iter().flatten().copied().collect();
    effect(&blocks).ok().filter(|effect| effect.blocks() >= MIN_BLOCKS)
}

fn cost(beside_one: &[Option<Values>], excess: ExcessVariance) -> Option<Evidence> {
    effect_of(beside_one).map(|effect| Evidence::weigh(effect, effect.variance(), excess, ALPHA))
}

/// One side of a round.
type SideOf = fn(&BenchRound) -> &[BenchSlice; 2];

fn sync(round: &BenchRound) -> &[BenchSlice; 2] {
    &round.sync
}

fn awaiting(round: &BenchRound) -> &[BenchSlice; 2] {
    &round.r#async
}

/// The rounds of a group that count, by the process that measured them, in the order of their beginning.
#[derive(Debug)]
struct Processes<'a> {
    group: &'a BenchRounds,
    rounds: Vec<Vec<&'a BenchRound>>,
}

impl<'a> Processes<'a> {
    fn of(group: &'a BenchRounds) -> Self {
        let is_calm = unrest(group).is_none();
        let mut rounds: BTreeMap<u32, Vec<&BenchRound>> = BTreeMap::new();
        for round in &group.rounds {
            // A process without a round that counts keeps its place.
            let counting = rounds.entry(round.process).or_default();
            if is_calm && counts(round, group) {
                counting.push(round);
            }
        }
        Self { group, rounds: rounds.into_values().collect() }
    }

    /// The figure of one operation of a side in each process.
    fn costs(&self, side: SideOf) -> Vec<Option<f64>> {
        let cost =
            |rounds: &Vec<&BenchRound>| over(rounds.iter().flat_map(|round| side(round)), self.group.judged);
        self.rounds.iter().map(cost).collect()
    }

    fn both(&self) -> Vec<Option<Values>> {
        beside(self.costs(sync), &self.costs(awaiting))
    }

    fn beside_one(&self, side: SideOf) -> Vec<Option<Values>> {
        self.costs(side).into_iter().map(|cost| Some(Values { sync: 1.0, r#async: cost? })).collect()
    }

    /// A side's earlier processes and its later ones.
    fn itself(&self, side: SideOf) -> Vec<Option<Values>> {
        halves(&self.costs(side))
    }

    /// Half the way from a side's earlier processes to its later ones: how far a drift may have moved the mean of all.
    fn drift_of(&self, side: SideOf) -> Vec<Option<Values>> {
        half_the_way(&self.costs(side))
    }

    /// The same of the ratio of both sides.
    fn drift(&self) -> Vec<Option<Values>> {
        let ratio = |both: Option<Values>| both.map(|both| both.r#async / both.sync);
        half_the_way(&self.both().into_iter().map(ratio).collect::<Vec<_>>())
    }

    fn counting(&self) -> impl Iterator<Item = &'a BenchRound> {
        self.rounds.iter().flatten().copied()
    }

    /// Arithmetic means over all rounds that count.
    fn others(&self, side: SideOf) -> Others {
        let slices = || self.counting().flat_map(side);
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

/// Figures of the same process beside each other.
fn beside(first: Vec<Option<f64>>, second: &[Option<f64>]) -> Vec<Option<Values>> {
    let both = |(one, other): (Option<f64>, &Option<f64>)| Some(Values { sync: one?, r#async: (*other)? });
    first.into_iter().zip(second).map(both).collect()
}

/// The earlier half of some figures and the later one, in their order.
fn halves(figures: &[Option<f64>]) -> Vec<Option<Values>> {
    let (earlier, later) = figures.split_at(figures.len() / 2);
    beside(earlier.to_vec(), later)
}

/// As [`halves`], by the square roots. A mean over both halves varies as half of their difference does: that has the variance of
/// the mean by the processes, and on top of it by what went on for longer than one of them.
fn half_the_way(figures: &[Option<f64>]) -> Vec<Option<Values>> {
    halves(&figures.iter().map(|figure| figure.map(f64::sqrt)).collect::<Vec<_>>())
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
            process: 0,
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

    /// The later processes of each side are this many logarithms above the earlier ones, with next to no noise.
    fn apart(distances: impl IntoIterator<Item = f64>) -> Vec<BenchRounds> {
        let group_of = |distance: f64| {
            let rounds = (0..48).map(|number| {
                let later = if number < 24 { 1.0 } else { distance.exp() };
                let cost = later * (1.0 + f64::from(number % 3) * 1e-4);
                round(cost, cost)
            });
            group(rounds.collect())
        };
        distances.into_iter().map(group_of).collect()
    }

    /// Alone, no interval of theirs would hold 1: the noise of processes is hundreds of times as small as what sets halves apart.
    #[test]
    fn a_side_against_itself_is_as_uncertain_as_the_others_show() {
        let spread = (0..20).map(|number| f64::from(number % 5 - 2) * 0.01);
        assert_eq!(holding(&super::judged(&apart(spread))), (40, 40));
    }

    #[test]
    fn a_side_that_differs_from_itself_does_not_excuse_itself() {
        let groups = apart((0..20).map(|number| if number == 7 { 0.3 } else { 0.0 }));
        let pairs = super::judged(&groups[..]);
        let holds = |side: &Judgement| side.evidence.ok().map(|found| copies_interval(found).holds(1.0));
        let found: Vec<_> = pairs.iter().map(|pair| pair.itself.each_ref().map(holds)).collect();
        let expected: Vec<_> = (0..20).map(|number| [Some(number != 7); 2]).collect();
        assert_eq!(found, expected);
    }

    /// By hand: the logarithms of 1, 1, e², e² are half of 2 apart in their halves' mean of half the way.
    #[test]
    fn half_the_way_is_how_far_the_mean_of_both_halves_is_off() {
        let figures = [1.0, 1.0, 2_f64.exp(), 2_f64.exp()].map(Some);
        let blocks: Vec<Values> = half_the_way(&figures).into_iter().flatten().collect();
        assert!((effect(&blocks).unwrap().log_ratio() - 1.0).abs() < 1e-12);
        assert_eq!(half_the_way(&[Some(1.0), None, Some(1.0), Some(4.0)])[1], None);
    }

    /// Rounds of one process agree to a thousandth, and processes differ by a tenth: more rounds would tell no more.
    #[test]
    fn the_interval_of_a_ratio_holds_what_differs_from_process_to_process() {
        let rounds = (0..480).map(|number| {
            let of_process = if number / 40 % 2 == 0 { 1.1 } else { 1.0 / 1.1 };
            round(1.0, of_process * (1.0 + f64::from(number % 3) * 1e-3))
        });
        let interval = super::judged(&[group(rounds.collect())])[0].interval().unwrap();
        // Twelve logarithms of ±0.0953: t(11) = 2.201 times 0.0953 ÷ √11.
        assert!(
            (interval.hi.ln() - 0.0643).abs() < 1e-3 && (interval.lo.ln() + 0.0623).abs() < 1e-3,
            "{interval:?}"
        );
    }

    /// So are files read that do not number their processes.
    #[test]
    fn rounds_of_a_single_process_decide_nothing() {
        let rounds = (0..200).map(|number| round(50.0, 1.0 + f64::from(number % 3) * 0.01));
        let mut group = group(rounds.collect());
        group.rounds.iter_mut().for_each(|round| round.process = 0);
        let groups = [group];
        let pair = &super::judged(&groups)[0];
        assert_eq!((pair.verdict(), pair.processes), (Verdict::Invalid, 1));
    }

    /// Bytes that are alike to the last digit say nothing of how far times drift.
    #[test]
    fn memory_does_not_speak_for_times() {
        let mut groups = apart((0..10).map(|number| if number % 2 == 0 { 0.02 } else { -0.02 }));
        let exact = (0..48).map(|number| round(1.0 + f64::from(number % 2) * 1e-7, 1.0));
        let memory = BenchRounds { unit: BenchUnit::Bytes, ..group(exact.collect()) };
        groups.extend(vec![memory; 10]);
        let pairs = super::judged(&groups);
        assert_eq!(holding(&pairs[..10]), (20, 20));
    }

    /// A group of this name, in which nothing wins.
    pub(in crate::criterion) fn group_named(name: &str) -> BenchRounds {
        let rounds = (0..40).map(|number| round(1.0 + f64::from(number % 3) * 0.01, 1.01)).collect();
        BenchRounds { group: name.to_owned(), ..group(rounds) }
    }

    /// Twelve processes, each with as many rounds, one after another.
    fn group(mut rounds: Vec<BenchRound>) -> BenchRounds {
        let count = rounds.len();
        (0..).zip(&mut rounds).for_each(|(number, round)| round.process = (number * 12 / count) as u32);
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
