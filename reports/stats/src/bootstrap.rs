//! Quantiles of the requests of many blocks, and how sure they are.
//!
//! Requests of one block share its processes and its noise: whole blocks are drawn again, never single requests.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::distributions::{normal_cdf, normal_quantile};
use crate::effect::{CONFIDENCE, Interval};

/// Draws of all blocks with replacement.
const RESAMPLES: usize = 2_000;

/// Fewer blocks than this have too few different resamples for an interval.
const MIN_BLOCKS: usize = 6;

/// A value and how many requests have it; values ascend within a block. Times are those beyond the wait that each request asked for.
pub type Count = (f64, u64);

/// One block's requests, of both contenders; same unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block<'a> {
    /// The sync contender's.
    pub sync: &'a [Count],
    /// The async contender's.
    pub r#async: &'a [Count],
}

/// A quantile of all requests of each side, and how it differs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileRatio {
    /// The sync contender's quantile.
    pub sync: f64,
    /// The async contender's quantile.
    pub r#async: f64,
    /// ln(async ÷ sync).
    pub log_ratio: f64,
    /// Its 95 % interval.
    pub log_interval: Interval,
}

/// The `quantile` (0–1) of all requests of all blocks, async ÷ sync.
///
/// Histograms are added up, never quantiles averaged: one slow block makes the tail that its requests make. The interval
/// is BCa (bias-corrected and accelerated) over 2,000 resamples of whole blocks, with both sides of a block drawn
/// together; the same blocks and seed give the same interval. `None` with fewer than six blocks, a side without requests,
/// or where the quantile is not above 0, in the whole or in more than a hundredth of the resamples.
///
/// Source: Efron, "Better bootstrap confidence intervals", J. American Statistical Association 82 (1987).
#[must_use]
pub fn quantile_ratio(blocks: &[Block<'_>], quantile: f64, seed: u64) -> Option<QuantileRatio> {
    if blocks.len() < MIN_BLOCKS {
        return None;
    }
    let sync = Merged::of(blocks.iter().map(|block| block.sync));
    let r#async = Merged::of(blocks.iter().map(|block| block.r#async));
    let sides = |weights: &[u64]| {
        let of = |side: &Merged| side.quantile(weights, quantile);
        Some((of(&sync)?, of(&r#async)?)).filter(|(sync, r#async)| *sync > 0.0 && *r#async > 0.0)
    };
    let log_ratio = |weights: &[u64]| sides(weights).map(|(sync, r#async)| r#async.ln() - sync.ln());
    let whole = vec![1; blocks.len()];
    let (of_sync, of_async) = sides(&whole)?;
    let estimate = log_ratio(&whole)?;
    Some(QuantileRatio {
        sync: of_sync,
        r#async: of_async,
        log_ratio: estimate,
        log_interval: interval(blocks.len(), estimate, log_ratio, seed)?,
    })
}

/// The BCa interval of `statistic`, a function of how often each of `count` blocks is taken.
fn interval(
    count: usize,
    estimate: f64,
    statistic: impl Fn(&[u64]) -> Option<f64>,
    seed: u64,
) -> Option<Interval> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn: Vec<f64> =
        (0..RESAMPLES).filter_map(|_| statistic(&resample(count, &mut random))).collect();
    if drawn.len() * 100 < RESAMPLES * 99 {
        return None;
    }
    drawn.sort_by(f64::total_cmp);
    let left_out: Vec<f64> = (0..count)
        .map(|without| statistic(&(0..count).map(|block| u64::from(block != without)).collect::<Vec<_>>()))
        .collect::<Option<_>>()?;
    let (bias, acceleration) = (bias(&drawn, estimate), acceleration(&left_out));
    let end = |p: f64| {
        let z = bias + normal_quantile(p);
        let share = normal_cdf(bias + z / (1.0 - acceleration * z));
        let rank = (share * drawn.len() as f64) as usize;
        drawn[rank.min(drawn.len() - 1)]
    };
    let tail = (1.0 - CONFIDENCE) / 2.0;
    Some(Interval { lo: end(tail), hi: end(1.0 - tail) })
}

fn resample(count: usize, random: &mut ChaCha8Rng) -> Vec<u64> {
    let mut weights = vec![0; count];
    for _ in 0..count {
        // The high bits, scaled: exact enough for the few blocks of a run.
        let block = (u128::from(random.next_u64()) * count as u128) >> 64;
        weights[block as usize] += 1;
    }
    weights
}

/// z₀: how far the estimate lies from the middle of what was drawn; draws equal to it count half.
fn bias(drawn: &[f64], estimate: f64) -> f64 {
    let below = drawn.iter().filter(|&&value| value < estimate).count() as f64;
    let equal = drawn.iter().filter(|&&value| value == estimate).count() as f64;
    // Kept off 0 and 1, where the normal quantile is infinite.
    let share = ((below + equal / 2.0) / drawn.len() as f64).clamp(1e-3, 1.0 - 1e-3);
    normal_quantile(share)
}

/// a: a sixth of the skewness of the jackknife's values.
fn acceleration(left_out: &[f64]) -> f64 {
    let mean = left_out.iter().sum::<f64>() / left_out.len() as f64;
    let power_sum = |power| left_out.iter().map(|value| (mean - value).powi(power)).sum::<f64>();
    let squares = power_sum(2);
    if squares > 0.0 { power_sum(3) / (6.0 * squares.powf(1.5)) } else { 0.0 }
}

/// One side's histograms over a common list of values.
struct Merged {
    /// Ascending, each once.
    values: Vec<f64>,
    /// For each block, the index of each of its values, and its requests there.
    blocks: Vec<Vec<(usize, u64)>>,
}

impl Merged {
    fn of<'a>(histograms: impl Iterator<Item = &'a [Count]> + Clone) -> Self {
        let mut values: Vec<f64> =
            histograms.clone().flatten().filter(|(_, count)| *count > 0).map(|(value, _)| *value).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let place = |value: f64| values.partition_point(|&other| other < value);
        let blocks = histograms
            .map(|counts| {
                counts
                    .iter()
                    .filter(|(_, count)| *count > 0)
                    .map(|&(value, count)| (place(value), count))
                    .collect()
            })
            .collect();
        Self { values, blocks }
    }

    /// The value of rank ⌈q·n⌉ where each block counts `weights` times; `None` without requests.
    fn quantile(&self, weights: &[u64], quantile: f64) -> Option<f64> {
        let mut counts = vec![0; self.values.len()];
        for (block, weight) in self.blocks.iter().zip(weights).filter(|(_, weight)| **weight > 0) {
            block.iter().for_each(|&(place, count)| counts[place] += count * weight);
        }
        let all: u64 = counts.iter().sum();
        let rank = ((quantile * all as f64).ceil() as u64).clamp(1, all.max(1));
        let mut below = 0;
        let place = counts.iter().position(|count| {
            below += count;
            below >= rank
        })?;
        Some(self.values[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of 100 requests from `from` on, one apart.
    fn requests(from: f64) -> Vec<Count> {
        (0..100).map(|step| (from + f64::from(step), 1)).collect()
    }

    fn ratio(sync: &[Vec<Count>], r#async: &[Vec<Count>], quantile: f64) -> Option<QuantileRatio> {
        let blocks: Vec<Block<'_>> =
            sync.iter().zip(r#async).map(|(sync, r#async)| Block { sync, r#async }).collect();
        quantile_ratio(&blocks, quantile, 7)
    }

    #[test]
    fn quantiles_are_those_of_all_requests() {
        let sync: Vec<_> = (0..8).map(|_| requests(1.0)).collect();
        let r#async: Vec<_> = (0..8).map(|_| requests(101.0)).collect();
        let found = ratio(&sync, &r#async, 0.5).unwrap();
        assert_eq!((found.sync, found.r#async), (50.0, 150.0));
        assert!((found.log_ratio - 3.0_f64.ln()).abs() < 1e-12);
        assert_eq!((found.log_interval.lo, found.log_interval.hi), (found.log_ratio, found.log_ratio));
    }

    #[test]
    fn a_quantile_that_is_not_above_zero_has_no_ratio() {
        let sync: Vec<_> = (0..8).map(|_| requests(1.0)).collect();
        let r#async: Vec<_> = (0..8).map(|_| requests(-60.0)).collect();
        assert_eq!(ratio(&sync, &r#async, 0.5), None);
        assert!(ratio(&sync, &r#async, 0.9).is_some());
    }

    #[test]
    fn one_block_that_makes_the_tail_widens_the_interval() {
        let sync: Vec<_> = (0..8).map(|_| requests(1.0)).collect();
        let mut r#async = sync.clone();
        r#async[3] = requests(10_000.0);
        let found = ratio(&sync, &r#async, 0.9).unwrap();
        assert!(found.log_ratio > 4.0, "{found:?}");
        assert!(found.log_interval.lo < 0.1, "{found:?}");
    }

    #[test]
    fn few_blocks_or_a_side_without_requests_give_nothing() {
        let some: Vec<_> = (0..8).map(|_| requests(1.0)).collect();
        assert_eq!(ratio(&some[..5], &some[..5], 0.5), None);
        assert_eq!(ratio(&some, &vec![Vec::new(); 8], 0.5), None);
        assert_eq!(ratio(&some, &vec![vec![(5.0, 0)]; 8], 0.5), None);
    }

    #[test]
    fn the_same_blocks_give_the_same_interval() {
        let sync: Vec<_> = (0..8).map(|block| requests(f64::from(block * 10 + 1))).collect();
        let r#async: Vec<_> = (0..8).map(|block| requests(f64::from(block * 15 + 1))).collect();
        assert_eq!(ratio(&sync, &r#async, 0.9), ratio(&sync, &r#async, 0.9));
    }

    /// The means of 40 numbers drawn from 0 to 39 less 19.5 have a standard deviation of √(1599 ÷ 12) ÷ √40 = 1.825, and a
    /// twentieth of them lies beyond 1.96 of those.
    #[test]
    fn the_interval_of_a_mean_is_that_of_its_normal_distribution() {
        let mean = |weights: &[u64]| {
            let sum: f64 = weights
                .iter()
                .zip(0..)
                .map(|(weight, value)| *weight as f64 * (f64::from(value) - 19.5))
                .sum();
            Some(sum / weights.iter().sum::<u64>() as f64)
        };
        let found = interval(40, 0.0, mean, 1).unwrap();
        assert!((found.hi - 3.58).abs() < 0.3 && (found.lo + 3.58).abs() < 0.3, "{found:?}");
    }

    #[test]
    fn the_bias_is_where_the_estimate_lies_among_what_was_drawn() {
        assert!((bias(&[1.0, 2.0, 3.0, 4.0], 1.5) + 0.674_489_75).abs() < 1e-6);
        assert!((bias(&[1.0, 2.0, 3.0, 4.0], 3.5) - 0.674_489_75).abs() < 1e-6);
        assert!(bias(&[1.0, 2.0, 2.0, 3.0], 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_skewed_jackknife_accelerates_by_a_sixth_of_its_skewness() {
        // Deviations 1, 1, 1, −3 from their mean of 0: Σd³ = −24, Σd² = 12, so −(−24) ÷ (6 × 41.57) with d = mean − value.
        for mean in [0.0, 10.0] {
            let found = acceleration(&[1.0, 1.0, 1.0, -3.0].map(|deviation| mean + deviation));
            assert!((found - 24.0 / (6.0 * 12.0_f64.powf(1.5))).abs() < 1e-12, "{found} around {mean}");
        }
    }

    #[test]
    fn the_bias_of_an_estimate_beyond_all_that_was_drawn_is_that_of_one_in_a_thousand() {
        assert!((bias(&[1.0, 2.0, 3.0], 9.0) - 3.090_232).abs() < 1e-6);
        assert!((bias(&[1.0, 2.0, 3.0], 0.0) + 3.090_232).abs() < 1e-6);
    }

    #[test]
    fn a_jackknife_of_one_value_does_not_accelerate() {
        assert_eq!(acceleration(&[2.0; 4]), 0.0);
    }

    /// The interval where the draws are 0 to 1999, the first `missing` of them without a value, and the jackknife's values
    /// 1, 1, 1 and −3.
    fn drawn_in_order(estimate: f64, missing: u32) -> Option<(f64, f64)> {
        let calls = std::cell::Cell::new(0);
        let statistic = |_: &[u64]| {
            let call = calls.replace(calls.get() + 1);
            match call {
                0..2000 => (call >= missing).then(|| f64::from(call)),
                2003 => Some(-3.0),
                _ => Some(1.0),
            }
        };
        interval(4, estimate, statistic, 1).map(|found| (found.lo, found.hi))
    }

    /// By hand: a = 24 ÷ (6 × 41.569) = 0.096 225; Φ(−1.96 ÷ 1.188 6) = 0.049 58 and Φ(1.96 ÷ 0.811 4) = 0.992 14.
    #[test]
    fn acceleration_moves_both_ends_towards_the_longer_tail() {
        assert_eq!(drawn_in_order(999.5, 0), Some((99.0, 1984.0)));
    }

    #[test]
    fn an_end_beyond_all_that_was_drawn_is_the_last_of_it() {
        assert_eq!(drawn_in_order(5000.0, 0).unwrap().1, 1999.0);
    }

    #[test]
    fn a_hundredth_of_the_draws_may_have_no_value() {
        assert!(drawn_in_order(999.5, 20).is_some());
        assert_eq!(drawn_in_order(999.5, 21), None);
    }
}
