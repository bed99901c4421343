//! Cells that differ along one axis only: connections at one wait, or body sizes under the same flags.

use reports_record::Cell;

use super::verdicts::Verdicts;

/// Numbers of connections that make a figure.
const CONNECTIONS: usize = 3;

/// The wait that is preferred where several were measured equally often, milliseconds.
const PREFERRED_MS: f64 = 1.0;

/// Cells along an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Along<'a> {
    /// Any of the cells, for what they share.
    pub shared: &'a Cell,
    /// Place on the axis and the cell's index, ascending.
    pub cells: Vec<(f64, usize)>,
}

/// The wait measured at the most numbers of connections, 1 ms among equals; `None` below three numbers.
#[must_use]
pub fn connections<'a>(verdicts: &Verdicts<'a>) -> Option<Along<'a>> {
    let waits = verdicts.judged_cells().filter(|(_, cell)| cell.family == "wait" && cell.flags.is_empty());
    let groups = grouped(
        waits,
        |one, other| one.wait_ms == other.wait_ms && one.rounds == other.rounds,
        |cell| f64::from(cell.connections),
    );
    let rank = |group: &Along<'_>| (group.cells.len(), group.shared.wait_ms == PREFERRED_MS);
    groups.into_iter().filter(|group| group.cells.len() >= CONNECTIONS).max_by_key(|group| rank(group))
}

/// Body sizes, a group for each family, flags and number of connections; two sizes at least.
#[must_use]
pub fn bodies<'a>(verdicts: &Verdicts<'a>) -> Vec<Along<'a>> {
    let bodies = verdicts.judged_cells().filter(|(_, cell)| cell.bytes > 0);
    let same = |one: &Cell, other: &Cell| {
        (&one.family, &one.flags, one.connections) == (&other.family, &other.flags, other.connections)
    };
    let mut groups = grouped(bodies, same, |cell| f64::from(cell.bytes));
    groups.retain(|group| group.cells.len() >= 2);
    groups
}

fn grouped<'a>(
    cells: impl Iterator<Item = (usize, &'a Cell)>,
    same: impl Fn(&Cell, &Cell) -> bool,
    place: impl Fn(&Cell) -> f64,
) -> Vec<Along<'a>> {
    let mut groups: Vec<Along<'a>> = Vec::new();
    for (index, cell) in cells {
        match groups.iter_mut().find(|group| same(group.shared, cell)) {
            Some(group) => group.cells.push((place(cell), index)),
            None => groups.push(Along { shared: cell, cells: vec![(place(cell), index)] }),
        }
    }
    for group in &mut groups {
        group.cells.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        group.cells.dedup_by(|(later, _), (earlier, _)| later == earlier);
    }
    groups
}
