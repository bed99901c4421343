//! Where a capacity is looked for, and how closely.

use std::ops::RangeInclusive;

use crate::Rate;

/// Where a capacity is looked for, how closely, and how many trials decide a rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchRange {
    /// The lowest rate, and the first that is tried.
    pub from: Rate,
    /// The highest rate that is tried.
    pub to: Rate,
    /// The interval is narrowed until its ends are no further apart than this share of the lower one.
    pub precision: f64,
    /// Trials that decide a rate by their majority; odd.
    pub trials: u32,
}

/// A [`SearchRange`] that cannot be searched.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SearchRangeError {
    /// It ends before it begins.
    #[error("expected a range of rates, found none from {from} to {to} (lower --from, or raise --to)")]
    Empty {
        /// Its lower end.
        from: Rate,
        /// Its upper end.
        to: Rate,
    },
    /// Too fine to be told apart by rates of four digits, or no search at all.
    #[error("precision: found {} %, expected 1 to 50 %", .0 * 100.0)]
    Precision(f64),
    /// No majority, or more trials than any use.
    #[error("trials: found {0}, expected an odd number from 1 to 99, so that there is a majority")]
    Trials(u32),
}

impl SearchRange {
    /// Allowed precisions: rates have four digits, and half is hardly finer than doubling.
    pub const PRECISION: RangeInclusive<f64> = 0.01..=0.5;
    /// Allowed numbers of trials.
    pub const TRIALS: RangeInclusive<u32> = 1..=99;

    /// Holds every part to its range.
    ///
    /// # Errors
    /// The first part outside it.
    pub fn validate(&self) -> Result<(), SearchRangeError> {
        let Self { from, to, precision, trials } = *self;
        if from >= to {
            return Err(SearchRangeError::Empty { from, to });
        }
        if !Self::PRECISION.contains(&precision) {
            return Err(SearchRangeError::Precision(precision));
        }
        if !Self::TRIALS.contains(&trials) || trials.is_multiple_of(2) {
            return Err(SearchRangeError::Trials(trials));
        }
        Ok(())
    }

    /// The rate in the middle of the two, as ratios go; `None` when they are close enough.
    pub(crate) fn between(&self, low: Rate, high: Rate) -> Option<Rate> {
        let middle = four_digits((low.get() * high.get()).sqrt());
        let is_wide = high.get() > low.get() * (1.0 + self.precision);
        Rate::per_second(middle).ok().filter(|middle| is_wide && low < *middle && *middle < high)
    }

    /// Twice `rate`, or the range's end; `None` from there on.
    pub(crate) fn above(&self, rate: Rate) -> Option<Rate> {
        if rate >= self.to {
            return None;
        }
        Rate::per_second(rate.get() * 2.0).ok().filter(|twice| *twice < self.to).or(Some(self.to))
    }
}

/// Four digits: finer than the finest precision, and a rate that a user can type.
fn four_digits(value: f64) -> f64 {
    let unit = 10f64.powi(value.log10().floor() as i32 - 3);
    // Divided by whole numbers where there are fewer digits, so that no 0.30000000000000004 is shown.
    if unit < 1.0 { (value / unit).round() / (1.0 / unit).round() } else { (value / unit).round() * unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: f64) -> Rate {
        Rate::per_second(per_second).unwrap()
    }

    fn range() -> SearchRange {
        SearchRange { from: rate(10.0), to: rate(1000.0), precision: 0.05, trials: 3 }
    }

    #[test]
    fn what_cannot_be_searched_is_refused() {
        assert_eq!(range().validate(), Ok(()));
        let wrong = [
            SearchRange { to: rate(10.0), ..range() },
            SearchRange { precision: 0.009, ..range() },
            SearchRange { precision: f64::NAN, ..range() },
            SearchRange { trials: 2, ..range() },
            SearchRange { trials: 0, ..range() },
        ];
        for range in wrong {
            assert!(range.validate().is_err(), "{range:?}");
        }
    }

    #[test]
    fn rates_between_have_four_digits() {
        assert_eq!(range().between(rate(100.0), rate(200.0)), Some(rate(141.4)));
        assert_eq!(range().between(rate(0.1), rate(0.2)).map(Rate::get), Some(0.1414));
        assert_eq!(range().between(rate(12_800.0), rate(25_600.0)), Some(rate(18_100.0)));
        assert_eq!(range().between(rate(100.0), rate(105.0)), None);
    }

    #[test]
    fn doubling_ends_at_the_end_of_the_range() {
        assert_eq!(range().above(rate(400.0)), Some(rate(800.0)));
        assert_eq!(range().above(rate(800.0)), Some(rate(1000.0)));
        assert_eq!(range().above(rate(1000.0)), None);
    }
}
