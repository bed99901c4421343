//! Requests that are due and have not ended yet: whether they became more while the window went on.

use std::ops::Range;
use std::time::Duration;

use hdrhistogram::Histogram;
use reports_record::TOP;

use super::{Timing, parts::PARTS};
use crate::clock::Moment;
use crate::window::Window;

/// Instants of the window that are told apart.
const SLOTS: usize = 1000;
/// Of them in one of the window's parts.
const PER_PART: usize = SLOTS / PARTS;
/// The requests due in the first of so many equal stretches of the window, from where any was due, show how many a filled pipe holds.
const STRETCHES: usize = 4;
/// The client's delays up to here are those of waking, and put nothing off.
const WAKING: Duration = Duration::from_millis(1);
/// Fewest requests from which a growth is told.
const FEWEST: f64 = 10.0;

/// Standard deviations of chance that a growth has to exceed: it does by chance in one window of twenty.
///
/// Where arrivals are Poisson, their number in a stretch with n of them varies by √n, and so does the queue of a server that
/// only just keeps up. What a server's own times add to that is seldom more.
const BY_ARRIVALS: f64 = 1.645;
/// Fewest parts of the window whose growths show how much chance does.
const FEWEST_PARTS: usize = 8;
/// Standard deviations of their sum that it has to exceed then: Student's t for so many parts. For more it is less.
const BY_PARTS: f64 = 1.895;
/// So many times as long as those due at first took, a queue that is there by chance is worked off.
const WORKED_OFF: f64 = 4.0;
/// What a filled pipe holds is known to a request or two.
const LEAST_CHANCE: f64 = 3.0;

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
    /// Times from the intended start to the end of requests due in each part, but for correct replies: two digits, nanoseconds.
    others: Vec<Histogram<u32>>,
    /// Requests due in each slot that ended in the window.
    due_ended: Vec<u64>,
    /// Requests of the window that had not ended when measuring stopped, and when that was.
    left: u64,
    stopped: Moment,
    /// The requests that the client put off; `None` without any.
    put_off: Option<Box<PutOff>>,
}

/// The requests that `ended` and `due_ended` lack because the client was late.
#[derive(Debug, Clone)]
struct PutOff {
    /// How many more, or fewer, would have ended in each slot.
    ended: Vec<i64>,
    /// Of those due in each slot, how many more would have ended in the window.
    due_ended: Vec<u64>,
    /// How many of those left would have.
    left: u64,
}

impl Default for PutOff {
    fn default() -> Self {
        Self { ended: vec![0; SLOTS], due_ended: vec![0; SLOTS], left: 0 }
    }
}

/// By how much the backlog grew between two instants at which the pipe was filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Growth {
    /// Since the window's start: the later of the two instants. Beyond the window, when measuring stopped.
    pub(crate) at: Duration,
    /// Requests of the window that were due by then.
    pub(crate) due: u64,
    /// Those of them that had not ended.
    pub(crate) unanswered: u64,
    /// How many had not ended if each took as long as those due at first: what a filled pipe holds.
    pub(crate) in_pipe: f64,
    /// Requests that were due between the two instants.
    pub(crate) compared: f64,
    /// The number of requests that chance may make of it.
    pub(crate) chance: f64,
}

impl Growth {
    /// As a share of what was due meanwhile: 0 at least, and at most the share of all that has no reply.
    pub(crate) fn share(&self) -> f64 {
        let growth = (self.unanswered as f64 - self.in_pipe) / self.compared;
        growth.clamp(0.0, self.unanswered as f64 / self.due.max(1) as f64)
    }
}

impl Backlog {
    pub(super) fn of(window: &Window) -> Self {
        let width =
            u64::try_from(window.length().as_nanos()).unwrap_or(u64::MAX).div_ceil(SLOTS as u64).max(1);
        let top = u64::try_from(TOP.as_nanos()).unwrap_or(u64::MAX);
        let others = || {
            Histogram::new_with_bounds(1, top, 2).expect("the bounds are constants within what HDR accepts")
        };
        Self {
            start: window.start,
            width,
            due: vec![0; SLOTS],
            ended: vec![0; SLOTS],
            others: std::iter::repeat_with(others).take(PARTS).collect(),
            due_ended: vec![0; SLOTS],
            left: 0,
            stopped: window.start,
            put_off: None,
        }
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
        if let Some(slot) = self.slot(now) {
            self.ended[slot] += 1;
            if let Some(due) = self.slot(intended) {
                self.due_ended[due] += 1;
            }
        }
        if !is_correct {
            self.took(intended, 1, now);
        }
    }

