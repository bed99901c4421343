//! My case: arithmetic for a service that was not measured, by a small script; without it, the measured combinations.

use maud::{Markup, PreEscaped, html};
use reports_record::{Cell, Metric};
use reports_stats::verdict::Verdict;
use serde_json::{Value, json};

use super::anchors::Anchors;
use crate::analysis::Analysis;
use crate::analysis::arithmetic::{Arithmetic, Axis, Costs, Point};
use crate::analysis::comparison::Comparison;
use crate::analysis::contrast::{Contrast, Kind};
use crate::analysis::subject::{Subject, level_name};
use crate::analysis::workload;
use crate::{label, number};

/// The script that works a case out.
pub(super) const SCRIPT: &str = include_str!("case.js");

/// Services as a reader may have them: connections, wait in ms, CPU in ms, requests per second.
const PRESETS: [(&str, &str); 5] = [
    ("200,20,1,", "calls a database"),
    ("5000,50,0.05,100", "5,000 mostly idle"),
    ("64,0,5,", "computes 5 ms"),
    ("8,10,2,30", "internal tool, 30/s"),
    ("64,10,0,800", "800/s at 10 ms"),
];

/// The picker of one run; `None` where nothing comparable was measured, so that there is no arithmetic.
#[derive(Debug)]
pub(super) struct Picker {
    /// The section.
    pub markup: Markup,
    /// The rules by which it works without a script.
    pub style: String,
}

/// One number of connections or workload that can be picked.
struct Axes<'a> {
    workloads: Vec<&'a Cell>,
    connections: Vec<u32>,
}

impl Picker {
    pub(super) fn of(analysis: &Analysis<'_>, anchors: &Anchors) -> Option<Self> {
        let arithmetic = Arithmetic::of(analysis);
        let contrasts: Vec<Contrast<'_>> = Kind::OF_PAIRS
            .into_iter()
            .filter_map(|kind| analysis.verdicts.contrast(kind))
            .filter(|contrast| is_costed(&arithmetic, *contrast))
            .collect();
        if contrasts.is_empty() {
            return None;
        }
        let axes = Axes::of(analysis);
        let markup = html! {
            section #case aria-labelledby="case-title" {
                h2 id="case-title" { "What about my service?" }
                (form(&contrasts))
                (pick(analysis, contrasts[0], &axes, anchors))
                script type="application/json" id="case-data" {
                    (PreEscaped(escaped(&data(analysis, &arithmetic, &contrasts, anchors))))
                }
            }
        };
        Some(Self { markup, style: axes.style() })
    }
}

fn is_costed(arithmetic: &Arithmetic<'_>, contrast: Contrast<'_>) -> bool {
    let has_points = |name: &str| {
        arithmetic.contenders.iter().any(|costs| costs.contender == name && !costs.points.is_empty())
    };
    has_points(contrast.sync) && has_points(contrast.awaiting)
}

fn form(contrasts: &[Contrast<'_>]) -> Markup {
    let field = |name: &str, text: &str, value: &str, least: &str, step: &str| {
        html! {
            label { (text) input type="number" name=(name) min=(least) step=(step) value=(value) inputmode="decimal"; }
        }
    };
    html! {
        form #case-form hidden {
            div.fields {
                (field("n", "connections", "200", "1", "1"))
                (field("w", "a request waits, ms", "20", "0", "any"))
                (field("c", "my CPU a request, ms", "1", "0", "any"))
                (field("r", "requests/s, if known", "", "0", "any"))
                @if contrasts.len() > 1 {
                    label { "compare" select name="pair" {
                        @for (index, contrast) in contrasts.iter().enumerate() {
                            option value=(index) { (label::within(contrast.sync, 24)) " with " (label::within(contrast.awaiting, 24)) }
                        }
                    } }
                }
            }
            div.presets { @for (case, name) in PRESETS { button type="button" data-case=(case) { (name) } } }
        }
        div #case-said role="status" hidden {
            p { b {} " " span.tag { "arithmetic" } }
            div {}
            p.tag { "measured nearest to it, async ÷ threads" }
            ul {}
        }
    }
}

impl<'a> Axes<'a> {
    fn of(analysis: &Analysis<'a>) -> Self {
        let mut workloads: Vec<&Cell> = Vec::new();
        let mut connections: Vec<u32> = Vec::new();
        for (_, cell) in analysis.verdicts.judged_cells() {
            if !workloads.iter().any(|known| workload::is_same(known, cell)) {
                workloads.push(cell);
            }
            connections.push(cell.connections);
        }
        connections.sort_unstable();
        connections.dedup();
        Self { workloads, connections }
    }

