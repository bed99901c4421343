//! All data: every verdict, what can be taken along, and how to make such a run again.

use maud::{Markup, html};
use reports_record::Skipped;

use super::download::download;
use super::{crossover_figures, export_map, opening, reproduction, verdict_tables};
use crate::analysis::Analysis;
use crate::export::{crossovers_csv, verdicts_csv};

pub(super) fn markup(analysis: &Analysis<'_>, skipped: &[Skipped]) -> Markup {
    html! {
        section #data aria-labelledby="data-title" {
            h2 id="data-title" { "All data" }
            (downloads(analysis))
            (opening::scope_and_scores(analysis))
            (verdict_tables::markup(analysis))
            (reproduction::markup(analysis, skipped))
        }
    }
}

/// Files that the page itself holds.
fn downloads(analysis: &Analysis<'_>) -> Markup {
    let drawings = [
        (
            "Map of the control pair (SVG)",
            "map.svg",
            export_map::figure(analysis).map(|figure| figure.standalone()),
        ),
        (
            "Crossover by connections (SVG)",
            "crossover.svg",
            crossover_figures::along_connections(analysis).map(|figure| figure.standalone()),
        ),
    ];
    html! {
        p.downloads {
            "Downloads: "
            (download("text/csv", "verdicts.csv", "Every verdict (CSV)", &verdicts_csv(analysis)))
            " · " (download("text/csv", "crossovers.csv", "Crossover by rate (CSV)", &crossovers_csv(analysis)))
            @for (text, file, drawing) in drawings {
                @if let Some(drawing) = drawing { " · " (download("image/svg+xml", file, text, &drawing)) }
            }
            ". Every attempt at a trial: " code { "report DIR --csv FILE" } "; the record itself is trials.jsonl beside this page."
        }
    }
}
