//! The connections and the threads that serve them.

use std::ops::RangeInclusive;
use std::time::Duration;

use nix::sched::CpuSet;

use crate::Load;
use crate::span::show_span;

/// How many connections, on how many threads, where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crew {
    /// Connections held open, at the most where they are opened on demand; shared out evenly among the threads.
    pub connections: u32,
    /// Connections beside them that stand and say nothing.
    pub idle: u32,
    /// Connections beside them that send `GET`s of the same URL, a byte every 100 ms, and read the replies.
    pub slow: u32,
    /// Client threads, each with a runtime and a share of the connections; they share one schedule.
    pub threads: u32,
    /// CPUs that the threads are bound to, in turn; none: wherever the kernel puts them.
    pub pins: Vec<usize>,
    /// How long opening one connection may take.
    pub connect_timeout: Duration,
    /// When connections are opened, and which of those that are free is used next.
    pub pool: Pool,
}

/// When connections are opened, and which of those that are free is used next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pool {
    /// All are opened before anything is measured, and the one that has been free longest is used next: each connection is
    /// a user of its own.
    #[default]
    All,
    /// A connection is opened when a request finds none free, up to the number of connections; of those that are free the
    /// most recently used is next, as in the pools of HTTP clients.
    ///
    /// The time that opening takes is part of that request's response time. In a closed loop every user opens a connection
    /// with the first request.
    OnDemand,
}

/// A [`Crew`] that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrewError {
    /// Too many or none.
    #[error("connections: found {0}, expected 1 to 100000")]
    Connections(u32),
    /// Too many beside the measured ones.
    #[error("{0} connections: found {1}, expected 0 to 100000")]
    Bystanders(&'static str, u32),
    /// Too many, none, or more than there are connections.
    #[error("threads: found {threads}, expected 1 to 256 and no more than the {connections} connections")]
    Threads {
        /// Threads asked for.
        threads: u32,
        /// Connections asked for.
        connections: u32,
    },
    /// More CPUs than threads: the rest would have no effect.
    #[error("pins: found {pins} CPUs for {threads} threads, expected no more CPUs than threads")]
    Pins {
        /// CPUs named.
        pins: usize,
        /// Threads asked for.
        threads: u32,
    },
    /// A CPU number beyond what the system knows.
    #[error("pins: found CPU {0}, expected 0 to {max}", max = CpuSet::count() - 1)]
    Cpu(usize),
    /// Too long or none.
    #[error("connect time-out: found {found}, expected 1ms to 1h", found = show_span(*.0))]
    ConnectTimeout(Duration),
}

impl Default for Crew {
    /// One connection on one thread, wherever the kernel puts it.
    fn default() -> Self {
        Self {
            connections: 1,
            idle: 0,
            slow: 0,
            threads: 1,
            pins: Vec::new(),
            connect_timeout: Duration::from_secs(2),
            pool: Pool::All,
        }
    }
}

impl Crew {
    /// Allowed numbers of connections: beyond the top, one address has no local ports left.
    pub const CONNECTIONS: RangeInclusive<u32> = 1..=100_000;
    /// Allowed numbers of threads.
    pub const THREADS: RangeInclusive<u32> = 1..=256;

    /// Holds every part to its range.
    ///
    /// # Errors
    /// The first part outside it.
    pub fn validate(&self) -> Result<(), CrewError> {
        let Self { connections, idle, slow, threads, ref pins, connect_timeout, pool: _ } = *self;
        if !Self::CONNECTIONS.contains(&connections) {
            return Err(CrewError::Connections(connections));
        }
        for (what, bystanders) in [("idle", idle), ("slow", slow)] {
            if bystanders > *Self::CONNECTIONS.end() {
                return Err(CrewError::Bystanders(what, bystanders));
            }
        }
        if !Self::THREADS.contains(&threads) || threads > connections {
            return Err(CrewError::Threads { threads, connections });
        }
        if pins.len() > threads as usize {
            return Err(CrewError::Pins { pins: pins.len(), threads });
        }
        if let Some(cpu) = pins.iter().find(|cpu| **cpu >= CpuSet::count()) {
            return Err(CrewError::Cpu(*cpu));
        }
        if !Load::TIMEOUT.contains(&connect_timeout) {
            return Err(CrewError::ConnectTimeout(connect_timeout));
        }
        Ok(())
    }

    /// Connections of thread `index`.
    pub(crate) fn share(&self, index: u32) -> u32 {
        self.connections / self.threads + u32::from(index < self.connections % self.threads)
    }

    /// The CPU of thread `index`.
    pub(crate) fn pin(&self, index: u32) -> Option<usize> {
        (!self.pins.is_empty()).then(|| self.pins[index as usize % self.pins.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_has_a_thread() {
        for (connections, threads) in [(1, 1), (7, 3), (64, 2), (5, 5)] {
            let crew = Crew { connections, threads, ..Crew::default() };
            assert_eq!((0..threads).map(|index| crew.share(index)).sum::<u32>(), connections);
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let wrong = [
            Crew { connections: 0, ..Crew::default() },
            Crew { idle: 100_001, ..Crew::default() },
            Crew { slow: 100_001, ..Crew::default() },
            Crew { connections: 2, threads: 3, ..Crew::default() },
            Crew { pins: vec![0, 1], ..Crew::default() },
            Crew { pins: vec![1 << 20], ..Crew::default() },
            Crew { connect_timeout: Duration::ZERO, ..Crew::default() },
        ];
        for crew in wrong {
            assert!(crew.validate().is_err(), "{crew:?}");
        }
        assert_eq!(Crew::default().validate(), Ok(()));
    }
}
