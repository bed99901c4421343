//! Findings in plain sentences.

use reports_render::number;
use reports_terminal::counted;

use super::bout::MOST_BLOCKS;
use super::{End, Finding, Findings, Metric, Subject, Winner};

/// A server that needs less of a core than this has room for any choice.
const LITTLE: f64 = 0.03;

/// A user who waits longer by less than this has not lost much by a choice, microseconds.
const SHORT_US: f64 = 1_000.0;

/// A median of fewer requests than this is not told; chance gives some blocks fewer than the mean.
const MEDIAN_NEEDS: f64 = 25.0;

/// The metrics by which a choice is made, the first of them first.
const DECISIVE: [Metric; 3] = [Metric::Throughput, Metric::CpuPerRequest, Metric::ResponseTimeP50];

/// The answer about one entrant: the first sentence says which one, by how much and how sure; the others what else was found,
/// whether it matters, and what would change it. None of them says less, or more, than the table has.
#[must_use]
pub fn answer(findings: &Findings, entrant: usize) -> Vec<String> {
    let all: Vec<&Finding> = of(findings, entrant, &Metric::ALL).collect();
    let decisive: Vec<&Finding> = of(findings, entrant, &DECISIVE).collect();
    let mut sentences = behind(findings, entrant);
    sentences.extend(idle(findings, entrant));
    let wins: Vec<String> =
        all.iter().filter(|finding| finding.winner.is_win()).map(|finding| win(findings, finding)).collect();
    if wins.is_empty() {
        sentences.extend(without_winner(findings, entrant, &all));
    } else {
        sentences.extend(wins);
        sentences.extend(ties(findings, entrant, &decisive));
    }
    sentences.extend(undecided(findings, &decisive));
    sentences.extend(unjudged(findings, entrant));
    sentences.extend(matter(findings, entrant));
    sentences.extend(change(findings, entrant));
    sentences
}

/// More than two entrants from the most capacity to the least; `None` for two, and where a figure is missing.
#[must_use]
pub fn ranking(findings: &Findings) -> Option<String> {
    let others = 1..findings.names.len();
    if others.len() < 2 {
        return None;
    }
    let figures =
        |entrant| findings.about(Subject { metric: Metric::Throughput, level: 0 }, entrant)?.figures;
    let all: Option<Vec<(f64, usize)>> = std::iter::once(figures(1).map(|(first, _)| (first, 0)))
        .chain(others.map(|entrant| figures(entrant).map(|(_, other)| (other, entrant))))
        .collect();
    let mut all = all?;
    all.sort_by(|one, other| other.0.total_cmp(&one.0));
    let shown: Vec<String> = all
        .iter()
        .map(|(figure, entrant)| format!("{} {}", findings.names[*entrant], Metric::Throughput.show(*figure)))
        .collect();
    Some(format!(
        "from the most capacity to the least: {}; each was held against {} alone, so that differences between the others are not judged",
        shown.join(", "),
        findings.names[0]
    ))
}

fn of<'a>(
    findings: &'a Findings,
    entrant: usize,
    metrics: &'a [Metric],
) -> impl Iterator<Item = &'a Finding> {
    let is_asked =
        move |finding: &&Finding| finding.entrant == entrant && metrics.contains(&finding.subject.metric);
    findings.all.iter().filter(is_asked)
}

/// ` at 990/s`, or nothing.
fn at(findings: &Findings, subject: Subject) -> String {
    match findings.rates_per_s.get(subject.level) {
        Some(rate) if subject.metric.is_at_a_rate() => format!(" at {}", Metric::Throughput.show(*rate)),
        _ => String::new(),
    }
}

/// The subject in words: `CPU at 990/s`.
#[must_use]
pub fn title(findings: &Findings, subject: Subject) -> String {
    format!("{}{}", subject.metric.title(), at(findings, subject))
}

