//! The map: workloads down, connections across, one question at a time, a drawer behind every cell.

use maud::{Markup, html};
use reports_record::Metric;
use reports_stats::verdict::Verdict;

use super::anchors::Anchors;
use super::drawer;
use crate::analysis::Analysis;
use crate::analysis::arithmetic::round_us;
use crate::analysis::comparison::{Comparison, REACH};
use crate::analysis::contrast::{Contrast, Kind};
use crate::analysis::subject::{Subject, level_name};
use crate::analysis::workload;
use crate::figure::decision_map::{DecisionMap, word};
use crate::{FAVOURS_ASYNC, label, number};

/// Nothing where no cell gets a verdict.
pub(super) fn markup(analysis: &Analysis<'_>, anchors: &Anchors) -> Markup {
    let contrasts = contrasts(analysis);
    if contrasts.is_empty() || analysis.verdicts.judged_cells().next().is_none() {
        return html! {};
    }
    let questions = questions(analysis);
    html! {
        section #map aria-labelledby="map-title" {
            h2 id="map-title" { "Which does better where?" }
            div.switches {
                fieldset {
                    legend { "Question" }
                    @for (index, subject) in questions.iter().enumerate() {
                        (choice("question", &format!("q{index}"), index == 0, &short(analysis, *subject)))
                    }
                }
                @if contrasts.len() > 1 {
                    fieldset {
                        legend { "Pair" }
                        @for (index, contrast) in contrasts.iter().enumerate() {
                            (choice("pair", &format!("p{index}"), index == 0, &against(*contrast)))
                        }
                    }
                }
            }
            @for (pair, contrast) in contrasts.iter().enumerate() {
                @for (question, subject) in questions.iter().enumerate() {
                    (table(analysis, *contrast, *subject, anchors, (pair, question)))
                }
            }
            (legend(analysis))
            @for contrast in &contrasts {
                @for comparison in analysis.verdicts.about(contrast.kind, Metric::Throughput) {
                    (drawer::markup(analysis, *contrast, comparison.cell, anchors))
                }
            }
        }
    }
}

/// What can be asked of the map: capacity, cost, waiting, memory.
fn questions(analysis: &Analysis<'_>) -> Vec<Subject> {
    let order = [
        Metric::Throughput,
        Metric::CpuPerRequest,
        Metric::ResponseTimeP50,
        Metric::ResponseTimeP95,
        Metric::ResponseTimeP99,
        Metric::Memory,
    ];
    order.into_iter().flat_map(|metric| analysis.verdicts.subjects(metric)).collect()
}

/// The rules that show one map at a time, that of the question and the pair which are chosen.
pub(super) fn style(analysis: &Analysis<'_>) -> String {
    let pairs = contrasts(analysis).len();
    let maps =
        (0..pairs).flat_map(|pair| (0..questions(analysis).len()).map(move |question| (pair, question)));
    // A single pair offers no choice of one.
    let chosen = |pair| if pairs > 1 { format!(":has(#p{pair}:checked)") } else { String::new() };
    let shown = maps.map(|(pair, question)| {
        format!("#map:has(#q{question}:checked){} .m{pair}-{question}", chosen(pair))
    });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { String::new() } else { format!("{}{{display:table}}", shown.join(",")) }
}

fn contrasts<'a>(analysis: &Analysis<'a>) -> Vec<Contrast<'a>> {
    Kind::OF_PAIRS.into_iter().filter_map(|kind| analysis.verdicts.contrast(kind)).collect()
}

fn choice(name: &str, id: &str, is_first: bool, text: &str) -> Markup {
    html! {
        label { input type="radio" name=(name) id=(id) checked[is_first]; span { bdi { (text) } } }
    }
}

fn against(contrast: Contrast<'_>) -> String {
    format!("{} against {}", label::within(contrast.sync, 24), label::within(contrast.awaiting, 24))
}

/// A question in a word or two.
pub(super) fn short(analysis: &Analysis<'_>, subject: Subject) -> String {
    let name = match subject.metric {
        Metric::Throughput => "capacity",
        Metric::CpuPerRequest => "CPU",
        Metric::ResponseTimeP50 => "waiting",
        Metric::ResponseTimeP95 => "p95",
        Metric::ResponseTimeP99 => "p99",
        Metric::Memory => "memory",
    };
    match analysis.verdicts.levels.get(subject.level) {
        Some(load) if subject.metric.is_at_a_rate() => format!("{name} at {}", level_name(*load)),
        _ => name.into(),
    }
}

