//! The page: one HTML document that makes no request and needs no script.

mod certificates;
mod decomposition;
mod environment;
mod figure;
mod maps;
mod opening;
mod overshoots;
mod predictions;
mod repeat;
mod reproduction;
mod resources;
mod response_time;
mod series;
mod table;
mod throughput;
mod verdict_tables;

use maud::{DOCTYPE, PreEscaped, html};
use reports_record::Skipped;

use crate::analysis::Analysis;
use crate::analysis::contrast::Kind;
use crate::figure::ink;
use crate::label;

/// Nothing is loaded from anywhere and nothing runs; inline style is all there is.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("style.css");

/// The control pair's decision map as an SVG document; `None` when the experiment has no control pair.
pub(crate) fn decision_map(analysis: &Analysis<'_>) -> Option<String> {
    maps::standalone(analysis, Kind::Control)
}

/// The whole document, in the order in which a reader may stop reading.
pub(crate) fn document(analysis: &Analysis<'_>, skipped: &[Skipped]) -> String {
    let series = series::series(analysis);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Crossover: " (label::name(&analysis.run.id)) }
                style { (PreEscaped(ink::stylesheet())) (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (opening::markup(analysis))
                    (maps::markup(analysis))
                    (decomposition::markup(analysis))
                    (throughput::markup(analysis, &series))
                    (response_time::markup(analysis, &series))
                    (resources::markup(analysis, &series))
                    (repeat::markup(analysis))
                    (predictions::markup(analysis, &series))
                    (overshoots::markup(analysis))
                    (certificates::markup(analysis))
                    (environment::markup(analysis))
                    (verdict_tables::markup(analysis))
                    (reproduction::markup(analysis, skipped))
                }
            }
        }
    }
    .into_string()
}
