//! Every comparison with its verdict, its interval and its blocks.

use maud::{Markup, html};
use reports_record::Metric;

use super::opening::better;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::comparison::Comparison;
use crate::analysis::contrast::{Contrast, Kind};
use crate::{label, number};

pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    let contrasts = [Kind::Control, Kind::Stock].map(|kind| analysis.verdicts.contrast(kind));
    html! {
        section {
            h2 { "Every verdict" }
            p { "A ratio is async ÷ sync, the geometric mean over blocks, with its paired 95\u{a0}% t interval. \
                 “Win beyond” is the larger of 5\u{a0}% and what copies of one contender differ by." }
            @for metric in Metric::ALL {
                details {
                    summary { (better(metric)) }
                    @for contrast in contrasts.into_iter().flatten() {
                        (verdict_table(analysis, contrast, metric).markup())
                    }
                }
            }
        }
    }
}

/// One contrast by one metric, a row a cell.
pub(super) fn verdict_table(analysis: &Analysis<'_>, contrast: Contrast<'_>, metric: Metric) -> Table {
    let caption = format!(
        "{}, {}: {} (sync) against {} (async)",
        contrast.kind.title(),
        better(metric),
        label::name(contrast.sync),
        label::name(contrast.awaiting)
    );
    let head = [
        "cell",
        "verdict",
        "change",
        "ratio",
        "95\u{a0}% interval",
        "win beyond",
        "block SD",
        "blocks",
        "sync",
        "async",
    ];
    let mut table = Table::new(&caption, &head, 2);
    for comparison in analysis.verdicts.of_metric(contrast.kind, metric) {
        table.push(row(analysis, comparison));
    }
    table
}

fn row(analysis: &Analysis<'_>, comparison: &Comparison<'_>) -> Vec<String> {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| number::NO_DATA.into());
    let metric = comparison.metric;
    let figure = |contender| {
        let estimate = analysis.estimate(metric, comparison.cell, contender);
        estimate.map(|estimate| {
            let middle = number::of_metric(metric, estimate.middle);
            if estimate.at_least { format!("≥ {middle}") } else { middle }
        })
    };
    vec![
        label::name(&analysis.verdicts.cells[comparison.cell].name),
        verdict(comparison),
        or_none(comparison.ratio().map(number::change)),
        or_none(comparison.ratio().map(number::plain)),
        or_none(comparison.interval().map(number::interval)),
        comparison.win_limit.map_or_else(|| "—".into(), number::change),
        or_none(comparison.effect().map(|effect| number::percent(effect.block_sd()))),
        format!("{} of {}", comparison.blocks.len(), comparison.planned),
        or_none(figure(comparison.contrast.sync)),
        or_none(figure(comparison.contrast.awaiting)),
    ]
}

/// The verdict in words, with the reason where it was not judged.
pub(super) fn verdict(comparison: &Comparison<'_>) -> String {
    let mut text = comparison.verdict.to_string();
    if let Some(obstacle) = comparison.obstacle {
        text.push_str(&format!(": {obstacle}"));
    }
    if comparison.withheld {
        text.push_str(": the client limited some trials, which understates a side that would lose or tie");
    }
    if comparison.is_by_construction() {
        text.push_str(" (connections ÷ wait bind; not counted)");
    }
    text
}
