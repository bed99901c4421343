//! All believable blocks of one contender in one cell as one distribution.

use reports_record::{Distribution, HistogramError, Measurement, Trial, TrialOutcome};

use super::grid::Grid;
use super::observation::is_usable;

/// Fewest observations beyond a quantile that is printed, as in a measurement's own times.
const BEYOND: f64 = 10.0;

/// Which times of which loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The open loop's, from the intended start.
    Response,
    /// The closed loop's, from the first byte sent: there connections are never idle, as in a busy client's hands.
    Service,
}

/// Times of several trials, their counts added: quantiles of the whole, not means of quantiles.
#[derive(Debug, Clone)]
pub struct Merged {
    /// Exact times, and censored ones at their lower bounds.
    all: Distribution,
    /// The smallest censored bound; what lies at or above it is a lower bound.
    smallest_bound: Option<u64>,
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
        let mut merged = Self { all: Distribution::new(), smallest_bound: None, blocks: 0 };
        for trial in grid.blocks(cell, contender) {
            if let Some(Ok(Some(times))) = usable(trial, which).map(|measurement| read(measurement, which)) {
                merged.add(&times);
            }
        }
        (merged.all.count() > 0).then_some(merged)
    }

    /// One measurement's times by themselves; `None` without a time.
    #[must_use]
    pub fn one(times: &Distribution) -> Option<Self> {
        let mut merged = Self { all: Distribution::new(), smallest_bound: None, blocks: 0 };
        merged.add(times);
        (merged.all.count() > 0).then_some(merged)
    }

    fn add(&mut self, times: &Distribution) {
        let bounds = times.bounds().map(|bounds| Distribution::from_parts(bounds.clone(), None, 0));
        let exact = Distribution::from_parts(times.exact().clone(), None, 0);
        let parts: Vec<Distribution> = [Some(exact), bounds].into_iter().flatten().collect();
        // A foreign record may hold histograms of another range, which cannot be added to ours.
        if times.count() == 0 || !parts.iter().all(|part| range(part) == range(&self.all)) {
            return;
        }
        parts.iter().for_each(|part| self.all.merge(part));
        let bound = times.bounds().map(|bounds| bounds.min());
        self.smallest_bound = self.smallest_bound.into_iter().chain(bound).min();
        self.blocks += 1;
    }

    /// Observations, censored ones included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.all.count()
    }

    /// The quantile of so many nines; `None` where fewer than ten observations lie beyond it.
    #[must_use]
    pub fn at(&self, nines: f64) -> Option<Quantile> {
        let beyond = 10_f64.powf(-nines);
        // The tolerance keeps 1000 × 0.01 from falling a rounding error short of 10.
        if self.count() as f64 * beyond < BEYOND - 1e-6 {
            return None;
        }
        let nanos = self.all.exact().value_at_quantile(1.0 - beyond);
        let at_least = self.smallest_bound.is_some_and(|bound| nanos >= bound);
        Some(Quantile { nines, us: nanos as f64 / 1e3, at_least })
    }
}

/// The median as a number of nines.
pub const MEDIAN: f64 = std::f64::consts::LOG10_2;

fn range(times: &Distribution) -> (u64, u64, u8) {
    (times.exact().low(), times.exact().high(), times.exact().sigfig())
}

fn usable(trial: &Trial, which: Which) -> Option<&Measurement> {
    let TrialOutcome::Measured(measured) = &trial.outcome else { return None };
    let of = match which {
        Which::Response => &measured.open,
        Which::Service => measured.closed.as_ref()?,
    };
    Some(&of.measurement).filter(|measurement| is_usable(measurement))
}

fn read(measurement: &Measurement, which: Which) -> Result<Option<Distribution>, HistogramError> {
    match which {
        Which::Response => measurement.histograms.response_time(),
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
        let mut merged = Merged { all: Distribution::new(), smallest_bound: None, blocks: 0 };
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
    fn at_and_above_the_smallest_censored_bound_times_are_lower_bounds() {
        let mut part = of_millis(std::iter::repeat_n(1, 900));
        (0..100).for_each(|_| part.censor(Duration::from_secs(2)));
        let merged = merged(&[part, of_millis(std::iter::repeat_n(1, 100))]);
        assert!(!merged.at(MEDIAN).unwrap().at_least);
        let tail = merged.at(1.9).unwrap();
        assert!(tail.at_least && tail.us > 1.9e6, "{tail:?}");
    }
}
