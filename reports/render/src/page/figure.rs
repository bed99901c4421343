//! A figure on the page: its finding, its drawing, its table.

use std::borrow::Cow;

use maud::{Markup, PreEscaped, html};

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

/// Widest drawing that a telephone may shrink; its type would become too small in a wider one, which scrolls instead.
const NARROW: u32 = 450;

/// Wider drawings are of panels side by side.
const PANELS: u32 = 720;

impl Figure {
    /// The drawing as a document of its own, which brings its colours along, light and dark.
    pub(crate) fn standalone(&self) -> String {
        let (width, height) = (self.scene.width, self.scene.height);
        html! {
            svg xmlns="http://www.w3.org/2000/svg" role="img" width=(width) height=(height)
                viewBox=(format!("0 0 {width} {height}")) font-family="sans-serif" {
                title { (self.finding) }
                desc { (self.reading) }
                style { (PreEscaped(ink::stylesheet())) }
                rect width=(width) height=(height) fill=(ink::hex(Ink::Paper.light())) {}
                (PreEscaped(svg::elements(&self.scene)))
            }
        }
        .into_string()
    }

    pub(crate) fn markup(&self) -> Markup {
        html! {
            figure id=(self.id) {
                h3 { (self.finding) }
                @if self.folded {
                    details {
                        summary { "The drawing" }
                        (self.drawing())
                    }
                } @else {
                    (self.drawing())
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
            div.scroll role="group" tabindex="0" aria-label=(self.finding) {
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
