//! What a cell asks for, apart from how many ask for it.

use reports_record::Cell;

use crate::number;

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

/// The same in one line.
#[must_use]
pub fn name(cell: &Cell) -> String {
    let [first, second] = lines(cell);
    if second.is_empty() { first } else { format!("{first}, {second}") }
}
