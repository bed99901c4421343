//! Tables: text in, escaped and isolated cells out.

use maud::{Markup, html};

/// A table of text.
#[derive(Debug)]
pub(crate) struct Table {
    /// What it shows, for readers who cannot see it and as its visible title.
    pub caption: String,
    /// The columns' heads.
    pub head: Vec<String>,
    /// The rows, each as long as the head.
    pub rows: Vec<Vec<String>>,
    /// How many columns from the left are names rather than figures.
    pub names: usize,
    /// Whether the last column is prose.
    pub prose: bool,
}

impl Table {
    pub(crate) fn new(caption: &str, head: &[&str], names: usize) -> Self {
        let head = head.iter().copied().map(String::from).collect();
        Self { caption: caption.into(), head, rows: Vec::new(), names, prose: false }
    }

    pub(crate) fn push(&mut self, row: Vec<String>) {
        debug_assert_eq!(row.len(), self.head.len());
        self.rows.push(row);
    }

    /// The table in a container of its own, so that a wide one scrolls there and not the page. Browsers let the keyboard into what
    /// scrolls; a `tabindex` would stop it at what does not, too.
    pub(crate) fn markup(&self) -> Markup {
        html! {
            div.scroll role="group" aria-label=(self.caption) { (self.bare()) }
        }
    }

    /// The table by itself, for a place that scrolls anyway. Columns are aligned by how many are names, for a class at each cell
    /// would be a tenth of a page.
    pub(crate) fn bare(&self) -> Markup {
        html! {
            table class={ "t" (self.names.min(self.head.len())) @if self.prose { " sentences" } } {
                caption { (self.caption) }
                thead { tr { @for head in &self.head { th scope="col" { (isolated(head)) } } } }
                tbody { @for row in &self.rows { (self.row(row)) } }
            }
        }
    }

    fn row(&self, row: &[String]) -> Markup {
        html! {
            tr {
                @for (column, text) in row.iter().enumerate() {
                    @if column == 0 {
                        th scope="row" { (isolated(text)) }
                    } @else if self.prose && column + 1 == self.head.len() {
                        td.prose { (isolated(text)) }
                    } @else {
                        td { (isolated(text)) }
                    }
                }
            }
        }
    }
}

/// Letters besides ASCII that figures are written with; all run from left to right or have no direction.
const FIGURES: &str = "×÷–—−…±≥µ\u{a0}";

/// Text that cannot turn its neighbours around: isolated, unless its letters are known to do no such thing.
fn isolated(text: &str) -> Markup {
    let is_plain = |letter: char| letter.is_ascii() || FIGURES.contains(letter);
    html! {
        @if text.chars().all(is_plain) { (text) } @else { bdi { (text) } }
    }
}
