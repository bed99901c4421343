//! Who wins where: workloads down, connections across, one verdict a cell.

use reports_record::{Cell, Metric};
use reports_stats::verdict::Verdict;

use super::ink::{Ink, Shade};
use super::scene::{Anchor, Scene, fitted};
use crate::analysis::comparison::{Comparison, Obstacle, Remaining, Withheld};
use crate::analysis::workload;
use crate::{label, number};

const LEFT: i32 = 150;
const TOP: i32 = 48;
const TYPE: u32 = 14;
const CELL: (i32, i32) = (116, 62);

/// A map's rows and columns, and what stands where they meet.
#[derive(Debug)]
pub struct DecisionMap<'m, 'a> {
    /// The columns.
    pub connections: Vec<u32>,
    /// The workloads.
    pub rows: Vec<Row<'m, 'a>>,
}

/// One workload.
#[derive(Debug)]
pub struct Row<'m, 'a> {
    /// Its first cell: the workload is what this one asks for.
    pub first: &'m Cell,
    lines: [String; 2],
    /// Its comparisons, a place a column.
    pub cells: Vec<Option<&'m Comparison<'a>>>,
}

impl<'m, 'a> DecisionMap<'m, 'a> {
    /// Lays the comparisons of one contrast and metric out. A place taken twice starts another row.
    #[must_use]
    pub fn of(cells: &'m [Cell], comparisons: impl Iterator<Item = &'m Comparison<'a>>) -> Self {
        let mut connections: Vec<u32> = cells.iter().map(|cell| cell.connections).collect();
        connections.sort_unstable();
        connections.dedup();
        let mut rows: Vec<Row<'m, 'a>> = Vec::new();
        for comparison in comparisons {
            let cell = &cells[comparison.cell];
            let Ok(column) = connections.binary_search(&cell.connections) else { continue };
            let free =
                rows.iter().position(|row| workload::is_same(row.first, cell) && row.cells[column].is_none());
            let row = free.unwrap_or_else(|| {
                let cells = vec![None; connections.len()];
                let lines = workload::lines(cell).map(|line| label::within(&line, 24));
                rows.push(Row { first: cell, lines, cells });
                rows.len() - 1
            });
            rows[row].cells[column] = Some(comparison);
        }
        Self { connections, rows }
    }

    /// The geometry of this map.
    #[must_use]
    pub fn scene(&self) -> Scene {
        let (columns, rows) = (self.connections.len() as i32, self.rows.len() as i32);
        let (width, height) = (LEFT + columns * CELL.0, TOP + rows * CELL.1);
        let mut scene = Scene::new(width.unsigned_abs().max(1), height.unsigned_abs().max(1));
        scene.text((LEFT, 12), Anchor::Start, TYPE, Ink::Muted, "connections");
        for (column, connections) in self.connections.iter().enumerate() {
            let x = LEFT + column as i32 * CELL.0 + CELL.0 / 2;
            scene.bold((x, TOP - 12), Anchor::Middle, TYPE, Ink::Text, number::count(*connections as usize));
        }
        for (index, row) in self.rows.iter().enumerate() {
            let top = TOP + index as i32 * CELL.1;
            let lines: Vec<&String> = row.lines.iter().filter(|line| !line.is_empty()).collect();
            for (line, text) in lines.iter().enumerate() {
                let y = top + CELL.1 / 2 - 8 * (lines.len() as i32 - 1) + line as i32 * 16;
                scene.text((0, y), Anchor::Start, TYPE, Ink::Text, fitted(text, LEFT - 4, TYPE));
            }
            for (column, comparison) in row.cells.iter().enumerate() {
                let Some(comparison) = comparison else { continue };
                draw_cell(&mut scene, (LEFT + column as i32 * CELL.0, top), comparison);
            }
        }
        scene
    }
}