/// The verdict in a word or two, with the winner's name as `name` shows it.
#[must_use]
pub fn verdict(finding: &Finding, name: impl Fn(usize) -> String) -> String {
    match finding.winner {
        Winner::First => format!("{} wins", name(0)),
        Winner::Other => format!("{} wins", name(finding.entrant)),
        Winner::Neither => "tie".to_owned(),
        Winner::CannotTell => "cannot tell".to_owned(),
        Winner::NoData if finding.figures.is_some() => "too few".to_owned(),
        Winner::NoData => "no data".to_owned(),
    }
}

/// A ratio above 1 as an amount against a rival: `24 % more requests than`, `2.40 times as many requests as`.
fn amount(ratio: f64, more: &str, many: &str, of: &str) -> String {
    let of = if of.is_empty() { String::new() } else { format!(" {of}") };
    if ratio >= 2.0 {
        format!("{} times as {many}{of} as", number::plain(ratio))
    } else {
        format!("{:.0} % {more}{of} than", (ratio - 1.0) * 100.0)
    }
}

/// The interval of a ratio that is told as above 1, whichever way it was taken.
fn sure(finding: &Finding, is_turned: bool) -> String {
    let Some((low, high)) = finding.interval else { return String::new() };
    let (low, high) = if is_turned { (1.0 / high, 1.0 / low) } else { (low, high) };
    format!(" (×{}–{}, 95 % sure)", number::plain(low), number::plain(high))
}

fn win(findings: &Findings, finding: &Finding) -> String {
    let [first, other] = [0, finding.entrant].map(|at| findings.names[at].as_str());
    let (winner, loser) = if finding.winner == Winner::Other { (other, first) } else { (first, other) };
    let ratio = finding.ratio.unwrap_or(1.0);
    let [one, two] = finding.shown().unwrap_or_default();
    let metric = finding.subject.metric;
    let (better, worse) = if finding.winner == Winner::Other { (two, one) } else { (one, two) };
    // In the order of the names: a sentence about a cost begins with the one that pays more.
    let (named_first, named_second) =
        if metric == Metric::Throughput { (better, worse) } else { (worse, better) };
    let figures = format!("{named_first} against {named_second}");
    let large = ratio.max(1.0 / ratio);
    let sure = sure(finding, ratio < 1.0);
    let at = at(findings, finding.subject);
    match metric {
        Metric::Throughput => {
            let (least, limit) = match finding.wins_by_at_least() {
                true => {
                    ("at least ", &*format!(" The client was the limit of {winner}, which may serve more."))
                }
                false => ("", ""),
            };
            let amount = amount(large, "more", "many", "requests");
            format!("{winner} serves {least}{amount} {loser}: {figures}{sure}.{limit}")
        }
        Metric::CpuPerRequest => format!(
            "A request costs {loser} {} {winner}{at}: {figures}{sure}.",
            amount(large, "more", "much", "CPU")
        ),
        Metric::ResponseTimeP50 | Metric::ResponseTimeP99 => format!(
            "{loser} takes {}{} {winner} to answer{at}: {} {figures}{sure}.",
            if finding.wins_by_at_least() { "at least " } else { "" },
            amount(large, "longer", "long", ""),
            metric.title()
        ),
        Metric::Memory => {
            format!("{loser} needs {} {winner}: {figures}{sure}.", amount(large, "more", "much", "memory"))
        }
    }
}

