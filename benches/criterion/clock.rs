//! Timing operations one by one, or in batches where one is too short for the clock.

use std::time::{Duration, Instant};

use crate::kept::Samples;

/// Operations timed together where reading the clock, some 25 ns, would weigh as much as one of them.
pub(crate) const BATCH: u32 = 256;

/// Times `iterations` of `operation`, each by itself; gives their sum.
pub(crate) fn each(iterations: u64, samples: &mut Samples, mut operation: impl FnMut()) -> Duration {
    let mut sum = Duration::ZERO;
    for _ in 0..iterations {
        let begun = Instant::now();
        operation();
        sum += samples.time(begun.elapsed());
    }
    sum
}

/// As [`each`], of an operation that awaits.
pub(crate) async fn each_awaited(
    iterations: u64,
    samples: &mut Samples,
    mut operation: impl AsyncFnMut(),
) -> Duration {
    let mut sum = Duration::ZERO;
    for _ in 0..iterations {
        let begun = Instant::now();
        operation().await;
        sum += samples.time(begun.elapsed());
    }
    sum
}

/// Cuts a stream of operations into batches of [`BATCH`]; what is left at the end counts, but is no sample.
#[derive(Debug)]
pub(crate) struct Batches<'a> {
    samples: &'a mut Samples,
    begun: Instant,
    batch_begun: Instant,
    in_batch: u32,
}

impl<'a> Batches<'a> {
    /// The clock starts now.
    pub(crate) fn start(samples: &'a mut Samples) -> Self {
        let now = Instant::now();
        Self { samples, begun: now, batch_begun: now, in_batch: 0 }
    }

    /// One operation is done.
    pub(crate) fn done(&mut self) {
        self.in_batch += 1;
        if self.in_batch == BATCH {
            let now = Instant::now();
            self.samples.time(now - self.batch_begun);
            (self.batch_begun, self.in_batch) = (now, 0);
        }
    }

    /// Time since the start.
    pub(crate) fn stop(self) -> Duration {
        self.begun.elapsed()
    }
}

/// Times `iterations` of `operation` in batches; gives the time of all.
pub(crate) fn batches(iterations: u64, samples: &mut Samples, mut operation: impl FnMut()) -> Duration {
    let mut batches = Batches::start(samples);
    for _ in 0..iterations {
        operation();
        batches.done();
    }
    batches.stop()
}
