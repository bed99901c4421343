//! What a run can see at all: the smallest differences that it would have shown, and how the machine behaved.

use maud::{Markup, html};
use reports_record::{Loop, Metric, TrialOutcome};
use reports_terminal::counted;

use crate::analysis::Analysis;
use crate::analysis::end::undecided;
use crate::number;

/// Beside the answer: what is undecided is so because of this.
pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    let seen: Vec<(&str, f64)> =
        Metric::ALL.into_iter().filter_map(|metric| Some((name(metric), least(analysis, metric)?))).collect();
    html! {
        aside #sight aria-labelledby="sight-title" {
            h2 id="sight-title" { "What this run can see" }
            @if seen.is_empty() {
                p { "Too few blocks: no difference, however large." }
            } @else {
                p { "Differences of this much or more, either way:" }
                dl { @for (name, ratio) in seen { div { dt { (name) } dd { (sight(ratio)) } } } }
            }
            @if let Some(told) = undecided(&analysis.verdicts) { p { (told) } }
            p { (remarks(analysis).join(" ")) }
        }
    }
}

/// A run that would miss a difference as large as this shows nothing of the metric.
const BLIND: f64 = 10.0;

fn sight(ratio: f64) -> String {
    if ratio < BLIND { number::ratio(ratio) } else { format!("none below {}", number::ratio(BLIND)) }
}

fn name(metric: Metric) -> &'static str {
    match metric {
        Metric::Throughput => "requests per second",
        Metric::CpuPerRequest => "CPU per request",
        Metric::ResponseTimeP50 => "waiting, median",
        Metric::ResponseTimeP95 => "waiting, 95th percentile",
        Metric::ResponseTimeP99 => "waiting, 99th percentile",
        Metric::Memory => "memory",
    }
}

/// The smallest difference that a typical cell would have shown in four of five runs, at the rate level that shows least.
fn least(analysis: &Analysis<'_>, metric: Metric) -> Option<f64> {
    let repeats = analysis.verdicts.repeats().iter();
    repeats
        .filter(|repeat| repeat.subject.metric == metric)
        .filter_map(|repeat| repeat.visible)
        .reduce(f64::max)
}

fn remarks(analysis: &Analysis<'_>) -> Vec<String> {
    let definition = &analysis.run.definition;
    let (wins, cells) = analysis.verdicts.repeats().iter().fold((0, 0), |(wins, cells), repeat| {
        (wins + repeat.false_wins.wins, cells + repeat.false_wins.cells)
    });
    let mut remarks = Vec::new();
    if cells > 0 {
        remarks.push(format!(
            "A contender against itself: {} in {}.",
            counted(wins, "false win"),
            counted(cells, "comparison")
        ));
    }
    if let Some(steal) = analysis.sessions.steal {
        remarks.push(format!("{} of the machine's CPU time went to other guests.", number::percent(steal)));
    }
    let repeated = analysis.grid.superseded();
    if repeated > 0 {
        remarks.push(format!("{} measured again.", number::counted(repeated, "disturbed trial")));
    }
    let measured = || {
        analysis.grid.all().filter_map(|trial| match &trial.outcome {
            TrialOutcome::Measured(measured) => Some(measured),
            TrialOutcome::Failed { .. } => None,
        })
    };
    let closed = span(measured().filter_map(|measured| measured.closed.as_ref()));
    let open = span(measured().flat_map(|measured| &measured.open));
    let each = [(closed, "at capacity"), (open, "at a rate")];
    let each: Vec<String> =
        each.iter().filter_map(|(span, at)| Some(format!("for {} {at}", span.as_ref()?))).collect();
    if !each.is_empty() {
        remarks.push(format!(
            "{}. In each, every server was measured {}.",
            counted(definition.blocks.into(), "block"),
            each.join(" and ")
        ));
    }
    remarks
}

/// The shortest and the longest window of these loops, in words; `None` without a loop.
fn span<'a>(loops: impl Iterator<Item = &'a Loop>) -> Option<String> {
    let windows = loops.map(|one| one.measurement.window_s).map(|window| (window, window));
    let (least, most) = windows.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))?;
    let [least, most] = [least, most].map(|seconds| number::micros(seconds * 1e6));
    Some(if least == most { least } else { format!("{least} to {most}") })
}