/// The first sentences where no side won anything; `all` are the findings about the entrant.
fn without_winner(findings: &Findings, entrant: usize, all: &[&Finding]) -> Vec<String> {
    let [first, other] = [0, entrant].map(|at| findings.names[at].as_str());
    let blocks = counted(findings.blocks as u64, "block");
    let judged = || all.iter().filter(|finding| finding.winner != Winner::NoData);
    let decisive = || judged().filter(|finding| DECISIVE.contains(&finding.subject.metric));
    if decisive().next().is_none() {
        let seen = match findings.looks.first() {
            Some(look) if findings.blocks < *look => {
                format!("it ended after {blocks}, before the first look at {look}")
            }
            _ => "there are too few blocks with figures".to_owned(),
        };
        return vec![format!("Nothing can be said of {first} and {other}: {seen}.")];
    }
    let is_tie = |finding: &&&Finding| finding.winner == Winner::Neither;
    let shown = || all.iter().filter(|finding| finding.figures.is_some());
    if shown().all(|finding| is_tie(&finding)) && missing(findings, entrant).is_empty() {
        return vec![format!(
            "{first} and {other} are alike: nothing that was asked differs by more than 5 % ({blocks})."
        )];
    }
    let decided: Vec<&Finding> = decisive().copied().collect();
    let ties = ties(findings, entrant, &decided);
    if decisive().all(|finding| is_tie(&finding)) {
        return ties.into_iter().collect();
    }
    [format!("No winner between {first} and {other} after {blocks}.")].into_iter().chain(ties).collect()
}

/// Which of the two do not keep up with an offered rate, and what they serve of it; a sentence for each such rate.
fn behind(findings: &Findings, entrant: usize) -> Vec<String> {
    let [first, other] = [0, entrant].map(|at| findings.names[at].as_str());
    let show = |rate: f64| Metric::Throughput.show(rate);
    let sentence = |(level, rate): (usize, &f64)| {
        let served = [0, entrant].map(|at| findings.overload(at, level));
        let rate = show(*rate);
        // A rival without sound figures there is not said to keep up.
        let one = |at: usize, rival: usize, served: f64| {
            let [name, rival_name] = [at, rival].map(|at| findings.names[at].as_str());
            let told = match findings.keeps_up(rival, level) {
                true => format!("{rival_name} keeps up with {rate}, and {name} does not"),
                false => format!("{name} does not keep up with {rate}"),
            };
            format!("{told}: it serves {} of it.", show(served))
        };
        match served {
            [None, None] => None,
            [Some(served), None] => Some(one(0, entrant, served)),
            [None, Some(served)] => Some(one(entrant, 0, served)),
            [Some(one), Some(two)] => Some(format!(
                "Neither {first} nor {other} keeps up with {rate}: they serve {} and {} of it.",
                show(one),
                show(two)
            )),
        }
    };
    findings.rates_per_s.iter().enumerate().filter_map(sentence).collect()
}

/// That any of the two will do, where each rate that was asked about needs next to nothing of both and neither keeps users waiting for
/// long; `None` otherwise, and where the costs or the response times have too few blocks to be judged.
fn idle(findings: &Findings, entrant: usize) -> Option<String> {
    if findings.are_rates_shares || [0, entrant].iter().any(|&at| is_behind(findings, at)) {
        return None;
    }
    let judged = |metric: Metric, level: usize| {
        let finding = findings.about(Subject { metric, level }, entrant)?;
        finding.figures.filter(|_| finding.winner != Winner::NoData)
    };
    let needs = |(level, rate): (usize, &f64)| {
        let (one, two) = judged(Metric::CpuPerRequest, level)?;
        let (soon, late) = judged(Metric::ResponseTimeP50, level)?;
        // Of the slowest hundredth less is known: only a verdict on it counts.
        let tail = findings.about(Subject { metric: Metric::ResponseTimeP99, level }, entrant);
        let is_late = |(soon, late): (f64, f64)| (soon - late).abs() >= SHORT_US;
        let has_late_tail =
            tail.filter(|tail| tail.winner.is_win()).and_then(|tail| tail.figures).is_some_and(is_late);
        (!is_late((soon, late)) && !has_late_tail).then_some(rate * one.max(two) / 1e6)
    };
    let all: Option<Vec<f64>> = findings.rates_per_s.iter().enumerate().map(needs).collect();
    let most = all?.into_iter().reduce(f64::max)?;
    let highest = findings.rates_per_s.iter().copied().fold(0.0, f64::max);
    (most < LITTLE).then(|| {
        format!(
            "Either will do: at {} {} and {} both need less than 3 % of a core.",
            Metric::Throughput.show(highest),
            findings.names[0],
            findings.names[entrant]
        )
    })
}

