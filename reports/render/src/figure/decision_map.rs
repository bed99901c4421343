//! Who wins where: workloads down, connections across, one verdict a cell.

use reports_record::{Cell, Metric};
use reports_stats::verdict::Verdict;

use super::ink::{Ink, Shade};
use super::scene::{Anchor, Scene, fitted};
use crate::analysis::comparison::Comparison;
use crate::{label, number};

const LEFT: i32 = 84;
const TOP: i32 = 44;
const CELL: (i32, i32) = (98, 64);
const TYPE: u32 = 12;

/// A map's rows and columns, and what stands where they meet.
#[derive(Debug)]
pub struct DecisionMap<'m, 'a> {
    connections: Vec<u32>,
    rows: Vec<Row<'m, 'a>>,
}

/// One workload.
#[derive(Debug)]
struct Row<'m, 'a> {
    target: &'m str,
    lines: [String; 2],
    cells: Vec<Option<&'m Comparison<'a>>>,
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
            let free = rows.iter().position(|row| row.target == cell.target && row.cells[column].is_none());
            let row = free.unwrap_or_else(|| {
                let cells = vec![None; connections.len()];
                rows.push(Row { target: &cell.target, lines: workload(cell), cells });
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
            scene.bold((x, TOP - 12), Anchor::Middle, TYPE, Ink::Text, connections.to_string());
        }
        for (index, row) in self.rows.iter().enumerate() {
            let top = TOP + index as i32 * CELL.1;
            for (line, text) in row.lines.iter().enumerate() {
                let y = top + CELL.1 / 2 - 8 + line as i32 * 16;
                scene.text((0, y), Anchor::Start, TYPE, Ink::Text, fitted(text, LEFT - 4, TYPE));
            }
            for (column, comparison) in row.cells.iter().enumerate() {
                if let Some(comparison) = comparison {
                    draw_cell(&mut scene, (LEFT + column as i32 * CELL.0, top), comparison);
                }
            }
        }
        scene
    }
}

/// A workload in two short lines.
fn workload(cell: &Cell) -> [String; 2] {
    let wait = if cell.wait_ms > 0.0 { format!("wait {} ms", cell.wait_ms) } else { "no wait".into() };
    let work = match (cell.rounds, cell.wait_ms > 0.0) {
        (0, _) => String::new(),
        (rounds, _) => format!("{} rounds", number::count(rounds as usize)),
    };
    let short = |text: String| label::within(&text, 24);
    [short(wait), short(work)]
}

fn draw_cell(scene: &mut Scene, (x, y): (i32, i32), comparison: &Comparison<'_>) {
    const GAP: i32 = 2;
    let (at, size) = ((x + GAP / 2, y + GAP / 2), (CELL.0 - GAP, CELL.1 - GAP));
    scene.area(at, size, ground(comparison));
    if comparison.includes_equal() {
        scene.hatch(at, size, Ink::Hatch);
    }
    let middle = x + CELL.0 / 2;
    let verdict = match comparison.verdict {
        Verdict::Tie if comparison.is_by_construction() => "tie by design".into(),
        verdict => verdict.to_string(),
    };
    scene.text((middle, y + 15), Anchor::Middle, TYPE, Ink::Text, verdict);
    let change = comparison.ratio().map_or_else(|| number::NO_DATA.into(), number::change);
    scene.bold((middle, y + 34), Anchor::Middle, TYPE + 4, Ink::Text, change);
    let interval = comparison.interval().map_or_else(|| "no interval".into(), number::interval);
    scene.text((middle, y + 51), Anchor::Middle, TYPE - 1, Ink::Text, interval);
}

/// A winner's colour, the stronger the larger the effect; neutral where nobody wins.
fn ground(comparison: &Comparison<'_>) -> Ink {
    let Some(ratio) = comparison.ratio() else { return Ink::Neutral };
    let shade = match ratio.max(1.0 / ratio) {
        size if size >= 2.0 => Shade::Strong,
        size if size >= 1.25 => Shade::Middle,
        _ => Shade::Faint,
    };
    match comparison.verdict {
        Verdict::AsyncWins => Ink::AsyncBetter(shade),
        Verdict::SyncWins => Ink::SyncBetter(shade),
        _ => Ink::Neutral,
    }
}

/// The sentence that tells how to read a map of `metric`.
#[must_use]
pub fn reading(metric: Metric) -> String {
    let better = if metric.more_is_better() {
        "more is better, so + favours async"
    } else {
        "less is better, so − favours async"
    };
    format!(
        "Each cell: the verdict, the change from sync to async ({better}), and the 95\u{a0}% interval of async ÷ sync. \
         Orange: async wins; purple: sync wins; grey: nobody does. Hatched: the interval includes 1."
    )
}
