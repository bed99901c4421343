//! The measurement second by second, told while it is under way.

mod counts;
mod due;

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::time::Duration;

use reports_record::Distribution;

use crate::RawRequest;
use crate::clock::Moment;
use crate::window::Window;
pub use counts::Counts;
pub(crate) use due::Due;

/// Length of an interval.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);

/// What ended in one second of a measurement, or in the rest of a second at its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// When it began, since the schedule did: the first one when the warm-up ended.
    pub start: Duration,
    /// A second; the last interval has what is left, drain included.
    pub length: Duration,
    /// Response times, in a closed loop service times, lower bounds included. All intervals together have what the
    /// measurement has.
    pub times: Distribution,
    /// How much of it lies in the window.
    pub measured: Duration,
    /// What happened in it.
    pub counts: Counts,
    /// Each request that ended in it, by its end; only if they were asked for.
    pub requests: Vec<RawRequest>,
}

/// Everything that ended in an interval, of several threads together.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    pub(crate) times: Distribution,
    pub(crate) counts: Counts,
    pub(crate) requests: Vec<RawRequest>,
}

/// One thread's part of an interval.
#[derive(Debug)]
pub(crate) struct Slice {
    /// Which, from 0.
    index: u32,
    times: Distribution,
    counts: Counts,
    requests: Vec<RawRequest>,
}

/// A client thread's end: hands over what it timed whenever a second is over.
///
/// The thread goes on with an empty distribution, so that its hot path is the same with and without: one record a
/// request. Adding up happens elsewhere.
#[derive(Debug)]
pub(crate) struct Slicer {
    slices: Option<Sender<Slice>>,
    start: Moment,
    done: u32,
    /// What was handed over so far.
    counted: Counts,
}

impl Slicer {
    /// Over a window that begins at `start`; without `slices` it never has anything to do.
    pub(crate) fn new(slices: Option<Sender<Slice>>, start: Moment) -> Self {
        Self { slices, start, done: 0, counted: Counts::default() }
    }

    /// The window begins at `start`, as is known by now.
    pub(crate) fn begin_at(&mut self, start: Moment) {
        self.start = start;
    }

    /// When the second under way is over; [`Moment::NEVER`] when nobody wants to know.
    pub(crate) fn next_end(&self) -> Moment {
        if self.slices.is_some() { self.start.after(INTERVAL * (self.done + 1)) } else { Moment::NEVER }
    }

    /// Hands over what `take` gives for every second that is over, times and requests since it was last called and counts since
    /// the beginning: all of it for the first, nothing for those slept over.
    pub(crate) fn look(
        &mut self,
        now: Moment,
        mut take: impl FnMut() -> (Distribution, Counts, Vec<RawRequest>),
    ) {
        while now >= self.next_end() {
            if let Some(slices) = &self.slices {
                let (times, counted, requests) = take();
                let counts = counted.since(&self.counted);
                self.counted = counted;
                // Who no longer listens has given the measurement up.
                let _ = slices.send(Slice { index: self.done, times, counts, requests });
            }
            self.done += 1;
        }
    }
}

/// Puts the threads' slices together.
pub(crate) struct Collector {
    threads: usize,
    /// When the schedule began.
    begin: Moment,
    /// When the window does.
    start: Moment,
    /// Of an open loop.
    due: Option<Due>,
    /// Intervals that were told, and what was counted in them.
    told: u32,
    counted: Counts,
    /// Slices of later ones, with how many threads handed theirs over.
    waiting: BTreeMap<u32, (usize, Ended)>,
    /// All times that were handed over.
    all: Distribution,
}

impl Collector {
    /// Of so many threads, over a window that begins at `start`, in a schedule that began at `begin`.
    pub(crate) fn new(threads: usize, begin: Moment, start: Moment, due: Option<Due>) -> Self {
        Self {
            threads,
            begin,
            start,
            due,
            told: 0,
            counted: Counts::default(),
            waiting: BTreeMap::new(),
            all: Distribution::new(),
        }
    }

    /// The window begins at `start`, as is known by now.
    pub(crate) fn begin_at(&mut self, start: Moment) {
        self.start = start;
    }

    pub(crate) fn take(&mut self, slice: Slice) {
        self.all.merge(&slice.times);
        let (threads, ended) = self.waiting.entry(slice.index).or_default();
        *threads += 1;
        ended.times.merge(&slice.times);
        ended.counts.add(&slice.counts);
        ended.requests.extend(slice.requests);
    }

    /// The next interval for which every thread handed over its slice, while the window is to end at `end`.
    pub(crate) fn next(&mut self, end: Moment) -> Option<Interval> {
        let entry = self.waiting.first_entry().filter(|entry| entry.get().0 == self.threads)?;
        let (_, mut ended) = entry.remove();
        let start = self.next_start();
        if let Some(due) = &mut self.due {
            ended.counts.due = due.before(start.after(INTERVAL).min(end));
        }
        self.told += 1;
        self.counted.add(&ended.counts);
        Some(self.interval(start, start.after(INTERVAL), end, ended))
    }

