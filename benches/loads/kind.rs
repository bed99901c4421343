//! The loads under which a cell is measured.

use crate::ratio::Ratio;

/// A kind of load: who sends a request, and over which connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A closed loop whose waits are drawn around the cell's own.
    Drawn,
    /// A closed loop whose connections all wait for the same time.
    LockStep,
    /// Poisson arrivals at the rate of the drawn waits; of the free connections the most recently used is next, as in the pools of HTTP
    /// clients.
    Pool,
    /// Poisson arrivals at the same rate; the connection that has been free longest is next, as with many users.
    InTurn,
}

impl Kind {
    /// In the order of measuring.
    pub(crate) const ALL: [Self; 4] = [Self::Drawn, Self::LockStep, Self::Pool, Self::InTurn];

    /// Its name in a table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Drawn => "closed, drawn waits",
            Self::LockStep => "closed, in lock step",
            Self::Pool => "Poisson, a pool's connections",
            Self::InTurn => "Poisson, connections in turn",
        }
    }
}

/// A block's ratios under all loads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratios([Ratio; Kind::ALL.len()]);

impl Ratios {
    /// In the order of [`Kind::ALL`].
    pub(crate) fn new(ratios: [Ratio; Kind::ALL.len()]) -> Self {
        Self(ratios)
    }

    /// Under one load.
    pub(crate) fn under(&self, kind: Kind) -> Ratio {
        self.0[kind as usize]
    }
}
