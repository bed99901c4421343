//! Times of one kind, and how far they may be trusted.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use reports_record::{Distribution, Margin, TOP, Times};
use reports_stats::batch_means::{Batch, mean_interval};
use reports_stats::design_effect::{SubWindow, design_effect};
use reports_stats::quantile::interval_ranks;

/// How surely an interval holds the truth.
const CONFIDENCE: f64 = 0.95;

/// All times of one kind, and coarsely those of each part of the window, from which intervals are drawn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timing {
    all: Distribution,
    /// How many parts there are; none while the window's end is not known.
    count: usize,
    /// By the part in which a time ended; made with the first of them, for most kinds never see one.
    parts: Vec<Part>,
}

/// What ended in one part of the window.
#[derive(Debug, Clone)]
struct Part {
    /// Two digits, nanoseconds: enough to count below a value, in 22 KiB of which few are ever touched.
    times: Histogram<u32>,
    sum_ns: u128,
}

impl Timing {
    /// Of a window in so many parts.
    pub(super) fn of(count: usize) -> Self {
        Self { all: Distribution::new(), count, parts: Vec::new() }
    }

    fn parts_mut(&mut self) -> &mut [Part] {
        // Each made anew: copies of an empty one would have every page of it written to.
        self.parts.resize_with(self.count, Part::new);
        &mut self.parts
    }

    /// A time was seen to its end, in this part if in any.
    pub(super) fn record(&mut self, time: Duration, part: Option<usize>) {
        self.all.record(time);
        self.count(time, 1, part);
    }

    /// So many `times` go on, or were cut off, after so long.
    pub(super) fn censor(&mut self, at_least: Duration, times: u64, part: Option<usize>) {
        self.all.censor_many(at_least, times);
        self.count(at_least, times, part);
    }