    /// A request that ended `now` was `late` by the client's doing.
    #[inline]
    pub(super) fn put_off(&mut self, intended: Moment, late: Duration, now: Moment) {
        if late > WAKING {
            self.would_have_ended(intended, 1, now.before(late), self.slot(now));
        }
    }

    /// This number of `requests` was not sent by `now`, for `own` by the client's doing.
    pub(super) fn not_sent(&mut self, intended: Moment, requests: u64, own: Duration, now: Moment) {
        if own > WAKING {
            let sooner = now.before(own);
            let left = if self.slot(sooner).is_some() { requests } else { 0 };
            self.would_have_ended(intended, requests, sooner, None).left += left;
        }
    }

    /// This number of `requests` would have ended at `sooner`, instead of in slot `ended` if they ended in the window.
    #[cold]
    fn would_have_ended(
        &mut self,
        intended: Moment,
        requests: u64,
        sooner: Moment,
        ended: Option<usize>,
    ) -> &mut PutOff {
        let (sooner, due) = (self.slot(sooner), self.slot(intended));
        let put_off = self.put_off.get_or_insert_default();
        let count = i64::try_from(requests).unwrap_or(i64::MAX);
        for (slot, more) in [(sooner, count), (ended, -count)] {
            if let Some(slot) = slot {
                put_off.ended[slot] += more;
            }
        }
        if let Some(due) = due.filter(|_| sooner.is_some() && ended.is_none()) {
            put_off.due_ended[due] += requests;
        }
        put_off
    }

    /// As it would be had the client been late for nothing.
    pub(super) fn but_for_delays(&self) -> Self {
        let mut soon = self.clone();
        let Some(put_off) = soon.put_off.take() else { return soon };
        soon.ended
            .iter_mut()
            .zip(put_off.ended)
            .for_each(|(ended, more)| *ended = ended.saturating_add_signed(more));
        soon.due_ended.iter_mut().zip(put_off.due_ended).for_each(|(ended, more)| *ended += more);
        soon.left = soon.left.saturating_sub(put_off.left);
        soon
    }

    /// So many `requests` of the window that were due at `intended` have not ended `now`, when measuring stops.
    pub(super) fn left(&mut self, intended: Moment, requests: u64, now: Moment) {
        self.left += requests;
        self.stopped = self.stopped.max(now);
        self.took(intended, requests, now);
    }

    /// So many `requests` of the window that were due at `intended` took until `now`, or longer.
    fn took(&mut self, intended: Moment, requests: u64, now: Moment) {
        let Some(due) = self.slot(intended) else { return };
        let nanos = now.since(intended).min(TOP).as_nanos();
        let (nanos, requests) =
            (u64::try_from(nanos).unwrap_or(u64::MAX), u32::try_from(requests).unwrap_or(u32::MAX));
        self.others[due / PER_PART].saturating_record_n(nanos, requests);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let add = |into: &mut [u64], from: &[u64]| into.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        add(&mut self.due, &other.due);
        add(&mut self.ended, &other.ended);
        add(&mut self.due_ended, &other.due_ended);
        self.left += other.left;
        self.stopped = self.stopped.max(other.stopped);
        if let Some(other) = &other.put_off {
            let put_off = self.put_off.get_or_insert_default();
            put_off.ended.iter_mut().zip(&other.ended).for_each(|(a, b)| *a += b);
            add(&mut put_off.due_ended, &other.due_ended);
            put_off.left += other.left;
        }
        for (others, other) in self.others.iter_mut().zip(&other.others) {
            others.add(other).expect("all backlogs share one range and precision");
        }
    }