fn table(
    analysis: &Analysis<'_>,
    contrast: Contrast<'_>,
    subject: Subject,
    anchors: &Anchors,
    (pair, question): (usize, usize),
) -> Markup {
    let map = DecisionMap::of(analysis.verdicts.cells, analysis.verdicts.about(contrast.kind, subject));
    let better = if subject.metric.more_is_better() { "more" } else { "less" };
    html! {
        table class={ "map m" (pair) "-" (question) } {
            caption {
                (number::capitalised(&subject.title(analysis.verdicts.levels))) ", " bdi { (label::within(contrast.awaiting, 24)) } " ÷ "
                bdi { (label::within(contrast.sync, 24)) } " (" (better) " is better)"
                span.heard { ": ×2 means that async has twice as much" }
            }
            thead { tr {
                th scope="col" { "a request" }
                @for connections in &map.connections {
                    th scope="col" { (number::count(*connections as usize)) span.heard { (if *connections == 1 { " connection" } else { " connections" }) } }
                }
            } }
            tbody {
                @for row in &map.rows {
                    tr {
                        th scope="row" { bdi { (label::within(&workload::name(row.first), 40)) } }
                        @for comparison in &row.cells {
                            @match comparison {
                                Some(comparison) => (cell(comparison, anchors)),
                                None => td.none {},
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cell(comparison: &Comparison<'_>, anchors: &Anchors) -> Markup {
    let ratio = comparison.ratio().map_or_else(|| "—".into(), number::ratio);
    let interval = comparison.interval().map_or_else(|| "no interval".into(), number::interval);
    html! {
        td class=(look(comparison)) {
            button popovertarget=(anchors.drawer(comparison.contrast.kind, comparison.cell)) {
                b { (ratio) }
                span.heard { " (" (interval) "), " (comparison.verdict.to_string()) ": " }
                small { (word(comparison)) }
                @if comparison.is_round_trip { small { "round trip" } }
            }
        }
    }
}

/// The class of a cell: each verdict looks different, in colour and in pattern.
pub(super) fn look(comparison: &Comparison<'_>) -> &'static str {
    let ratio = comparison.ratio().unwrap_or(1.0);
    let shade = match ratio.max(1.0 / ratio) {
        size if size >= 2.0 => 2,
        size if size >= 1.25 => 1,
        _ => 0,
    };
    match comparison.verdict {
        _ if comparison.is_by_construction() => "limit",
        _ if comparison.lacks_data() => "invalid",
        Verdict::AsyncWins => ["a1", "a2", "a3"][shade],
        Verdict::SyncWins => ["s1", "s2", "s3"][shade],
        Verdict::Tie => "tie",
        Verdict::CannotTell | Verdict::Invalid => "unknown",
    }
}

/// How long the rounds of CPU work take here that workloads ask for.
fn rounds(analysis: &Analysis<'_>) -> Option<String> {
    let each = round_us(&analysis.run.definition, &analysis.grid)?;
    let mut asked: Vec<u32> =
        analysis.verdicts.judged_cells().map(|(_, cell)| cell.rounds).filter(|rounds| *rounds > 0).collect();
    asked.sort_unstable();
    asked.dedup();
    let told = asked.iter().map(|rounds| {
        format!(
            "{} are about {} of CPU",
            number::counted(*rounds as usize, "round"),
            number::micros(f64::from(*rounds) * each)
        )
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| format!("{}.", told.join(", ")))
}

/// The reasons in undecided fields that need a sentence, each where a map has it.
fn reasons(analysis: &Analysis<'_>) -> Vec<(&'static str, String)> {
    let words: Vec<String> = contrasts(analysis)
        .into_iter()
        .flat_map(|contrast| questions(analysis).into_iter().map(move |subject| (contrast.kind, subject)))
        .flat_map(|(kind, subject)| analysis.verdicts.about(kind, subject).map(word))
        .collect();
    let all = [
        ("out of reach", format!("more than {REACH} times as many blocks")),
        ("near miss", "another run of this length would probably decide it".to_owned()),
        ("machine", "the ratio changed with the state of the machine".to_owned()),
        ("repeats", "the trials that were repeated decide it".to_owned()),
        ("client", "the client was the limit in some trials".to_owned()),
        ("few requests", "too few for this percentile".to_owned()),
        ("lower bound", "some requests were not answered in time".to_owned()),
    ];
    let is_there = |(word, _): &(&str, String)| words.iter().any(|one| one.ends_with(word));
    all.into_iter().filter(is_there).collect()
}

fn legend(analysis: &Analysis<'_>) -> Markup {
    html! {
        ul.legend {
            @for (classes, text) in [
                (&["a3", "a2", "a1"][..], "async wins: by ×2, by ×1.25, by less"),
                (&["s3", "s2", "s1"][..], "threads win"),
                (&["tie"][..], "the same within 5 %"),
                (&["limit"][..], "connections ÷ wait is the limit, not the server"),
                (&["unknown"][..], "cannot tell: about how many more blocks would decide it, or why not"),
                (&["invalid"][..], "too little sound data"),
            ] {
                li { @for class in classes { i class=(class) {} } (text) }
            }
        }
        p.note {
            "×1.98 means that async has 1.98 times as much. Choose a field for its interval, its blocks and its costs. "
            (rounds(analysis).unwrap_or_default())
            @for (word, meaning) in reasons(analysis) { " “" (word) "”: " (meaning) "." }
        }
        @if analysis.favours_async() { p.note { (FAVOURS_ASYNC) } }
    }
}
