//! How to make such a run again, and what of the record was left out.

use maud::{Markup, html};
use reports_record::Skipped;

use crate::analysis::Analysis;
use crate::{label, number};

/// Skipped lines named in full; beyond, they are counted.
const LISTED: usize = 20;

pub(super) fn markup(analysis: &Analysis<'_>, skipped: &[Skipped]) -> Markup {
    let definition = &analysis.run.definition;
    html! {
        div {
            h3 { "Run it yourself" }
            pre { code { (label::passage(&analysis.run.command)) } }
            p {
                "Run " bdi { (label::name(&analysis.run.id)) } ", seed " (definition.seed) ", "
                (definition.blocks) " blocks of " (definition.cells.len()) " combinations. The page follows from \
                 environment.json and trials.jsonl beside it: " code { "report DIR" } " renders it again."
            }
            @for remark in analysis.grid.remarks() { p { bdi { (remark) } } }
            @if skipped.is_empty() {
                p { "Every line of the record was read." }
            } @else {
                p { (number::counted(skipped.len(), "line")) " of trials.jsonl could not be read, for this reason:" }
                ul {
                    @for line in skipped.iter().take(LISTED) {
                        li { "line " (line.number) ": " bdi { (label::passage(&line.reason)) } }
                    }
                    @if skipped.len() > LISTED { li { "and " (skipped.len() - LISTED) " more" } }
                }
            }
        }
    }
}
