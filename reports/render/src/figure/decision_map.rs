//! Who wins where: workloads down, connections across, one verdict a cell.

use reports_record::{Cell, Metric};
use reports_stats::effect::Interval;
use reports_stats::verdict::Verdict;

use super::ink::{Ink, Shade};
use super::scene::{Anchor, Scene, fitted};
use crate::analysis::comparison::Comparison;
use crate::analysis::workload;
use crate::{label, number};

const LEFT: i32 = 96;
const TOP: i32 = 44;
const TYPE: u32 = 12;

/// Size of a cell that spells its verdict out.
const ROOMY: (i32, i32) = (98, 64);

/// Size of a cell that gives its verdict a letter, so that two fine maps fit side by side on one screen.
const COMPACT: (i32, i32) = (70, 31);

/// Columns from which on a map is compact.
const MANY_COLUMNS: usize = 5;

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

    /// Whether cells give their verdict a letter and leave its name to [`reading`].
    #[must_use]
    pub fn is_compact(&self) -> bool {
        self.connections.len() >= MANY_COLUMNS
    }

    /// The geometry of this map.
    #[must_use]
    pub fn scene(&self) -> Scene {
        let size = if self.is_compact() { COMPACT } else { ROOMY };
        let (columns, rows) = (self.connections.len() as i32, self.rows.len() as i32);
        let (width, height) = (LEFT + columns * size.0, TOP + rows * size.1);
        let mut scene = Scene::new(width.unsigned_abs().max(1), height.unsigned_abs().max(1));
        scene.text((LEFT, 12), Anchor::Start, TYPE, Ink::Muted, "connections");
        for (column, connections) in self.connections.iter().enumerate() {
            let x = LEFT + column as i32 * size.0 + size.0 / 2;
            scene.bold((x, TOP - 12), Anchor::Middle, TYPE, Ink::Text, connections.to_string());
        }
        for (index, row) in self.rows.iter().enumerate() {
            let top = TOP + index as i32 * size.1;
            let lines: Vec<&String> = row.lines.iter().filter(|line| !line.is_empty()).collect();
            for (line, text) in lines.iter().enumerate() {
                let y = top + size.1 / 2 - 7 * (lines.len() as i32 - 1) + line as i32 * 14;
                scene.text((0, y), Anchor::Start, TYPE - 1, Ink::Text, fitted(text, LEFT - 4, TYPE - 1));
            }
            for (column, comparison) in row.cells.iter().enumerate() {
                let Some(comparison) = comparison else { continue };
                let at = (LEFT + column as i32 * size.0, top);
                draw_ground(&mut scene, at, size, comparison);
                if self.is_compact() {
                    write_compact(&mut scene, at, comparison);
                } else {
                    write_roomy(&mut scene, at, comparison);
                }
            }
        }
        scene
    }
}

fn draw_ground(scene: &mut Scene, (x, y): (i32, i32), size: (i32, i32), comparison: &Comparison<'_>) {
    const GAP: i32 = 2;
    let (at, size) = ((x + GAP / 2, y + GAP / 2), (size.0 - GAP, size.1 - GAP));
    scene.area(at, size, ground(comparison));
    if comparison.includes_equal() {
        scene.hatch(at, size, Ink::Hatch);
    }
}

fn write_roomy(scene: &mut Scene, (x, y): (i32, i32), comparison: &Comparison<'_>) {
    let middle = x + ROOMY.0 / 2;
    let verdict = match comparison.verdict {
        Verdict::Tie if comparison.is_by_construction() => "tie by design".into(),
        verdict => verdict.to_string(),
    };
    scene.text((middle, y + 15), Anchor::Middle, TYPE, Ink::Text, verdict);
    scene.bold((middle, y + 34), Anchor::Middle, TYPE + 4, Ink::Text, change(comparison));
    let interval = comparison.interval().map_or_else(|| "no interval".into(), number::interval);
    scene.text((middle, y + 51), Anchor::Middle, TYPE - 1, Ink::Text, interval);
}

fn write_compact(scene: &mut Scene, (x, y): (i32, i32), comparison: &Comparison<'_>) {
    let middle = x + COMPACT.0 / 2;
    let text = format!("{} {}", letter(comparison), change(comparison));
    scene.bold((middle, y + 11), Anchor::Middle, TYPE - 1, Ink::Text, text);
    let interval = comparison.interval().map_or_else(|| "no interval".into(), short);
    let interval = fitted(&interval, COMPACT.0, TYPE - 2);
    scene.text((middle, y + 23), Anchor::Middle, TYPE - 2, Ink::Text, interval);
}

/// An interval in a dozen characters: one of small ratios by what divides.
fn short(interval: Interval) -> String {
    if interval.hi < 0.1 && interval.lo > 0.0 {
        return format!("÷{}–÷{}", number::plain(1.0 / interval.lo), number::plain(1.0 / interval.hi));
    }
    number::interval(interval)
}

/// What stands for a verdict in a compact cell; [`reading`] explains it.
fn letter(comparison: &Comparison<'_>) -> &'static str {
    match comparison.verdict {
        Verdict::AsyncWins => "A",
        Verdict::SyncWins => "S",
        Verdict::Tie if comparison.is_by_construction() => "≡",
        Verdict::Tie => "=",
        Verdict::CannotTell => "?",
        Verdict::Invalid => "×",
    }
}

fn change(comparison: &Comparison<'_>) -> String {
    comparison.ratio().map_or_else(|| number::NO_DATA.into(), number::ratio)
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
pub fn reading(metric: Metric, compact: bool) -> String {
    let better = if metric.more_is_better() {
        "more is better, so that more than 1 favours async"
    } else {
        "less is better, so that less than 1 favours async"
    };
    let verdict = if compact {
        "the verdict (A async wins, S sync wins, = tie, ≡ tie by design, ? cannot tell, × invalid)"
    } else {
        "the verdict"
    };
    format!(
        "Each cell: {verdict}, async ÷ sync ({better}), and its 95\u{a0}% interval. \
         Orange: async wins; blue: sync wins; grey: nobody does. Hatched: the interval includes 1."
    )
}
