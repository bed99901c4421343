//! The page: what the pairs say, their ratios, every quantile, what was left out.

use maud::{Markup, html};
use reports_record::BenchUnit;

use super::pairs::{FEW, Finding, Pair, pair};
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

pub(super) fn document(results: &Results) -> String {
    let (pairs, single) = pair(&results.benches);
    let content = html! {
        (opening(&pairs, &results.benches))
        @if !pairs.is_empty() {
            section {
                h2 { "Both sides" }
                (ratios(&pairs).markup())
                (sides(&pairs).markup())
            }
        }
        section {
            h2 { "Each operation" }
            p {
                "From the HDR histogram that each bench keeps: one value an operation, or one for a batch where an \
                 operation is too short for the clock. A quantile with fewer than ten samples beyond it is not printed."
            }
            (quantiles(&results.benches).markup())
        }
        @if !single.is_empty() {
            section {
                h2 { "Without a counterpart" }
                (alone(&single).markup())
            }
        }
        (again(results))
    };
    frame("cargo bench", &content)
}

fn opening(pairs: &[Pair<'_>], benches: &[Bench]) -> Markup {
    html! {
        header {
            p.eyebrow { "Crossover · cargo bench" }
            h1 { "What the pieces cost" }
            p.question { "What does blocking cost, and what awaiting, one primitive at a time?" }
        }
        section id="answer" {
            @for sentence in sentences(pairs) { p { (sentence) } }
            p.scope {
                "Ratios are async ÷ sync, less is better. Their 95\u{a0}% intervals are Welch's, on the logarithms of \
                 criterion's samples; they hold one pair at a time, with no correction for the number of pairs, and \
                 they do not hold what drifted between measuring one side and the other. Explanations of the map, \
                 not verdicts about a server."
            }
            @if benches.iter().any(|bench| bench.means.len() < FEW) {
                p.banner {
                    "Some benches have fewer than " (FEW) " samples, as " code { "--quick" } " leaves them. It stops as \
                     soon as two agree, so nothing can be said of their spread: such a ratio is printed without an \
                     interval and decides nothing, and criterion's own intervals are too narrow."
                }
            }
        }
    }
}

/// One sentence for each finding that there is, the strongest effects first.
fn sentences(pairs: &[Pair<'_>]) -> Vec<String> {
    let of = |finding| {
        let mut those: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.finding() == finding).collect();
        let strength = |pair: &Pair<'_>| pair.ratio.ln().abs();
        those.sort_by(|one, other| strength(other).total_cmp(&strength(one)));
        those
    };
    let named = |pairs: &[&Pair<'_>]| {
        let each = |pair: &&Pair<'_>| format!("{} ({})", label::name(pair.group()), ratio(pair.ratio));
        pairs.iter().map(each).collect::<Vec<_>>().join(", ")
    };
    let mut sentences = Vec::new();
    for (finding, says) in [
        (Finding::AsyncLess, "Awaiting takes less"),
        (Finding::SyncLess, "Blocking takes less"),
        (Finding::CannotTell, "The data cannot tell"),
        (Finding::TooFew, "There are too few samples to tell"),
    ] {
        let those = of(finding);
        if !those.is_empty() {
            sentences.push(format!("{says} in {} of {} pairs: {}.", those.len(), pairs.len(), named(&those)));
        }
    }
    if sentences.is_empty() {
        sentences.push("No group has both a sync and an async side: there is nothing to compare.".to_owned());
    }
    sentences
}

fn ratios(pairs: &[Pair<'_>]) -> Figure {
    let least = pairs.iter().min_by(|one, other| one.ratio.total_cmp(&other.ratio));
    let most = pairs.iter().max_by(|one, other| one.ratio.total_cmp(&other.ratio));
    let finding = least.zip(most).map(|(least, most)| {
        format!(
            "Awaiting costs from {} what blocking does ({}) to {} ({})",
            ratio(least.ratio),
            label::name(least.group()),
            ratio(most.ratio),
            label::name(most.group()),
        )
    });
    let groups = pairs.iter().map(|pair| Group {
        title: label::name(pair.group()),
        rows: vec![Some(Estimate {
            middle: pair.ratio,
            interval: pair.interval,
            at_least: false,
            blocks: pair.sync.means.len().min(pair.awaiting.means.len()),
        })],
    });
    let style = Style { ink: Ink::Awaiting, form: Form::Diamond, dashed: false };
    let chart = IntervalChart {
        axis_title: "async ÷ sync, less is better".into(),
        write: ratio,
        zone: Some((1.0, 1.0)),
        legend: vec![(style, "async ÷ sync".into())],
        groups: groups.collect(),
    };
    let mut table = Table::new("async ÷ sync with its 95 % interval", &["group", "ratio", "interval"], 1);
    for pair in pairs {
        table.push(vec![label::name(pair.group()), ratio(pair.ratio), interval(pair)]);
    }
    Figure {
        id: "ratios".into(),
        finding: finding.unwrap_or_else(|| number::NO_DATA.into()),
        reading:
            "async ÷ sync with its 95\u{a0}% interval, on a logarithmic axis; left of 1 awaiting takes less."
                .into(),
        folded: false,
        scene: chart.scene(),
        table,
    }
}

fn sides(pairs: &[Pair<'_>]) -> Table {
    let head = ["group", "sync", "async", "async ÷ sync", "finding"];
    let mut table = Table::new("criterion's estimates with their 95 % intervals, and the ratio", &head, 1);
    table.prose = true;
    for pair in pairs {
        table.push(vec![
            label::name(pair.group()),
            estimate(pair.sync),
            estimate(pair.awaiting),
            format!("{} ({})", ratio(pair.ratio), interval(pair)),
            sentence(pair),
        ]);
    }
    table
}

fn interval(pair: &Pair<'_>) -> String {
    pair.interval.map_or_else(|| "too few samples".into(), number::interval)
}

fn sentence(pair: &Pair<'_>) -> String {
    let what = match pair.sync.unit {
        BenchUnit::Nanoseconds => "time",
        BenchUnit::Bytes => "memory",
    };
    let who = match pair.finding() {
        Finding::AsyncLess => "awaiting is cheaper",
        Finding::SyncLess => "blocking is cheaper",
        Finding::CannotTell => "which is cheaper cannot be told",
        Finding::TooFew => "too few samples to say more",
    };
    format!("awaiting takes {} the {what} that blocking takes: {who}", ratio(pair.ratio))
}

fn estimate(bench: &Bench) -> String {
    let write = |value| written(value, bench.unit);
    format!("{} ({}–{})", write(bench.estimate), write(bench.interval.lo), write(bench.interval.hi))
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
    let mut table =
        Table::new("criterion's estimates with their 95 % intervals", &["bench", "estimate", "operation"], 1);
    table.prose = true;
    for bench in benches {
        table.push(vec![name(bench), estimate(bench), label::passage(&bench.operation)]);
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
                "The page follows from criterion's files and the histograms beside them. They do not say on which \
                 machine they were measured, nor when; a bench that was not run again keeps its older results."
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
