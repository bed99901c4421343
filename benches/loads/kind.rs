//! The loads under which a cell is measured.

use crate::ratio::Ratio;

/// A kind of load: who sends a request, and over which connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A closed loop whose waits are drawn around the cell's own.
    Drawn,
    /// A closed loop whose connections all wait for the same time.
    LockStep,
    /// Poisson arrivals at the same rate, with waits drawn likewise and a client that spins, so that each start is in its place; of the
    /// free connections the most recently used is next, as in the pools of HTTP clients.
    OnTime,
    /// The same with a client that sleeps until a start is due, and sends together what fell due while it woke.
    Bunched,
    /// Poisson arrivals as the open loops of a run have them: the client sleeps, all requests ask for the cell's own wait, and the
    /// connection that has been free longest is next.
    AsInRuns,
}

impl Kind {
    /// In the order of measuring.
    pub(crate) const ALL: [Self; 5] =
        [Self::Drawn, Self::LockStep, Self::OnTime, Self::Bunched, Self::AsInRuns];

    /// Its name in a table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Drawn => "closed, drawn waits",
            Self::LockStep => "closed, in lock step",
            Self::OnTime => "Poisson, drawn waits",
            Self::Bunched => "Poisson, drawn waits, client sleeps",
            Self::AsInRuns => "Poisson, one wait, client sleeps",
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
