//! Timing operations one by one, or in batches where one is too short for the clock.

use std::time::Instant;

use crate::cost::{Cost, Stopwatch, Threads};

/// Operations timed together where reading the clock, some 25 ns, would weigh as much as one of them.
pub(crate) const BATCH: u32 = 256;

/// Readings of one call of a bench: the cost of all operations together, and the times of single ones or batches.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// The cost.
    pub(crate) cost: Cost,
    /// Samples in the bench's own unit, in no order.
    pub(crate) samples: Vec<u64>,
}

impl Turn {
    /// Operations whose mean is the only sample.
    pub(crate) fn of_mean(cost: Cost, operations: u64) -> Self {
        Self { samples: vec![(cost.value / operations as f64) as u64], cost }
    }
}

/// Times operations in batches; what is left at the end costs, but is no sample.
#[derive(Debug)]
pub(crate) struct Batches {
    size: u32,
    samples: Vec<u64>,
    watch: Stopwatch,
    batch_begun: Instant,
    in_batch: u32,
}

impl Batches {
    /// The clock starts now; `size` operations are one sample.
    pub(crate) fn start(size: u32) -> Self {
        let samples = Vec::with_capacity(1024);
        let watch = Stopwatch::start(Threads::All);
        Self { size, samples, watch, batch_begun: Instant::now(), in_batch: 0 }
    }

    /// One operation is done.
    pub(crate) fn done(&mut self) {
        self.in_batch += 1;
        if self.in_batch == self.size {
            let now = Instant::now();
            self.samples.push(u64::try_from((now - self.batch_begun).as_nanos()).unwrap_or(u64::MAX));
            (self.batch_begun, self.in_batch) = (now, 0);
        }
    }

    /// Everything since the start.
    pub(crate) fn stop(self) -> Turn {
        Turn { cost: self.watch.stop(), samples: self.samples }
    }
}

/// Times `iterations` of `operation`, `size` of them together.
pub(crate) fn batches(iterations: u64, size: u32, mut operation: impl FnMut()) -> Turn {
    let mut batches = Batches::start(size);
    for _ in 0..iterations {
        operation();
        batches.done();
    }
    batches.stop()
}

/// As [`batches`], of an operation that awaits.
pub(crate) async fn batches_awaited<F: Future<Output = ()> + Send>(
    iterations: u64,
    size: u32,
    mut operation: impl FnMut() -> F + Send,
) -> Turn {
    let mut batches = Batches::start(size);
    for _ in 0..iterations {
        operation().await;
        batches.done();
    }
    batches.stop()
}

/// The time since `begun`, as a sample.
pub(crate) fn nanoseconds(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