/// Whether an entrant does not keep up with any of the rates.
fn is_behind(findings: &Findings, entrant: usize) -> bool {
    (0..findings.rates_per_s.len()).any(|level| findings.overload(entrant, level).is_some())
}

/// The questions by which a choice is made that have too few figures to be judged. The CPU time of a server that ran already is none of
/// them: it is not read, and a note says so.
fn missing(findings: &Findings, entrant: usize) -> Vec<&Finding> {
    let lacks = |metric: Metric, level: usize| {
        findings.about(Subject { metric, level }, entrant).filter(|finding| finding.winner == Winner::NoData)
    };
    let of_level = |level: usize| {
        let p50 = lacks(Metric::ResponseTimeP50, level);
        let cpu = p50.and_then(|_| lacks(Metric::CpuPerRequest, level));
        cpu.into_iter().chain(p50)
    };
    let capacity = lacks(Metric::Throughput, 0);
    capacity.into_iter().chain((0..findings.rates_per_s.len()).flat_map(of_level)).collect()
}

/// What could not be judged for want of figures while other questions could, and why.
fn unjudged(findings: &Findings, entrant: usize) -> Option<String> {
    let missing = missing(findings, entrant);
    let is_judged = |finding: &Finding| finding.winner != Winner::NoData;
    if missing.is_empty() || !of(findings, entrant, &DECISIVE).any(is_judged) {
        return None;
    }
    let is_rare = |finding: &&Finding| {
        finding.subject.metric == Metric::ResponseTimeP50
            && findings
                .offered_requests
                .get(finding.subject.level)
                .is_some_and(|offered| *offered < MEDIAN_NEEDS)
    };
    let titles: Vec<String> = missing.iter().map(|finding| title(findings, finding.subject)).collect();
    let reason = if missing.iter().all(is_rare) {
        "a median needs 20 requests of each server in a block, and this rate offers fewer"
    } else {
        "too few blocks have sound figures; the notes say why"
    };
    Some(format!("Nothing can be said of {}: {reason}.", list(&titles)))
}

fn ties(findings: &Findings, entrant: usize, decisive: &[&Finding]) -> Option<String> {
    let tied: Vec<String> = decisive
        .iter()
        .filter(|finding| finding.winner == Winner::Neither)
        .map(|finding| title(findings, finding.subject))
        .collect();
    let names = [0, entrant].map(|at| findings.names[at].as_str());
    (!tied.is_empty()).then(|| format!("{} and {} tie within 5 % in {}.", names[0], names[1], list(&tied)))
}

/// What could not be told, how large a difference could have hidden, and what would decide it.
fn undecided(findings: &Findings, decisive: &[&Finding]) -> Vec<String> {
    let sentence = |finding: &&&Finding| {
        let what = title(findings, finding.subject);
        let [first, other] = [0, finding.entrant].map(|at| findings.names[at].as_str());
        let (Some(ratio), Some((low, high))) = (finding.ratio, finding.interval) else {
            return format!("There are too few figures of {what}.");
        };
        let seen = format!("{other} ÷ {first} is ×{} ({}–{})", plain(ratio), plain(low), plain(high));
        if finding.is_withheld {
            return format!("Cannot tell {what}: {seen}, but {}.", doubt(findings, finding));
        }
        if finding.is_unsteady {
            return format!(
                "Cannot tell {what}: {seen}, but it depends on the state of this machine: the first and the last third of the blocks \
                 differ by more than 5 %. Ask again while nothing else runs here."
            );
        }
        if finding.end == End::Family {
            return format!("Cannot tell {what}: {seen}. {}", one_of_many(findings, finding));
        }
        format!(
            "Cannot tell {what}: {seen}. {}; {}.",
            ended(findings, finding),
            would_decide(findings, finding)
        )
    };
    decisive
        .iter()
        .filter(|finding| finding.winner == Winner::CannotTell)
        .map(|finding| sentence(&finding))
        .collect()
}