    /// One rule for each combination: its paragraph is shown when both of its choices are.
    fn style(&self) -> String {
        let pairs = (0..self.workloads.len())
            .flat_map(|workload| (0..self.connections.len()).map(move |connections| (workload, connections)));
        pairs
            .map(|(w, c)| format!("#pick:has(#w{w}:checked):has(#c{c}:checked) .k{w}-{c}{{display:block}}"))
            .collect()
    }
}

/// What works without a script: a choice of a workload and of connections, and the verdicts measured there.
fn pick(analysis: &Analysis<'_>, contrast: Contrast<'_>, axes: &Axes<'_>, anchors: &Anchors) -> Markup {
    let choice = |name: &str, id: String, is_first: bool, text: &str| {
        html! { label { input type="radio" name=(name) id=(id) checked[is_first]; span { bdi { (text) } } } }
    };
    html! {
        div #pick {
            p.tag { "measured, async ÷ threads" }
            fieldset {
                legend { "A request" }
                @for (index, cell) in axes.workloads.iter().enumerate() {
                    (choice("w", format!("w{index}"), index == 0, &label::within(&workload::name(cell), 40)))
                }
            }
            fieldset {
                legend { "Connections" }
                @for (index, connections) in axes.connections.iter().enumerate() {
                    (choice("c", format!("c{index}"), index == 0, &number::count(*connections as usize)))
                }
            }
            @for (w, workload) in axes.workloads.iter().enumerate() {
                @for (c, connections) in axes.connections.iter().enumerate() {
                    div class={ "k k" (w) "-" (c) } {
                        @match measured(analysis, workload, *connections) {
                            None => p { "Not measured." },
                            Some(cell) => {
                                ul { @for (what, text) in said(analysis, contrast, cell) { li { (what) ": " (text) } } }
                                p { a href={ "#" (anchors.drawer(contrast.kind, cell)) } { "All about this combination" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn measured(analysis: &Analysis<'_>, workload: &Cell, connections: u32) -> Option<usize> {
    let mut cells = analysis.verdicts.judged_cells();
    let found = cells.find(|(_, cell)| cell.connections == connections && workload::is_same(cell, workload));
    found.map(|(index, _)| index)
}

/// The questions that a case may ask of a cell: capacity, then cost at each rate.
fn subjects(analysis: &Analysis<'_>) -> Vec<Subject> {
    [Metric::Throughput, Metric::CpuPerRequest]
        .into_iter()
        .flat_map(|metric| analysis.verdicts.subjects(metric))
        .collect()
}

/// A cell's answers to the questions of a case, in their order.
fn comparisons<'v, 'a>(
    analysis: &'v Analysis<'a>,
    contrast: Contrast<'_>,
    cell: usize,
) -> Vec<&'v Comparison<'a>> {
    let at = |subject: Subject| analysis.verdicts.at(contrast.kind, subject, cell);
    subjects(analysis).into_iter().filter_map(at).collect()
}

/// Which side won: below 0 the one that blocks, above 0 the one that awaits, 0 where neither did.
fn lead(comparison: &Comparison<'_>) -> i8 {
    match comparison.verdict {
        Verdict::SyncWins => -1,
        Verdict::AsyncWins => 1,
        Verdict::Tie | Verdict::CannotTell | Verdict::Invalid => 0,
    }
}

/// A verdict in a few words; the ratio behind it is async ÷ threads.
fn in_short(comparison: &Comparison<'_>) -> &'static str {
    match comparison.verdict {
        _ if comparison.is_by_construction() => "the connections are the limit,",
        _ if comparison.lacks_data() => "too little sound data,",
        Verdict::AsyncWins => "async wins",
        Verdict::SyncWins => "threads win",
        Verdict::Tie => "the same within 5\u{a0}%,",
        Verdict::CannotTell | Verdict::Invalid => "undecided,",
    }
}

/// Each question with its verdict and ratio in a cell.
fn said(analysis: &Analysis<'_>, contrast: Contrast<'_>, cell: usize) -> Vec<(String, String)> {
    let each = comparisons(analysis, contrast, cell).into_iter().map(|comparison| {
        let subject = comparison.subject;
        let ratio = number::ratio_within(comparison.ratio(), comparison.interval());
        let offered = analysis.grid.offered(cell, contrast.sync, subject.level);
        let rate = match offered {
            Some(offered) if subject.metric.is_at_a_rate() => format!(" ({})", number::whole_rate(offered)),
            _ => String::new(),
        };
        let title = subject.title(analysis.verdicts.levels);
        (format!("{title}{rate}"), format!("{} {ratio}", in_short(comparison)))
    });
    each.collect()
}

fn data(
    analysis: &Analysis<'_>,
    arithmetic: &Arithmetic<'_>,
    contrasts: &[Contrast<'_>],
    anchors: &Anchors,
) -> Value {
    let costs: Vec<Vec<Value>> =
        arithmetic.contenders.iter().map(|costs| costs.points.iter().map(point).collect()).collect();
    let cells: serde_json::Map<String, Value> = analysis
        .verdicts
        .judged_cells()
        .map(|(index, cell)| (index.to_string(), of_cell(analysis, contrasts, anchors, index, cell)))
        .collect();
    let pairs: Vec<Value> =
        contrasts.iter().map(|contrast| of_pair(analysis, arithmetic, *contrast)).collect();
    json!({ "cores": arithmetic.cores, "costs": costs, "cells": cells, "pairs": pairs })
}

fn point(point: &Point<'_>) -> Value {
    let levels: Vec<Value> = point
        .levels
        .iter()
        .map(|level| {
            json!([
                level.level,
                number::six_digits(level.rate_per_s),
                number::six_digits(level.added_cpu_us),
                level.added_time_us.map(number::six_digits)
            ])
        })
        .collect();
    json!([
        point.cell,
        point.connections,
        number::six_digits(point.wait_ms),
        number::six_digits(point.cpu_ms),
        number::six_digits(point.saturated_us),
        levels,
        point.memory_mib.map(number::six_digits)
    ])
}

fn of_cell(
    analysis: &Analysis<'_>,
    contrasts: &[Contrast<'_>],
    anchors: &Anchors,
    index: usize,
    cell: &Cell,
) -> Value {
    let verdicts: serde_json::Map<String, Value> = contrasts
        .iter()
        .filter(|contrast| analysis.verdicts.at(contrast.kind, Metric::Throughput, index).is_some())
        .map(|contrast| {
            let said: Vec<String> =
                said(analysis, *contrast, index).into_iter().map(|(_, text)| text).collect();
            let leads: Vec<i8> = comparisons(analysis, *contrast, index).into_iter().map(lead).collect();
            let found =
                json!({ "anchor": anchors.drawer(contrast.kind, index), "said": said, "leads": leads });
            (contrast.kind.title().to_owned(), found)
        })
        .collect();
    let level = |(level, load): (usize, &f64)| {
        let offered = analysis.grid.offered(index, contrasts[0].sync, level);
        offered.map_or_else(|| level_name(*load), number::whole_rate)
    };
    let levels: Vec<String> = analysis.verdicts.levels.iter().enumerate().map(level).collect();
    json!({ "name": workload::cell_name(cell), "verdicts": verdicts, "levels": levels })
}

fn of_pair(analysis: &Analysis<'_>, arithmetic: &Arithmetic<'_>, contrast: Contrast<'_>) -> Value {
    let names = match contrast.kind {
        Kind::Control => ["threads".to_owned(), "async".to_owned()],
        _ => [label::within(contrast.sync, 24), label::within(contrast.awaiting, 24)],
    };
    let pair = analysis.run.definition.pairs.iter().find(|pair| pair.sync == contrast.sync);
    let fit = pair.and_then(|pair| arithmetic.fit(pair)).map(|fit| {
        format!(
            "Worked out the same way, half of this run's own combinations come within a factor of {} of what was measured, nine in ten within {}.",
            number::plain(fit.half_within),
            number::plain(fit.most_within)
        )
    });
    let place = |name: &str| arithmetic.contenders.iter().position(|costs| costs.contender == name);
    let costs = arithmetic.contenders.iter().find(|costs| costs.contender == contrast.sync);
    json!({
        "kind": contrast.kind.title(),
        "sync": place(contrast.sync),
        "async": place(contrast.awaiting),
        "names": names,
        "fit": fit,
        "ranges": costs.map(ranges),
    })
}

/// What was measured along each axis of a case, from the least to the most.
fn ranges(costs: &Costs<'_>) -> Value {
    let range = |axis: Axis| {
        json!([axis.key, axis.unit, number::six_digits(axis.lowest), number::six_digits(axis.highest)])
    };
    costs.axes().map(range).into_iter().collect()
}

/// JSON that cannot end the element it stands in.
fn escaped(data: &Value) -> String {
    data.to_string().replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