    /// By how much it grew up to `end`, the window's: earlier than planned where it was cut short.
    ///
    /// Each of the `connections` holds one request. If more of those due at first are unanswered at the end, they still wait for a
    /// connection: how long requests take is not known, and what is unanswered beyond the connections is growth.
    ///
    /// Otherwise requests due at first found a pipe that they, or the warm-up, filled. From the instant at which they ended on, what the pipe
    /// holds beyond those that have been due for no longer than they took is growth. That leaves out a pipe that is still
    /// filling, and a rate that changes: what is due shortly before the end is on its way and not behind. Of the instants in the
    /// last quarter of that time the one that says least is taken, so that a burst near the end is not a growth. What has still not ended
    /// when measuring stops is one, however near the window's end it was due.
    ///
    /// `None` where fewer than ten requests were due meanwhile: they take as long as the window.
    ///
    /// `response` has the times of correct replies.
    pub(super) fn growth(&self, end: Moment, connections: u32, response: &Timing) -> Option<Growth> {
        let last = (end.since(self.start).as_nanos() / u128::from(self.width)).min(SLOTS as u128) as usize;
        // Before the first of them nothing shows how long requests take.
        let begun = self.due[..last].iter().position(|due| *due > 0)?;
        self.queue(begun, last, connections).or_else(|| self.growth_of_a_filled_pipe(begun, last, response))
    }

    /// The requests due before slot `last` that wait for one of the `connections` there; `None` unless those due at first still do.
    fn queue(&self, begun: usize, last: usize, connections: u32) -> Option<Growth> {
        let (due, ended): (u64, u64) = (self.due[..last].iter().sum(), self.ended[..last].iter().sum());
        let growth = Growth {
            at: Duration::from_nanos(self.width.saturating_mul(last as u64)),
            due,
            unanswered: due.saturating_sub(ended),
            in_pipe: f64::from(connections),
            compared: due as f64,
            chance: self.chance(0, last, due as f64),
        };
        let first = begun + (last - begun) / STRETCHES;
        let [first_due, first_ended] = [&self.due, &self.due_ended].map(|of| of[..first].iter().sum::<u64>());
        let waits = first_due.saturating_sub(first_ended) > u64::from(connections);
        (waits && growth.compared >= FEWEST).then_some(growth)
    }

    fn growth_of_a_filled_pipe(&self, begun: usize, last: usize, response: &Timing) -> Option<Growth> {
        // Whole parts, since times are known by them.
        let begun = begun / PER_PART;
        let parts = begun..begun + ((last / PER_PART).saturating_sub(begun) / STRETCHES).max(1);
        let first = parts.end * PER_PART;
        if (first - begun * PER_PART) * 2 > last - begun * PER_PART {
            return None;
        }
        let took = Took::of(&self.times_of(parts, response))?;
        let first_due: u64 = self.due[..first].iter().sum();
        let middle: f64 = self.due[..first]
            .iter()
            .zip(0..)
            .map(|(due, slot)| *due as f64 * (f64::from(slot) + 0.5))
            .sum::<f64>()
            / (first_due.max(1) as f64);
        let filled = middle + took.mean / self.width as f64;
        let from = filled + 0.75 * (last as f64 - filled);
        let at = |slot: usize| {
            let (due, ended): (u64, u64) = (self.due[..slot].iter().sum(), self.ended[..slot].iter().sum());
            let in_pipe = self.in_pipe(slot, &took, 0.0);
            let compared = due as f64 - first_due as f64 / 2.0 - in_pipe;
            Growth {
                at: Duration::from_nanos(self.width.saturating_mul(slot as u64)),
                due,
                unanswered: due.saturating_sub(ended),
                in_pipe,
                compared,
                chance: self.chance(first, slot, compared),
            }
        };
        let whole = at(last);
        if whole.compared < FEWEST || filled >= last as f64 {
            return None;
        }
        let instants = (from.ceil() as usize..last).step_by(SLOTS / 100).map(at);
        // Of instants that say the same, the window's end.
        let told = std::iter::once(whole).chain(instants.filter(|growth| growth.compared >= FEWEST));
        let told = told.min_by(|a, b| a.share().total_cmp(&b.share()))?;
        let behind = self.left_behind(last, &took, whole);
        Some(behind.filter(|behind| behind.share() > told.share()).unwrap_or(told))
    }

    /// The requests of the `whole`, due before slot `last`, that were left when measuring stopped; `None` where that was too soon after the
    /// window for a queue that is there by chance to be worked off.
    fn left_behind(&self, last: usize, took: &Took, whole: Growth) -> Option<Growth> {
        let at = self.stopped.since(self.start);
        let later = at.as_nanos() as f64 - self.width as f64 * last as f64;
        if later < WORKED_OFF * took.mean {
            return None;
        }
        let in_pipe = self.in_pipe(last, took, later);
        let chance = LEAST_CHANCE.max(BY_ARRIVALS * in_pipe.sqrt());
        Some(Growth { at, unanswered: self.left, in_pipe, chance, ..whole })
    }