    /// What is left at `now`, the measurement's end: the times and requests that threads still held, and of the counts of all of it
    /// what was not told. The window ended at `end`.
    ///
    /// `None` when the warm-up was not over.
    pub(crate) fn last(&mut self, now: Moment, end: Moment, mut held: Ended) -> Option<Interval> {
        for (_, waiting) in std::mem::take(&mut self.waiting).into_values() {
            held.times.merge(&waiting.times);
            held.requests.extend(waiting.requests);
        }
        let start = self.next_start();
        held.counts = held.counts.since(&self.counted);
        (now > start).then(|| self.interval(start, now, end, held))
    }

    /// Everything that threads handed over, for the measurement as a whole.
    pub(crate) fn all(&self) -> &Distribution {
        &self.all
    }

    fn interval(
        &self,
        from: Moment,
        to: Moment,
        end: Moment,
        Ended { times, counts, mut requests }: Ended,
    ) -> Interval {
        requests.sort_unstable_by_key(|request| (request.ended, request.intended));
        let measured = Window { start: self.start, end }.overlap(from, to);
        Interval { start: from.since(self.begin), length: to.since(from), measured, times, counts, requests }
    }

    fn next_start(&self) -> Moment {
        self.start.after(INTERVAL * self.told)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use reports_record::OutcomeKind;

    use super::*;

    fn one(ms: u64) -> Distribution {
        let mut times = Distribution::new();
        times.record(Duration::from_millis(ms));
        times
    }

    fn second(seconds: u64) -> Moment {
        Moment::default().after(Duration::from_secs(seconds))
    }

    #[test]
    fn a_second_that_was_slept_over_is_empty_and_none_is_missing() {
        let (sender, receiver) = channel();
        let mut slicer = Slicer::new(Some(sender), second(1));
        let mut left = vec![one(1)];
        slicer.look(second(1), || unreachable!("no second is over"));
        slicer.look(second(4), || (left.pop().unwrap_or_default(), replies(5), Vec::new()));
        assert_eq!(slicer.next_end(), second(5));
        drop(slicer);
        let slices = receiver.iter().map(|slice| (slice.index, slice.times.count(), slice.counts.replies));
        assert_eq!(slices.collect::<Vec<_>>(), [(0, 1, 5), (1, 0, 0), (2, 0, 0)]);
    }

    #[test]
    fn nobody_to_tell_means_nothing_to_do() {
        let mut slicer = Slicer::new(None, second(0));
        assert_eq!(slicer.next_end(), Moment::NEVER);
        slicer.look(second(100), || unreachable!("nobody wants it"));
    }

    fn replies(replies: u64) -> Counts {
        let outcomes = [(OutcomeKind::Ok, replies)].into();
        Counts { replies, good_replies: replies, outcomes, in_flight: 1, ..Counts::default() }
    }

    fn slice(index: u32, ms: u64, count: u64) -> Slice {
        Slice { index, times: one(ms), counts: replies(count), requests: Vec::new() }
    }

    fn empty(index: u32, counts: Counts) -> Slice {
        Slice { index, times: Distribution::new(), counts, requests: Vec::new() }
    }

    fn held(times: Distribution, counts: Counts) -> Ended {
        Ended { times, counts, requests: Vec::new() }
    }

    #[test]
    fn an_interval_is_told_when_every_thread_is_past_it_and_nothing_is_lost() {
        let end = second(6);
        let mut collector = Collector::new(2, second(0), second(3), None);
        collector.take(slice(0, 1, 10));
        collector.take(slice(1, 2, 20));
        assert_eq!(collector.next(end), None);
        collector.take(slice(0, 3, 30));
        let first = collector.next(end).unwrap();
        assert_eq!((first.start, first.length, first.times.count()), (Duration::from_secs(3), INTERVAL, 2));
        assert_eq!((first.counts.replies, first.counts.in_flight), (40, 2));
        assert_eq!(collector.next(end), None);
        let now = Moment::default().after(Duration::from_millis(6500));
        let last = collector.last(now, end, held(one(4), replies(100))).unwrap();
        assert_eq!((last.start, last.length), (Duration::from_secs(4), Duration::from_millis(2500)));
        assert_eq!((last.times.count(), collector.all().count()), (2, 3));
        assert_eq!((last.counts.replies, last.counts.outcomes[&OutcomeKind::Ok]), (60, 60));
        assert_eq!(last.measured, Duration::from_secs(2), "the drain is not measured");
    }

    #[test]
    fn what_is_due_is_counted_where_it_is_and_not_where_it_is_sent() {
        let starts =
            [500, 1200, 1400, 2600, 2900].map(|ms| Moment::default().after(Duration::from_millis(ms)));
        let due = Due::new(Box::new(starts.into_iter()), second(1));
        let mut collector = Collector::new(1, second(0), second(1), Some(due));
        // The thread stood still in the first second, and cut the window short in the second.
        let (sent_late, end) = (Counts { due: 3, ..Counts::default() }, starts[4]);
        collector.take(empty(0, Counts::default()));
        collector.take(empty(1, sent_late.clone()));
        let told = [collector.next(end), collector.next(end)].map(|interval| interval.unwrap().counts.due);
        assert_eq!(told, [2, 1]);
        let last = collector.last(second(4), end, held(Distribution::new(), sent_late)).unwrap();
        assert_eq!((last.counts.due, last.measured), (0, Duration::ZERO));
    }

    #[test]
    fn a_measurement_that_ended_in_its_warm_up_has_no_interval() {
        let mut collector = Collector::new(1, second(0), second(3), None);
        let end = second(9);
        assert_eq!(collector.last(second(2), end, Ended::default()), None);
    }
}
