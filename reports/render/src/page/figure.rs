//! A figure on the page: its finding, its drawing, its table.

use std::borrow::Cow;

use maud::{Markup, PreEscaped, html};

use super::download::download;
use super::table::Table;
use crate::figure::ink::{self, Ink};
use crate::figure::scene::Scene;
use crate::figure::svg;

/// A figure and all that goes with it.
#[derive(Debug)]
pub(crate) struct Figure {
    /// Its name within the page: letters and hyphens.
    pub id: Cow<'static, str>,
    /// What it shows, computed from the data, in one sentence.
    pub finding: String,
    /// What is drawn and how to read it.
    pub reading: String,
    /// The drawing.
    pub scene: Scene,
    /// Whether the drawing, too, waits to be asked for: one of a screen and more would bury what follows.
    pub folded: bool,
    /// Its data.
    pub table: Table,
}

/// The words of the link that saves a drawing.
const SAVE: &str = "Save this drawing (SVG)";

/// Space around a drawing that stands alone, pixels.
const MARGIN: u32 = 16;

/// How lines of text beside a drawing that stands alone are set; lengths in pixels.
#[derive(Debug, Clone, Copy)]
struct Print {
    size: u32,
    /// From one line to the next.
    height: u32,
    weight: u32,
    ink: Ink,
    /// Mean width of a letter, as a share of the size.
    letter: f64,
}

const TITLE: Print = Print { size: 17, height: 23, weight: 700, ink: Ink::Text, letter: 0.6 };
const NOTE: Print = Print { size: 13, height: 18, weight: 400, ink: Ink::Muted, letter: 0.55 };

/// Widest drawing that a telephone may shrink; its type would become too small in a wider one, which scrolls instead.
const NARROW: u32 = 450;

/// Wider drawings are of panels side by side.
const PANELS: u32 = 720;

impl Figure {
    /// The drawing as a document of its own, between its finding and how to read it, with its colours, light and dark.
    pub(crate) fn standalone(&self) -> String {
        self.svg(Some(&ink::stylesheet()))
    }

    /// As [`Self::standalone`], in the light colours alone: for what knows no style sheet.
    pub(crate) fn in_light(&self) -> String {
        self.svg(None)
    }

    fn svg(&self, style: Option<&str>) -> String {
        let (above, below) = (self.lines(&self.finding, TITLE), self.lines(&self.reading, NOTE));
        let top = MARGIN + TITLE.height * above.len() as u32 + MARGIN / 2;
        let foot = top + self.scene.height + MARGIN;
        let width = self.scene.width + 2 * MARGIN;
        let height = foot + NOTE.height * below.len() as u32;
        let line = |text: &str, print: Print, y: u32, index: usize| {
            html! {
                text x=(MARGIN) y=(y + print.height * index as u32) dy=(print.size) font-size=(print.size)
                    font-weight=(print.weight) fill=(ink::hex(print.ink.light())) { (text) }
            }
        };
        html! {
            svg xmlns="http://www.w3.org/2000/svg" role="img" width=(width) height=(height)
                viewBox=(format!("0 0 {width} {height}")) font-family="sans-serif" {
                title { (self.finding) }
                desc { (self.reading) }
                @if let Some(style) = style { style { (PreEscaped(style)) } }
                rect width=(width) height=(height) fill=(ink::hex(Ink::Paper.light())) {}
                @for (index, text) in above.iter().enumerate() { (line(text, TITLE, MARGIN, index)) }
                g transform=(format!("translate({MARGIN} {top})")) { (PreEscaped(svg::elements(&self.scene))) }
                @for (index, text) in below.iter().enumerate() { (line(text, NOTE, foot - MARGIN / 2, index)) }
            }
        }
        .into_string()
    }

    /// `text` in lines that likely fit the drawing's width.
    fn lines(&self, text: &str, print: Print) -> Vec<String> {
        let letters = f64::from(self.scene.width) / (f64::from(print.size) * print.letter);
        textwrap::wrap(text, letters as usize).into_iter().map(Into::into).collect()
    }

    /// The figure on a page whose script writes the drawing out when it is to be saved.
    pub(crate) fn markup(&self) -> Markup {
        let file = format!("{}.svg", self.id);
        self.with(&html! { p.take hidden { a download=(file) href={ "#" (self.id) } { (SAVE) } } })
    }

    /// The figure on a page that runs nothing: it holds the drawing twice.
    pub(crate) fn markup_with_file(&self) -> Markup {
        let file = format!("{}.svg", self.id);
        self.with(&html! { p.take { (download("image/svg+xml", &file, SAVE, &self.standalone())) } })
    }

    fn with(&self, take: &Markup) -> Markup {
        html! {
            figure id=(self.id) {
                h3 { (self.finding) }
                @if self.folded {
                    details {
                        summary { "The drawing" }
                        (self.drawing())
                        (take)
                    }
                } @else {
                    (self.drawing())
                    (take)
                }
                details {
                    summary { "These data as a table" }
                    (self.table.markup())
                }
            }
        }
    }

    fn drawing(&self) -> Markup {
        let (title, description) = (format!("{}-title", self.id), format!("{}-desc", self.id));
        html! {
            div.scroll role="group" aria-label=(self.finding) {
                svg.wide[self.scene.width > NARROW].panels[self.scene.width > PANELS] role="img" width=(self.scene.width) height=(self.scene.height)
                    viewBox=(format!("0 0 {} {}", self.scene.width, self.scene.height))
                    aria-labelledby=(title) aria-describedby=(description) {
                    title id=(title) { (self.finding) }
                    desc id=(description) { (self.reading) }
                    // Drawn by plotters, which escapes every text.
                    (PreEscaped(svg::elements(&self.scene)))
                }
            }
            figcaption { (self.reading) }
        }
    }
}
