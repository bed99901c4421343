//! From blocks to verdicts.

use reports_stats::effect::{MIN_BLOCKS, Pair, effect};
use reports_stats::evidence::MARGIN;
use reports_stats::judge::{Cell, Judgement, Question, Standing, judge};
use reports_stats::looks::Looks;
use reports_stats::power::{blocks_needed_among, smallest_visible};
use reports_stats::thirds::Thirds;
use reports_stats::verdict::Verdict;
use serde::Serialize;

use super::{Block, Metric, Subject};

/// Everything that a contest found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Findings {
    /// The entrants' names; each but the first is held against the first.
    pub names: Vec<String>,
    /// The offered rates, requests per second.
    pub rates_per_s: Vec<f64>,
    /// Blocks that were measured.
    pub blocks: usize,
    /// Blocks after which the contest was looked at, fixed before the first.
    pub looks: Vec<usize>,
    /// Seconds of `--within` for each block that is planned.
    pub block_s: f64,
    /// Whether a signal ended it.
    pub is_interrupted: bool,
    /// Whether the rates are shares of what the weaker entrant serves, and not those that were asked about.
    pub are_rates_shares: bool,
    /// Requests of each entrant that a block offers at each rate, about; empty where that is not known.
    pub offered_requests: Vec<f64>,
    /// Whether each server kept up with each offered rate at which it was soundly asked, in as many blocks as a verdict needs.
    pub keeping: Vec<Keeping>,
    /// One for each subject and entrant, by entrant and then in the order of subjects.
    pub all: Vec<Finding>,
}

/// How a server coped with an offered rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Keeping {
    /// The entrant, by its place.
    pub entrant: usize,
    /// The rate's place among the offered ones.
    pub level: usize,
    /// Replies per second that it served of the rate, where it did not keep up: its queue grew as long as it was asked in at least half of
    /// the blocks, whose geometric mean this is, or its capacity, which is told then, lies below the rate. `None` of one that kept up.
    pub served_per_s: Option<f64>,
}

/// One entrant against the first by one subject.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The subject.
    pub subject: Subject,
    /// The entrant that is held against the first, by its place.
    pub entrant: usize,
    /// What may be said.
    pub winner: Winner,
    /// Entrant ÷ first over the blocks of the last look; `None` where no two blocks have both figures.
    pub ratio: Option<f64>,
    /// Where the true ratio lies, with 95 % confidence over all looks together; `None` where too few blocks have both figures to be
    /// judged, of which an interval would tell next to nothing.
    pub interval: Option<(f64, f64)>,
    /// The first entrant's figure and this one's, geometric means over the same blocks.
    pub figures: Option<(f64, f64)>,
    /// Whether each of them is a lower bound: of a throughput because the client was the limit, of a time because the server did not keep
    /// up, or too many requests had not ended when they were given up.
    pub at_least: (bool, bool),
    /// Blocks behind them.
    pub blocks: usize,
    /// The smallest difference that these blocks would have shown in four of five contests, as a ratio above 1.
    pub visible: Option<f64>,
    /// Blocks that would decide it, were the ratio seen the true one, and more than those it was judged by; `None` where no number does.
    pub needed: Option<usize>,
    /// Questions of its kind that were judged together, itself included; 0 where it has no evidence.
    pub family: usize,
    /// Whether the verdict was taken back because a lower bound does not bear it out, or the two did not serve the same rate.
    pub is_withheld: bool,
    /// Whether it was taken back because the first and the last third of the blocks differ by more than the margin and chance.
    pub is_unsteady: bool,
    /// Blocks that it was judged by, those left out included; 0 before the first look.
    pub seen: usize,
    /// Why it is measured no more.
    pub end: End,
}

/// Why a question is measured no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// More blocks may still decide it: where measuring has ended, its time was over.
    Open,
    /// It was decided.
    Decided,
    /// Its own blocks decide it, and all questions of its kind together do not bear that out.
    Family,
    /// A look found that the blocks left were unlikely to decide it.
    Hopeless,
    /// All planned blocks were measured.
    LastLook,
}

impl End {
    fn of(judgement: &Judgement) -> Self {
        match judgement.standing {
            Standing::Decided => Self::Decided,
            Standing::Open => Self::Open,
            _ if judgement.is_withdrawn() => Self::Family,
            Standing::Hopeless => Self::Hopeless,
            Standing::Finished => Self::LastLook,
        }
    }
}

