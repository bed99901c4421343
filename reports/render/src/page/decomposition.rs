//! What the model costs, and what the implementation adds.

use maud::{Markup, html};
use reports_record::Metric;

use super::figure::{Figure, is_long};
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::contrast::Kind;
use crate::analysis::decomposition::{Decomposition, decompose};
use crate::analysis::estimate::Estimate;
use crate::figure::ink::Ink;
use crate::figure::interval_chart::{Group, IntervalChart, Style};
use crate::figure::scene::Form;
use crate::{label, number};

pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    let has = |kind| analysis.verdicts.contrast(kind).is_some();
    html! {
        section {
            h2 { "What the model costs, what the implementation adds" }
            @if has(Kind::Control) && has(Kind::Stock) {
                p { "The control pair differs in the I/O model alone. Whatever else the stock pair shows is the \
                     libraries' doing: stock ratio = model × implementation." }
                (figure(analysis).markup())
            } @else {
                p { "This experiment lacks one of the two pairs, so their difference cannot be taken apart." }
            }
        }
    }
}

fn figure(analysis: &Analysis<'_>) -> Figure {
    let parts = decompose(&analysis.verdicts, Metric::Throughput);
    let cells = analysis.verdicts.cells;
    let groups = parts.iter().map(|part| Group {
        title: label::name(&cells[part.cell].name),
        rows: vec![part.model, part.implementation],
    });
    let model = Style { ink: Ink::Text, form: Form::Disc, dashed: false };
    let implementation = Style { ink: Ink::Muted, form: Form::HollowDiamond, dashed: true };
    let chart = IntervalChart {
        axis_title: "factor in throughput, async ÷ sync; beyond 1 favours async".into(),
        write: number::plain,
        zone: Some((1.0 / 1.05, 1.05)),
        legend: vec![
            (model, "model (control pair)".into()),
            (implementation, "implementation (stock ÷ control)".into()),
        ],
        groups: groups.collect(),
    };
    Figure {
        id: "decomposition".into(),
        finding: finding(&parts),
        reading:
            "Two factors a cell, each with its 95\u{a0}% interval over blocks; a bar without an end goes on \
                  beyond the axis. The grey zone is ±5\u{a0}%."
                .into(),
        folded: is_long(analysis),
        scene: chart.scene(),
        table: table(analysis, &parts),
    }
}

fn finding(parts: &[Decomposition]) -> String {
    let span = |of: fn(&Decomposition) -> Option<Estimate>| {
        let middles = || parts.iter().filter_map(of).map(|estimate| estimate.middle);
        let (lo, hi) = (middles().reduce(f64::min)?, middles().reduce(f64::max)?);
        Some(format!("{} to {}", number::change(lo), number::change(hi)))
    };
    match (span(|part| part.model), span(|part| part.implementation)) {
        (Some(model), Some(implementation)) => format!(
            "From sync to async, the model changes throughput by {model}; the implementation adds {implementation}"
        ),
        _ => format!("Model and implementation: {}", number::NO_DATA),
    }
}

fn table(analysis: &Analysis<'_>, parts: &[Decomposition]) -> Table {
    let head = ["cell", "model", "interval", "implementation", "interval", "blocks"];
    let mut table = Table::new("Throughput ratio taken apart", &head, 1);
    for part in parts {
        let mut row = vec![label::name(&analysis.verdicts.cells[part.cell].name)];
        for estimate in [part.model, part.implementation] {
            let no_data = || number::NO_DATA.to_owned();
            row.push(estimate.map_or_else(no_data, |estimate| number::change(estimate.middle)));
            let interval = estimate.and_then(|estimate| estimate.interval);
            row.push(interval.map_or_else(no_data, number::interval));
        }
        row.push(part.implementation.map_or(0, |estimate| estimate.blocks).to_string());
        table.push(row);
    }
    table
}
