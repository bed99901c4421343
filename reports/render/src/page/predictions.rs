//! What was expected before the run, and what came.

use maud::{Markup, html};
use reports_record::Cell;

use super::series::Series;
use super::throughput::bounds;
use crate::analysis::Analysis;
use crate::analysis::contrast::Kind;
use crate::analysis::prediction::{Checked, check, expected};
use crate::analysis::workload;
use crate::{label, number};

pub(super) fn markup(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Markup {
    let checked = check(&analysis.run.definition.predictions, &analysis.verdicts);
    html! {
        section {
            h2 { "Predicted and observed" }
            @if checked.is_empty() {
                p { "The experiment predicts nothing." }
            } @else {
                p { "Written in the experiment file before the run." }
                ul.predictions { @for one in &checked { li { (prediction(one, analysis.verdicts.cells)) } } }
            }
            details {
                summary { "Little’s law: the most a closed loop can reach, and what was reached" }
                p { "C is each contender’s own CPU time per request as measured, so the bound is no forecast: \
                     it says what waiting and computing left room for." }
                (bounds(analysis, series).markup())
            }
        }
    }
}

fn prediction(checked: &Checked<'_>, cells: &[Cell]) -> Markup {
    let prediction = checked.prediction;
    let of = prediction.cells.len();
    let outcome = match (checked.held.len(), checked.broken.len()) {
        (0, 0) => "Undecided".to_owned(),
        (held, 0) if held == of => format!("Held in all {of}"),
        (held, broken) => {
            format!(
                "Held in {held} of {}, contradicted in {broken}, undecided in {}",
                number::counted(of, "combination"),
                checked.undecided.len()
            )
        }
    };
    html! {
        strong { (outcome) ". " }
        bdi { (number::capitalised(&label::passage(&prediction.claim))) }
        " (" (Kind::from(prediction.pair).title()) ", " (prediction.metric.title()) ": "
        (expected(prediction.expects).to_string()) ")"
        @if !checked.broken.is_empty() {
            ". Otherwise: "
            @for (index, (cell, verdict)) in checked.broken.iter().take(LISTED).enumerate() {
                @if index > 0 { ", " }
                bdi { (workload::cell_called(cells, cell)) } " " (verdict.to_string())
            }
            @if checked.broken.len() > LISTED { " and " (checked.broken.len() - LISTED) " more" }
        }
    }
}

/// Cells named in full; beyond, they are counted.
const LISTED: usize = 20;
