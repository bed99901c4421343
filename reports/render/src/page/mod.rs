//! The page: one HTML document that makes no request; what needs its one small script works without it, too.

mod anchors;
mod bodies;
mod case;
mod certificates;
mod crossover_figures;
mod crossovers;
mod decomposition;
mod drawer;
mod environment;
mod export_map;
pub(crate) mod figure;
mod footprint;
pub(crate) mod frame;
mod lines;
mod map;
pub(crate) mod nines;
mod opening;
mod overshoots;
mod predictions;
mod repeat;
mod reproduction;
mod resources;
mod response_time;
mod series;
mod sight;
mod sweeps;
pub(crate) mod table;
mod throughput;
mod timelines;
mod verdict_tables;

use maud::{Markup, html};
use reports_record::Skipped;

use crate::analysis::Analysis;
use crate::answer::{Sentence, answer, headline};
use crate::label;
use anchors::Anchors;
use case::Picker;
use frame::Page;

/// Letters of a link's preview, about as many as any site shows.
const PREVIEW: usize = 280;

/// The control pair's decision map as an SVG document; `None` when the experiment has no control pair.
pub(crate) fn decision_map(analysis: &Analysis<'_>) -> Option<String> {
    export_map::standalone(analysis)
}

/// The whole document, in the order in which a reader may stop reading.
pub(crate) fn document(analysis: &Analysis<'_>, skipped: &[Skipped]) -> String {
    let anchors = Anchors::of(analysis);
    let picker = Picker::of(analysis, &anchors);
    let map = map::markup(analysis, &anchors);
    let rest = rest(analysis, skipped);
    Page {
        title: &title(analysis),
        description: Some(&preview(&answer(analysis))),
        style: picker.as_ref().map_or("", |picker| &picker.style),
        script: picker.as_ref().map(|_| case::SCRIPT),
        content: &html! {
            (opening::markup(analysis, picker.as_ref().map(|picker| &picker.markup), &map, &rest))
            (rest)
        },
    }
    .document()
}

/// The answer in a window's title.
fn title(analysis: &Analysis<'_>) -> String {
    let experiment = label::name(&analysis.run.definition.name);
    format!("Threads or async? {} · Crossover {experiment}", crate::number::capitalised(&headline(analysis)))
}

/// The answer as the preview of a link has room for it: whole sentences, as many as fit.
fn preview(answer: &[Sentence]) -> String {
    let mut text = String::new();
    for sentence in answer {
        if text.chars().count() + sentence.text.chars().count() < PREVIEW {
            text.push_str(&sentence.text);
            text.push(' ');
        }
    }
    text.trim_end().into()
}

/// Everything below the answer.
fn rest(analysis: &Analysis<'_>, skipped: &[Skipped]) -> Markup {
    let series = series::series(analysis);
    html! {
        (crossovers::markup(analysis))
        (opening::scope_and_scores(analysis))
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
    }
}
