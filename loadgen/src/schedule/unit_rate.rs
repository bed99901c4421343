//! Starts of one request per second, from which every other rate is made.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use reports_record::Arrivals;

/// Constant: 0, 1, 2 …; Poisson: sums of independent exponential gaps with mean 1, drawn by inversion (Devroye,
/// *Non-Uniform Random Variate Generation*, 1986, §II.2) from ChaCha8, whose stream is the same on every machine.
#[derive(Debug, Clone)]
pub(super) enum UnitRate {
    Constant { next_index: u64 },
    Poisson { random: Box<ChaCha8Rng>, elapsed: f64 },
}

impl UnitRate {
    pub(super) fn new(arrivals: Arrivals, seed: u64) -> Self {
        match arrivals {
            Arrivals::Constant => Self::Constant { next_index: 0 },
            Arrivals::Poisson => {
                Self::Poisson { random: Box::new(ChaCha8Rng::seed_from_u64(seed)), elapsed: 0.0 }
            }
        }
    }

    /// The next start, in mean gaps since the beginning.
    pub(super) fn next(&mut self) -> f64 {
        match self {
            Self::Constant { next_index } => {
                *next_index += 1;
                (*next_index - 1) as f64
            }
            Self::Poisson { random, elapsed } => {
                // 53 bits, the most a double holds, in [0, 1); 1 − u is never 0, so the logarithm is finite.
                let uniform = (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
                *elapsed -= (1.0 - uniform).ln();
                *elapsed
            }
        }
    }

    /// Leaves `count` starts out.
    pub(super) fn skip(&mut self, count: u64) {
        match self {
            Self::Constant { next_index } => *next_index += count,
            Self::Poisson { .. } => (0..count).for_each(|_| {
                self.next();
            }),
        }
    }
}
