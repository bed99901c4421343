//! Which cells are measured, and the crossovers that the prototype found.

use std::time::Duration;

/// A wait and a number of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) wait: Duration,
    /// Of a closed loop; of an open one too, where arrivals need not find one free.
    pub(crate) connections: u32,
}

/// A cell in which the rate is looked for from which tasks cost less.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ladder {
    pub(crate) cell: Cell,
    /// Requests per second, ascending, none of them near connections ÷ wait.
    pub(crate) rates: &'static [u32],
    /// Where the prototype found it: 12 blocks on a quiet two-core virtual machine.
    pub(crate) prototype: &'static str,
}

const fn cell(wait_ms: u64, connections: u32) -> Cell {
    Cell { wait: Duration::from_millis(wait_ms), connections }
}

/// Cells whose closed loops leave both contenders time to spare; a saturated loop serves batches under any load.
pub(crate) const COMPARED: [Cell; 4] = [cell(1, 8), cell(1, 16), cell(10, 64), cell(10, 128)];

/// The prototype's cells.
pub(crate) const LADDERS: [Ladder; 4] = [
    Ladder {
        cell: cell(1, 64),
        rates: &[4_000, 12_000, 20_000, 24_000, 28_000, 32_000],
        prototype: "26,000 to 29,000",
    },
    Ladder {
        cell: cell(1, 512),
        rates: &[4_000, 8_000, 12_000, 16_000, 20_000, 24_000],
        prototype: "13,000 to 15,000",
    },
    Ladder { cell: cell(10, 64), rates: &[1_000, 3_000, 5_000], prototype: "none: threads cost less" },
    Ladder {
        cell: cell(10, 512),
        rates: &[1_000, 2_000, 4_000, 8_000, 12_000, 16_000, 20_000],
        prototype: "10,000 to 12,000",
    },
];

impl Cell {
    /// Its columns in a table: wait, connections.
    pub(crate) fn columns(&self) -> [String; 2] {
        [format!("{} ms", self.wait.as_millis()), self.connections.to_string()]
    }
}
