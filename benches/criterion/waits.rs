//! The waits of a bench: all alike, or drawn as a run's closed loop draws them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use benches::drawn;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// The mean of all waits.
pub(crate) const WAIT: Duration = Duration::from_millis(1);

/// The coefficient of variation of drawn waits: that of the experiments `quick` and `grid`.
pub(crate) const SPREAD: f64 = 0.5;

/// Seed of what is drawn: the same in each invocation, and on both sides.
pub(crate) const SEED: u64 = 1;

/// The way of one waiting thread or task through the waits, without end.
#[derive(Debug, Clone)]
pub(crate) struct Waits {
    all: Arc<[Duration]>,
    at: usize,
    /// Odd, so that a walk comes by each of a power of two.
    step: usize,
}

impl Waits {
    /// [`WAIT`] each time: those that begin together end together.
    pub(crate) fn alike() -> Self {
        Self { all: Arc::new([WAIT]), at: 0, step: 1 }
    }

    /// Drawn around [`WAIT`]: those that begin together are soon out of step.
    pub(crate) fn drawn() -> Self {
        Self { all: drawn::waits(WAIT, SPREAD).into(), at: 0, step: 1 }
    }

    /// The same for the member of a crowd with this number, in an order of its own.
    pub(crate) fn of(&self, number: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(SEED);
        random.set_stream(number);
        let mut below = || random.next_u32() as usize % self.all.len();
        Self { all: Arc::clone(&self.all), at: below(), step: below() | 1 }
    }

    /// The same for each member of a crowd of `count`.
    pub(crate) fn of_each(&self, count: u64) -> Vec<Self> {
        (0..count).map(|number| self.of(number)).collect()
    }

    /// The next wait.
    pub(crate) fn draw(&mut self) -> Duration {
        self.at = (self.at + self.step) % self.all.len();
        self.all[self.at]
    }
}

/// Holds walks to their promise: each wait once a round, in an order of its own for each member.
///
/// # Errors
/// When a walk leaves out a wait, two members keep in step, or waits that are alike differ.
pub(crate) fn test() -> anyhow::Result<()> {
    let drawn = Waits::drawn();
    let round = |number| {
        let mut own = drawn.of(number);
        drawn.all.iter().map(|_| own.draw()).collect::<Vec<_>>()
    };
    for number in 0..64 {
        let mut found = round(number);
        ensure!(found != round(number + 1), "members {number} and {} keep in step", number + 1);
        found.sort();
        ensure!(found[..] == drawn.all[..], "member {number} leaves out a wait in {found:?}");
    }
    let mut alike = Waits::alike().of(3);
    ensure!((0..4).all(|_| alike.draw() == WAIT), "waits that are all alike differ");
    Ok(())
}
