//! The one clock of a measurement.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// An instant of a measurement: nanoseconds since its clock was made.
///
/// Half the size of an `Instant` and cheaper to subtract, which the hot path does several times a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Moment(u64);

impl Moment {
    /// Later than anything that happens.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    pub(crate) fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(crate) fn as_nanos(self) -> u64 {
        self.0
    }

    /// Time since `earlier`; zero if that is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This moment less `span`, at least the clock's beginning.
    pub(crate) fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// This moment and `span` more, at most [`Moment::NEVER`].
    pub(crate) fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// Monotonic; steps of the wall clock do not reach it. All threads of a measurement share one.
///
/// Not an `Instant`, whose differences are checked and split into seconds and nanoseconds: twice a request that is a
/// measurable part of what a request costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    epoch_ns: u64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { epoch_ns: monotonic_ns() }
    }

    pub(crate) fn now(self) -> Moment {
        Moment(monotonic_ns() - self.epoch_ns)
    }

    /// The moment of a [`monotonic_ns`]; the beginning if that was before.
    pub(crate) fn at(self, monotonic_ns: u64) -> Moment {
        Moment(monotonic_ns.saturating_sub(self.epoch_ns))
    }
}

/// Nanoseconds since boot: 64 bits hold five centuries of them.
pub(crate) fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("Linux has a monotonic clock");
    now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64
}
