//! Quantiles of one measurement, each printed only where there are enough samples to mean it.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::Distribution;

/// Fewest observations that must lie beyond a quantile before it is printed.
///
/// With fewer, the order statistic has no useful interval: at 10 its rank is known to about ±6 (95 %).
pub(crate) const BEYOND: f64 = 10.0;

/// A summary of a [`Distribution`] in microseconds. `None` means "too few samples", never zero.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Times {
    /// Median.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// 99.9th percentile.
    pub p99_9: Option<f64>,
    /// 99.99th percentile.
    pub p99_99: Option<f64>,
    /// Mean; censored observations enter at their lower bound.
    pub mean: Option<f64>,
    /// Longest observation.
    pub max: Option<f64>,
    /// Observations, censored ones included.
    pub count: u64,
    /// Observations known only by a lower bound.
    pub censored: u64,
    /// Observations longer than an hour, entered as an hour.
    pub clamped: u64,
    /// Names of the fields above that are lower bounds ("≥"), because a censored observation lies at or below them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at_least: Vec<String>,
    /// Between which values the truth lies, with 95 % confidence, by the name of the field above. A quantile or a mean
    /// without one is a figure of which nobody knows how far to trust it: too few observations, or a window that was not
    /// seen whole.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub intervals: BTreeMap<String, Margin>,
}

/// Both ends of an interval, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Margin {
    /// Lower end.
    pub low: f64,
    /// Upper end; `None` where a censored observation lies at or below it, so that nobody knows.
    pub high: Option<f64>,
}

impl Times {
    /// The named quantiles, lowest first, as `(name, quantile, value in microseconds)`.
    #[must_use]
    pub fn quantiles(&self) -> [(&'static str, f64, Option<f64>); 6] {
        [
            ("p50", 0.5, self.p50),
            ("p90", 0.9, self.p90),
            ("p95", 0.95, self.p95),
            ("p99", 0.99, self.p99),
            ("p99_9", 0.999, self.p99_9),
            ("p99_99", 0.9999, self.p99_99),
        ]
    }

    /// Whether the field of this name is a lower bound rather than a value.
    #[must_use]
    pub fn is_at_least(&self, name: &str) -> bool {
        self.at_least.iter().any(|field| field == name)
    }
}

pub(crate) fn summarise(distribution: &Distribution) -> Times {
    let all = distribution.merged();
    let quantile = |q| quantile(&all, q);
    let mut times = Times {
        p50: quantile(0.5),
        p90: quantile(0.9),
        p95: quantile(0.95),
        p99: quantile(0.99),
        p99_9: quantile(0.999),
        p99_99: quantile(0.9999),
        mean: (!all.is_empty()).then(|| all.mean() / 1e3),
        max: (!all.is_empty()).then(|| micros(all.max())),
        count: all.len(),
        censored: distribution.censored(),
        clamped: distribution.clamped(),
        at_least: Vec::new(),
        intervals: BTreeMap::new(),
    };
    if let Some(bound) = distribution.bounds().map(Histogram::min) {
        times.at_least = lower_bounds(&times, micros(bound));
    }
    times
}

/// Microseconds; `None` with too few observations beyond it.
fn quantile(all: &Histogram<u64>, q: f64) -> Option<f64> {
    let beyond = all.len() as f64 * (1.0 - q);
    // The tolerance keeps 1000 × (1 − 0.99) from falling a rounding error short of 10.
    (beyond >= BEYOND - 1e-6).then(|| micros(all.value_at_quantile(q)))
}

/// The quantile `q` (0–1) in microseconds, and whether the truth may be larger; `None` with too few observations beyond.
pub(crate) fn quantile_of(distribution: &Distribution, q: f64) -> Option<(f64, bool)> {
    let value = quantile(&distribution.merged(), q)?;
    let smallest_bound = distribution.bounds().map(|bounds| micros(bounds.min()));
    Some((value, smallest_bound.is_some_and(|bound| value >= bound)))
}

/// What lies at or above the smallest censored bound could be longer than it looks; the mean and the maximum always could.
fn lower_bounds(times: &Times, smallest_bound_us: f64) -> Vec<String> {
    let quantiles = times.quantiles();
    let affected = quantiles
        .iter()
        .filter(|(_, _, value)| value.is_some_and(|value| value >= smallest_bound_us))
        .map(|(name, _, _)| *name);
    affected.chain(["mean", "max"]).map(String::from).collect()
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1e3
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

    #[test]
    fn a_quantile_needs_ten_observations_beyond_it() {
        assert_eq!(of_millis(1..=19).times().p50, None);
        assert!(of_millis(1..=20).times().p50.is_some());
        assert_eq!(of_millis(1..=999).times().p99, None);
        assert!(of_millis(1..=1000).times().p99.is_some());
    }

    #[test]
    fn quantiles_are_within_a_tenth_of_a_percent() {
        let times = of_millis(1..=1000).times();
        for (name, q, value) in times.quantiles().into_iter().take(4) {
            let truth = q * 1e6;
            let value = value.unwrap();
            assert!((value / truth - 1.0).abs() < 0.002, "{name}: {value} against {truth}");
        }
    }

    #[test]
    fn a_quantile_of_one_s_own_choice_is_told_as_the_named_ones_are() {
        let mut distribution = of_millis(std::iter::repeat_n(1, 900));
        (0..100).for_each(|_| distribution.censor(Duration::from_secs(2)));
        let (times, chosen) = (distribution.times(), |q| distribution.quantile(q));
        assert_eq!(chosen(0.5), times.p50.map(|value| (value, false)));
        assert_eq!(chosen(0.95), times.p95.map(|value| (value, true)));
        assert_eq!(chosen(0.995), None);
    }

    #[test]
    fn no_samples_give_no_figures() {
        assert_eq!(Distribution::new().times(), Times::default());
    }

    #[test]
    fn quantiles_above_the_smallest_censored_bound_are_lower_bounds() {
        let mut distribution = of_millis(std::iter::repeat_n(1, 900));
        (0..100).for_each(|_| distribution.censor(Duration::from_secs(2)));
        let times = distribution.times();
        assert_eq!(times.at_least, ["p95", "p99", "mean", "max"]);
        assert!(!times.is_at_least("p50"));
        assert_eq!((times.count, times.censored), (1000, 100));
    }
}
