//! When a run may be looked at, and how much error each look may spend.

use crate::effect::CONFIDENCE;

/// The chance of a false verdict that all looks at a cell may spend together.
pub const ALPHA: f64 = 1.0 - CONFIDENCE;

/// The power of `n ÷ N` in the spending function.
///
/// 2 lies between a straight line, which wastes error on early looks that can hardly decide, and O'Brien and Fleming's
/// boundary, which decides almost nothing early.
const SPENDING_POWER: i32 = 2;

/// The numbers of blocks after which a run is looked at, fixed before its first block.
///
/// Looking again and again at growing data finds differences that do not exist. Each look therefore spends a part of
/// [`ALPHA`] fixed beforehand: by block n of N, `ALPHA × (n ÷ N)²`.
///
/// Source: Kim and DeMets, "Design and analysis of group sequential tests based on the type I error spending rate
/// function", Biometrika 74 (1987); Jennison and Turnbull, *Group Sequential Methods* (1999), §7.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks(Vec<usize>);

/// Numbers of blocks that cannot be looks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot look after {0:?} blocks, expected ascending numbers from 2: list each look once")]
pub struct InvalidLooks(pub Vec<usize>);

impl Looks {
    /// One look, after all `blocks`; at least 2.
    #[must_use]
    pub fn once(blocks: usize) -> Self {
        Self(vec![blocks.max(2)])
    }

    /// Looks after each of these numbers of blocks.
    ///
    /// # Errors
    /// No number, one below 2, or numbers that do not ascend.
    pub fn after(blocks: &[usize]) -> Result<Self, InvalidLooks> {
        let ascending = blocks.windows(2).all(|pair| pair[0] < pair[1]);
        if ascending && blocks.first().is_some_and(|&first| first >= 2) {
            Ok(Self(blocks.to_vec()))
        } else {
            Err(InvalidLooks(blocks.to_vec()))
        }
    }

    /// The most blocks that a cell may take.
    #[must_use]
    pub fn last(&self) -> usize {
        self.0[self.0.len() - 1]
    }

    /// Each look: the number of blocks, and the error that it may spend (0–[`ALPHA`]; all looks sum to [`ALPHA`]).
    pub fn spending(&self) -> impl Iterator<Item = (usize, f64)> {
        let spent_by = |blocks: usize| ALPHA * (blocks as f64 / self.last() as f64).powi(SPENDING_POWER);
        let before = std::iter::once(0).chain(self.0.iter().copied());
        self.0.iter().zip(before).map(move |(&blocks, before)| {
            (blocks, spent_by(blocks) - if before == 0 { 0.0 } else { spent_by(before) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distributions::student_quantile;

    /// The reference simulator's figures: 0.0056, 0.0069, 0.0097, 0.0278 for N = 24.
    #[test]
    fn four_looks_spend_what_the_square_allows() {
        let looks = Looks::after(&[8, 12, 16, 24]).unwrap();
        let spent: Vec<f64> = looks.spending().map(|(_, alpha)| alpha).collect();
        for (found, expected) in
            spent.iter().zip([0.05 / 9.0, 0.05 * 5.0 / 36.0, 0.05 * 7.0 / 36.0, 0.05 * 5.0 / 9.0])
        {
            assert!((found - expected).abs() < 1e-12, "{spent:?}");
        }
        assert!((spent.iter().sum::<f64>() - ALPHA).abs() < 1e-12);
    }

    /// Known answers of the reference simulator: 3.422, 2.922, 2.617, 2.017.
    #[test]
    fn critical_values_equal_the_known_ones() {
        let looks = Looks::after(&[8, 12, 16, 24]).unwrap();
        let critical =
            looks.spending().map(|(blocks, alpha)| student_quantile(1.0 - alpha, blocks as f64 - 1.0));
        for (found, expected) in critical.zip([3.422, 2.922, 2.617, 2.017]) {
            assert!((found - expected).abs() < 1e-3, "{found}, expected {expected}");
        }
    }

    #[test]
    fn one_look_spends_everything() {
        let spent: Vec<(usize, f64)> = Looks::once(8).spending().collect();
        assert_eq!(spent, [(8, ALPHA)]);
    }

    #[test]
    fn looks_have_to_ascend_from_two() {
        for wrong in [&[][..], &[1, 8], &[8, 8], &[12, 8], &[0]] {
            assert!(Looks::after(wrong).is_err(), "{wrong:?}");
        }
    }
}
