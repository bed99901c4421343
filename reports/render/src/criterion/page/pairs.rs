//! Every pair of one unit: its ratio drawn, and all its figures.

use maud::{Markup, html};
use reports_record::{BenchFigure, BenchRounds, BenchUnit};
use reports_stats::verdict::Verdict;

use super::answer::{by_difference, signed};
use crate::analysis::estimate::Estimate;
use crate::criterion::pairs::{Others, Pair};
use crate::criterion::quantity::{ratio, written};
use crate::figure::ink::Ink;
use crate::figure::interval_chart::{IntervalChart, Row, Style};
use crate::figure::scene::Form;
use crate::page::figure::Figure;
use crate::page::table::Table;
use crate::{label, number};

pub(super) fn markup(title: &str, id: &'static str, pairs: &[&Pair<'_>]) -> Markup {
    html! {
        section id=(id) aria-labelledby={ (id) "-title" } {
            h2 id={ (id) "-title" } { (title) }
            (ratios(id, pairs).markup_with_file())
            details {
                summary { "Every figure of each pair" }
                (sides(pairs).markup())
            }
        }
    }
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
    let rows = pairs.iter().map(|pair| Row {
        title: label::name(pair.group()),
        kind: match pair.verdict() {
            Verdict::AsyncWins => 0,
            Verdict::SyncWins => 1,
            Verdict::Tie | Verdict::CannotTell | Verdict::Invalid => 2,
        },
        estimate: pair.ratio().map(|middle| Estimate {
            middle,
            interval: pair.interval(),
            at_least: false,
            blocks: pair.sync.map_or(0, |estimate| estimate.blocks),
        }),
    });
    let style = |ink, form| Style { ink, form, dashed: false };
    let chart = IntervalChart {
        axis_title: "async ÷ sync, less is better".into(),
        write: ratio,
        zone: Some((1.0 / 1.05, 1.05)),
        legend: vec![
            (style(Ink::Awaiting, Form::Diamond), "async wins".into()),
            (style(Ink::Sync, Form::Disc), "sync wins".into()),
            (style(Ink::Muted, Form::Ring), "no winner".into()),
        ],
        rows: rows.collect(),
    };
    let mut table =
        Table::new("async ÷ sync with its 95 % interval", &["group", "verdict", "ratio", "interval"], 2);
    for pair in pairs {
        table.push(vec![label::name(pair.group()), pair.verdict().to_string(), of(pair), interval(pair)]);
    }
    Figure {
        id: format!("{id}-ratios").into(),
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
        "One operation of each side, the largest differences first; sync / async where a field has two",
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