/// Why a verdict that the blocks bear out was taken back, and what would help.
fn doubt(findings: &Findings, finding: &Finding) -> String {
    let Subject { metric, level } = finding.subject;
    let [first, other] = [0, finding.entrant].map(|at| findings.names[at].as_str());
    if metric == Metric::Throughput {
        return "the client was the limit, and no number of blocks changes that; ask what a request costs at a --rate that it carries"
            .to_owned();
    }
    let who = match [0, finding.entrant].map(|at| findings.overload(at, level).is_some()) {
        [true, true] => format!("neither {first} nor {other} keeps up with that rate"),
        [true, false] => format!("{first} does not keep up with that rate"),
        [false, true] => format!("{other} does not keep up with that rate"),
        [false, false] => "half of the requests had no reply when they were given up".to_owned(),
    };
    let why = if metric == Metric::CpuPerRequest {
        "so that their costs are at different rates"
    } else {
        "so that these times say how long was measured"
    };
    format!("{who}, {why}; ask at a --rate that both serve")
}

/// Why an undecided question was measured no more.
fn ended(findings: &Findings, finding: &Finding) -> String {
    let last = findings.looks.last().copied().unwrap_or_default();
    match finding.end {
        End::Hopeless => {
            format!("After {} of {last} blocks the others were unlikely to decide it", finding.seen)
        }
        End::LastLook | End::Decided | End::Family if last == MOST_BLOCKS => {
            format!("All {last} blocks that a comparison takes leave it open")
        }
        End::LastLook | End::Decided | End::Family => format!("All {last} planned blocks leave it open"),
        End::Open if findings.is_interrupted => {
            format!("It was interrupted after {} of {last} blocks", findings.blocks)
        }
        End::Open => format!("Its time ended after {} of {last} blocks", findings.blocks),
    }
}

/// That a verdict was taken back because many questions of a kind were asked, and what would help.
fn one_of_many(findings: &Findings, finding: &Finding) -> String {
    let metric = finding.subject.metric;
    let fewer = match (findings.names.len() > 2, metric.is_at_a_rate() && findings.rates_per_s.len() > 1) {
        (true, true) => "compare two servers at one --rate",
        (true, false) => "compare two servers at a time",
        (false, _) => "ask at one --rate",
    };
    format!(
        "Asked alone, it would be decided; as one of {} questions about {} it is not clear enough: among several, chance may decide one. \
         Fewer questions need fewer blocks: {fewer}. As asked, {}.",
        finding.family,
        metric.title(),
        would_decide(findings, finding)
    )
}

/// The blocks that would decide an undecided question, and the time that they take.
fn would_decide(findings: &Findings, finding: &Finding) -> String {
    match finding.needed {
        None => "no number of blocks would decide it if that is the true ratio".to_owned(),
        Some(blocks) if blocks > MOST_BLOCKS => {
            format!(
                "about {blocks} blocks would decide it if that is the true ratio, and a comparison takes at most {MOST_BLOCKS}"
            )
        }
        Some(blocks) => {
            let half_minutes = (blocks as f64 * findings.block_s / 30.0).ceil().max(1.0) as u64;
            format!(
                "about {blocks} blocks would decide it if that is the true ratio: --within {}",
                in_half_minutes(half_minutes)
            )
        }
    }
}

/// So many half minutes as `--within` takes them: one number with one unit.
fn in_half_minutes(number: u64) -> String {
    if number.is_multiple_of(2) { format!("{}m", number / 2) } else { format!("{}s", 30 * number) }
}

