//! Seeded blocks with a known truth.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use reports_stats::effect::Pair;

/// A source of simulated measurements; the same seed gives the same ones.
pub(crate) struct Simulation(ChaCha8Rng);

impl Simulation {
    /// Starts over with `seed`, and prints it for the case that a test fails.
    pub(crate) fn new(seed: u64) -> Self {
        println!("seed {seed}");
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Evenly from the open interval 0–1.
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Exponential with mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    /// Standard normal (Box and Muller, 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Blocks whose log ratios are normal around `truth` with standard deviation `sd`; the two
    /// values of a block share a larger noise of the block's own, as on a machine that drifts.
    pub(crate) fn blocks(&mut self, count: usize, truth: f64, sd: f64) -> Vec<Pair> {
        self.blocks_of(count, truth, |simulation| sd * simulation.normal())
    }

    /// As [`Simulation::blocks`], with log ratios scattered by `noise`.
    pub(crate) fn blocks_of(
        &mut self,
        count: usize,
        truth: f64,
        noise: impl Fn(&mut Self) -> f64,
    ) -> Vec<Pair> {
        (0..count)
            .map(|_| {
                let sync = 10_000.0 * (0.3 * self.normal()).exp();
                Pair { sync, r#async: sync * (truth + noise(self)).exp() }
            })
            .collect()
    }
}
