//! Requests that are due and have not ended yet: whether they became more while the window went on.

use std::time::Duration;

use hdrhistogram::Histogram;
use reports_record::TOP;

use super::Timing;
use crate::clock::Moment;
use crate::window::Window;

/// Instants of the window that are told apart.
const SLOTS: usize = 1000;
/// The requests due in this first part of the window show how many a filled pipe holds.
const FIRST: usize = SLOTS / 4;
/// Fewest requests from which a growth is told.
const FEWEST: f64 = 10.0;

/// Requests due and ended over time, and how long those due at first took.
#[derive(Debug, Clone)]
pub(super) struct Backlog {
    start: Moment,
    /// Length of a slot, nanoseconds.
    width: u64,
    /// Requests due in each slot.
    due: Vec<u64>,
    /// Requests of the window that ended in each slot.
    ended: Vec<u64>,
    /// Times from the intended start to the end of requests due in the first slots, but for correct replies: two digits, nanoseconds.
    first: Histogram<u32>,
    /// Those of them that ended in the window.
    first_ended: u64,
}

/// By how much the backlog grew between two instants at which the pipe was filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Growth {
    /// Since the window's start: the later of the two instants.
    pub(crate) at: Duration,
    /// Requests of the window that were due by then.
    pub(crate) due: u64,
    /// Those of them that had not ended.
    pub(crate) unanswered: u64,
    /// How many had not ended if each took as long as those due at first: what a filled pipe holds.
    pub(crate) in_pipe: f64,
    /// Requests that were due between the two instants.
    pub(crate) compared: f64,
}

impl Growth {
    /// As a share of what was due meanwhile; 0 at least.
    pub(crate) fn share(&self) -> f64 {
        ((self.unanswered as f64 - self.in_pipe) / self.compared).max(0.0)
    }
}

impl Backlog {
    pub(super) fn of(window: &Window) -> Self {
        let width =
            u64::try_from(window.length().as_nanos()).unwrap_or(u64::MAX).div_ceil(SLOTS as u64).max(1);
        let top = u64::try_from(TOP.as_nanos()).unwrap_or(u64::MAX);
        let first =
            Histogram::new_with_bounds(1, top, 2).expect("the bounds are constants within what HDR accepts");
        Self { start: window.start, width, due: vec![0; SLOTS], ended: vec![0; SLOTS], first, first_ended: 0 }
    }

    /// `None` before and after the window.
    fn slot(&self, at: Moment) -> Option<usize> {
        // In 64 bits: a division of 128 would be most of the work here, several times a request.
        let offset = at.as_nanos().checked_sub(self.start.as_nanos())?;
        usize::try_from(offset / self.width).ok().filter(|slot| *slot < SLOTS)
    }

    /// So many `requests` of the window are due at `intended`.
    pub(super) fn due(&mut self, intended: Moment, requests: u64) {
        if let Some(slot) = self.slot(intended) {
            self.due[slot] += requests;
        }
    }

    /// A request of the window ended; `is_correct` with a correct reply, whose response time is kept elsewhere.
    pub(super) fn ended(&mut self, intended: Moment, is_correct: bool, now: Moment) {
        let was_first = self.was_first(intended);
        if let Some(slot) = self.slot(now) {
            self.ended[slot] += 1;
            self.first_ended += u64::from(was_first);
        }
        if was_first && !is_correct {
            self.took(intended, 1, now);
        }
    }

    /// So many `requests` of the window that were due at `intended` have not ended when measuring stops.
    pub(super) fn left(&mut self, intended: Moment, requests: u64, now: Moment) {
        if self.was_first(intended) {
            self.took(intended, requests, now);
        }
    }

    /// Whether a request due at `intended` is one of those due at first.
    fn was_first(&self, intended: Moment) -> bool {
        self.slot(intended).is_some_and(|slot| slot < FIRST)
    }

