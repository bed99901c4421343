//! When requests are meant to start.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use reports_record::Arrivals;

use crate::Rate;

/// Intended starts as offsets from the schedule's beginning, without end.
///
/// Pure: no clock, no sleeping; the same rate, arrivals and seed give the same starts. Non-decreasing. An iterator and
/// not a list, so that memory does not grow with the number of requests. Starts never shift to follow a slow server:
/// that shift is coordinated omission.
///
/// Constant arrivals start at 0, 1/rate, 2/rate …, each computed from its index so that rounding does not add up.
/// Poisson arrivals are sums of independent exponential gaps, drawn by inversion (Devroye, *Non-Uniform Random Variate
/// Generation*, 1986, §II.2) from ChaCha8, whose stream is the same on every machine.
#[derive(Debug, Clone)]
pub struct Schedule {
    rate: Rate,
    gaps: Gaps,
}

#[derive(Debug, Clone)]
enum Gaps {
    Constant { next_index: u64 },
    Poisson { random: Box<ChaCha8Rng>, elapsed_s: f64 },
}

impl Schedule {
    /// The schedule of `rate`; constant arrivals do not look at `seed`.
    #[must_use]
    pub fn new(rate: Rate, arrivals: Arrivals, seed: u64) -> Self {
        let gaps = match arrivals {
            Arrivals::Constant => Gaps::Constant { next_index: 0 },
            Arrivals::Poisson => {
                Gaps::Poisson { random: Box::new(ChaCha8Rng::seed_from_u64(seed)), elapsed_s: 0.0 }
            }
        };
        Self { rate, gaps }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let offset_s = match &mut self.gaps {
            Gaps::Constant { next_index } => {
                let index = *next_index;
                *next_index += 1;
                index as f64 / self.rate.get()
            }
            Gaps::Poisson { random, elapsed_s } => {
                // 53 bits, the most a double holds, in [0, 1); 1 − u is never 0, so the logarithm is finite.
                let uniform = (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
                *elapsed_s -= (1.0 - uniform).ln() / self.rate.get();
                *elapsed_s
            }
        };
        // A double holds nanoseconds exactly for 104 days, and longer than a run for the rest.
        Some(Duration::from_nanos((offset_s * 1e9).round() as u64))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(per_second: f64) -> Rate {
        Rate::per_second(per_second).unwrap()
    }

    #[test]
    fn constant_starts_are_equally_spaced_and_do_not_drift() {
        let starts: Vec<_> = Schedule::new(rate(3.0), Arrivals::Constant, 0).take(3_000_001).collect();
        assert_eq!(starts[0], Duration::ZERO);
        assert_eq!(starts[3], Duration::from_secs(1));
        assert_eq!(starts[3_000_000], Duration::from_secs(1_000_000));
    }

    #[test]
    fn poisson_gaps_are_exponential() {
        let starts: Vec<_> = Schedule::new(rate(1000.0), Arrivals::Poisson, 7).take(20_001).collect();
        let gaps: Vec<f64> = starts.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        // Standard error of the mean of 20,000 exponential gaps: 0.7 %.
        assert!((mean / 1e-3 - 1.0).abs() < 0.03, "{mean}");
        let above_mean = gaps.iter().filter(|gap| **gap > 1e-3).count() as f64 / gaps.len() as f64;
        assert!((above_mean - (-1f64).exp()).abs() < 0.015, "{above_mean}");
    }

    proptest! {
        #[test]
        fn starts_never_go_backwards(per_second in 0.01f64..1e6, seed: u64, poisson: bool) {
            let arrivals = if poisson { Arrivals::Poisson } else { Arrivals::Constant };
            let starts: Vec<_> = Schedule::new(rate(per_second), arrivals, seed).take(2000).collect();
            prop_assert!(starts.is_sorted());
        }

        #[test]
        fn the_seed_decides_the_starts(seed: u64) {
            let starts = |seed| Schedule::new(rate(50.0), Arrivals::Poisson, seed).take(100).collect::<Vec<_>>();
            prop_assert_eq!(starts(seed), starts(seed));
            prop_assert_ne!(starts(seed), starts(seed.wrapping_add(1)));
        }
    }
}
