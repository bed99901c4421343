//! All believable blocks of one contender in one cell as one distribution.

use reports_record::{Cell, Distribution, HistogramError, Measurement, Trial, TrialOutcome};

use super::beyond_wait;
use super::grid::Grid;
use super::observation::is_usable;

/// Which times of which loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The open loop's at this rate level, from the intended start, beyond the wait that a request asks for.
    BeyondWait(usize),
    /// The closed loop's, from the first byte sent: there connections are never idle, as in a busy client's hands.
    Service,
}

/// Times of several trials, their counts added: quantiles of the whole, not means of quantiles.
#[derive(Debug, Clone)]
pub struct Merged {
    all: Distribution,
    /// Trials behind it.
    pub blocks: usize,
}

/// A quantile of a [`Merged`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// Its number of nines: −log10(1 − q).
    pub nines: f64,
    /// The time, microseconds.
    pub us: f64,
    /// Whether the time is only a lower bound.
    pub at_least: bool,
}

impl Merged {
    /// The times of `contender` in `cell`; `None` without a time. A histogram that was altered counts for nothing.
    #[must_use]
    pub fn of(grid: &Grid<'_>, cell: usize, contender: &str, which: Which) -> Option<Self> {
        let mut merged = Self { all: Distribution::new(), blocks: 0 };
        for trial in grid.blocks(cell, contender) {
            if let Some(Ok(Some(times))) =
                usable(trial, which).map(|measurement| read(measurement, grid.cell(cell), which))
            {
                merged.add(&times);
            }
        }
        (merged.all.count() > 0).then_some(merged)
    }

    /// Each believable block of `contender` in `cell` by itself, with its number from 0.
    #[must_use]
    pub fn blocks(grid: &Grid<'_>, cell: usize, contender: &str, which: Which) -> Vec<(u32, Self)> {
        let one = |trial: &Trial| {
            let times = read(usable(trial, which)?, grid.cell(cell), which).ok().flatten()?;
            Some((trial.block, Self::one(&times)?))
        };
        grid.blocks(cell, contender).filter_map(one).collect()
    }

    /// Several by themselves as one; `None` without a time.
    #[must_use]
    pub fn together<'m>(parts: impl IntoIterator<Item = &'m Self>) -> Option<Self> {
        let mut merged = Self { all: Distribution::new(), blocks: 0 };
        parts.into_iter().for_each(|part| merged.add(&part.all));
        (merged.all.count() > 0).then_some(merged)
    }

    /// One measurement's times by themselves; `None` without a time.
    #[must_use]
    pub fn one(times: &Distribution) -> Option<Self> {
        let mut merged = Self { all: Distribution::new(), blocks: 0 };
        merged.add(times);
        (merged.all.count() > 0).then_some(merged)
    }

    fn add(&mut self, times: &Distribution) {
        if times.count() > 0 {
            self.all.merge(times);
            self.blocks += 1;
        }
    }

    /// Observations, censored ones included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.all.count()
    }

    /// The quantile of so many nines; `None` where fewer than ten observations lie beyond it.
    #[must_use]
    pub fn at(&self, nines: f64) -> Option<Quantile> {
        let (us, at_least) = self.all.quantile(1.0 - 10_f64.powf(-nines))?;
        Some(Quantile { nines, us, at_least })
    }
}

/// The median as a number of nines.
pub const MEDIAN: f64 = std::f64::consts::LOG10_2;

fn usable(trial: &Trial, which: Which) -> Option<&Measurement> {
    let TrialOutcome::Measured(measured) = &trial.outcome else { return None };
    let of = match which {
        Which::BeyondWait(level) => measured.open_at(level)?,
        Which::Service => measured.closed.as_ref()?,
    };
    Some(&of.measurement).filter(|measurement| is_usable(measurement))
}

fn read(
    measurement: &Measurement,
    cell: &Cell,
    which: Which,
) -> Result<Option<Distribution>, HistogramError> {
    match which {
        Which::BeyondWait(_) => beyond_wait::distribution(measurement, cell),
        Which::Service => measurement.histograms.service_time().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn of_millis(values: impl IntoIterator<Item = u64>) -> Distribution {
        let mut distribution = Distribution::new();
        values.into_iter().for_each(|ms| distribution.record(Duration::from_millis(ms)));
        distribution
    }

    fn merged(parts: &[Distribution]) -> Merged {
        let mut merged = Merged { all: Distribution::new(), blocks: 0 };
        parts.iter().for_each(|part| merged.add(part));
        merged
    }

    #[test]
    fn counts_are_added_and_quantiles_are_not_averaged() {
        // One block of 1 ms and one nine times as large of 100 ms: the median of the whole is 100 ms, not 50.5.
        let parts = [of_millis(std::iter::repeat_n(1, 100)), of_millis(std::iter::repeat_n(100, 900))];
        let merged = merged(&parts);
        assert_eq!((merged.count(), merged.blocks), (1000, 2));
        let median = merged.at(MEDIAN).unwrap();
        assert!((median.us / 1e5 - 1.0).abs() < 0.01 && !median.at_least, "{median:?}");
    }

    #[test]
    fn a_curve_ends_where_fewer_than_ten_observations_lie_beyond() {
        let merged = merged(&[of_millis(1..=1000)]);
        assert!(merged.at(2.0).is_some());
        assert_eq!(merged.at(2.1), None);
    }

    #[test]
    fn a_time_is_a_lower_bound_only_where_its_rank_is_a_censored_observation_s() {
        let mut part = of_millis(std::iter::repeat_n(1, 900));
        (0..100).for_each(|_| part.censor(Duration::from_millis(500)));
        let merged = merged(&[part, of_millis(std::iter::repeat_n(2_000, 100))]);
        assert!(!merged.at(MEDIAN).unwrap().at_least);
        // The 1,000th of 1,100 is the last that was seen to end; beyond it are those that were not.
        let last = merged.at(1.0).unwrap();
        assert!(!last.at_least && last.us > 1.9e6, "{last:?}");
        let tail = merged.at(1.9).unwrap();
        assert!(tail.at_least && tail.us > 1.9e6, "{tail:?}");
    }
}
