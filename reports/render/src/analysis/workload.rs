//! What a cell asks for, apart from how many ask for it.

use reports_record::Cell;

use super::verdicts::Verdicts;
use crate::{label, number};

/// The judged cells of one workload.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The workload in words.
    pub name: String,
    /// Whether a body of some size is sent or taken.
    pub has_body: bool,
    /// Connections and the cell's index, ascending.
    pub cells: Vec<(f64, usize)>,
}

/// The judged cells by workload, in the order of the experiment.
#[must_use]
pub fn groups(verdicts: &Verdicts<'_>) -> Vec<Group> {
    let mut groups: Vec<(&Cell, Vec<(f64, usize)>)> = Vec::new();
    for (index, cell) in verdicts.judged_cells() {
        let place = (f64::from(cell.connections), index);
        match groups.iter_mut().find(|(first, _)| is_same(first, cell)) {
            Some((_, cells)) => cells.push(place),
            None => groups.push((cell, vec![place])),
        }
    }
    let group = |(first, mut cells): (&Cell, Vec<(f64, usize)>)| {
        cells.sort_by(|one, other| one.0.total_cmp(&other.0));
        Group { name: name(first), has_body: first.bytes > 0, cells }
    };
    groups.into_iter().map(group).collect()
}

/// Whether a closed loop of this cell measures a round trip rather than a capacity: with one connection, no wait and no work, one side is
/// idle while the other has the request, and neither is busy.
#[must_use]
pub fn is_round_trip(cell: &Cell) -> bool {
    cell.connections == 1 && cell.wait_ms == 0.0 && cell.rounds == 0
}

/// Whether two cells ask for the same and differ at most in connections and offered load.
#[must_use]
pub fn is_same(one: &Cell, other: &Cell) -> bool {
    (&one.method, &one.target, one.bytes, &one.flags)
        == (&other.method, &other.target, other.bytes, &other.flags)
}

/// A workload in two short lines: what is waited for or moved, what is computed or set.
#[must_use]
pub fn lines(cell: &Cell) -> [String; 2] {
    let first = match (cell.bytes, cell.wait_ms > 0.0) {
        _ if cell.waits_on_a_socket() => format!("upstream {} ms", cell.wait_ms),
        (0, true) => format!("wait {} ms", cell.wait_ms),
        (0, false) => "no wait".into(),
        (bytes, _) => format!("{} {bytes} B", cell.family),
    };
    let flags: Vec<&str> = cell.flags.iter().map(|flag| flag.trim_start_matches('-')).collect();
    let second = match (cell.rounds, flags.is_empty()) {
        (0, true) => String::new(),
        (0, false) => flags.join(" "),
        (rounds, _) => format!("{} rounds", number::count(rounds as usize)),
    };
    [first, second]
}

/// A cell as a reader knows it: the workload and how many connections ask for it.
#[must_use]
pub fn cell_name(cell: &Cell) -> String {
    label::name(&format!("{}, {}", name(cell), number::counted(cell.connections as usize, "connection")))
}

/// The same of the cell that a record knows by `id`; `id` itself where it names none.
#[must_use]
pub fn cell_called(cells: &[Cell], id: &str) -> String {
    cells.iter().find(|cell| cell.name == id).map_or_else(|| label::name(id), cell_name)
}

/// A workload in one line.
#[must_use]
pub fn name(cell: &Cell) -> String {
    let [first, second] = lines(cell);
    if second.is_empty() { first } else { format!("{first}, {second}") }
}
