//! Who is measured when: a pure function of the experiment's seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Streams of the generator, so that one order never depends on how much another one drew.
const CELLS: u64 = 1 << 32;
const CONTENDERS: u64 = 2 << 32;
const SCHEDULES: u64 = 3 << 32;

/// The order of `cells` cells in a block: shuffled anew for each, so that no cell always follows another.
#[must_use]
pub fn cells(seed: u64, block: u32, cells: usize) -> Vec<usize> {
    shuffled(generator(seed, CELLS + u64::from(block)), cells)
}

/// The order of `contenders` contenders in one cell's block: random in even blocks, and in the odd block
/// after it the reverse, so that a steady drift cancels over the two.
#[must_use]
pub fn contenders(seed: u64, cell: usize, block: u32, contenders: usize) -> Vec<usize> {
    let mut generator = generator(seed, CONTENDERS + cell as u64);
    // Each pair of blocks draws its own order from the cell's stream.
    let mut order = (0..contenders).collect();
    for _ in 0..=block / 2 {
        order = shuffle(&mut generator, contenders);
    }
    if block % 2 == 1 {
        order.reverse();
    }
    order
}

/// The seed of all schedules in one cell's block: alike for every contender.
#[must_use]
pub fn schedule_seed(seed: u64, cell: usize, block: u32) -> u64 {
    let mut generator = generator(seed, SCHEDULES + cell as u64);
    (0..=block).map(|_| generator.next_u64()).last().unwrap_or(seed)
}

fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream);
    generator
}

fn shuffled(mut generator: ChaCha8Rng, length: usize) -> Vec<usize> {
    shuffle(&mut generator, length)
}

/// Fisher–Yates as in Knuth, The Art of Computer Programming, vol. 2, algorithm P. The remainder's bias at
/// these lengths is below 2⁻⁴⁰.
pub(crate) fn shuffle(generator: &mut ChaCha8Rng, length: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    for last in (1..length).rev() {
        let other = generator.next_u64() % (last as u64 + 1);
        order.swap(last, other as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_holds_every_contender_once() {
        for block in 0..8 {
            let mut order = contenders(7, 3, block, 5);
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2, 3, 4]);
        }
    }

    #[test]
    fn an_odd_block_reverses_the_one_before() {
        for cell in 0..20 {
            for block in (0..8).step_by(2) {
                let mut reversed = contenders(7, cell, block + 1, 5);
                reversed.reverse();
                assert_eq!(contenders(7, cell, block, 5), reversed);
            }
        }
    }

    #[test]
    fn orders_differ_between_blocks_cells_and_seeds() {
        let distinct = |orders: Vec<Vec<usize>>| {
            let all = orders.len();
            orders.into_iter().collect::<std::collections::BTreeSet<_>>().len() > all / 2
        };
        assert!(distinct((0..10).map(|pair| contenders(7, 3, pair * 2, 6)).collect()));
        assert!(distinct((0..10).map(|cell| contenders(7, cell, 0, 6)).collect()));
        assert!(distinct((0..10).map(|seed| cells(seed, 0, 11)).collect()));
        assert!(distinct((0..10).map(|block| cells(7, block, 11)).collect()));
    }

    #[test]
    fn a_schedule_seed_is_the_same_for_every_contender_and_another_in_every_block() {
        assert_eq!(schedule_seed(1, 2, 3), schedule_seed(1, 2, 3));
        assert_ne!(schedule_seed(1, 2, 3), schedule_seed(1, 2, 4));
        assert_ne!(schedule_seed(1, 2, 3), schedule_seed(1, 3, 3));
    }
}
