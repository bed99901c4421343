//! How far a measurement has come, for those who watch it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Moment;

/// How far a measurement has come. Counts lag by up to 20 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Since the schedule began, warm-up included.
    pub elapsed: Duration,
    /// Whether the warm-up is over.
    pub measuring: bool,
    /// Whole replies so far, right or wrong, warm-up included.
    pub replies: u64,
    /// Requests so far that ended in anything but a correct reply, warm-up included.
    pub failed: u64,
    /// Requests in flight.
    pub in_flight: u64,
    /// Connections of a closed loop whose first request has not ended.
    pub waiting: u64,
}

/// One client thread's counts; written by it alone a few dozen times a second, never in the hot path.
#[derive(Debug)]
pub(crate) struct Gauges {
    pub(crate) replies: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) in_flight: AtomicU64,
    waiting: AtomicU64,
    /// Nanoseconds that the replies so far took, added up.
    service_ns: AtomicU64,
    /// Nanoseconds of the moment at which the thread last had a connection.
    connected_at: AtomicU64,
    /// The same of the latest [`Sign`].
    seen: AtomicU64,
    looks_by: AtomicU64,
    is_done: AtomicBool,
}

/// A thread's sign that it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sign {
    /// When it was given.
    pub(crate) seen: Moment,
    /// When the thread looks at the clock again at the latest, if it runs; [`Moment::NEVER`] before and after its measurement.
    pub(crate) looks_by: Moment,
}

impl Default for Gauges {
    /// Of a thread that has not looked at its connections yet.
    fn default() -> Self {
        Self {
            replies: AtomicU64::default(),
            failed: AtomicU64::default(),
            in_flight: AtomicU64::default(),
            waiting: AtomicU64::new(u64::MAX),
            service_ns: AtomicU64::default(),
            connected_at: AtomicU64::default(),
            seen: AtomicU64::default(),
            looks_by: AtomicU64::new(Moment::NEVER.as_nanos()),
            is_done: AtomicBool::default(),
        }
    }
}

impl Gauges {
    /// Connections whose first request has not ended.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(crate) fn wait_for(&self, connections: u64) {
        self.waiting.store(connections, Ordering::Relaxed);
    }

    pub(crate) fn connected_at(&self) -> Moment {
        Moment::from_nanos(self.connected_at.load(Ordering::Relaxed))
    }

    pub(crate) fn connected(&self, at: Moment) {
        self.connected_at.store(at.as_nanos(), Ordering::Relaxed);
    }

    /// The latest sign that the thread runs.
    pub(crate) fn sign(&self) -> Sign {
        // The later store first: of two signs the newer `looks_by` never meets the older `seen`.
        let looks_by = Moment::from_nanos(self.looks_by.load(Ordering::Acquire));
        Sign { seen: Moment::from_nanos(self.seen.load(Ordering::Relaxed)), looks_by }
    }

    pub(crate) fn give(&self, sign: Sign) {
        self.seen.store(sign.seen.as_nanos(), Ordering::Relaxed);
        self.looks_by.store(sign.looks_by.as_nanos(), Ordering::Release);
    }

    /// Whether the thread has nothing more to start, and nothing in flight.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Relaxed)
    }

    pub(crate) fn done(&self, is_done: bool) {
        self.is_done.store(is_done, Ordering::Relaxed);
    }

    /// How long the replies so far took, added up.
    pub(crate) fn service(&self) -> Duration {
        Duration::from_nanos(self.service_ns.load(Ordering::Relaxed))
    }

    pub(crate) fn publish_service(&self, service: Duration) {
        self.service_ns.store(u64::try_from(service.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn publish(&self, replies: u64, failed: u64, in_flight: u64) {
        self.replies.store(replies, Ordering::Relaxed);
        self.failed.store(failed, Ordering::Relaxed);
        self.in_flight.store(in_flight, Ordering::Relaxed);
    }
}

impl Progress {
    pub(crate) fn sum<'a>(
        elapsed: Duration,
        measuring: bool,
        threads: impl Iterator<Item = &'a Gauges>,
    ) -> Self {
        let mut sum = Self { elapsed, measuring, replies: 0, failed: 0, in_flight: 0, waiting: 0 };
        for gauges in threads {
            sum.replies += gauges.replies.load(Ordering::Relaxed);
            sum.failed += gauges.failed.load(Ordering::Relaxed);
            sum.in_flight += gauges.in_flight.load(Ordering::Relaxed);
            sum.waiting = sum.waiting.saturating_add(gauges.waiting());
        }
        sum
    }
}
