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
    /// Poisson arrivals as the open loops of a run have them: waits drawn likewise, a client that sleeps, and of the free connections the
    /// one that has been free longest is next.
    AsInRuns,
    /// The same with one wait for all requests, the cell's own: those that are sent together are then answered together.
    OneWait,
}

impl Kind {
    /// In the order of measuring.
    pub(crate) const ALL: [Self; 5] =
        [Self::Drawn, Self::LockStep, Self::OnTime, Self::AsInRuns, Self::OneWait];

    /// Its name in a table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Drawn => "closed, drawn waits",
            Self::LockStep => "closed, in lock step",
            Self::OnTime => "Poisson, drawn waits",
            Self::AsInRuns => "Poisson, as in runs",
            Self::OneWait => "Poisson, one wait",
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