/// The ground, the ratio with its interval, and the verdict in a word.
fn draw_cell(scene: &mut Scene, (x, y): (i32, i32), comparison: &Comparison<'_>) {
    const GAP: i32 = 2;
    let (at, size) = ((x + GAP / 2, y + GAP / 2), (CELL.0 - GAP, CELL.1 - GAP));
    let ground = ground(comparison);
    scene.area(at, size, ground.ink);
    match ground.pattern {
        Pattern::Plain => {}
        Pattern::Level => scene.rules(at, size, Ink::Hatch),
        Pattern::Slanted => scene.hatch(at, size, Ink::Hatch),
        Pattern::Dashed => {
            let (right, bottom) = (at.0 + size.0, at.1 + size.1);
            [at.1, bottom].into_iter().for_each(|y| scene.dashes((at.0, right), y, Ink::Edge, 1));
            [at.0, right].into_iter().for_each(|x| scene.line((x, at.1), (x, bottom), Ink::Grid, 1));
        }
    }
    let ratio = comparison.ratio().map_or_else(|| number::NO_DATA.into(), number::ratio);
    let interval = comparison.interval().map_or_else(|| "no interval".into(), number::interval);
    let texts = [(15, TYPE + 3, ratio), (34, TYPE - 1, interval), (50, TYPE - 1, word(comparison))];
    for (index, (down, size, text)) in texts.into_iter().enumerate() {
        let text = fitted(&text, CELL.0 - 6, size);
        // A pattern would run through the letters.
        if ground.pattern != Pattern::Plain {
            let width = (text.chars().count() as f64 * f64::from(size) * 0.58) as i32 + 6;
            let at = (x + (CELL.0 - width) / 2, y + down - size as i32 / 2 - 1);
            scene.area(at, (width, size as i32 + 2), ground.ink);
        }
        let at = (x + CELL.0 / 2, y + down);
        if index == 0 {
            scene.bold(at, Anchor::Middle, size, Ink::Text, text);
        } else {
            scene.text(at, Anchor::Middle, size, Ink::Text, text);
        }
    }
}

/// A verdict in a word; of an undecided cell, about how many more blocks would decide it, or the reason.
#[must_use]
pub fn word(comparison: &Comparison<'_>) -> String {
    match comparison.verdict {
        _ if comparison.is_by_construction() && !comparison.includes_equal() => "near limit".into(),
        _ if comparison.is_by_construction() => "limit".into(),
        _ if comparison.lacks_data() => lacking(comparison.obstacle).into(),
        Verdict::AsyncWins => "async".into(),
        Verdict::SyncWins => "threads".into(),
        Verdict::Tie => "same".into(),
        Verdict::CannotTell | Verdict::Invalid => undecided(comparison),
    }
}

fn undecided(comparison: &Comparison<'_>) -> String {
    match (comparison.withheld, comparison.remaining()) {
        (Some(Withheld::Client), _) => "? client".into(),
        (Some(Withheld::Repeats), _) => "? repeats".into(),
        (Some(Withheld::Machine), _) => "? machine".into(),
        (None, Some(Remaining::NearMiss)) => "? near miss".into(),
        (None, Some(Remaining::More(blocks))) => format!("? +{}", number::counted(blocks, "block")),
        (None, Some(Remaining::OutOfReach)) => "? out of reach".into(),
        (None, None) => "?".into(),
    }
}

/// What there is too little of.
fn lacking(obstacle: Option<Obstacle>) -> &'static str {
    match obstacle {
        Some(Obstacle::TooFewRequests) => "few requests",
        Some(Obstacle::Censored) => "lower bound",
        Some(Obstacle::OtherLoad) => "unlike rates",
        Some(Obstacle::Unfinished { .. }) => "unfinished",
        Some(Obstacle::ShortPlan { .. } | Obstacle::TooFewValid { .. }) | None => "few blocks",
    }
}

/// How a cell looks: each verdict differs in colour and in pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ground {
    ink: Ink,
    pattern: Pattern,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Pattern {
    Plain,
    Level,
    Slanted,
    Dashed,
}

/// A winner's colour, the stronger the larger the effect; a pattern where nobody can win or nothing is known.
fn ground(comparison: &Comparison<'_>) -> Ground {
    let ratio = comparison.ratio().unwrap_or(1.0);
    let shade = match ratio.max(1.0 / ratio) {
        size if size >= 2.0 => Shade::Strong,
        size if size >= 1.25 => Shade::Middle,
        _ => Shade::Faint,
    };
    let (ink, pattern) = match comparison.verdict {
        _ if comparison.is_by_construction() => (Ink::Paper, Pattern::Level),
        _ if comparison.lacks_data() => (Ink::Paper, Pattern::Dashed),
        Verdict::AsyncWins => (Ink::AsyncBetter(shade), Pattern::Plain),
        Verdict::SyncWins => (Ink::SyncBetter(shade), Pattern::Plain),
        Verdict::Tie => (Ink::Grid, Pattern::Plain),
        Verdict::CannotTell | Verdict::Invalid => (Ink::Paper, Pattern::Slanted),
    };
    Ground { ink, pattern }
}

/// How to read a map of `metric`, in words.
#[must_use]
pub fn reading(metric: Metric) -> String {
    let better = if metric.more_is_better() { "More is better" } else { "Less is better" };
    format!(
        "In each field: async ÷ threads, its 95\u{a0}% interval, the verdict. {better}. Orange: async wins. Blue: threads win. The \
         stronger the colour, the larger the difference: from ×1.25, from ×2. Grey: the same within 5\u{a0}%. Level lines: \
         connections ÷ wait is the limit, not the server. Slanted lines: cannot tell, with about how many more blocks would decide \
         it, or the reason. Dashed edge: too little sound data."
    )
}
