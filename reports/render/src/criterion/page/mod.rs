//! The page: the verdicts on the pairs, their ratios, requests explained, every quantile, and all that was left out.

use maud::{Markup, html};
use reports_record::{BenchFigure, BenchRounds, BenchUnit};
use reports_stats::verdict::Verdict;

use super::model::{Explained, explained};
use super::pairs::{BLOCKS, Others, PROMISED, Pair, holding, judged};
use super::quantity::{ratio, written};
use super::results::{Bench, Results};
use crate::analysis::estimate::Estimate;
use crate::figure::ink::Ink;
use crate::figure::interval_chart::{Group, IntervalChart, Style};
use crate::figure::scene::Form;
use crate::page::figure::Figure;
use crate::page::frame::frame;
use crate::page::table::Table;
use crate::{label, number};

/// Left-out benches named in full; beyond, they are counted.
const LISTED: usize = 20;

/// Pairs that a sentence names; beyond, they are counted.
const NAMED: usize = 6;

pub(super) fn document(results: &Results) -> String {
    let pairs = judged(&results.groups);
    let requests = explained(&results.requests, &pairs, &results.benches);
    let of_unit = |unit| pairs.iter().filter(|pair| pair.rounds.unit == unit).collect::<Vec<_>>();
    let (times, sizes) = (of_unit(BenchUnit::Nanoseconds), of_unit(BenchUnit::Bytes));
    let single: Vec<&Bench> = results.benches.iter().filter(|bench| !has_pair(bench, &pairs)).collect();
    let content = html! {
        (opening(&pairs, results))
        @if !requests.is_empty() { (model(&requests)) }
        @for (title, id, those) in [("Time", "times", times), ("Memory", "sizes", sizes)] {
            @if !those.is_empty() {
                section {
                    h2 { (title) }
                    (ratios(id, &those).markup())
                    (sides(&those).markup())
                }
            }
        }
        @if !pairs.is_empty() { (themselves(&pairs)) }
        @if !single.is_empty() {
            section {
                h2 { "Parts without a counterpart" }
                (alone(&single).markup())
            }
        }
        @if !results.benches.is_empty() {
            section {
                h2 { "Each operation" }
                p {
                    "From the histogram that each bench keeps, on the clock: one value an operation, or the mean of a batch where \
                     an operation is too short for the clock. A quantile with fewer than ten samples beyond it is not printed."
                }
                details {
                    summary { "Quantiles of every bench" }
                    (quantiles(&results.benches).markup())
                }
            }
        }
        (again(results))
    };
    frame("cargo bench", &content)
}