    /// So many `requests` of those due at first took from `intended` to `now`.
    fn took(&mut self, intended: Moment, requests: u64, now: Moment) {
        let nanos = now.since(intended).min(TOP).as_nanos();
        let (nanos, requests) =
            (u64::try_from(nanos).unwrap_or(u64::MAX), u32::try_from(requests).unwrap_or(u32::MAX));
        self.first.saturating_record_n(nanos, requests);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let add = |into: &mut [u64], from: &[u64]| into.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        add(&mut self.due, &other.due);
        add(&mut self.ended, &other.ended);
        self.first_ended += other.first_ended;
        self.first.add(&other.first).expect("all backlogs share one range and precision");
    }

    /// By how much it grew up to `end`, the window's.
    ///
    /// Requests due at first found a pipe that they, or the warm-up, filled. From the instant at which they ended on, what the pipe
    /// holds beyond those that have been due for no longer than they took is growth. That leaves out a pipe that is still
    /// filling, and a rate that changes: what is due shortly before the end is on its way and not behind. Of the instants in the
    /// last quarter of that time the one that says least is taken, so that a burst near the end is not a growth.
    ///
    /// Where fewer than ten requests were due meanwhile, requests take as long as the window. Each of the `connections` holds one of
    /// them; if more of those due at first are unanswered at the end, they still wait for a connection, and what is unanswered beyond
    /// the connections is growth. `None` otherwise.
    ///
    /// `response` has the times of correct replies.
    pub(super) fn growth(&self, end: Moment, connections: u32, response: &Timing) -> Option<Growth> {
        let last = (end.since(self.start).as_nanos() / u128::from(self.width)).min(SLOTS as u128) as usize;
        self.growth_of_a_filled_pipe(last, response).or_else(|| self.queue(last, connections))
    }

    /// The requests due before slot `last` that wait for one of the `connections` there; `None` unless those due at first still do.
    fn queue(&self, last: usize, connections: u32) -> Option<Growth> {
        let (due, ended): (u64, u64) = (self.due[..last].iter().sum(), self.ended[..last].iter().sum());
        let growth = Growth {
            at: Duration::from_nanos(self.width.saturating_mul(last as u64)),
            due,
            unanswered: due.saturating_sub(ended),
            in_pipe: f64::from(connections),
            compared: due as f64,
        };
        let first_due: u64 = self.due.iter().take(FIRST.min(last)).sum();
        let waits = first_due.saturating_sub(self.first_ended) > u64::from(connections);
        (waits && growth.compared >= FEWEST).then_some(growth)
    }

    fn growth_of_a_filled_pipe(&self, last: usize, response: &Timing) -> Option<Growth> {
        let mut first = self.first.clone();
        response.add_first(FIRST as f64 / SLOTS as f64, &mut first);
        let took = Took::of(&first)?;
        let first_due: u64 = self.due.iter().take(FIRST.min(last)).sum();
        let middle: f64 = self
            .due
            .iter()
            .take(FIRST.min(last))
            .zip(0..)
            .map(|(due, slot)| *due as f64 * (f64::from(slot) + 0.5))
            .sum::<f64>()
            / (first_due.max(1) as f64);
        let filled = middle + took.mean / self.width as f64;
        let from = filled + 0.75 * (last as f64 - filled);
        let at = |slot: usize| {
            let (due, ended): (u64, u64) = (self.due[..slot].iter().sum(), self.ended[..slot].iter().sum());
            let in_pipe = self.in_pipe(slot, &took);
            Growth {
                at: Duration::from_nanos(self.width.saturating_mul(slot as u64)),
                due,
                unanswered: due.saturating_sub(ended),
                in_pipe,
                compared: due as f64 - first_due as f64 / 2.0 - in_pipe,
            }
        };
        let whole = at(last);
        if whole.compared < FEWEST || filled >= last as f64 {
            return None;
        }
        let instants = (from.ceil() as usize..last).step_by(SLOTS / 100).map(at);
        // Of instants that say the same, the window's end.
        let told = std::iter::once(whole).chain(instants.filter(|growth| growth.compared >= FEWEST));
        told.min_by(|a, b| a.share().total_cmp(&b.share()))
    }