    /// By how much the backlog may grow by chance from one slot to another, between which so many requests are `compared`.
    ///
    /// No more than Poisson arrivals do at a server at the edge of its capacity; less where the growth of each part of the window resembles
    /// that of the others. Of regular arrivals a server that takes equally long for each leaves the same number behind in each part, and
    /// that is no chance.
    fn chance(&self, from: usize, to: usize, compared: f64) -> f64 {
        let by_arrivals = BY_ARRIVALS * compared.max(0.0).sqrt();
        let of =
            |counts: &[u64], part: usize| counts[part * PER_PART..][..PER_PART].iter().sum::<u64>() as f64;
        let parts = from.div_ceil(PER_PART)..to / PER_PART;
        let growths: Vec<f64> = parts.map(|part| of(&self.due, part) - of(&self.ended, part)).collect();
        if growths.len() < FEWEST_PARTS {
            return by_arrivals;
        }
        let count = growths.len() as f64;
        let mean = growths.iter().sum::<f64>() / count;
        let variance = growths.iter().map(|growth| (growth - mean).powi(2)).sum::<f64>() / (count - 1.0);
        by_arrivals.min((BY_PARTS * (variance * count).sqrt()).max(LEAST_CHANCE))
    }

    /// Times of the requests due in these `parts`, with those of correct replies in `response`.
    fn times_of(&self, parts: Range<usize>, response: &Timing) -> Histogram<u32> {
        let (first, others) = self.others[parts.clone()].split_first().expect("at least one part");
        let mut times = first.clone();
        others.iter().for_each(|other| times.add(other).expect("all parts share one range and precision"));
        response.add_parts(parts, &mut times);
        times
    }

    /// How many of the requests due before `slot` had not ended so many nanoseconds `later` if each took as long as those due at first.
    fn in_pipe(&self, slot: usize, took: &Took, later: f64) -> f64 {
        let width = self.width as f64;
        let still = |age: f64| (took.within(age + width) - took.within(age)) / width;
        self.due[..slot]
            .iter()
            .rev()
            .zip(0..)
            .map(|(due, slots)| *due as f64 * still(f64::from(slots) * width + later))
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
    use reports_record::Arrivals;

    use super::*;
    use crate::{Rate, Schedule};

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
        growth_until(10 * SECOND, connections, starts, work, delay)
    }

