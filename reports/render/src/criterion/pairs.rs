//! Both sides of each group, judged by their rounds; and each side against itself.

use reports_record::{BenchFigure, BenchRound, BenchRounds, BenchSlice, BenchUnit};
use reports_stats::effect::{Interval, Pair as Values};
use reports_stats::judge::{Cell, Judgement, Question, judge};
use reports_stats::looks::Looks;
use reports_stats::verdict::{Better, Verdict};

use crate::analysis::estimate::Estimate;

/// Blocks that the rounds of a group are cut into, each of consecutive rounds: rounds resemble their neighbours, and blocks of
/// ten hardly do.
pub(super) const BLOCKS: usize = 20;

/// Largest share of a round's time for which its threads may have waited for a CPU that others used, where the clock judges.
const MOST_DELAY: f64 = 0.05;

/// Least share of a group's rounds that must count where the clock judges. With fewer the machine was busy, and the rounds that
/// seem calm may hold waits of threads that ended, which no counter keeps.
const LEAST_CALM: f64 = 0.5;

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
    /// Each side against itself, the blocking one first.
    pub(super) itself: [Judgement; 2],
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
    let time_ns = if group.cpus > 1 { calm_ns(round) } else { round.wall_ns as f64 };
    let delayed = group.judged == BenchFigure::Value && round.run_delay_ns as f64 > MOST_DELAY * time_ns;
    round.steal_ms == 0 && !delayed && round.certified
}

/// Time that a round on two CPUs would have taken if its longer side were as quick as its shorter one, ns.
///
/// A round is balanced when it is planned. A side that took far longer may owe that to waits of threads that ended: those are on
/// the clock and in no counter, so that the waits that were counted look small beside it.
fn calm_ns(round: &BenchRound) -> f64 {
    let time = |slices: &[BenchSlice; 2]| slices.iter().map(|slice| slice.value).sum::<f64>();
    (2.0 * time(&round.sync).min(time(&round.r#async))).min(round.wall_ns as f64)
}

/// Whether enough rounds of a group count for the others to be believed.
fn is_calm(group: &BenchRounds) -> bool {
    let counting = group.rounds.iter().filter(|round| counts(round, group)).count();
    group.judged == BenchFigure::Cpu
        || group.unit == BenchUnit::Bytes
        || counting as f64 >= LEAST_CALM * group.rounds.len() as f64
}

/// Intervals of a side against itself that hold 1, and how many there are.
pub(super) fn holding(pairs: &[Pair<'_>]) -> (usize, usize) {
    let intervals = pairs.iter().flat_map(|pair| &pair.itself).filter_map(|side| side.evidence.ok());
    intervals.fold((0, 0), |(holding, all), evidence| {
        (holding + usize::from(evidence.ratio_interval().holds(1.0)), all + 1)
    })
}

/// The groups judged as one family, in their order. Each side against itself shows how far this session sets copies apart.
pub(super) fn judged(groups: &[BenchRounds]) -> Vec<Pair<'_>> {
    let counted: Vec<Blocks<'_>> = groups.iter().map(Blocks::of).collect();
    let values = |of: fn(&Blocks<'_>) -> Vec<Option<Values>>| counted.iter().map(of).collect::<Vec<_>>();
    let both = values(|blocks| blocks.both());
    let copies = [values(|blocks| blocks.itself(sync)), values(|blocks| blocks.itself(awaiting))].concat();

    let looks = Looks::once(BLOCKS);
    let question = Question { better: Better::Less, looks: &looks, moderated: false };
    let (family, copies) = (cells(&both), cells(&copies));
    let judgements = judge(question, &copies, &family);
    let themselves = judge(question, &[], &copies);

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
        let is_calm = is_calm(group);
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
mod tests {
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

    /// Threads that started and ended waited for 100 ms that no counter kept; the other side's wait of 5 µs was counted.
    #[test]
    fn waits_that_no_counter_kept_do_not_make_the_counted_ones_small() {
        let lost = BenchRound { run_delay_ns: 5_000, wall_ns: 100_000_000, ..round(5_000_000.0, 1_000.0) };
        let judged = |round: &BenchRound| counts(round, &group(Vec::new()));
        assert!(!judged(&lost));
        assert!(judged(&BenchRound { run_delay_ns: 0, ..lost }), "nothing speaks against it");
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