    /// How many of the requests due before `slot` had not ended there if each took as long as those due at first.
    fn in_pipe(&self, slot: usize, took: &Took) -> f64 {
        let width = self.width as f64;
        let still = |age: f64| (took.within(age + width) - took.within(age)) / width;
        self.due[..slot]
            .iter()
            .rev()
            .zip(0..)
            .map(|(due, slots)| *due as f64 * still(f64::from(slots) * width))
            .sum()
    }
}

/// How long requests took, nanoseconds.
struct Took {
    mean: f64,
    /// Times in ascending order, with how many are no longer, and the sum of these.
    times: Vec<(f64, f64, f64)>,
}

impl Took {
    /// `None` without a time.
    fn of(histogram: &Histogram<u32>) -> Option<Self> {
        let mut so_far = (0.0, 0.0);
        let times: Vec<_> = histogram
            .iter_recorded()
            .map(|step| {
                let (time, count) = (
                    histogram.median_equivalent(step.value_iterated_to()) as f64,
                    step.count_since_last_iteration() as f64,
                );
                so_far = (so_far.0 + count, so_far.1 + count * time);
                (time, so_far.0, so_far.1)
            })
            .collect();
        let (_, count, sum) = *times.last()?;
        Some(Self { mean: sum / count, times })
    }

