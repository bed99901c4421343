//! Whose turn it is: a pure function of a seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::order::shuffle;

/// The orders of the rounds of one block, one after another.
#[derive(Debug, Clone)]
pub struct Turns(ChaCha8Rng);

impl Turns {
    /// The same seed gives the same orders.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The next round's order of `sides` sides: one drawn permutation, then its reverse. With two, `0 1 1 0` or `1 0 0 1`.
    ///
    /// Each side's places add up to the same, so that a steady drift is the same for all.
    pub fn there_and_back(&mut self, sides: usize) -> Vec<usize> {
        let there = shuffle(&mut self.0, sides);
        let back = there.iter().rev().copied();
        there.iter().copied().chain(back).collect()
    }

    /// A seed of something else, e.g. the schedules of a phase.
    pub fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_goes_there_and_back_and_both_orders_of_two_come_as_often() {
        let mut turns = Turns::from_seed(1);
        let orders: Vec<Vec<usize>> = (0..1000).map(|_| turns.there_and_back(2)).collect();
        assert!(orders.iter().all(|order| *order == [0, 1, 1, 0] || *order == [1, 0, 0, 1]));
        let first = orders.iter().filter(|order| order[0] == 0).count();
        // A fair coin's standard deviation is 16 here.
        assert!((420..=580).contains(&first), "{first}");
    }

    /// Places 0 to 5; whatever grows evenly from one slice to the next weighs on each side with the same sum.
    #[test]
    fn a_steady_drift_weighs_on_each_side_alike() {
        let mut turns = Turns::from_seed(7);
        for _ in 0..50 {
            let order = turns.there_and_back(3);
            for side in 0..3 {
                let places = order.iter().enumerate().filter(|(_, of)| **of == side);
                assert_eq!(places.map(|(place, _)| place).sum::<usize>(), 5, "{order:?}");
            }
        }
    }
}
