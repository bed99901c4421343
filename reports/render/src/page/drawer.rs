//! The drawer behind a cell of the map: every question, each block's pair, and what a request costs.

use maud::{Markup, html};
use reports_record::Metric;
use reports_stats::effect::Pair;
use reports_stats::power::BlocksNeeded;
use reports_stats::thirds::Thirds;

use super::anchors::Anchors;
use super::certificates::trouble;
use super::map::short;
use super::table::Table;
use super::verdict_tables::verdict;
use crate::analysis::Analysis;
use crate::analysis::amount::Amount;
use crate::analysis::comparison::Withheld;
use crate::analysis::contrast::Contrast;
use crate::analysis::estimate::Estimate;
use crate::analysis::parts::{Load, Parts};
use crate::analysis::subject::level_name;
use crate::analysis::usage::Usage;
use crate::analysis::workload;
use crate::{label, number};

pub(super) fn markup(
    analysis: &Analysis<'_>,
    contrast: Contrast<'_>,
    cell: usize,
    anchors: &Anchors,
) -> Markup {
    let id = anchors.drawer(contrast.kind, cell);
    let name = workload::cell_name(&analysis.verdicts.cells[cell]);
    html! {
        div.drawer popover id=(id) role="dialog" aria-label=(name) {
            div.close {
                button.hide popovertarget=(id) popovertargetaction="hide" { "Close" }
                a href="#map" { "Close" }
            }
            h3 { bdi { (name) } ", " (contrast.kind.title()) }
            (questions(analysis, contrast, cell).bare())
            p.note { "A win means that such data would be rare if the true difference were 5\u{a0}% or less. “Would decide”: blocks in \
                      all. “Visible”: the smallest difference that these blocks would have shown in four of five runs." }
            @for note in withheld(analysis, contrast, cell) { p.note { (note) } }
            (blocks(analysis, contrast, cell).bare())
            (certificates(analysis, contrast, cell))
            (costs(analysis, contrast, cell).bare())
            p.note { "To link to this combination: " a href={ "#" (id) } { "#" (id) } }
        }
    }
}

fn questions(analysis: &Analysis<'_>, contrast: Contrast<'_>, cell: usize) -> Table {
    let head = [
        "question",
        "verdict",
        "async ÷ sync (95\u{a0}%)",
        contrast.sync,
        contrast.awaiting,
        "blocks",
        "would decide",
        "async amounts to",
        "visible",
    ];
    let mut table = Table::new("Every question about this combination, over the same blocks", &head, 2);
    table.head[3..5].iter_mut().for_each(|name| *name = label::within(name, 24));
    for subject in Metric::ALL.into_iter().flat_map(|metric| analysis.verdicts.subjects(metric)) {
        let Some(comparison) = analysis.verdicts.at(contrast.kind, subject, cell) else { continue };
        let sides = comparison.sides();
        let figure = |estimate: Option<Estimate>| {
            estimate.map_or_else(|| "—".into(), |estimate| number::of_metric(subject.metric, estimate.middle))
        };
        table.push(vec![
            short(analysis, subject),
            verdict(comparison),
            number::ratio_within(comparison.ratio(), comparison.interval()),
            figure(sides.map(|(sync, _)| sync)),
            figure(sides.map(|(_, awaiting)| awaiting)),
            format!("{} of {}", comparison.pairs().len(), comparison.planned),
            comparison.needed().map_or_else(|| "—".into(), needed),
            Amount::of(&analysis.grid, comparison).map_or_else(|| "—".into(), Amount::directed),
            comparison.visible().map_or_else(|| "—".into(), number::ratio),
        ]);
    }
    table
}

/// Verdicts that were taken back, each with the figures that disagree.
fn withheld(analysis: &Analysis<'_>, contrast: Contrast<'_>, cell: usize) -> Vec<String> {
    let subjects = Metric::ALL.into_iter().flat_map(|metric| analysis.verdicts.subjects(metric));
    let notes = subjects.filter_map(|subject| {
        let comparison = analysis.verdicts.at(contrast.kind, subject, cell)?;
        let (why, judged) = (comparison.withheld?, comparison.judgement?.verdict);
        let times = |ratio: Option<f64>| ratio.map_or_else(|| number::NO_DATA.into(), number::ratio);
        let figures = match why {
            Withheld::Client => return None,
            Withheld::Repeats => format!(
                "{} by the attempts that count, {} by the first attempts alone",
                times(comparison.ratio()),
                times(comparison.ratio_of_first)
            ),
            Withheld::Machine => {
                let thirds = Thirds::of(&comparison.all_blocks())?;
                format!(
                    "{} in the first third of the blocks, {} in the last",
                    number::ratio(thirds.first.exp()),
                    number::ratio(thirds.last.exp())
                )
            }
        };
        Some(format!(
            "{}: the blocks alone would say “{judged}”. No verdict, because two figures differ by more than 5\u{a0}%: {figures}.",
            number::capitalised(&short(analysis, subject))
        ))
    });
    notes.collect()
}