fn plain(ratio: f64) -> String {
    number::plain(ratio)
}

/// Whether the difference matters, in cores and in time, at each rate; figures of too few blocks to be judged say nothing of it.
fn matter(findings: &Findings, entrant: usize) -> Vec<String> {
    let [first, other] = [0, entrant].map(|at| findings.names[at].as_str());
    let figures = |metric: Metric, level: usize| {
        findings
            .about(Subject { metric, level }, entrant)
            .filter(|finding| finding.winner != Winner::NoData)?
            .figures
    };
    let sentence = |(level, &rate): (usize, &f64)| {
        if [0, entrant].iter().any(|&at| findings.overload(at, level).is_some()) {
            return None;
        }
        let at = Metric::Throughput.show(rate);
        let times = figures(Metric::ResponseTimeP50, level).map(|(one, two)| {
            format!(
                "half of the replies come within {} with {first} and {} with {other}",
                Metric::ResponseTimeP50.show(one),
                Metric::ResponseTimeP50.show(two)
            )
        });
        let cores = figures(Metric::CpuPerRequest, level).map(|(one, two)| {
            let (one, two) = (rate * one / 1e6, rate * two / 1e6);
            if one.max(two) < LITTLE {
                format!("both {first} and {other} need less than 3 % of a core")
            } else {
                format!("{first} needs {one:.2} and {other} {two:.2} of a core")
            }
        });
        let parts: Vec<String> = cores.into_iter().chain(times).collect();
        (!parts.is_empty()).then(|| format!("At {at}, {}.", parts.join("; ")))
    };
    findings.rates_per_s.iter().enumerate().filter_map(sentence).collect()
}

/// From which rate on the choice is another one.
fn change(findings: &Findings, entrant: usize) -> Option<String> {
    let capacity = findings.about(Subject { metric: Metric::Throughput, level: 0 }, entrant)?;
    let (one, two) = capacity.figures.filter(|_| capacity.winner.is_win())?;
    let (weaker, stronger) = if one < two {
        (findings.names[0].as_str(), findings.names[entrant].as_str())
    } else {
        (findings.names[entrant].as_str(), findings.names[0].as_str())
    };
    let most = Metric::Throughput.show(one.max(two));
    let up_to = if capacity.wins_by_at_least() { format!("at least {most}") } else { most };
    Some(format!(
        "Beyond {} {weaker} does not keep up, and {stronger} does up to {up_to}.",
        Metric::Throughput.show(one.min(two))
    ))
}

fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use reports_stats::looks::Looks;

    use crate::contest::findings::tests::{blocks, findings};

    fn said(throughput: f64, cpu: f64, noise: f64) -> Vec<String> {
        answer(&findings(&blocks(8, throughput, cpu, noise)), 1)
    }

    #[test]
    fn a_winner_is_named_first_with_amount_and_certainty() {
        let sentences = said(1.24, 1.0, 0.002);
        assert!(
            sentences[0].starts_with("new serves 24 % more requests than old: 12.4k/s against 10.0k/s (×1.2"),
            "{sentences:?}"
        );
        assert!(sentences[0].ends_with("95 % sure)."), "{sentences:?}");
        assert_eq!(sentences[1], "old and new tie within 5 % in CPU at 1.00k/s and p50 at 1.00k/s.");
        assert_eq!(
            sentences.last().unwrap(),
            "Beyond 10.0k/s old does not keep up, and new does up to 12.4k/s."
        );
        let sentences = said(0.4, 1.0, 0.002);
        assert!(
            sentences[0]
                .starts_with("old serves 2.50 times as many requests as new: 10.0k/s against 4.00k/s"),
            "{sentences:?}"
        );
    }

    #[test]
    fn more_than_two_are_told_in_the_order_of_their_capacities() {
        assert_eq!(
            ranking(&findings(&blocks(8, 2.0, 1.0, 0.0))),
            None,
            "two of them are in the first sentence"
        );
        let mut three = blocks(8, 2.0, 1.0, 0.0);
        for block in &mut three {
            let mut third = block.readings[0].clone();
            third.throughput_per_s = third.throughput_per_s.map(|rate| 1.5 * rate);
            block.readings.push(third);
        }
        let names = ["sync", "gevent", "gthread"].map(str::to_owned).to_vec();
        let looks = reports_stats::looks::Looks::after(&[8, 12]).unwrap();
        let told = ranking(&Findings::of(names.clone(), vec![1_000.0], &three, &looks)).unwrap();
        assert!(
            told.starts_with(
                "from the most capacity to the least: gevent 20.0k/s, gthread 15.0k/s, sync 10.0k/s; "
            ),
            "{told}"
        );
        three.iter_mut().for_each(|block| block.readings[2].throughput_per_s = None);
        assert_eq!(ranking(&Findings::of(names, vec![1_000.0], &three, &looks)), None);
    }

    #[test]
    fn a_difference_in_cost_alone_is_told_as_such_with_what_it_matters() {
        let sentences = said(1.0, 0.8, 0.002);
        assert!(
            sentences[0]
                .starts_with("A request costs old 25 % more CPU than new at 1.00k/s: 100 µs against 80.0 µs"),
            "{sentences:?}"
        );
        assert!(
            sentences.iter().any(|sentence| sentence.starts_with(
                "At 1.00k/s, old needs 0.10 and new 0.08 of a core; half of the replies come within 500 µs with old and 400 µs with new"
            )),
            "{sentences:?}"
        );
    }

    #[test]
    fn alike_and_undecided_servers_have_no_winner_in_the_first_sentence() {
        let alike = said(1.0, 1.0, 0.002);
        assert_eq!(
            alike[0],
            "old and new are alike: nothing that was asked differs by more than 5 % (8 blocks)."
        );
        let noisy = said(1.0, 1.0, 0.3);
        assert_eq!(noisy[0], "No winner between old and new after 8 blocks.");
        assert!(noisy[1].starts_with("Cannot tell capacity: new ÷ old is ×1.00 (0."), "{noisy:?}");
        assert!(noisy[1].contains("blocks would decide it"), "{noisy:?}");
    }

    /// Noise of 30 % a block is hopeless at the first look of two; noise of 6 % is not, and the time ends it.
    #[test]
    fn what_cannot_be_told_says_why_it_ended_and_what_would_decide_it() {
        let told = |looks: &[usize], count: usize, noise: f64, is_interrupted: bool| {
            let looks = Looks::after(looks).unwrap();
            let found = Findings::of(
                vec!["old".into(), "new".into()],
                vec![1_000.0],
                &blocks(count, 1.08, 1.0, noise),
                &looks,
            );
            let found = Findings { block_s: 2.0, is_interrupted, ..found };
            answer(&found, 1).into_iter().find(|line| line.starts_with("Cannot tell capacity")).unwrap()
        };
        let hopeless = told(&[8, 12], 8, 0.3, false);
        assert!(
            hopeless.contains("After 8 of 12 blocks the others were unlikely to decide it; about "),
            "{hopeless}"
        );
        assert!(hopeless.ends_with("and a comparison takes at most 48."), "{hopeless}");
        let over = told(&[8, 12], 9, 0.06, false);
        assert!(over.contains("). Its time ended after 9 of 12 blocks; about "), "{over}");
        assert!(over.contains(" blocks would decide it if that is the true ratio: --within "), "{over}");
        let interrupted = told(&[8, 12], 9, 0.06, true);
        assert!(interrupted.contains("It was interrupted after 9 of 12 blocks; about "), "{interrupted}");
        let all = told(&[8], 8, 0.06, false);
        assert!(all.contains("All 8 planned blocks leave it open; about "), "{all}");
        let most = told(&[48], 48, 0.15, false);
        assert!(most.contains("All 48 blocks that a comparison takes leave it open; about "), "{most}");
        assert!(most.ends_with("and a comparison takes at most 48."), "{most}");
    }

    /// Two seconds a block: 20 blocks take 40 s, in whole half minutes.
    #[test]
    fn the_time_that_would_decide_is_one_that_the_command_takes() {
        let mut found = findings(&blocks(8, 1.08, 1.0, 0.06));
        found.block_s = 2.0;
        let mut finding = found.all[0].clone();
        finding.needed = Some(20);
        let told = would_decide(&found, &finding);
        assert_eq!(told, "about 20 blocks would decide it if that is the true ratio: --within 1m");
        finding.needed = Some(48);
        let told = would_decide(&found, &finding);
        assert!(told.ends_with(": --within 2m"), "{told}");
        finding.needed = Some(45);
        assert!(
            would_decide(&Findings { block_s: 1.8, ..found.clone() }, &finding).ends_with(": --within 90s")
        );
        for half_minutes in 1..=500 {
            let within = in_half_minutes(half_minutes);
            let span =
                loadgen::parse_span(&within, &(Duration::from_secs(1)..=Duration::from_secs(24 * 3600)));
            assert_eq!(span, Ok(Duration::from_secs(30 * half_minutes)), "{within}");
        }
        finding.needed = Some(49);
        assert!(would_decide(&found, &finding).ends_with("takes at most 48"));
    }

    /// 100 µs a request at 100/s are 1 % of a core, however the rest is decided.
    #[test]
    fn a_rate_that_needs_next_to_nothing_makes_any_choice_good_and_is_said_first() {
        let mut found = findings(&blocks(8, 1.5, 1.3, 0.002));
        found.rates_per_s = vec![100.0];
        let sentences = answer(&found, 1);
        assert_eq!(sentences[0], "Either will do: at 100/s old and new both need less than 3 % of a core.");
        assert!(sentences[1].starts_with("new serves 50 % more requests than old"), "{sentences:?}");
    }

    /// Both need next to nothing, and half of the users of the second one wait 1.5 ms longer.
    #[test]
    fn users_who_wait_longer_make_a_choice_matter_whatever_it_costs() {
        let mut found = findings(&blocks(8, 1.0, 4.0, 0.002));
        found.rates_per_s = vec![10.0];
        let sentences = answer(&found, 1);
        assert!(
            sentences[0].starts_with("A request costs new 4.00 times as much CPU as old"),
            "{sentences:?}"
        );
        assert!(sentences.iter().all(|sentence| !sentence.starts_with("Either will do")), "{sentences:?}");
    }

    /// What the client could ask for is no ceiling of the server.
    #[test]
    fn a_winner_that_the_client_limited_serves_at_least_what_was_asked_for() {
        let mut blocks = blocks(8, 1.24, 1.0, 0.002);
        blocks[3].readings[1].is_client_limited = true;
        let sentences = answer(&findings(&blocks), 1);
        assert!(
            sentences[0].starts_with(
                "new serves at least 24 % more requests than old: ≥ 12.4k/s against 10.0k/s (×1.2"
            ),
            "{sentences:?}"
        );
        assert!(
            sentences[0].ends_with("The client was the limit of new, which may serve more."),
            "{sentences:?}"
        );
        assert_eq!(
            sentences.last().unwrap(),
            "Beyond 10.0k/s old does not keep up, and new does up to at least 12.4k/s."
        );
        assert!(super::super::table::table(&findings(&blocks), 1).unwrap().contains("≥ 12.4k/s"));
    }

    #[test]
    fn too_few_blocks_say_nothing() {
        let mut few = findings(&blocks(5, 1.3, 0.7, 0.01));
        few.rates_per_s = vec![10.0];
        let few = answer(&few, 1);
        assert_eq!(
            few,
            ["Nothing can be said of old and new: it ended after 5 blocks, before the first look at 8."]
        );
    }
}
