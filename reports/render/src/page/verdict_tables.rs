//! Every comparison with its verdict, its interval and its blocks.

use maud::{Markup, html};
use reports_record::Metric;

use super::drawer::needed;
use super::opening::better;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::amount::Amount;
use crate::analysis::comparison::Comparison;
use crate::analysis::contrast::{Contrast, Kind};
use crate::analysis::estimate::Estimate;
use crate::analysis::subject::Subject;
use crate::analysis::workload;
use crate::{label, number};

pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    let contrasts = Kind::OF_PAIRS.map(|kind| analysis.verdicts.contrast(kind));
    html! {
        div {
            h3 { "Every verdict" }
            p { "A ratio is async ÷ sync, the geometric mean over blocks, with its 95\u{a0}% interval. \
                 “Visible” is the smallest effect that these blocks would have shown in four of five runs. \
                 “Sync” and “async” are geometric means over the same blocks as the ratio. \
                 “Amounts to” is the difference at the offered rate: CPU time in cores, a wait in its own time; below 1\u{a0}% of a core, or \
                 below 0.1\u{a0}ms, it hardly matters. \
                 “Needed” is how many blocks in all would decide an undecided combination, if the effect seen is the true one. \
                 A combination is hopeless where the blocks left were unlikely to decide it. A loop ends when capacity, or CPU time and \
                 median waits, are decided or hopeless." }
            @for subject in Metric::ALL.into_iter().flat_map(|metric| analysis.verdicts.subjects(metric)) {
                details {
                    summary { (better(analysis, subject)) }
                    @for contrast in contrasts.into_iter().flatten() {
                        (verdict_table(analysis, contrast, subject).markup())
                    }
                }
            }
        }
    }
}

/// One contrast about one subject, a row a cell.
pub(super) fn verdict_table(analysis: &Analysis<'_>, contrast: Contrast<'_>, subject: Subject) -> Table {
    let caption = format!(
        "{}, {}: {} (sync) against {} (async)",
        contrast.kind.title(),
        better(analysis, subject),
        label::name(contrast.sync),
        label::name(contrast.awaiting)
    );
    let mut head = vec![
        "combination",
        "verdict",
        "ratio (95\u{a0}%)",
        "visible",
        "block SD",
        "blocks",
        "needed",
        "sync",
        "async",
    ];
    if subject.metric.is_at_a_rate() {
        head.push("async amounts to");
    }
    let mut table = Table::new(&caption, &head, 2);
    for comparison in analysis.verdicts.about(contrast.kind, subject) {
        table.push(row(analysis, comparison));
    }
    table
}

fn row(analysis: &Analysis<'_>, comparison: &Comparison<'_>) -> Vec<String> {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| number::NO_DATA.into());
    let metric = comparison.subject.metric;
    let sides = comparison.sides();
    let figure =
        |estimate: Option<Estimate>| estimate.map(|estimate| number::of_metric(metric, estimate.middle));
    let mut row = vec![
        workload::cell_name(&analysis.verdicts.cells[comparison.cell]),
        verdict(comparison),
        number::ratio_within(comparison.ratio(), comparison.interval()),
        or_none(comparison.visible().map(number::ratio)),
        or_none(comparison.effect().map(|effect| number::percent(effect.block_sd()))),
        format!("{} of {}", comparison.pairs().len(), comparison.planned),
        comparison.needed().map_or_else(|| "—".into(), needed),
        or_none(figure(sides.map(|(sync, _)| sync))),
        or_none(figure(sides.map(|(_, awaiting)| awaiting))),
    ];
    if metric.is_at_a_rate() {
        row.push(or_none(Amount::of(&analysis.grid, comparison).map(Amount::directed)));
    }
    row
}

/// The verdict in words, with the reason where it was not judged.
pub(super) fn verdict(comparison: &Comparison<'_>) -> String {
    let mut text = comparison.verdict.to_string();
    if let Some(obstacle) = comparison.obstacle {
        text.push_str(&format!(": {obstacle}"));
    }
    if let Some(why) = comparison.withheld {
        text.push_str(&format!(": {why}"));
    }
    if let Some(end) = comparison.end() {
        text.push_str(&format!(": {end}"));
    }
    if comparison.is_by_construction() {
        text.push_str(" (connections ÷ wait is the limit; not counted)");
    }
    if comparison.is_round_trip {
        text.push_str(" (one connection: a round trip, not a capacity)");
    }
    text
}