    fn count(&mut self, time: Duration, times: u64, part: Option<usize>) {
        if let Some(part) = part.and_then(|part| self.parts_mut().get_mut(part)) {
            let nanos = u64::try_from(time.min(TOP).as_nanos()).unwrap_or(u64::MAX);
            part.times.saturating_record_n(nanos, u32::try_from(times).unwrap_or(u32::MAX));
            part.sum_ns += u128::from(nanos) * u128::from(times);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.all.merge(&other.all);
        if other.parts.is_empty() {
            return;
        }
        for (part, other) in self.parts_mut().iter_mut().zip(&other.parts) {
            part.times.add(&other.times).expect("all parts share one range and precision");
            part.sum_ns += other.sum_ns;
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> &Distribution {
        &self.all
    }

    /// All of them, to be taken away and given back.
    pub(super) fn all_mut(&mut self) -> &mut Distribution {
        &mut self.all
    }

    /// How many ended in a part, and their median to two digits.
    pub(super) fn of_part(&self, part: usize) -> (u64, Duration) {
        let times = self.parts.get(part).map(|part| &part.times);
        times.map_or_else(Default::default, |times| {
            (times.len(), Duration::from_nanos(times.value_at_quantile(0.5)))
        })
    }

    /// Their summary. With intervals if the window is `whole`, for then all its parts were seen.
    pub(crate) fn times(&self, whole: bool) -> Times {
        let mut times = self.all.times();
        if whole {
            times.intervals = self.quantile_intervals(&times);
            times.intervals.extend(self.mean_interval().map(|margin| ("mean".to_owned(), margin)));
        }
        times
    }

    /// Of every quantile that can be given: order statistics, as far apart as the parts show to be needed.
    fn quantile_intervals(&self, times: &Times) -> BTreeMap<String, Margin> {
        let merged = self.all.merged();
        let smallest_bound = self.all.bounds().map(Histogram::min);
        let at_rank = |rank: u64| {
            // In the middle between two ranks, so that rounding cannot reach the next.
            let value = merged.value_at_quantile((rank as f64 - 0.5) / merged.len() as f64);
            (micros(value), smallest_bound.is_some_and(|bound| value >= bound))
        };
        let interval = |q: f64| {
            let ranks = interval_ranks(merged.len(), q, CONFIDENCE, self.design_effect(q)?)?;
            let (low, (high, is_open)) = (at_rank(ranks.lo).0, at_rank(ranks.hi));
            Some(Margin { low, high: (!is_open).then_some(high) })
        };
        let known = times.quantiles().into_iter().filter(|(_, _, value)| value.is_some());
        known.filter_map(|(name, q, _)| Some((name.to_owned(), interval(q)?))).collect()
    }

    /// How much less than independent times these tell about their quantile `q`.
    ///
    /// Where all of them, or none, lie at or below it by the parts' coarse digits, there is no variance to compare with:
    /// then each part counts as one observation, which is the most that times within it can depend on each other.
    fn design_effect(&self, q: f64) -> Option<f64> {
        let first = self.parts.first()?;
        let mut whole = first.times.clone();
        self.parts[1..].iter().try_for_each(|part| whole.add(&part.times)).ok()?;
        let edge = whole.value_at_quantile(q);
        let edges = [edge, whole.lowest_equivalent(edge).saturating_sub(1)];
        let windows = |edge| {
            self.parts.iter().map(move |part| SubWindow {
                observations: part.times.len(),
                at_or_below: part.times.count_between(0, edge),
            })
        };
        let found = edges.into_iter().find_map(|edge| design_effect(&windows(edge).collect::<Vec<_>>()));
        let found =
            found.or_else(|| (!whole.is_empty()).then(|| whole.len() as f64 / self.parts.len() as f64));
        // Parts that agree better than chance lets them do not make an interval narrower.
        found.map(|effect| effect.max(1.0))
    }

    /// Of the mean, by batch means; nothing above it is known where a time is only a lower bound.
    fn mean_interval(&self) -> Option<Margin> {
        let batches: Vec<Batch> = self
            .parts
            .iter()
            .map(|part| Batch { observations: part.times.len(), sum: part.sum_ns as f64 / 1e3 })
            .collect();
        let (low, high) = mean_interval(&batches, CONFIDENCE)?;
        Some(Margin { low: low.max(0.0), high: (self.all.censored() == 0).then_some(high) })
    }
}

impl Part {
    fn new() -> Self {
        let top = u64::try_from(TOP.as_nanos()).unwrap_or(u64::MAX);
        let times =
            Histogram::new_with_bounds(1, top, 2).expect("the bounds are constants within what HDR accepts");
        Self { times, sum_ns: 0 }
    }
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A hundred times a part: from 1 to 100 ms, plus what `shift` says of the part.
    fn timing(shift: impl Fn(u32) -> u32) -> Timing {
        let mut timing = Timing::of(20);
        for part in 0..20u32 {
            for ms in 1..=100u32 {
                timing.record(MS * (ms + shift(part)), Some(part as usize));
            }
        }
        timing
    }

    fn width(timing: &Timing, name: &str) -> f64 {
        let margin = timing.times(true).intervals[name];
        margin.high.unwrap() - margin.low
    }

    #[test]
    fn intervals_hold_the_quantiles_and_the_mean() {
        let times = timing(|_| 0).times(true);
        let names: Vec<&str> = times.intervals.keys().map(String::as_str).collect();
        assert_eq!(names, ["mean", "p50", "p90", "p95", "p99"]);
        for (name, _, value) in times.quantiles().into_iter().filter(|(_, _, value)| value.is_some()) {
            let margin = times.intervals[name];
            let value = value.unwrap();
            assert!(margin.low <= value && value <= margin.high.unwrap(), "{name}: {margin:?}, {value}");
            assert!(
                margin.low > value - 5_000.0 && margin.high.unwrap() < value + 5_000.0,
                "{name}: {margin:?}"
            );
        }
    }

    #[test]
    fn slow_and_fast_stretches_make_intervals_wider() {
        let (calm, stretches) = (timing(|_| 0), timing(|part| if part % 3 == 0 { 60 } else { 0 }));
        for name in ["p50", "p90", "mean"] {
            assert!(width(&stretches, name) > 2.0 * width(&calm, name), "{name}");
        }
    }

    #[test]
    fn above_a_lower_bound_nothing_is_known() {
        let mut timing = timing(|_| 0);
        (0..60).for_each(|index| timing.censor(90 * MS, 1, Some(index % 20)));
        let times = timing.times(true);
        assert!(times.intervals["p50"].high.is_some());
        for name in ["p90", "p95", "mean"] {
            assert_eq!(times.intervals[name].high, None, "{name}");
        }
    }

    #[test]
    fn times_all_alike_count_once_a_part() {
        let mut timing = Timing::of(20);
        (0..2000).for_each(|index| timing.record(10 * MS, Some(index % 20)));
        let margin = timing.times(true).intervals["p50"];
        assert!((margin.low / 10_000.0 - 1.0).abs() < 0.001 && margin.high == Some(margin.low), "{margin:?}");
        // The 99th percentile of twenty observations reaches beyond them.
        assert_eq!(timing.times(true).intervals.get("p99"), None);
    }

    #[test]
    fn a_window_that_was_not_seen_whole_has_no_intervals() {
        assert!(timing(|_| 0).times(false).intervals.is_empty());
        let mut timing = Timing::of(0);
        (0..2000).for_each(|_| timing.record(MS, None));
        assert!(timing.times(true).intervals.is_empty());
        assert!(Timing::of(20).times(true).intervals.is_empty());
    }

    #[test]
    fn threads_add_up_part_by_part() {
        let (one, mut sum) = (timing(|part| part), timing(|part| part));
        sum.merge(&one);
        assert_eq!(sum.of_part(7).0, 200);
        assert_eq!(sum.all().count(), 4000);
        assert!(width(&sum, "p50") < width(&one, "p50") * 1.05);
    }
}