    /// The same of a measurement that is cut short at `end`, after which no reply is awaited.
    fn growth_until(
        end: u64,
        connections: u32,
        starts: impl IntoIterator<Item = u64>,
        work: u64,
        delay: u64,
    ) -> Option<Growth> {
        let window = Window { start: at(5 * SECOND), end: at(10 * SECOND) };
        let mut backlog = Backlog::of(&window);
        let (mut free, mut response) = (0, Timing::of(20));
        for start in starts.into_iter().take_while(|start| *start < end) {
            free = free.max(start) + work;
            if window.contains(at(start)) {
                backlog.due(at(start), 1);
                if end < 10 * SECOND && free + delay > end {
                    backlog.left(at(start), 1, at(end));
                    continue;
                }
                backlog.ended(at(start), true, at(free + delay));
                let part = (start - 5 * SECOND) / (SECOND / 4);
                response.record(at(free + delay).since(at(start)), Some(part as usize));
            }
        }
        backlog.growth(at(end), connections, &response)
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
    fn regular_arrivals_at_a_regular_server_leave_little_to_chance_and_poisson_arrivals_as_much_as_their_number_varies_by()
     {
        // 100/s of 108/s are answered: of 540 requests 40 are too many, and √540 × 1.645 is 38.
        let regular = growth(steady(108, 5 * SECOND), 10 * MS, 0).unwrap();
        assert!((regular.share() - 8.0 / 108.0).abs() < 0.03, "{regular:?}");
        assert!(regular.chance < 0.02 * regular.compared, "{regular:?}");
        let rate = Rate::per_second(108.0).unwrap();
        let starts = Schedule::new(&rate.into(), Duration::ZERO, Arrivals::Poisson, 3);
        let starts = starts.map(|start| 5 * SECOND + start.as_nanos() as u64);
        let poisson = growth(starts, 10 * MS, 0).unwrap();
        let by_arrivals = BY_ARRIVALS * poisson.compared.sqrt();
        assert!((0.5 * by_arrivals..=by_arrivals).contains(&poisson.chance), "{poisson:?}");
    }

    /// 100/s, each after 10 ms but for those due in the window's last second: answered after the window, or not by 12 s, when measuring
    /// stops.
    #[test]
    fn what_is_never_answered_is_growth_however_near_the_end_it_was_due_and_what_is_answered_late_is_not() {
        let window = Window { start: at(5 * SECOND), end: at(10 * SECOND) };
        let growth = |is_answered: bool, since: u64, delay: u64| {
            let (mut backlog, mut response) = (Backlog::of(&window), Timing::of(20));
            for start in steady(100, 5 * SECOND) {
                backlog.due(at(start), 1);
                let end = if start < since { start + delay } else { 11 * SECOND };
                if start < since && end < 12 * SECOND || is_answered {
                    let part = (start - 5 * SECOND) / (SECOND / 4);
                    backlog.ended(at(start), true, at(end));
                    response.record(at(end).since(at(start)), Some(part as usize));
                } else {
                    backlog.left(at(start), 1, at(12 * SECOND));
                }
            }
            backlog.growth(window.end, 64, &response).unwrap()
        };
        let never = growth(false, 9 * SECOND, 10 * MS);
        assert!((never.share() - 0.2).abs() < 0.001, "{never:?}");
        assert_eq!((never.at, never.unanswered), (Duration::from_secs(7), 100));
        assert!(never.chance < 4.0, "{never:?}");
        assert!(growth(true, 9 * SECOND, 10 * MS).share() < 0.01);
        // Each takes 2.5 s, or 1.9: those of the last half second are on their way, or none is.
        for delay in [2_500, 1_900] {
            let slow = growth(false, 10 * SECOND, delay * MS);
            assert!(slow.share() * slow.compared < 3.0, "{slow:?}");
        }
        // Two seconds are too few for a queue of requests that take one.
        let soon = growth(false, 9_500 * MS, SECOND);
        assert!(soon.share() * soon.compared < 3.0, "{soon:?}");
    }

    #[test]
    fn a_stall_in_some_parts_is_no_regular_growth() {
        // 100/s, each after 10 ms but for those due in the sixth half second, which all wait for its end.
        let window = Window { start: at(5 * SECOND), end: at(10 * SECOND) };
        let (mut backlog, mut response) = (Backlog::of(&window), Timing::of(20));
        for start in steady(100, 5 * SECOND) {
            let stalled = (7_500 * MS..8_000 * MS).contains(&start);
            let end = if stalled { 8_000 * MS } else { start } + 10 * MS;
            backlog.due(at(start), 1);
            backlog.ended(at(start), true, at(end));
            response.record(at(end).since(at(start)), Some(((start - 5 * SECOND) / (SECOND / 4)) as usize));
        }
        let growth = backlog.growth(window.end, 64, &response).unwrap();
        assert!(growth.chance > 0.9 * BY_ARRIVALS * growth.compared.sqrt(), "{growth:?}");
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
    fn what_is_cut_short_is_judged_up_to_there() {
        for tenths in [2, 5, 7, 10, 13, 25, 40] {
            let end = 5 * SECOND + tenths * SECOND / 10;
            // 16 connections, and 500/s of 10,000/s are answered.
            let queue = growth_until(end, 16, steady(10_000, 5 * SECOND), 2 * MS, 0).unwrap();
            assert!((queue.share() - 0.95).abs() < 0.01, "{tenths}: {queue:?}");
            assert_eq!(queue.at, Duration::from_nanos(end - 5 * SECOND));
            // All are answered, each after 10 ms.
            for from in [0, 5 * SECOND] {
                let kept = growth_until(end, 64, steady(1000, from), 0, 10 * MS);
                assert!(kept.is_none_or(|kept| kept.share() * kept.compared < 2.0), "{tenths}: {kept:?}");
                assert!(tenths < 5 || kept.is_some(), "{tenths}");
            }
        }
    }

    #[test]
    fn a_heavy_overload_is_the_share_that_is_not_answered_however_many_times_the_rate() {
        for (offered, answered) in [(200, 100), (300, 100), (500, 100), (1000, 100), (20_000, 100)] {
            let expected = 1.0 - answered as f64 / offered as f64;
            let growth =
                |connections| growth_over(connections, steady(offered, 5 * SECOND), SECOND / answered, 0);
            let queue = growth(8).unwrap();
            assert!((queue.share() - expected).abs() < 0.04, "{offered}/s: {queue:?}");
            // Over a connection for each the queue is the server's: the window may be no longer than it is.
            let pipe = growth(100_000);
            assert!(pipe.is_none_or(|pipe| (pipe.share() - expected).abs() < 0.1), "{offered}/s: {pipe:?}");
        }
    }

    /// 100/s, each answered after 10 ms: as seen by a client that stood still for the last 1.5 s of the window and a second behind it, and sent what was
    /// due then or not at all, and the same at a server that answers half of them.
    #[test]
    fn what_the_client_put_off_is_no_growth_but_for_its_delays_and_a_server_s_queue_is() {
        let window = Window { start: at(5 * SECOND), end: at(10 * SECOND) };
        for (is_sent, is_slow) in [(true, false), (false, false), (true, true)] {
            let (mut threads, mut response) = ([Backlog::of(&window), Backlog::of(&window)], Timing::of(20));
            for (start, index) in steady(100, 5 * SECOND).zip(0..) {
                let backlog = &mut threads[index % 2];
                let late = if start < 8_500 * MS { 0 } else { 11 * SECOND - start };
                let queued = if is_slow { (start - 5 * SECOND) / 2 } else { 0 };
                let end = at(start + late + queued + 10 * MS);
                backlog.due(at(start), 1);
                if late > 0 && !is_sent {
                    backlog.left(at(start), 1, at(11 * SECOND));
                    backlog.not_sent(at(start), 1, Duration::from_nanos(late), at(11 * SECOND));
                    continue;
                }
                backlog.ended(at(start), true, end);
                backlog.put_off(at(start), Duration::from_nanos(late), end);
                response.record(end.since(at(start)), Some(((start - 5 * SECOND) / (SECOND / 4)) as usize));
            }
            let [mut whole, other] = threads;
            whole.merge(&other);
            let share = |backlog: Backlog| backlog.growth(window.end, 64, &response).unwrap().share();
            let but_for = share(whole.but_for_delays());
            assert!(share(whole) > 0.04, "{is_sent} {is_slow}");
            assert!(if is_slow { but_for > 0.2 } else { but_for < 0.01 }, "{is_sent} {is_slow}: {but_for}");
        }
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
        assert_eq!((&sum.due, &sum.ended, &sum.due_ended), (&whole.due, &whole.ended, &whole.due_ended));
        assert_eq!((&sum.others, sum.left, sum.stopped), (&whole.others, whole.left, whole.stopped));
        assert_eq!(sum.growth(window.end, 1, &Timing::of(20)).unwrap().due, 500);
    }

    #[test]
    fn what_ended_is_counted_by_when_it_was_due_and_times_of_correct_replies_are_kept_elsewhere() {
        let mut backlog = Backlog::of(&Window { start: at(0), end: at(5 * SECOND) });
        for due in [MS, 4 * SECOND] {
            backlog.ended(at(due), true, at(due + MS));
            backlog.ended(at(due), false, at(due + MS));
            backlog.left(at(due), 1, at(9 * SECOND));
        }
        assert_eq!([0, 800, 1].map(|slot| backlog.due_ended[slot]), [2, 2, 0]);
        assert_eq!([0, 16, 1].map(|part| backlog.others[part].len()), [2, 2, 0]);
    }

    /// Nothing in the first 3 s of a window of 5 s, and then 100/s of 150/s are answered, or all.
    #[test]
    fn a_schedule_that_begins_late_is_judged_from_there_on() {
        let late = |per_second| steady(per_second, 8 * SECOND);
        let behind = growth(late(150), 10 * MS, 0).unwrap();
        assert!((behind.share() - 1.0 / 3.0).abs() < 0.05, "{behind:?}");
        let queue = growth_over(4, late(1_000), 10 * MS, 0).unwrap();
        assert!((queue.share() - 0.9).abs() < 0.02, "{queue:?}");
        let kept = growth(late(90), 10 * MS, 0).unwrap();
        assert!(kept.share() < 0.01, "{kept:?}");
    }

    #[test]
    fn a_few_requests_that_were_answered_at_once_wait_for_nothing() {
        assert_eq!(growth_over(2, (0..12).map(|index| 5 * SECOND + index * MS), 0, MS), None);
    }
}
