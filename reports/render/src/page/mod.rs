//! The page: one HTML document that makes no request; what needs its one small script works without it, too.

mod anchors;
mod bodies;
mod case;
mod certificates;
mod crossover_figures;
mod crossovers;
mod data;
mod decomposition;
mod download;
mod drawer;
mod environment;
mod export_map;
pub(crate) mod figure;
mod footprint;
pub(crate) mod frame;
mod lines;
mod machine;
mod map;
pub(crate) mod nines;
mod opening;
mod overshoots;
mod predictions;
mod profile;
mod repeat;
mod reproduction;
mod request_path;
mod resources;
mod series;
mod sight;
mod sweeps;
mod system_calls;
pub(crate) mod table;
mod throughput;
mod times;
mod verdict_tables;
mod why;

use maud::{Markup, html};
pub(crate) use profile::in_words as profile_in_words;
use reports_record::Skipped;

use crate::Beside;
use crate::analysis::Analysis;
use crate::answer::{Sentence, answer, headline};
use crate::label;
use anchors::Anchors;
use case::Picker;
use figure::Figure;
use frame::Page;
use series::Series;

/// The script of every run's page: stops of the keyboard, and drawings to save.
const SCRIPT: &str = include_str!("page.js");

/// Letters of a link's preview, about as many as any site shows.
const PREVIEW: usize = 280;

/// The control pair's decision map; `None` when the experiment has no control pair.
pub(crate) fn decision_map(analysis: &Analysis<'_>) -> Option<Figure> {
    export_map::figure(analysis)
}

/// The figure of the crossover by connections; `None` where connections were not varied.
pub(crate) fn crossover_figure(analysis: &Analysis<'_>) -> Option<Figure> {
    crossover_figures::along_connections(analysis)
}

/// The whole document, in the order in which a reader may stop reading.
pub(crate) fn document(analysis: &Analysis<'_>, skipped: &[Skipped], beside: &Beside) -> String {
    let anchors = Anchors::of(analysis);
    let picker = Picker::of(analysis, &anchors);
    let map = map::markup(analysis, &anchors);
    let style = map::style(analysis) + picker.as_ref().map_or("", |picker| &picker.style);
    let rest = rest(analysis, skipped, beside);
    Page {
        title: &title(analysis),
        description: Some(&preview(&answer(analysis))),
        style: &style,
        script: Some(&(SCRIPT.to_owned() + picker.as_ref().map_or("", |_| case::SCRIPT))),
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

/// Everything below the first screen.
fn rest(analysis: &Analysis<'_>, skipped: &[Skipped], beside: &Beside) -> Markup {
    let series = series::series(analysis);
    html! {
        (crossovers::markup(analysis))
        (why::markup(analysis, beside))
        (sweeps::markup(analysis, &series))
        (times::markup(analysis, &series))
        (bodies::markup(analysis, &series))
        (figures(analysis, &series))
        (trust(analysis))
        (predictions::markup(analysis, &series))
        (data::markup(analysis, skipped))
    }
}

/// Every figure of every contender, for those who want to see more than ratios.
fn figures(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Markup {
    html! {
        section #figures aria-labelledby="figures-title" {
            h2 id="figures-title" { "Every contender's figures" }
            details { summary { "Requests per second" } (throughput::markup(analysis, series)) }
            details { summary { "CPU and memory" } (resources::markup(analysis, series)) }
            details { summary { "The model's part and the implementation's" } (decomposition::markup(analysis)) }
        }
    }
}

/// What speaks for the figures and against them.
fn trust(analysis: &Analysis<'_>) -> Markup {
    html! {
        section #trust aria-labelledby="trust-title" {
            h2 id="trust-title" { "Can you trust this?" }
            (certificates::markup(analysis))
            (machine::markup(analysis))
            (repeat::markup(analysis))
            (overshoots::markup(analysis))
            (environment::markup(analysis))
        }
    }
}
