//! The names by which a place on the page can be quoted.

use crate::analysis::Analysis;
use crate::analysis::contrast::Kind;

/// Letters of a cell's name that its anchor keeps.
const LETTERS: usize = 48;

/// The anchors of all cells: their names, less what an address cannot hold.
#[derive(Debug)]
pub(super) struct Anchors {
    cells: Vec<String>,
}

impl Anchors {
    pub(super) fn of(analysis: &Analysis<'_>) -> Self {
        let mut cells: Vec<String> = Vec::new();
        for (index, cell) in analysis.verdicts.cells.iter().enumerate() {
            let slug = slug(&cell.name);
            // Two names that differ in other letters alone must not share an anchor.
            cells.push(if slug.is_empty() || cells.contains(&slug) {
                format!("{slug}-{index}")
            } else {
                slug
            });
        }
        Self { cells }
    }

    /// The drawer of a cell in a pair.
    pub(super) fn drawer(&self, kind: Kind, cell: usize) -> String {
        let pair = match kind {
            Kind::Control => "control",
            Kind::Stock | Kind::Repeat => "stock",
            Kind::Documented => "documented",
        };
        format!("{pair}-{}", self.cells[cell])
    }
}

fn slug(name: &str) -> String {
    let kept =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' });
    kept.take(LETTERS).collect()
}
