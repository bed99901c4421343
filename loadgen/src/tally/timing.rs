//! Times of one kind, and how far they may be trusted.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use hdrhistogram::Histogram;
use reports_record::{Distribution, Margin, TOP, Times, rank};
use reports_stats::batch_means::{Batch, mean_interval};
use reports_stats::design_effect::{SubWindow, design_effect, of_alike};
use reports_stats::quantile::{Spread, interval_ranks};

/// How surely an interval holds the truth.
const CONFIDENCE: f64 = 0.95;

/// A movement of this share of a bucket's width moves a quantile to another bucket once in ten times at most, and an interval is a bucket
/// wide at least.
const UNSEEN: f64 = 0.1;

/// All times of one kind, and coarsely those of each part of the window, from which intervals are drawn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timing {
    all: Distribution,
    /// Their exact sum, lower bounds included: the histogram's own is off by half a bucket.
    sum_ns: u128,
    /// How many parts there are; none while the window's end is not known.
    count: usize,
    /// By the part in which the request was due; made with the first of them, for most kinds never see one.
    parts: Vec<Part>,
}

/// The times of requests that were due in one part of the window.
#[derive(Debug, Clone)]
struct Part {
    /// Two digits, nanoseconds: enough to count below a value, in 22 KiB of which few are ever touched.
    times: Histogram<u32>,
    /// Times known only by a lower bound: longer than every other, as in the whole.
    censored: u64,
    /// Of all of them, lower bounds as they are.
    sum_ns: u128,
}

impl Timing {
    /// Of a window in so many parts.
    pub(super) fn of(count: usize) -> Self {
        Self { all: Distribution::new(), sum_ns: 0, count, parts: Vec::new() }
    }

    fn parts_mut(&mut self) -> &mut [Part] {
        // Each made anew: copies of an empty one would have every page of it written to.
        if self.parts.len() != self.count {
            self.parts.resize_with(self.count, Part::new);
        }
        &mut self.parts
    }

    /// A time of a request due in this part, if in any, was seen to its end.
    pub(super) fn record(&mut self, time: Duration, part: Option<usize>) {
        self.all.record(time);
        let nanos = self.add(time, 1, part);
        if let Some(part) = part.and_then(|part| self.parts.get_mut(part)) {
            part.times.saturating_record(nanos);
        }
    }

    /// So many `times` go on, or were cut off, after so long.
    pub(super) fn censor(&mut self, at_least: Duration, times: u64, part: Option<usize>) {
        self.all.censor_many(at_least, times);
        self.add(at_least, times, part);
        if let Some(part) = part.and_then(|part| self.parts.get_mut(part)) {
            part.censored += times;
        }
    }

