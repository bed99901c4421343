//! The measurement second by second, told while it is under way.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::time::Duration;

use reports_record::Distribution;

use crate::clock::Moment;

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
}

/// One thread's part of an interval.
#[derive(Debug)]
pub(crate) struct Slice {
    /// Which, from 0.
    index: u32,
    times: Distribution,
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
}

impl Slicer {
    /// Over a window that begins at `start`; without `slices` it never has anything to do.
    pub(crate) fn new(slices: Option<Sender<Slice>>, start: Moment) -> Self {
        Self { slices, start, done: 0 }
    }

    /// When the second under way is over; [`Moment::NEVER`] when nobody wants to know.
    pub(crate) fn next_end(&self) -> Moment {
        if self.slices.is_some() { self.start.after(INTERVAL * (self.done + 1)) } else { Moment::NEVER }
    }

    /// Hands over what `take` gives for every second that is over: all of it for the first, nothing for those slept over.
    pub(crate) fn look(&mut self, now: Moment, mut take: impl FnMut() -> Distribution) {
        while now >= self.next_end() {
            if let Some(slices) = &self.slices {
                // Who no longer listens has given the measurement up.
                let _ = slices.send(Slice { index: self.done, times: take() });
            }
            self.done += 1;
        }
    }
}

/// Puts the threads' slices together.
#[derive(Debug)]
pub(crate) struct Collector {
    threads: usize,
    warm_up: Duration,
    /// Intervals that were told.
    told: u32,
    /// Slices of later ones, with how many threads handed theirs over.
    waiting: BTreeMap<u32, (usize, Distribution)>,
    /// Everything that was handed over.
    all: Distribution,
}

impl Collector {
    pub(crate) fn new(threads: usize, warm_up: Duration) -> Self {
        Self { threads, warm_up, told: 0, waiting: BTreeMap::new(), all: Distribution::new() }
    }

    pub(crate) fn take(&mut self, slice: Slice) {
        self.all.merge(&slice.times);
        let (threads, times) = self.waiting.entry(slice.index).or_default();
        *threads += 1;
        times.merge(&slice.times);
    }

    /// The next interval for which every thread handed over its slice.
    pub(crate) fn next(&mut self) -> Option<Interval> {
        let entry = self.waiting.first_entry().filter(|entry| entry.get().0 == self.threads)?;
        let (_, times) = entry.remove();
        let start = self.start();
        self.told += 1;
        Some(Interval { start, length: INTERVAL, times })
    }

    /// What is left at the measurement's end, `elapsed` after the schedule began, with what threads still held.
    ///
    /// `None` when the warm-up was not over.
    pub(crate) fn last(&mut self, elapsed: Duration, mut times: Distribution) -> Option<Interval> {
        std::mem::take(&mut self.waiting).values().for_each(|(_, waiting)| times.merge(waiting));
        let start = self.start();
        (elapsed > start).then(|| Interval { start, length: elapsed - start, times })
    }

    /// Everything that threads handed over, for the measurement as a whole.
    pub(crate) fn all(&self) -> &Distribution {
        &self.all
    }

    fn start(&self) -> Duration {
        self.warm_up + INTERVAL * self.told
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

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
        slicer.look(second(4), || left.pop().unwrap_or_default());
        assert_eq!(slicer.next_end(), second(5));
        drop(slicer);
        let slices: Vec<_> = receiver.iter().map(|slice| (slice.index, slice.times.count())).collect();
        assert_eq!(slices, [(0, 1), (1, 0), (2, 0)]);
    }

    #[test]
    fn nobody_to_tell_means_nothing_to_do() {
        let mut slicer = Slicer::new(None, second(0));
        assert_eq!(slicer.next_end(), Moment::NEVER);
        slicer.look(second(100), || unreachable!("nobody wants it"));
    }

    #[test]
    fn an_interval_is_told_when_every_thread_is_past_it_and_nothing_is_lost() {
        let warm_up = Duration::from_secs(3);
        let mut collector = Collector::new(2, warm_up);
        collector.take(Slice { index: 0, times: one(1) });
        collector.take(Slice { index: 1, times: one(2) });
        assert_eq!(collector.next(), None);
        collector.take(Slice { index: 0, times: one(3) });
        let first = collector.next().unwrap();
        assert_eq!((first.start, first.length, first.times.count()), (warm_up, INTERVAL, 2));
        assert_eq!(collector.next(), None);
        let last = collector.last(Duration::from_millis(5500), one(4)).unwrap();
        assert_eq!((last.start, last.length), (Duration::from_secs(4), Duration::from_millis(1500)));
        assert_eq!((last.times.count(), collector.all().count()), (2, 3));
    }

    #[test]
    fn a_measurement_that_ended_in_its_warm_up_has_no_interval() {
        let mut collector = Collector::new(1, Duration::from_secs(3));
        assert_eq!(collector.last(Duration::from_secs(2), Distribution::new()), None);
    }
}