/// What may be said of two servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Winner {
    /// The first entrant is better by more than the margin.
    First,
    /// The entrant that is held against it is.
    Other,
    /// They differ by less than the margin.
    Neither,
    /// The figures do not decide it.
    CannotTell,
    /// There are no figures, or too few.
    NoData,
}

impl Findings {
    /// Judges the blocks so far by the rules of `reports_stats`: one family for each metric.
    ///
    /// No A/A cells stand beside them, so that the blocks' own scatter is all the noise that is known; every block has fresh
    /// processes for that reason, where they can be had.
    #[must_use]
    pub fn of(names: Vec<String>, rates_per_s: Vec<f64>, blocks: &[Block], looks: &Looks) -> Self {
        let mut all = Vec::new();
        let keeping = keeping(blocks, names.len(), &rates_per_s);
        for metric in Metric::ALL {
            let subjects = Subject::all(rates_per_s.len()).filter(|subject| subject.metric == metric);
            let asked: Vec<(Subject, usize)> = subjects
                .flat_map(|subject| (1..names.len()).map(move |entrant| (subject, entrant)))
                .collect();
            let pairs: Vec<Vec<Option<Pair>>> =
                asked.iter().map(|&(subject, entrant)| pairs(blocks, subject, entrant)).collect();
            let cells: Vec<Cell<'_>> = pairs
                .iter()
                // Blocks beyond the last look are none: measuring ends there.
                .map(|pairs| Cell { blocks: &pairs[..pairs.len().min(looks.last())] })
                .collect();
            let question = Question { better: metric.better(), looks, moderated: false };
            let judgements = judge(question, &[], &cells);
            let family = judgements.iter().filter(|judgement| judgement.evidence.is_ok()).count();
            for ((&(subject, entrant), pairs), judgement) in asked.iter().zip(&pairs).zip(&judgements) {
                let seen = seen(judgement, pairs.len());
                let doubts = [0, entrant].map(|side| Doubt {
                    is_bound: is_bound(blocks, subject, side, seen),
                    is_overloaded: is_overloaded(&keeping, subject, side),
                });
                let found = finding(subject, entrant, &pairs[..seen], judgement, doubts);
                all.push(Finding { needed: needed(&found, judgement, family), family, ..found });
            }
        }
        all.sort_by_key(|finding| (finding.entrant, finding.subject));
        Self {
            names,
            rates_per_s,
            blocks: blocks.len(),
            looks: looks.spending().map(|(blocks, _)| blocks).collect(),
            block_s: 0.0,
            is_interrupted: false,
            are_rates_shares: false,
            offered_requests: Vec::new(),
            keeping,
            all,
        }
    }

    /// Replies per second that an entrant served of an offered rate with which it did not keep up; `None` where it did.
    #[must_use]
    pub fn overload(&self, entrant: usize, level: usize) -> Option<f64> {
        self.at_rate(entrant, level)?.served_per_s
    }

    /// Whether an entrant was seen to keep up with an offered rate.
    #[must_use]
    pub fn keeps_up(&self, entrant: usize, level: usize) -> bool {
        self.at_rate(entrant, level).is_some_and(|keeping| keeping.served_per_s.is_none())
    }

    fn at_rate(&self, entrant: usize, level: usize) -> Option<&Keeping> {
        self.keeping.iter().find(|keeping| (keeping.entrant, keeping.level) == (entrant, level))
    }

    /// Whether any question could be judged, whatever the verdict.
    #[must_use]
    pub fn has_judged(&self) -> bool {
        self.all.iter().any(|finding| finding.winner != Winner::NoData)
    }

    /// The finding about `subject` and the entrant in this place.
    #[must_use]
    pub fn about(&self, subject: Subject, entrant: usize) -> Option<&Finding> {
        self.all.iter().find(|finding| (finding.subject, finding.entrant) == (subject, entrant))
    }
}

impl Finding {
    /// Both figures with their units, a lower bound as such.
    #[must_use]
    pub fn shown(&self) -> Option<[String; 2]> {
        let (one, two) = self.figures?;
        let show = |value: f64, at_least: bool| {
            format!("{}{}", if at_least { "≥ " } else { "" }, self.subject.metric.show(value))
        };
        Some([show(one, self.at_least.0), show(two, self.at_least.1)])
    }