fn has_pair(bench: &Bench, pairs: &[Pair<'_>]) -> bool {
    matches!(bench.name.as_str(), "sync" | "async") && pairs.iter().any(|pair| pair.group() == bench.group)
}

fn opening(pairs: &[Pair<'_>], results: &Results) -> Markup {
    html! {
        header {
            p.eyebrow { "Crossover · cargo bench" @for part in conditions(&results.groups) { " · " bdi { (part) } } }
            h1 { "What the pieces cost" }
            p.question { "What does blocking cost, and what awaiting, one primitive at a time?" }
        }
        section id="answer" aria-label="The answer" {
            @for sentence in sentences(pairs) { p { bdi { (sentence) } } }
            p.scope {
                "Ratios are async ÷ sync, less is better. Both sides of a pair take turns in rounds; " (BLOCKS) " blocks of \
                 consecutive rounds are judged, with a margin of 5\u{a0}%, all pairs as one family. Explanations of the \
                 decision map, not verdicts about a server."
            }
            (left_out(pairs))
            (mixture(&results.groups))
        }
    }
}

/// Where and when the latest group was measured.
fn conditions(groups: &[BenchRounds]) -> Vec<String> {
    let Some(latest) = groups.iter().max_by_key(|group| group.began_unix_s) else { return Vec::new() };
    let environment = &latest.environment;
    let commit = environment.commit.as_deref().map(|commit| {
        let short: String = commit.chars().take(10).collect();
        let changed = if environment.dirty == Some(true) { " with changes" } else { "" };
        format!("commit {}{changed}", label::name(&short))
    });
    let online = environment.cpu.online;
    let machine = format!("{}, {online} CPUs", label::name(&environment.cpu.model));
    [Some(date(latest.began_unix_s)), Some(machine), Some(label::name(&environment.kernel)), commit]
        .into_iter()
        .flatten()
        .collect()
}

/// The day and minute, UTC.
fn date(unix_s: u64) -> String {
    // The last second that humantime writes: 31 December 9999.
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(unix_s.min(253_402_300_799));
    let text = humantime::format_rfc3339_seconds(at).to_string();
    format!("{} UTC", text[..16].replace('T', " "))
}

fn left_out(pairs: &[Pair<'_>]) -> Markup {
    let all: usize = pairs.iter().map(|pair| pair.rounds.rounds.len()).sum();
    let left_out: usize = pairs.iter().map(|pair| pair.left_out).sum();
    let few = pairs.iter().filter(|pair| pair.verdict() == Verdict::Invalid).count();
    html! {
        @if left_out > 0 {
            p.scope {
                (number::count(left_out)) " of " (number::count(all)) " rounds are left out, on both sides alike: others took \
                 the CPU, or the load generator's certificate failed."
            }
        }
        @if few > 0 {
            p.banner {
                (number::count(few)) " of " (number::count(pairs.len())) " pairs have too few rounds that count, as "
                code { "--quick" } " or a busy machine leaves them: they are shown as invalid and decide nothing."
            }
        }
    }
}

/// Results of several invocations on one page were measured under conditions of their own.
fn mixture(groups: &[BenchRounds]) -> Markup {
    let mut began: Vec<u64> = groups.iter().map(|group| group.began_unix_s).collect();
    began.sort_unstable();
    began.dedup();
    html! {
        @if began.len() > 1 {
            p.banner {
                "Mixed: these results are of " (number::count(began.len())) " invocations, from " (date(began[0])) " to "
                (date(began[began.len() - 1])) ". Compare sides within a group, and not groups with each other."
            }
        }
    }
}

/// One sentence for each verdict that there is, times apart from sizes, the largest differences first.
fn sentences(pairs: &[Pair<'_>]) -> Vec<String> {
    let mut sentences = Vec::new();
    for (verdict, says) in [
        (Verdict::AsyncWins, "Async wins"),
        (Verdict::SyncWins, "Sync wins"),
        (Verdict::Tie, "The two tie"),
        (Verdict::CannotTell, "The data cannot tell"),
        (Verdict::Invalid, "There are too few valid data"),
    ] {
        for (unit, what) in [(BenchUnit::Nanoseconds, "time"), (BenchUnit::Bytes, "memory")] {
            let of_unit: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.rounds.unit == unit).collect();
            let mut those: Vec<&Pair<'_>> =
                of_unit.iter().copied().filter(|pair| pair.verdict() == verdict).collect();
            by_difference(&mut those);
            if !those.is_empty() {
                let (found, all) = (those.len(), of_unit.len());
                sentences.push(format!("{says} in {found} of {all} pairs of {what}: {}.", named(&those)));
            }
        }
    }
    if sentences.is_empty() {
        sentences.push("No group has rounds of both sides: there is nothing to compare.".to_owned());
    }
    sentences
}

/// Sorts by what the difference amounts to, not by its ratio: half of 48 ns is not half of 22 µs.
fn by_difference(pairs: &mut [&Pair<'_>]) {
    let size = |pair: &Pair<'_>| pair.difference().map_or(0.0, f64::abs);
    pairs.sort_by(|one, other| size(other).total_cmp(&size(one)));
}

fn named(pairs: &[&Pair<'_>]) -> String {
    let each = |pair: &&Pair<'_>| {
        let how = pair.ratio().zip(pair.difference()).map(|(found, difference)| {
            format!(" ({}, {})", ratio(found), signed(difference, pair.rounds.unit))
        });
        format!("{}{}", label::name(pair.group()), how.unwrap_or_default())
    };
    let mut text = pairs.iter().take(NAMED).map(each).collect::<Vec<_>>().join(", ");
    if pairs.len() > NAMED {
        text.push_str(&format!(" and {} more", pairs.len() - NAMED));
    }
    text
}

/// A difference with its sign.
fn signed(difference: f64, unit: BenchUnit) -> String {
    let sign = if difference < 0.0 { '−' } else { '+' };
    format!("{sign}{}", written(difference.abs(), unit))
}

/// Requests as the sum of their parts.
fn model(requests: &[Explained<'_>]) -> Markup {
    let least = requests.iter().map(Explained::share).fold(f64::INFINITY, f64::min);
    let most = requests.iter().map(Explained::share).fold(0.0, f64::max);
    let head = ["request", "part", "times a request", "one costs", "together"];
    let mut table = Table::new("CPU time of a request, part by part", &head, 2);
    for request in requests {
        for part in &request.parts {
            table.push(vec![
                name_of(request),
                label::passage(part.part),
                number::plain(part.count),
                written(part.each_ns, BenchUnit::Nanoseconds),
                written(part.count * part.each_ns, BenchUnit::Nanoseconds),
            ]);
        }
    }
    let head = [
        "request",
        "parts together",
        "measured",
        "explained",
        "the rest",
        "with the bare loop",
        "explained so",
    ];
    let mut sums =
        Table::new("CPU time of a request of the control pair, and the sum of its parts", &head, 1);
    for request in requests {
        sums.push(vec![
            name_of(request),
            written(request.sum(), BenchUnit::Nanoseconds),
            written(request.measured, BenchUnit::Nanoseconds),
            number::percent(request.share()),
            signed(request.measured - request.sum(), BenchUnit::Nanoseconds),
            request.bare_sum().map_or(number::NO_DATA.into(), |sum| written(sum, BenchUnit::Nanoseconds)),
            request.bare_sum().map_or(number::NO_DATA.into(), |sum| number::percent(sum / request.measured)),
        ]);
    }
    html! {
        section #model {
            h2 { "A request, explained by its parts" }
            p {
                "Counts of switches and waits were taken while the whole request was measured; what one of each costs stands \
                 under the groups below. The parts explain " (number::percent(least)) " to " (number::percent(most)) " of the CPU \
                 time. The rest is what no part measures: caches that other connections have filled with their own data, \
                 acknowledgements and timers that the kernel handles on this CPU, and the handler itself."
            }
            p {
                "Where the rest lies, a second sum tells: it takes reading, switching and answering from one bare loop over as many \
                 connections (the groups " code { "connections" } "), and adds the codec and the wait. That part of the rest \
                 which the loop has as well is the price of many connections, not of HTTP or of the handler."
            }
            (sums.markup())
            details {
                summary { "Part by part" }
                (table.markup())
            }
        }
    }
}

fn name_of(request: &Explained<'_>) -> String {
    format!("{}, {}", label::name(&request.request.contender), label::name(&request.request.load))
}

fn ratios(id: &'static str, pairs: &[&Pair<'_>]) -> Figure {
    let decided = || pairs.iter().filter(|pair| pair.verdict().is_decided());
    let compare = |one: &&&Pair<'_>, other: &&&Pair<'_>| one.ratio().partial_cmp(&other.ratio());
    let least = decided().min_by(|one, other| compare(one, other).unwrap_or(std::cmp::Ordering::Equal));
    let most = decided().max_by(|one, other| compare(one, other).unwrap_or(std::cmp::Ordering::Equal));
    let of = |pair: &Pair<'_>| pair.ratio().map_or(number::NO_DATA.into(), ratio);
    let finding = least.zip(most).map(|(least, most)| {
        format!(
            "Where the data decide, awaiting costs from {} of blocking ({}) to {} ({})",
            of(least),
            label::name(least.group()),
            of(most),
            label::name(most.group()),
        )
    });
    let groups = pairs.iter().map(|pair| Group {
        title: label::name(pair.group()),
        rows: vec![pair.ratio().map(|middle| Estimate {
            middle,
            interval: pair.interval(),
            at_least: false,
            blocks: pair.sync.map_or(0, |estimate| estimate.blocks),
        })],
    });
    let style = Style { ink: Ink::Awaiting, form: Form::Diamond, dashed: false };
    let chart = IntervalChart {
        axis_title: "async ÷ sync, less is better".into(),
        write: ratio,
        zone: Some((1.0 / 1.05, 1.05)),
        legend: vec![(style, "async ÷ sync".into())],
        groups: groups.collect(),
    };
    let mut table =
        Table::new("async ÷ sync with its 95 % interval", &["group", "verdict", "ratio", "interval"], 2);
    for pair in pairs {
        table.push(vec![label::name(pair.group()), pair.verdict().to_string(), of(pair), interval(pair)]);
    }
    Figure {
        id: id.into(),
        finding: finding.unwrap_or_else(|| "No pair is decided".into()),
        reading: "async ÷ sync with its 95\u{a0}% interval, on a logarithmic axis; left of the band of ±5\u{a0}% awaiting costs \
                  less."
            .into(),
        folded: false,
        scene: chart.scene(),
        table,
    }
}

fn sides(pairs: &[&Pair<'_>]) -> Table {
    let head = [
        "group",
        "verdict",
        "judged by",
        "sync",
        "async",
        "difference",
        "ratio",
        "on the clock",
        "CPU time",
        "switches",
        "left out",
        "one operation, and the consequence",
    ];
    let mut table = Table::new(
        "One operation of each side, the largest differences first; sync / async where a cell has two",
        &head,
        3,
    );
    table.prose = true;
    let mut pairs = pairs.to_vec();
    by_difference(&mut pairs);
    for pair in pairs {
        let (rounds, unit) = (pair.rounds, pair.rounds.unit);
        let both = |of: fn(&Others) -> Option<f64>, write: &dyn Fn(f64) -> String| {
            let [sync, awaiting] = &pair.others;
            match (of(sync), of(awaiting)) {
                (Some(sync), Some(awaiting)) => format!("{} / {}", write(sync), write(awaiting)),
                _ => number::NO_DATA.into(),
            }
        };
        let nanoseconds = |value| written(value, BenchUnit::Nanoseconds);
        table.push(vec![
            label::name(pair.group()),
            pair.verdict().to_string(),
            judged_by(rounds),
            estimate(pair.sync, unit),
            estimate(pair.awaiting, unit),
            pair.difference().map_or(number::NO_DATA.into(), |difference| signed(difference, unit)),
            pair.ratio()
                .map_or(number::NO_DATA.into(), |found| format!("{} ({})", ratio(found), interval(pair))),
            both(|others| others.value, &|value| written(value, unit)),
            both(|others| others.cpu_ns, &nanoseconds),
            both(|others| others.switches, &number::plain),
            format!("{} of {}", pair.left_out, rounds.rounds.len()),
            format!(
                "Sync: {}. Async: {}. {}",
                label::passage(&rounds.sync),
                label::passage(&rounds.r#async),
                label::passage(&rounds.so_what)
            ),
        ]);
    }
    table
}

fn judged_by(rounds: &BenchRounds) -> String {
    let cpus = if rounds.cpus == 1 { "one CPU".to_owned() } else { format!("{} CPUs", rounds.cpus) };
    match (rounds.unit, rounds.judged) {
        (BenchUnit::Bytes, _) => "bytes".to_owned(),
        (_, BenchFigure::Cpu) => format!("CPU time, {cpus}"),
        (_, BenchFigure::Value) => format!("the clock, {cpus}"),
    }
}

fn interval(pair: &Pair<'_>) -> String {
    pair.interval().map_or_else(|| "too few rounds".into(), number::interval)
}

fn estimate(estimate: Option<Estimate>, unit: BenchUnit) -> String {
    let Some(estimate) = estimate else { return number::NO_DATA.into() };
    let write = |value| written(value, unit);
    match estimate.interval {
        Some(interval) => {
            format!("{} ({}–{})", write(estimate.middle), write(interval.lo), write(interval.hi))
        }
        None => write(estimate.middle),
    }
}

/// Each side against itself: a difference there is none of the model's.
fn themselves(pairs: &[Pair<'_>]) -> Markup {
    let mut table = Table::new(
        "The first slices of each round ÷ the second ones, of one side",
        &["side", "ratio", "holds 1"],
        1,
    );
    for pair in pairs {
        for (name, judgement) in ["sync", "async"].into_iter().zip(&pair.itself) {
            let Ok(evidence) = judgement.evidence else { continue };
            let interval = evidence.ratio_interval();
            table.push(vec![
                format!("{}/{name}", label::name(pair.group())),
                format!("{} ({})", ratio(evidence.effect.ratio()), number::interval(interval)),
                if interval.holds(1.0) { "yes" } else { "no" }.into(),
            ]);
        }
    }
    let (holding, all) = holding(pairs);
    let too_few = (holding as f64) < PROMISED * all as f64;
    html! {
        section {
            h2 { "Each side against itself" }
            @if all == 0 {
                p { "No side has enough rounds to be compared with itself." }
            } @else {
                p {
                    (holding) " of " (all) " intervals hold 1 (" (number::percent(holding as f64 / all as f64)) "); \
                     95\u{a0}% are promised. What such copies differ by more than their rounds predict widens every interval above."
                }
                @if too_few { p.banner { "Fewer than promised: take the intervals of this session as too narrow." } }
                details {
                    summary { "Every side" }
                    (table.markup())
                }
            }
        }
    }
}

fn quantiles(benches: &[Bench]) -> Table {
    let head = ["bench", "samples", "p50", "p99", "p99.9", "longest", "operation, and what a sample is"];
    let mut table = Table::new("Quantiles of single operations", &head, 1);
    table.prose = true;
    for bench in benches {
        let write =
            |value: Option<f64>| value.map_or(number::NO_DATA.into(), |value| written(value, bench.unit));
        let quantiles = &bench.quantiles;
        let what = match &bench.sample {
            Some(sample) => format!("{}; {}", label::passage(&bench.operation), label::passage(sample)),
            None => label::passage(&bench.operation),
        };
        table.push(vec![
            name(bench),
            number::count(usize::try_from(quantiles.samples).unwrap_or(usize::MAX)),
            write(quantiles.p50),
            write(quantiles.p99),
            write(quantiles.p99_9),
            write(Some(quantiles.max)),
            what,
        ]);
    }
    table
}

fn alone(benches: &[&Bench]) -> Table {
    let head = ["bench", "one operation", "samples", "operation"];
    let mut table = Table::new("CPU time: criterion's estimates with their 95 % intervals", &head, 1);
    table.prose = true;
    for bench in benches {
        let write = |value| written(value, bench.unit);
        table.push(vec![
            name(bench),
            format!("{} ({}–{})", write(bench.estimate), write(bench.interval.lo), write(bench.interval.hi)),
            number::count(bench.estimated_from),
            label::passage(&bench.operation),
        ]);
    }
    table
}

fn name(bench: &Bench) -> String {
    label::name(&format!("{}/{}", bench.group, bench.name))
}

fn again(results: &Results) -> Markup {
    html! {
        section {
            h2 { "Again" }
            pre { code { "cargo bench\ncargo run --release --bin report -- criterion" } }
            p {
                "The page follows from criterion's files and those beside them. A bench that was not run again keeps its older \
                 results."
            }
            @if !results.skipped.is_empty() {
                p { (number::count(results.skipped.len())) " folders could not be read as benches and were left out:" }
                ul {
                    @for skipped in results.skipped.iter().take(LISTED) {
                        li { bdi { (label::name(&skipped.name)) } ": " (label::passage(&skipped.reason)) }
                    }
                    @if results.skipped.len() > LISTED { li { "and " (results.skipped.len() - LISTED) " more" } }
                }
            }
        }
    }
}