/// Loops without a sound certificate that are shown.
const LISTED: usize = 6;

/// Why blocks were left out: the loops of both sides that failed a check or were not measured.
fn certificates(analysis: &Analysis<'_>, contrast: Contrast<'_>, cell: usize) -> Markup {
    let name = &analysis.verdicts.cells[cell].name;
    let sides = [contrast.sync, contrast.awaiting];
    let troubles = analysis.evidence.troubles.iter();
    let own: Vec<_> = troubles
        .filter(|one| one.trial.cell == *name && sides.contains(&one.trial.contender.as_str()))
        .collect();
    html! {
        @if own.is_empty() {
            p.note { "Every measurement of this combination passed its checks." }
        } @else {
            p.note { (number::counted(own.len(), "measurement")) " of this combination failed a check, or could not be made:" }
            ul.troubles { @for one in own.iter().take(LISTED) { li { (trouble(one, analysis.verdicts.cells)) } } }
            @if own.len() > LISTED { p.note { "… and " (number::count(own.len() - LISTED)) " more, in trials.jsonl." } }
        }
        p.note { "The checks of all measurements: " a href="#trust" { "Can you trust this?" } " Response times: "
            a href="#times" { "How long do users wait?" } }
    }
}

/// The blocks in all that an undecided comparison needs, and for which verdict.
pub(super) fn needed(needed: BlocksNeeded) -> String {
    match (needed.for_a_win, needed.for_a_tie) {
        (Some(blocks), _) => format!("{blocks} for a win"),
        (_, Some(blocks)) => format!("{blocks} for a tie"),
        (None, None) => "more than any run takes".into(),
    }
}

/// How a figure of one block's pair is written.
type Write = fn(&Pair) -> String;

/// Each block's pair of throughputs, a column a block; one that does not count has a dash.
fn blocks(analysis: &Analysis<'_>, contrast: Contrast<'_>, cell: usize) -> Table {
    let mut table = Table::new("Requests per second, block by block (— was left out)", &["block"], 1);
    let Some(comparison) = analysis.verdicts.at(contrast.kind, Metric::Throughput, cell) else {
        return table;
    };
    let all = comparison.all_blocks();
    table.head.extend((1..=all.len()).map(|block| block.to_string()));
    let rows: [(&str, Write); 3] = [
        (contrast.sync, |pair| number::rate(pair.sync)),
        (contrast.awaiting, |pair| number::rate(pair.r#async)),
        ("async ÷ sync", |pair| number::ratio(pair.r#async / pair.sync)),
    ];
    for (name, write) in rows {
        let figures = all.iter().map(|pair| pair.as_ref().map_or_else(|| "—".into(), write));
        table.push([label::within(name, 24)].into_iter().chain(figures).collect());
    }
    table
}

/// CPU in parts, switches, memory and threads, a row a contender and load.
fn costs(analysis: &Analysis<'_>, contrast: Contrast<'_>, cell: usize) -> Table {
    let head = [
        "contender",
        "load",
        "user",
        "kernel",
        "client",
        "switches",
        "threads",
        "memory",
        "of it the kernel's",
    ];
    let mut table =
        Table::new("A request's CPU time and switches; threads and memory of the process", &head, 2);
    let loads: Vec<(Load, String)> = analysis
        .verdicts
        .levels
        .iter()
        .enumerate()
        .map(|(level, load)| (Load::Rate(level), level_name(*load)))
        .chain([(Load::Saturated, "saturated".into())])
        .collect();
    for contender in [contrast.sync, contrast.awaiting] {
        let used = Usage::of(&analysis.grid, cell, contender);
        for (load, name) in &loads {
            let Some(parts) = Parts::of(&analysis.grid, cell, contender, *load) else { continue };
            let held = |text: Option<String>| match load {
                Load::Saturated => text.unwrap_or_else(|| number::NO_DATA.into()),
                Load::Rate(_) => String::new(),
            };
            table.push(vec![
                label::within(contender, 24),
                name.clone(),
                number::micros(parts.user_us),
                number::micros(parts.kernel_us),
                parts.client_us.map_or_else(|| number::NO_DATA.into(), number::micros),
                parts.switches().map_or_else(|| number::NO_DATA.into(), switches),
                held(used.threads_max.map(|threads| threads.to_string())),
                held(used.memory_mib.map(|memory| number::mebibytes(memory.middle))),
                held(used.kernel_mib.map(number::mebibytes)),
            ]);
        }
    }
    table
}

/// Switches per request, to a hundredth: what is said of them needs no more.
pub(super) fn switches(per_request: f64) -> String {
    format!("{per_request:.2}")
}