    /// Whether the larger figure is a lower bound, and so is the winner's lead.
    #[must_use]
    pub fn wins_by_at_least(&self) -> bool {
        self.winner.is_win() && (self.at_least.0 || self.at_least.1)
    }
}

impl Winner {
    /// Whether one of the two is better.
    #[must_use]
    pub fn is_win(self) -> bool {
        matches!(self, Self::First | Self::Other)
    }

    /// Whether the figures decided.
    #[must_use]
    pub fn is_decided(self) -> bool {
        self.is_win() || self == Self::Neither
    }

    fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::SyncWins => Self::First,
            Verdict::AsyncWins => Self::Other,
            Verdict::Tie => Self::Neither,
            Verdict::CannotTell => Self::CannotTell,
            Verdict::Invalid => Self::NoData,
        }
    }
}

/// The first entrant's figure and this one's, block by block.
fn pairs(blocks: &[Block], subject: Subject, entrant: usize) -> Vec<Option<Pair>> {
    let pair = |block: &Block| {
        let figure = |side: usize| block.readings.get(side)?.figure(subject);
        Some(Pair { sync: figure(0)?, r#async: figure(entrant)? })
    };
    blocks.iter().filter(|block| block.has(subject)).map(pair).collect()
}

/// Blocks that a question was judged by, those left out included; all of them before its first look.
fn seen(judgement: &Judgement, blocks: usize) -> usize {
    if judgement.seen > 0 { judgement.seen.min(blocks) } else { blocks }
}

/// Whether an entrant's figure is a lower bound in any of the first `seen` blocks that were asked about `subject`.
fn is_bound(blocks: &[Block], subject: Subject, side: usize, seen: usize) -> bool {
    let asked = blocks.iter().filter(|block| block.has(subject)).take(seen);
    asked.filter_map(|block| block.readings.get(side)).any(|reading| reading.is_at_least(subject))
}

/// Whether an entrant did not keep up with the rate of `subject`.
fn is_overloaded(keeping: &[Keeping], subject: Subject, side: usize) -> bool {
    let is_it =
        |one: &Keeping| (one.entrant, one.level) == (side, subject.level) && one.served_per_s.is_some();
    subject.metric.is_at_a_rate() && keeping.iter().any(is_it)
}

/// A server keeps up with a rate that is less than this many times what it serves: by less, a slice's queue may pass for one that grows.
const BEYOND: f64 = 1.05;

/// How each server coped with each rate, over the blocks in which it was soundly asked. Of a server that keeps up, chance has a queue grow in
/// few blocks; at a low rate slices have too few requests to show one, and the capacity tells.
fn keeping(blocks: &[Block], entrants: usize, rates_per_s: &[f64]) -> Vec<Keeping> {
    let mean = |logs: &[f64]| (logs.iter().sum::<f64>() / logs.len() as f64).exp();
    let capacity = |entrant: usize| {
        let readings = || blocks.iter().filter_map(|block| block.readings.get(entrant));
        let logs: Vec<f64> = readings().filter_map(|reading| reading.throughput_per_s).map(f64::ln).collect();
        let is_known = !logs.is_empty() && !readings().any(|reading| reading.is_client_limited);
        is_known.then(|| mean(&logs))
    };
    let of = |entrant: usize, level: usize| {
        let levels = blocks.iter().filter_map(|block| block.readings.get(entrant)?.levels.get(level));
        let asked: Vec<_> = levels.filter(|level| level.is_sound()).collect();
        let behind = asked.iter().filter_map(|level| level.overloaded_at_per_s);
        let logs: Vec<f64> = behind.filter(|served| *served > 0.0).map(f64::ln).collect();
        let served = (!logs.is_empty() && 2 * logs.len() >= asked.len()).then(|| mean(&logs));
        let served_per_s =
            served.or_else(|| capacity(entrant)).filter(|served| rates_per_s[level] > BEYOND * served);
        (asked.len() >= MIN_BLOCKS).then_some(Keeping { entrant, level, served_per_s })
    };
    let levels = 0..rates_per_s.len();
    levels.flat_map(|level| (0..entrants).filter_map(move |entrant| of(entrant, level))).collect()
}

/// Why a side's figure may not be what it is compared by.
#[derive(Debug, Clone, Copy)]
struct Doubt {
    /// Whether it is a lower bound in a block.
    is_bound: bool,
    /// Whether the server did not keep up with the rate.
    is_overloaded: bool,
}

impl Doubt {
    /// Whether the figure of a metric is a lower bound: a queue that grows makes response times of any length.
    fn is_at_least(self, metric: Metric) -> bool {
        let is_time = matches!(metric, Metric::ResponseTimeP50 | Metric::ResponseTimeP99);
        self.is_bound || self.is_overloaded && is_time
    }
}

/// Whether a verdict stands although the figures of `[first, other]` may be in doubt. A lower bound of a throughput can win, but neither
/// tie nor lose; one of a time can lose, but neither tie nor win. Costs are compared at one rate that both served.
fn stands(metric: Metric, winner: Winner, doubts: [Doubt; 2]) -> bool {
    let [first, other] = doubts.map(|doubt| doubt.is_at_least(metric));
    let (least_of_winner, least_of_loser) = match winner {
        Winner::First => (first, other),
        Winner::Other => (other, first),
        Winner::Neither => (first || other, first || other),
        Winner::CannotTell | Winner::NoData => return true,
    };
    match metric {
        Metric::Throughput => !least_of_loser,
        Metric::ResponseTimeP50 | Metric::ResponseTimeP99 => !least_of_winner,
        Metric::CpuPerRequest => !doubts.iter().any(|doubt| doubt.is_overloaded),
        Metric::Memory => true,
    }
}

/// Whether the same side is ahead by more than the margin in both thirds: then the amount depends on the state of the machine, and not who
/// wins.
fn is_won_in_both(thirds: &Thirds) -> bool {
    thirds.first.min(thirds.last) > MARGIN || thirds.first.max(thirds.last) < -MARGIN
}

/// The finding that follows from the `pairs` of the blocks that `judgement` saw.
fn finding(
    subject: Subject,
    entrant: usize,
    pairs: &[Option<Pair>],
    judgement: &Judgement,
    doubts: [Doubt; 2],
) -> Finding {
    let valid: Vec<Pair> = pairs.iter().flatten().copied().collect();
    let evidence = judgement.evidence.ok();
    let plain = effect(&valid).ok();
    let mut winner = Winner::of(judgement.verdict);
    let is_withheld = !stands(subject.metric, winner, doubts);
    let is_unsteady = winner.is_decided()
        && !is_withheld
        && Thirds::of(pairs)
            .is_some_and(|thirds| thirds.disagree() && !(winner.is_win() && is_won_in_both(&thirds)));
    if is_withheld || is_unsteady {
        winner = Winner::CannotTell;
    }
    let interval = evidence.map(|evidence| {
        let interval = evidence.ratio_interval();
        (interval.lo, interval.hi)
    });
    let [first, other] = doubts.map(|doubt| doubt.is_at_least(subject.metric));
    Finding {
        subject,
        entrant,
        winner,
        ratio: plain.map(|effect| effect.ratio()),
        interval,
        figures: figures(&valid),
        at_least: (first, other),
        blocks: valid.len(),
        visible: evidence.map(|evidence| smallest_visible(&evidence).exp()),
        needed: None,
        family: 0,
        is_withheld,
        is_unsteady,
        seen: judgement.seen,
        end: End::of(judgement),
    }
}

/// The blocks that would decide what `found` leaves open, as one of this many questions of its kind; `None` where more blocks change
/// nothing. Those that were measured did not decide it.
fn needed(found: &Finding, judgement: &Judgement, family: usize) -> Option<usize> {
    if found.winner.is_decided() || found.is_withheld || found.is_unsteady {
        return None;
    }
    // A verdict that the others took back has to be clear whatever they show.
    let among = if judgement.is_withdrawn() { family } else { 1 };
    let needed = blocks_needed_among(&judgement.evidence.ok()?, judgement.variance, judgement.excess, among);
    needed.for_a_win.or(needed.for_a_tie).map(|blocks| blocks.max(found.seen + 1))
}

/// The geometric means of both sides over the same blocks.
fn figures(valid: &[Pair]) -> Option<(f64, f64)> {
    if valid.is_empty() {
        return None;
    }
    let mean = |of: fn(&Pair) -> f64| {
        (valid.iter().map(|pair| of(pair).ln()).sum::<f64>() / valid.len() as f64).exp()
    };
    Some((mean(|pair| pair.sync), mean(|pair| pair.r#async)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::contest::{Level, Reading};

    /// Blocks in which the second entrant has these multiples of the first's figures, a little apart from block to block.
    pub(crate) fn blocks(count: usize, throughput: f64, cpu: f64, noise: f64) -> Vec<Block> {
        let reading = |throughput: f64, cpu: f64| Reading {
            throughput_per_s: Some(10_000.0 * throughput),
            is_client_limited: false,
            memory_mib: None,
            levels: vec![Level { cpu_us: Some(100.0 * cpu), p50_us: Some(500.0 * cpu), ..Level::default() }],
            ..Reading::default()
        };
        (0..count)
            .map(|block| {
                let shift = if block % 2 == 0 { 1.0 + noise } else { 1.0 / (1.0 + noise) };
                Block {
                    has_closed: true,
                    has_level: vec![true],
                    readings: vec![reading(1.0, 1.0), reading(throughput * shift, cpu * shift)],
                }
            })
            .collect()
    }

    pub(crate) fn findings(blocks: &[Block]) -> Findings {
        let looks = Looks::after(&[8, 12]).unwrap();
        Findings::of(vec!["old".into(), "new".into()], vec![1_000.0], blocks, &looks)
    }

    fn winner(findings: &Findings, metric: Metric) -> Winner {
        findings.about(Subject { metric, level: 0 }, 1).unwrap().winner
    }

    #[test]
    fn more_throughput_and_less_cpu_win() {
        let found = findings(&blocks(8, 1.3, 0.7, 0.01));
        assert_eq!(winner(&found, Metric::Throughput), Winner::Other);
        assert_eq!(winner(&found, Metric::CpuPerRequest), Winner::Other);
        let found = findings(&blocks(8, 0.7, 1.3, 0.01));
        assert_eq!(winner(&found, Metric::Throughput), Winner::First);
        assert_eq!(winner(&found, Metric::ResponseTimeP50), Winner::First);
    }

    #[test]
    fn equal_servers_tie_and_noisy_ones_cannot_be_told_apart() {
        assert_eq!(winner(&findings(&blocks(8, 1.0, 1.0, 0.005)), Metric::Throughput), Winner::Neither);
        let noisy = findings(&blocks(8, 1.0, 1.0, 0.3));
        assert_eq!(winner(&noisy, Metric::Throughput), Winner::CannotTell);
        let finding = noisy.about(Subject { metric: Metric::Throughput, level: 0 }, 1).unwrap();
        assert!(finding.visible.unwrap() > 1.2 && finding.interval.unwrap().0 < 0.9, "{finding:?}");
    }

    #[test]
    fn a_side_that_the_client_limited_can_win_but_not_lose_or_tie() {
        for (throughput, limited, expected) in [
            (1.3, 1, Winner::Other),
            (1.3, 0, Winner::CannotTell),
            (1.0, 0, Winner::CannotTell),
            (1.0, 1, Winner::CannotTell),
            (0.7, 1, Winner::CannotTell),
            (0.7, 0, Winner::First),
        ] {
            let mut blocks = blocks(8, throughput, 1.0, 0.005);
            blocks[3].readings[limited].is_client_limited = true;
            let found = findings(&blocks);
            assert_eq!(winner(&found, Metric::Throughput), expected, "{throughput} {limited}");
            // What a request costs below the limit is not touched.
            assert_eq!(winner(&found, Metric::CpuPerRequest), Winner::Neither);
        }
    }

    /// Two blocks of a fast minute, in which both serve the same; half as much again in the six that follow.
    #[test]
    fn a_verdict_on_two_states_of_the_machine_is_taken_back() {
        let mut blocks = blocks(8, 1.5, 1.0, 0.0);
        for block in &mut blocks[..2] {
            block.readings[1].throughput_per_s = Some(10_000.0);
        }
        let found = findings(&blocks);
        let of = |metric| found.about(Subject { metric, level: 0 }, 1).unwrap();
        let capacity = of(Metric::Throughput);
        assert_eq!(
            (capacity.winner, capacity.is_unsteady, capacity.needed),
            (Winner::CannotTell, true, None)
        );
        assert_eq!(capacity.end, End::Decided, "more of the same blocks do not help");
        let cpu = of(Metric::CpuPerRequest);
        assert_eq!((cpu.winner, cpu.is_unsteady), (Winner::Neither, false));
        let told = super::super::words::answer(&found, 1).join(" ");
        assert!(told.contains("but it depends on the state of this machine"), "{told}");
    }

    #[test]
    fn a_figure_and_its_ratio_come_from_the_same_blocks() {
        let mut blocks = blocks(8, 2.0, 1.0, 0.0);
        blocks[0].readings[0].throughput_per_s = None;
        blocks[1].readings[1].throughput_per_s = Some(1.0);
        blocks[1].readings[0].throughput_per_s = None;
        let found = findings(&blocks);
        let finding = found.about(Subject { metric: Metric::Throughput, level: 0 }, 1).unwrap();
        let (first, other) = finding.figures.unwrap();
        assert_eq!(finding.blocks, 6);
        assert!((other / first - finding.ratio.unwrap()).abs() < 1e-9 && (first - 1e4).abs() < 1e-6);
    }

    /// p is 0.04 at the first of two rates, the second one scatters by a third: of two questions the surer has to stay within 0.025. By
    /// hand, with a block's standard deviation of 0.0106: (2.120 + 0.842) × 0.0106 ÷ √17 = 0.0076 = 0.0564 − 0.0488.
    #[test]
    fn a_verdict_that_its_kind_takes_back_needs_the_blocks_that_hold_whatever_the_others_show() {
        let mut blocks = blocks(8, 1.0, 0.0565_f64.exp(), 0.01);
        for (at, block) in blocks.iter_mut().enumerate() {
            block.has_level.push(true);
            let factors = [1.0, if at % 2 == 0 { 1.4 } else { 1.0 / 1.4 }];
            for (reading, factor) in block.readings.iter_mut().zip(factors) {
                reading.levels.push(Level { cpu_us: Some(100.0 * factor), ..Level::default() });
            }
        }
        let looks = Looks::after(&[8]).unwrap();
        let found = |rates: &[f64], blocks: &[Block]| {
            Findings::of(vec!["old".into(), "new".into()], rates.to_vec(), blocks, &looks)
        };
        let cpu = |found: &Findings| {
            found.all.iter().find(|one| one.subject.metric == Metric::CpuPerRequest).cloned()
        };
        let alone = cpu(&found(&[1_000.0], &blocks)).unwrap();
        assert_eq!((alone.winner, alone.end, alone.family), (Winner::First, End::Decided, 1));
        let both = found(&[1_000.0, 2_000.0], &blocks);
        let one_of_two = cpu(&both).unwrap();
        assert_eq!(
            (one_of_two.winner, one_of_two.end, one_of_two.family),
            (Winner::CannotTell, End::Family, 2)
        );
        assert!((16..=18).contains(&one_of_two.needed.unwrap()), "{one_of_two:?}");
        let told = super::super::words::answer(&Findings { block_s: 2.0, ..both }, 1).join(" ");
        assert!(
            told.contains(
                "Asked alone, it would be decided; as one of 2 questions about CPU it is not clear enough: among several, chance may \
                 decide one. Fewer questions need fewer blocks: ask at one --rate. As asked, about 1"
            ),
            "{told}"
        );
    }

    /// The t interval of two blocks is 12.7 standard errors to each side: ×0.000 to ×4,000 of nothing in particular.
    #[test]
    fn blocks_too_few_to_be_judged_have_figures_and_no_interval() {
        for valid in 0..6 {
            let mut blocks = blocks(8, 1.0, 1.0, 0.5);
            for block in &mut blocks[valid..] {
                block.readings[1] = Reading::default();
            }
            for measured in [&blocks[..], &blocks[..valid]] {
                for finding in &findings(measured).all {
                    let told = (finding.winner, finding.interval);
                    assert_eq!(told, (Winner::NoData, None), "{valid} of {}: {finding:?}", measured.len());
                }
            }
        }
        let whole = findings(&blocks(8, 1.0, 1.0, 0.5));
        let capacity = whole.about(Subject { metric: Metric::Throughput, level: 0 }, 1).unwrap();
        assert!(capacity.interval.is_some());
    }

    #[test]
    fn what_was_never_measured_has_no_data() {
        let found = findings(&blocks(8, 1.3, 0.7, 0.01));
        assert_eq!(winner(&found, Metric::Memory), Winner::NoData);
        assert_eq!(winner(&found, Metric::ResponseTimeP99), Winner::NoData);
        let few = findings(&blocks(5, 1.3, 0.7, 0.01));
        assert_eq!(winner(&few, Metric::Throughput), Winner::NoData);
        assert!(
            (few.about(Subject { metric: Metric::Throughput, level: 0 }, 1).unwrap().ratio.unwrap() - 1.3)
                .abs()
                < 0.02
        );
    }
}
