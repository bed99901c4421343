//! Quantiles of one measurement, each printed only where there are enough samples to mean it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Distribution, rank};

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
    /// Names of the fields above that are lower bounds ("≥"), because censored observations, which count as longer than every
    /// other, take their place in the order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at_least: Vec<String>,
    /// Between which values the truth lies, with 95 % confidence, by the name of the field above. A quantile or a mean
    /// without one is a figure whose precision is not known: the window had too few observations, was not seen whole, or
    /// moved too slowly for its parts to tell.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub intervals: BTreeMap<String, Margin>,
}

/// Both ends of an interval, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Margin {
    /// Lower end.
    pub low: f64,
    /// Upper end; `None` where it is not known, because a censored observation takes its place in the order.
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
    let [p50, p90, p95, p99, p99_9, p99_99] =
        Times::default().quantiles().map(|(_, q, _)| quantile_of(distribution, q));
    let value = |found: Option<(f64, bool)>| found.map(|(value, _)| value);
    let mut times = Times {
        p50: value(p50),
        p90: value(p90),
        p95: value(p95),
        p99: value(p99),
        p99_9: value(p99_9),
        p99_99: value(p99_99),
        mean: (!all.is_empty()).then(|| all.mean() / 1e3),
        max: (!all.is_empty()).then(|| micros(all.max())),
        count: all.len(),
        censored: distribution.censored(),
        clamped: distribution.clamped(),
        at_least: Vec::new(),
        intervals: BTreeMap::new(),
    };
    if times.censored > 0 {
        let names = times.quantiles().map(|(name, ..)| name);
        let bounds = names.into_iter().zip([p50, p90, p95, p99, p99_9, p99_99]);
        let bounds = bounds.filter(|(_, found)| found.is_some_and(|(_, is_at_least)| is_at_least));
        // The mean and the maximum could always be longer.
        times.at_least = bounds.map(|(name, _)| name).chain(["mean", "max"]).map(String::from).collect();
    }
    times
}

/// The quantile `q` (0–1) in microseconds, and whether the truth may be larger; `None` with too few observations beyond.
pub(crate) fn quantile_of(distribution: &Distribution, q: f64) -> Option<(f64, bool)> {
    let count = distribution.count();
    rank::is_enough(count, q).then(|| {
        let (nanos, is_at_least) = distribution.at_rank(rank::rank(q, count));
        (micros(nanos), is_at_least)
    })
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
    fn a_quantile_is_a_lower_bound_only_where_its_rank_is_a_censored_observation_s() {
        let mut distribution = of_millis(std::iter::repeat_n(1, 900));
        (0..100).for_each(|_| distribution.censor(Duration::from_secs(2)));
        let times = distribution.times();
        assert_eq!(times.at_least, ["p95", "p99", "mean", "max"]);
        assert!(!times.is_at_least("p50") && !times.is_at_least("p90"));
        assert_eq!((times.count, times.censored), (1000, 100));
    }

    #[test]
    fn two_failures_at_once_of_2000_hide_no_quantile_that_does_not_reach_them() {
        let mut distribution = of_millis(1..=1998);
        (0..2).for_each(|_| distribution.censor(Duration::from_micros(50)));
        let times = distribution.times();
        assert_eq!(times.at_least, ["mean", "max"]);
        // The 1,980th of 2,000, with the two beyond all others.
        assert!((times.p99.unwrap() / 1_980e3 - 1.0).abs() < 0.001, "{times:?}");
        // Eleven failures take the 99th percentile's place in 1,000, and it is no less than the longest time seen.
        let mut distribution = of_millis(1..=989);
        (0..11).for_each(|_| distribution.censor(Duration::from_micros(50)));
        let times = distribution.times();
        assert!(times.is_at_least("p99") && !times.is_at_least("p95"), "{times:?}");
        assert!((times.p99.unwrap() / 989e3 - 1.0).abs() < 0.001, "{times:?}");
    }
}
