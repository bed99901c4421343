//! The page: one HTML document that makes no request and needs no script.

mod bodies;
mod certificates;
mod crossovers;
mod decomposition;
mod environment;
pub(crate) mod figure;
mod footprint;
pub(crate) mod frame;
mod lines;
mod maps;
pub(crate) mod nines;
mod opening;
mod overshoots;
mod predictions;
mod repeat;
mod reproduction;
mod resources;
mod response_time;
mod series;
mod sweeps;
pub(crate) mod table;
mod throughput;
mod timelines;
mod verdict_tables;

use maud::html;
use reports_record::Skipped;

use crate::analysis::Analysis;
use crate::analysis::contrast::Kind;
use crate::label;

/// The control pair's decision map as an SVG document; `None` when the experiment has no control pair.
pub(crate) fn decision_map(analysis: &Analysis<'_>) -> Option<String> {
    maps::standalone(analysis, Kind::Control)
}

/// The whole document, in the order in which a reader may stop reading.
pub(crate) fn document(analysis: &Analysis<'_>, skipped: &[Skipped]) -> String {
    let series = series::series(analysis);
    let content = html! {
        (opening::markup(analysis))
        (maps::markup(analysis))
        (crossovers::markup(analysis))
        (opening::scope_and_scores(analysis))
        (maps::tail(analysis))
        (decomposition::markup(analysis))
        (throughput::markup(analysis, &series))
        (response_time::markup(analysis, &series))
        (nines::markup(analysis, &series))
        (sweeps::markup(analysis, &series))
        (timelines::markup(analysis))
        (bodies::markup(analysis, &series))
        (resources::markup(analysis, &series))
        (repeat::markup(analysis))
        (predictions::markup(analysis, &series))
        (overshoots::markup(analysis))
        (certificates::markup(analysis))
        (environment::markup(analysis))
        (verdict_tables::markup(analysis))
        (reproduction::markup(analysis, skipped))
    };
    frame::frame(&label::name(&analysis.run.id), &content)
}
