//! Times as they are collected: exact ones, and lower bounds of those that never finished.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::histogram::{self, TOP};
use crate::{Times, times};

/// A growing set of times: exact observations and censored ones (known only to be *at least* so long).
///
/// Its memory does not grow with the number of observations. Merging adds counts; nothing is averaged.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    exact: Histogram<u64>,
    /// Lower bounds of what was not seen to end; `None` until there is one, for most runs have none.
    bounds: Option<Histogram<u64>>,
    clamped: u64,
}

impl Default for Distribution {
    fn default() -> Self {
        Self::new()
    }
}

impl Distribution {
    /// A distribution without observations.
    #[must_use]
    pub fn new() -> Self {
        Self { exact: histogram::empty(), bounds: None, clamped: 0 }
    }

    /// A distribution read back from its parts, as [`exact`](Self::exact) and [`bounds`](Self::bounds) gave them.
    #[must_use]
    pub fn from_parts(exact: Histogram<u64>, bounds: Option<Histogram<u64>>, clamped: u64) -> Self {
        Self { exact, bounds, clamped }
    }

    /// Adds a time that was seen to its end; beyond [`TOP`] it is clamped and counted.
    pub fn record(&mut self, time: Duration) {
        let nanos = self.clamp(time, 1);
        self.exact.saturating_record(nanos);
    }

    /// Adds a time that was still running after `at_least`.
    pub fn censor(&mut self, at_least: Duration) {
        self.censor_many(at_least, 1);
    }

    /// Adds so many `times` that were still running after `at_least`.
    pub fn censor_many(&mut self, at_least: Duration, times: u64) {
        let nanos = self.clamp(at_least, times);
        self.bounds.get_or_insert_with(histogram::empty).saturating_record_n(nanos, times);
    }

    fn clamp(&mut self, time: Duration, times: u64) -> u64 {
        if time > TOP {
            self.clamped += times;
        }
        u64::try_from(time.min(TOP).as_nanos()).unwrap_or(u64::MAX)
    }

    /// Adds every observation of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.exact.add(&other.exact).expect("all distributions share one range and precision");
        if let Some(bounds) = &other.bounds {
            self.bounds
                .get_or_insert_with(histogram::empty)
                .add(bounds)
                .expect("all distributions share one range and precision");
        }
        self.clamped += other.clamped;
    }

    /// The times that remain once `wait` is taken away from each; 0 for one that is shorter.
    ///
    /// Ranks stay: a quantile of it is the quantile of `self` less `wait`, to the width of a bucket.
    #[must_use]
    pub fn less(&self, wait: Duration) -> Self {
        let nanos = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        let shifted = |times: &Histogram<u64>| {
            let mut shifted = histogram::empty();
            for step in times.iter_recorded() {
                shifted.saturating_record_n(
                    step.value_iterated_to().saturating_sub(nanos),
                    step.count_at_value(),
                );
            }
            shifted
        };
        Self { exact: shifted(&self.exact), bounds: self.bounds.as_ref().map(shifted), clamped: self.clamped }
    }

    /// Times seen to their end, in nanoseconds.
    #[must_use]
    pub fn exact(&self) -> &Histogram<u64> {
        &self.exact
    }

    /// Lower bounds of censored times, in nanoseconds; `None` when nothing was censored.
    #[must_use]
    pub fn bounds(&self) -> Option<&Histogram<u64>> {
        self.bounds.as_ref()
    }

    /// How many observations were longer than [`TOP`].
    #[must_use]
    pub fn clamped(&self) -> u64 {
        self.clamped
    }

    /// Observations, exact and censored.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.exact.len() + self.censored()
    }

    /// Censored observations alone.
    #[must_use]
    pub fn censored(&self) -> u64 {
        self.bounds.as_ref().map_or(0, Histogram::len)
    }

    /// The summary that result files carry.
    #[must_use]
    pub fn times(&self) -> Times {
        times::summarise(self)
    }

    /// The observation of this 1-based `rank` in order of size, in nanoseconds, and whether it is a lower bound.
    ///
    /// Censored observations count as longer than every other: what failed, or did not end, never makes a quantile look better,
    /// and hides none that it does not reach. 0 without observations.
    #[must_use]
    pub fn at_rank(&self, rank: u64) -> (u64, bool) {
        if rank <= self.exact.len() {
            (at_rank(&self.exact, rank), false)
        } else {
            (at_rank(&self.merged(), rank).max(self.exact.max()), self.count() > 0)
        }
    }

    /// How many observations lie at or below the value of this 1-based `rank`, with censored ones beyond every other.
    pub(crate) fn count_up_to(&self, rank: u64) -> u64 {
        let (nanos, _) = self.at_rank(rank);
        let exact = self.exact.count_between(0, nanos);
        let bounds = self.bounds.as_ref().filter(|_| rank > self.exact.len());
        exact + bounds.map_or(0, |bounds| bounds.count_between(0, nanos))
    }

    /// The quantile `q` (0–1) in microseconds, and whether it is a lower bound; `None` with fewer than ten observations beyond.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<(f64, bool)> {
        times::quantile_of(self, q)
    }

    /// Exact and censored observations in one histogram, the censored ones at their lower bounds.
    #[must_use]
    pub fn merged(&self) -> Histogram<u64> {
        let mut all = self.exact.clone();
        if let Some(bounds) = &self.bounds {
            all.add(bounds).expect("all distributions share one range and precision");
        }
        all
    }
}

/// The top of the bucket of the observation of this 1-based rank; 0 without observations.
fn at_rank(histogram: &Histogram<u64>, rank: u64) -> u64 {
    // In the middle between two ranks, so that rounding cannot reach the next.
    histogram.value_at_quantile((rank as f64 - 0.5) / histogram.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_keeps_counts() {
        let (mut a, mut b) = (Distribution::new(), Distribution::new());
        a.record(Duration::from_millis(1));
        b.record(Duration::from_millis(2));
        b.censor(Duration::from_secs(1));
        a.merge(&b);
        assert_eq!((a.count(), a.censored()), (3, 1));
        a.censor_many(Duration::from_secs(2), 5);
        assert_eq!((a.count(), a.censored(), a.bounds().unwrap().max() / 1_000_000_000), (8, 6, 2));
    }

    #[test]
    fn times_less_a_wait_keep_their_ranks_and_their_lower_bounds() {
        let mut times = Distribution::new();
        (1..=1_000).for_each(|micros| times.record(Duration::from_micros(10_000 + micros)));
        (0..100).for_each(|_| times.censor(Duration::from_millis(50)));
        let beyond = times.less(Duration::from_millis(10));
        assert_eq!((beyond.count(), beyond.censored()), (1_100, 100));
        for q in [0.5, 0.9] {
            let ((whole, _), (rest, is_bound)) = (times.quantile(q).unwrap(), beyond.quantile(q).unwrap());
            assert!((whole - 10_000.0 - rest).abs() < 2.0 && !is_bound, "{q}: {whole} and {rest}");
        }
        let (bound, is_bound) = beyond.quantile(0.95).unwrap();
        assert!((bound / 40_000.0 - 1.0).abs() < 0.002 && is_bound, "{bound}");
        assert_eq!(times.less(Duration::from_secs(1)).at_rank(1), (0, false));
    }

    #[test]
    fn longer_than_an_hour_is_clamped_and_counted() {
        let mut times = Distribution::new();
        times.record(Duration::from_secs(7200));
        assert_eq!((times.count(), times.clamped()), (1, 1));
        let max = times.exact().max() as f64;
        assert!((max / TOP.as_nanos() as f64 - 1.0).abs() < 0.001, "{max}");
    }
}
