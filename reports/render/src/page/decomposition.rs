//! What the model costs, and what the implementation adds.

use maud::{Markup, html};
use reports_record::Metric;

use super::figure::Figure;
use super::series::by_connections;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::contrast::Kind;
use crate::analysis::decomposition::{Decomposition, cost_parts, decompose};
use crate::analysis::estimate::Estimate;
use crate::analysis::subject::level_name;
use crate::analysis::workload;
use crate::figure::ink::Ink;
use crate::figure::interval_chart::Style;
use crate::figure::panels::Panels;
use crate::figure::scene::Form;
use crate::number;

pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    let has = |kind| analysis.verdicts.contrast(kind).is_some();
    html! {
        div {
            @if has(Kind::Control) && has(Kind::Stock) {
                p { "The control pair differs in the I/O model alone. Whatever else the stock pair shows is the \
                     libraries' doing: stock ratio = model × implementation." }
                (figure(analysis).markup())
                (costs(analysis).markup())
                p.note { "Each pair has a rate of its own, so that the library's part holds what a rate changes as well. A combination counts where both \
                          pairs are valid in the same six blocks or more. Throughput is taken apart only where neither connections ÷ wait nor the client was the limit." }
            } @else {
                p { "This experiment lacks one of the two pairs, so their difference cannot be taken apart." }
            }
        }
    }
}

fn figure(analysis: &Analysis<'_>) -> Figure {
    let parts = decompose(&analysis.verdicts, Metric::Throughput);
    let model = Style { ink: Ink::Text, form: Form::Disc, dashed: false };
    let implementation = Style { ink: Ink::Muted, form: Form::HollowDiamond, dashed: true };
    let legend = vec![
        (model, "model (control pair)".into()),
        (implementation, "implementation (stock ÷ control)".into()),
    ];
    let of = |cell| {
        let part = parts.iter().find(|part| part.cell == cell);
        vec![part.and_then(|part| part.model), part.and_then(|part| part.implementation)]
    };
    let axis = "factor in throughput, async ÷ sync; beyond 1 favours async";
    let chart = Panels {
        zone: Some((1.0 / 1.05, 1.05)),
        ..by_connections(analysis, legend, (axis, number::ratio), of)
    };
    Figure {
        id: "decomposition".into(),
        finding: finding(&parts),
        reading:
            "Two factors a combination, each with its 95\u{a0}% interval over blocks, a panel a workload. Within the grey zone the \
                  two differ by less than 5\u{a0}%. Both axes grow by ratios."
                .into(),
        folded: false,
        scene: chart.scene(),
        table: table(analysis, &parts),
    }
}

/// The CPU time of a request taken apart, a row a cell and rate level.
fn costs(analysis: &Analysis<'_>) -> Table {
    let head = [
        "combination",
        "load",
        "pair",
        "sync − async (95\u{a0}%)",
        "of which the model makes",
        "the library",
        "blocks",
    ];
    let mut table = Table::new("CPU time per request taken apart", &head, 3);
    for part in cost_parts(&analysis.verdicts) {
        let mut row = vec![
            workload::cell_name(&analysis.verdicts.cells[part.cell]),
            analysis.verdicts.levels.get(part.level).map_or_else(String::new, |load| level_name(*load)),
            part.kind.title().to_owned(),
        ];
        row.extend([part.whole, part.model, part.implementation].map(|one| number::difference_us(&one)));
        row.push(part.whole.blocks.to_string());
        table.push(row);
    }
    table
}

/// The range of each factor over the cells in which it is a clear difference: those whose interval excludes 1.
fn finding(parts: &[Decomposition]) -> String {
    let span = |what: &str, of: fn(&Decomposition) -> Option<Estimate>| {
        let known: Vec<Estimate> = parts.iter().filter_map(of).collect();
        if known.is_empty() {
            return format!("{what}: {}", number::NO_DATA);
        }
        let is_clear =
            |estimate: &&Estimate| estimate.interval.is_some_and(|ends| ends.lo > 1.0 || ends.hi < 1.0);
        let clear: Vec<f64> = known.iter().filter(is_clear).map(|estimate| estimate.middle).collect();
        let ends = clear.iter().copied().reduce(f64::min).zip(clear.iter().copied().reduce(f64::max));
        match ends {
            None => format!("{what} makes no clear difference in any of {} combinations", known.len()),
            Some((lo, hi)) => format!(
                "{what} makes a clear difference in {} of {} combinations ({} to {})",
                clear.len(),
                known.len(),
                number::ratio(lo),
                number::ratio(hi)
            ),
        }
    };
    let (model, implementation) =
        (span("The model", |part| part.model), span("the implementation", |part| part.implementation));
    format!("{model}; {implementation}")
}

fn table(analysis: &Analysis<'_>, parts: &[Decomposition]) -> Table {
    let head = ["combination", "model (95\u{a0}%)", "implementation (95\u{a0}%)", "blocks"];
    let mut table = Table::new("Throughput ratio taken apart", &head, 1);
    for part in parts {
        let mut row = vec![workload::cell_name(&analysis.verdicts.cells[part.cell])];
        for estimate in [part.model, part.implementation] {
            let interval = estimate.and_then(|estimate| estimate.interval);
            row.push(number::ratio_within(estimate.map(|estimate| estimate.middle), interval));
        }
        row.push(part.implementation.map_or(0, |estimate| estimate.blocks).to_string());
        table.push(row);
    }
    table
}