    /// Adds a time, so many `times`, to the sums; returns it in nanoseconds.
    fn add(&mut self, time: Duration, times: u64, part: Option<usize>) -> u64 {
        let nanos = u64::try_from(time.min(TOP).as_nanos()).unwrap_or(u64::MAX);
        let sum_ns = u128::from(nanos) * u128::from(times);
        self.sum_ns += sum_ns;
        if let Some(part) = part.and_then(|part| self.parts_mut().get_mut(part)) {
            part.sum_ns += sum_ns;
        }
        nanos
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.all.merge(&other.all);
        self.sum_ns += other.sum_ns;
        if other.parts.is_empty() {
            return;
        }
        for (part, other) in self.parts_mut().iter_mut().zip(&other.parts) {
            part.times.add(&other.times).expect("all parts share one range and precision");
            part.censored += other.censored;
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

    /// Adds the times of these `parts` to a histogram of two digits as they have.
    pub(super) fn add_parts(&self, parts: Range<usize>, into: &mut Histogram<u32>) {
        for part in self.parts.get(parts).unwrap_or_default() {
            into.add(&part.times).expect("all parts share one range and precision");
        }
    }

    /// How many of a part were seen to their end, and their median to two digits.
    pub(super) fn of_part(&self, part: usize) -> (u64, Duration) {
        let times = self.parts.get(part).map(|part| &part.times);
        times.map_or_else(Default::default, |times| {
            (times.len(), Duration::from_nanos(times.value_at_quantile(0.5)))
        })
    }

    /// The quantile `q` of the times in a part, to two digits; `None` with fewer than ten beyond it, and where it is one of the times
    /// known only by a lower bound, which are longer than every other.
    pub(super) fn quantile_of_part(&self, part: usize, q: f64) -> Option<Duration> {
        let part = self.parts.get(part)?;
        let (count, seen) = (part.count(), part.times.len());
        let rank = rank::rank(q, count);
        (rank::is_enough(count, q) && rank <= seen)
            .then(|| Duration::from_nanos(part.times.value_at_quantile((rank as f64 - 0.5) / seen as f64)))
    }

    /// Their summary. With intervals if the window is `whole`, for then all its parts were seen.
    pub(crate) fn times(&self, whole: bool) -> Times {
        let mut times = self.all.times();
        times.mean = (times.count > 0).then(|| self.sum_ns as f64 / times.count as f64 / 1e3);
        if whole {
            times.intervals = self.quantile_intervals(&times);
            times.intervals.extend(self.mean_interval().map(|margin| ("mean".to_owned(), margin)));
        }
        times
    }

    /// Of every quantile that can be given: order statistics, as far apart as the parts show to be needed.
    ///
    /// The lower end is the bottom of its bucket, with lower bounds taken as they are; the upper end the top of its bucket, with
    /// lower bounds beyond every other time.
    fn quantile_intervals(&self, times: &Times) -> BTreeMap<String, Margin> {
        let merged = self.all.merged();
        let interval = |q: f64| {
            let ranks = interval_ranks(merged.len(), q, CONFIDENCE, self.spread(q)?)?;
            // In the middle between two ranks, so that rounding cannot reach the next.
            let low = merged.value_at_quantile((ranks.lo as f64 - 0.5) / merged.len() as f64);
            let (high, is_open) = self.all.at_rank(ranks.hi);
            Some(Margin {
                low: micros(merged.lowest_equivalent(low)),
                high: (!is_open).then_some(micros(high)),
            })
        };
        let known = times.quantiles().into_iter().filter(|(_, _, value)| value.is_some());
        known.filter_map(|(name, q, _)| Some((name.to_owned(), interval(q)?))).collect()
    }

    /// How much less than independent times these tell about their quantile `q`.
    ///
    /// They are divided at the edge of the quantile's bucket that is nearer to it. Where neither edge is near, times are alike to a
    /// hundredth there, and there is no variance to compare with: then each part that holds data counts as one observation at most.
    fn spread(&self, q: f64) -> Option<Spread> {
        let first = self.parts.first()?;
        let mut exact = first.times.clone();
        self.parts[1..].iter().try_for_each(|part| exact.add(&part.times)).ok()?;
        let count: u64 = self.parts.iter().map(Part::count).sum();
        if exact.is_empty() {
            return None;
        }
        let rank = rank::rank(q, count).min(exact.len());
        let bucket = exact.value_at_quantile((rank as f64 - 0.5) / exact.len() as f64);
        let edges = [exact.highest_equivalent(bucket), exact.lowest_equivalent(bucket).saturating_sub(1)];
        let share = |edge: u64| exact.count_between(0, edge) as f64 / count as f64;
        let mut near: Vec<u64> = edges.into_iter().filter(|edge| is_near(share(*edge), q)).collect();
        near.sort_by(|a, b| (share(*a) - q).abs().total_cmp(&(share(*b) - q).abs()));
        let Some(&edge) = near.first() else {
            let width =
                self.all.exact().highest_equivalent(bucket) - self.all.exact().lowest_equivalent(bucket);
            return of_alike(&self.batches(), micros(width) * UNSEEN);
        };
        let windows = self.parts.iter().map(|part| SubWindow {
            observations: part.count(),
            at_or_below: part.times.count_between(0, edge),
        });
        design_effect(&windows.collect::<Vec<_>>())
    }

    /// Of the mean, by batch means; nothing above it is known where a time is only a lower bound.
    fn mean_interval(&self) -> Option<Margin> {
        let merged = self.all.merged();
        // Of times alike to a bucket the histogram knows no deviation; they differ by less than its width, a thousandth.
        let deviation = merged.stdev().max(merged.mean() / 1e3) / 1e3;
        let (low, high) = mean_interval(&self.batches(), deviation * deviation, CONFIDENCE)?;
        Some(Margin { low: low.max(0.0), high: (self.all.censored() == 0).then_some(high) })
    }

    /// The parts of the window, in microseconds.
    fn batches(&self) -> Vec<Batch> {
        let batch = |part: &Part| Batch { observations: part.count(), sum: part.sum_ns as f64 / 1e3 };
        self.parts.iter().map(batch).collect()
    }
}

/// Whether a share at or below, and the share beyond, are those of the quantile `q` to within a factor of two.
fn is_near(share: f64, q: f64) -> bool {
    let near = |found: f64, expected: f64| (expected / 2.0..=expected * 2.0).contains(&found);
    near(share, q) && near(1.0 - share, 1.0 - q)
}

impl Part {
    fn new() -> Self {
        let top = u64::try_from(TOP.as_nanos()).unwrap_or(u64::MAX);
        let times =
            Histogram::new_with_bounds(1, top, 2).expect("the bounds are constants within what HDR accepts");
        Self { times, censored: 0, sum_ns: 0 }
    }

    fn count(&self) -> u64 {
        self.times.len() + self.censored
    }
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A hundred times a part: from 1 to 100 ms, plus what `shift` says of the part; no two parts next to each other are quite the same.
    fn timing(shift: impl Fn(u32) -> u32) -> Timing {
        let mut timing = Timing::of(20);
        for part in 0..20u32 {
            for ms in 1..=100u32 {
                let time = MS * (ms + shift(part)) + Duration::from_nanos((part % 2).into());
                timing.record(time, Some(part as usize));
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
        let (calm, stretches) = (timing(|_| 0), timing(|part| if part % 2 == 0 { 25 } else { 0 }));
        for name in ["p50", "p90", "mean"] {
            assert!(width(&stretches, name) > 2.0 * width(&calm, name), "{name}");
        }
    }

    #[test]
    fn an_interval_has_no_upper_end_where_its_rank_is_a_lower_bound_s() {
        let mut timing = timing(|_| 0);
        (0..60).for_each(|index| timing.censor(90 * MS, 1, Some(index % 20)));
        let times = timing.times(true);
        assert!(times.is_at_least("p99") && !times.is_at_least("p95"), "{times:?}");
        assert!(times.intervals.get("p99").is_none_or(|margin| margin.high.is_none()), "{times:?}");
        for (name, is_known) in [("p50", true), ("p90", true), ("p95", true), ("mean", false)] {
            assert_eq!(times.intervals[name].high.is_some(), is_known, "{name}: {times:?}");
        }
    }

    #[test]
    fn times_all_alike_count_once_a_part() {
        let mut timing = Timing::of(20);
        (0..2000).for_each(|index| timing.record(10 * MS, Some(index % 20)));
        // A few that take longer change nothing of that.
        (0..5).for_each(|_| timing.record(20 * MS, Some(3)));
        let margin = timing.times(true).intervals["p50"];
        assert!(margin.low <= 10_000.0 && margin.high.unwrap() >= 10_000.0, "{margin:?}");
        assert!(margin.high.unwrap() / margin.low < 1.001, "{margin:?}");
        // The 99th percentile of twenty observations reaches beyond them.
        assert_eq!(timing.times(true).intervals.get("p99"), None);
    }

    #[test]
    fn an_interval_reaches_from_the_bottom_of_a_bucket_to_the_top_of_one() {
        let mut timing = Timing::of(20);
        // From 10.0026 to 10.0066 ms: all in the bucket from 10.002432 to 10.010623 ms.
        let time = |index: u64| Duration::from_nanos(10_002_600 + 2 * index);
        (0..2000).for_each(|index| timing.record(time(index), Some(index as usize % 20)));
        let margin = timing.times(true).intervals["p50"];
        assert!(margin.low <= 10_002.6 && margin.high.unwrap() >= 10_006.6, "{margin:?}");
    }

    #[test]
    fn failures_hide_no_interval_of_a_quantile_that_they_do_not_reach() {
        let mut timing = timing(|_| 0);
        (0..2).for_each(|index| timing.censor(Duration::from_micros(50), 1, Some(index)));
        let times = timing.times(true);
        let (p99, margin) = (times.p99.unwrap(), times.intervals["p99"]);
        assert!(!times.is_at_least("p99") && margin.low <= p99 && p99 <= margin.high.unwrap(), "{times:?}");
        assert_eq!(times.intervals["mean"].high, None);
    }

    #[test]
    fn what_lies_beyond_in_a_few_parts_only_has_no_interval() {
        let mut timing = timing(|_| 0);
        (0..30).for_each(|index| timing.record(500 * MS, Some(10 + index % 3)));
        let times = timing.times(true);
        assert!(times.p99.is_some() && !times.intervals.contains_key("p99"), "{times:?}");
        assert!(times.intervals.contains_key("p50"), "{times:?}");
    }

    #[test]
    fn a_mean_is_exact_and_that_of_few_times_has_no_interval() {
        let mut timing = Timing::of(20);
        for (count, micros) in [5892u64, 5893, 5897].into_iter().enumerate() {
            timing.record(Duration::from_micros(micros), Some(count * 6));
            assert!(timing.times(true).intervals.is_empty(), "{count}");
        }
        assert_eq!(timing.times(true).mean, Some(5894.0));
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
        let shift = |part| part * 7 % 20;
        let (one, mut sum) = (timing(shift), timing(shift));
        sum.merge(&one);
        assert_eq!(sum.of_part(7).0, 200);
        assert_eq!(sum.all().count(), 4000);
        assert!(width(&sum, "p50") < width(&one, "p50") * 1.05);
    }

    /// 10 ms, and from the window's begin to its end four thousandths more: the twentieths of the window differ by less than a
    /// hundredth, and no rank of them says where the median would be in the next window.
    #[test]
    fn times_alike_to_a_hundredth_that_move_slowly_have_no_interval() {
        let mut timing = Timing::of(20);
        let time =
            |part: u32, index: u32| 10 * MS + Duration::from_nanos((2_000 * part + index * 7 % 100).into());
        for part in 0..20 {
            (0..100).for_each(|index| timing.record(time(part, index), Some(part as usize)));
        }
        assert!(timing.times(true).p50.is_some());
        assert!(timing.times(true).intervals.is_empty(), "{:?}", timing.times(true).intervals);
    }

    /// None of 2,000 requests waited for a connection: the next one may.
    #[test]
    fn a_mean_of_times_that_are_all_the_same_has_no_interval() {
        let mut timing = Timing::of(20);
        (0..2000).for_each(|index| timing.record(Duration::ZERO, Some(index % 20)));
        let times = timing.times(true);
        assert_eq!((times.mean, times.intervals.get("mean")), (Some(0.0), None));
        assert!(times.intervals.contains_key("p50"));
    }
}