    /// The mean of the times, each cut off at `limit`: the integral up to there of the share that takes longer.
    fn within(&self, limit: f64) -> f64 {
        let below = self.times.partition_point(|(time, ..)| *time <= limit);
        let (count, sum) =
            below.checked_sub(1).map_or((0.0, 0.0), |last| (self.times[last].1, self.times[last].2));
        let all = self.times.last().map_or(1.0, |(_, count, _)| *count);
        (sum + limit * (all - count)) / all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn at(nanos: u64) -> Moment {
        Moment::from_nanos(10 * SECOND + nanos)
    }

    /// Requests due at `starts` (nanoseconds since 5 s before a window of 5 s), of which a single worker answers one after another,
    /// each after `work`, and each `delay` later.
    fn growth(starts: impl IntoIterator<Item = u64>, work: u64, delay: u64) -> Option<Growth> {
        growth_over(u32::MAX, starts, work, delay)
    }

    /// The same over so many `connections`.
    fn growth_over(
        connections: u32,
        starts: impl IntoIterator<Item = u64>,
        work: u64,
        delay: u64,
    ) -> Option<Growth> {
        let window = Window { start: at(5 * SECOND), end: at(10 * SECOND) };
        let mut backlog = Backlog::of(&window);
        let (mut free, mut response) = (0, Timing::of(20));
        for start in starts {
            free = free.max(start) + work;
            if window.contains(at(start)) {
                backlog.due(at(start), 1);
                backlog.ended(at(start), true, at(free + delay));
                let part = (start - 5 * SECOND) / (SECOND / 4);
                response.record(at(free + delay).since(at(start)), Some(part as usize));
            }
        }
        backlog.growth(window.end, connections, &response)
    }

    /// At a rate from 0 (with a warm-up) or 5 s (without one) on.
    fn steady(per_second: u64, from: u64) -> impl Iterator<Item = u64> {
        (0..).map(move |index| from + index * SECOND / per_second).take_while(|start| *start < 10 * SECOND)
    }

    const MS: u64 = 1_000_000;

    #[test]
    fn a_queue_that_grows_is_told_as_the_share_that_is_too_much_with_and_without_a_warm_up() {
        // 100/s of 150/s are answered.
        for from in [0, 5 * SECOND] {
            let growth = growth(steady(150, from), 10 * MS, 0).unwrap();
            assert!((growth.share() - 1.0 / 3.0).abs() < 0.03, "{from}: {growth:?}");
        }
    }

    #[test]
    fn a_pipe_that_fills_is_no_growth_however_long_it_is() {
        for (rate, delay) in [(10, SECOND), (100, SECOND), (1000, 10 * MS), (20, 3 * SECOND)] {
            for from in [0, 5 * SECOND] {
                let growth = growth(steady(rate, from), 0, delay).unwrap();
                // Half a request in a slot, and times to two digits.
                assert!(
                    growth.share() * growth.compared < 2.0,
                    "{rate}/s, {delay} ns, from {from}: {growth:?}"
                );
            }
        }
    }

    #[test]
    fn a_rate_that_ends_high_and_a_burst_at_the_end_are_no_growth() {
        // Quadratic in time: from 0 to 400/s, each after 200 ms.
        let ramp = (0..1000).map(|index| 5 * SECOND + ((f64::from(index) / 1000.0).sqrt() * 5e9) as u64);
        let ramp = growth(ramp, 0, 200 * MS).unwrap();
        assert!(ramp.share() < 0.01, "{ramp:?}");
        let burst = (0..40).map(|index| 5 * SECOND + index * 120 * MS).chain([9_900 * MS; 64]);
        let burst = growth(burst, 10 * MS, 0).unwrap();
        assert!(burst.share() < 0.01, "{burst:?}");
    }

    #[test]
    fn a_window_no_longer_than_requests_take_tells_nothing() {
        assert_eq!(growth(steady(1, 5 * SECOND), 0, MS), None);
        assert_eq!(growth(steady(100, 5 * SECOND), 0, 6 * SECOND), None);
        assert_eq!(growth([], 0, 0), None);
    }

    #[test]
    fn a_queue_longer_than_the_window_is_growth_and_a_delay_as_long_is_not() {
        // 16 connections of a second each: 80 of 1,500 requests are answered, 16 are on their way, the others wait.
        let queue = growth_over(16, steady(300, 5 * SECOND), SECOND / 16, 0).unwrap();
        assert_eq!((queue.due, queue.in_pipe), (1500, 16.0));
        assert!((queue.share() - 1404.0 / 1500.0).abs() < 0.002, "{queue:?}");
        assert_eq!(growth_over(500, steady(100, 5 * SECOND), 0, 6 * SECOND), None);
        // What is due shortly before the end is on its way, however few connections there are.
        let burst = (0..3).map(|index| 5 * SECOND + index * SECOND).chain([9_990 * MS; 17]);
        assert_eq!(growth_over(2, burst, 20 * MS, 0), None);
    }

    #[test]
    fn threads_add_up() {
        let window = Window { start: at(0), end: at(5 * SECOND) };
        let mut threads = [Backlog::of(&window), Backlog::of(&window)];
        let mut whole = Backlog::of(&window);
        for (index, start) in (0..2).cycle().zip(steady(100, 0)) {
            for backlog in [&mut threads[index], &mut whole] {
                backlog.due(at(start), 1);
                if start % (3 * MS) == 0 {
                    backlog.left(at(start), 1, at(9 * SECOND));
                } else {
                    backlog.ended(at(start), false, at(start + MS));
                }
            }
        }
        let [mut sum, other] = threads;
        sum.merge(&other);
        assert_eq!((&sum.due, &sum.ended, sum.first_ended), (&whole.due, &whole.ended, whole.first_ended));
        assert_eq!(sum.first, whole.first);
        assert_eq!(sum.growth(window.end, 1, &Timing::of(20)).unwrap().due, 500);
    }

    #[test]
    fn only_what_was_due_at_first_is_counted_among_the_first() {
        let mut backlog = Backlog::of(&Window { start: at(0), end: at(5 * SECOND) });
        backlog.ended(at(4 * SECOND), false, at(4 * SECOND + MS));
        backlog.left(at(4 * SECOND), 1, at(9 * SECOND));
        assert_eq!((backlog.first_ended, backlog.first.len()), (0, 0));
        backlog.ended(at(MS), true, at(2 * MS));
        backlog.ended(at(MS), false, at(2 * MS));
        backlog.left(at(MS), 1, at(9 * SECOND));
        // The time of a correct reply is kept elsewhere.
        assert_eq!((backlog.first_ended, backlog.first.len()), (2, 2));
    }

    #[test]
    fn a_few_requests_that_were_answered_at_once_wait_for_nothing() {
        assert_eq!(growth_over(2, (0..12).map(|index| 5 * SECOND + index * MS), 0, MS), None);
    }
}
