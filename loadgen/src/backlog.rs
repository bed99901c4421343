//! Starts that are due and that no connection has taken, counted in bulk.

use std::collections::VecDeque;
use std::iter::Peekable;
use std::time::Duration;

use crate::clock::Moment;
use crate::intended::Intended;
use crate::window::Window;

/// Parts of the window across which no count reaches: those that the tally has.
const PARTS: u32 = 20;
/// Counts in each part at most: all of them together take less than three megabytes.
const PER_PART: u32 = 5_000;
/// Shortest time that one count stands for, and the length of those of a warm-up: far below any wait that makes a backlog.
const LEAST: Duration = Duration::from_millis(1);

/// Counts of the starts that are due, by when they were, from where the schedule was first seen to fall behind.
///
/// It draws the schedule a second time, as time goes by. So a measurement that ends with a thousand million starts in arrears
/// ends at once and with the exact count; a list of them would grow with the overload.
#[derive(Debug)]
pub(crate) struct Backlog {
    /// The starts that are not due yet.
    ahead: Peekable<Intended>,
    window: Window,
    counts: VecDeque<Count>,
}

/// Starts that were due within one short stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Count {
    stretch: (u32, u64),
    /// The latest of them.
    last: Moment,
    starts: u64,
}

impl Backlog {
    /// Of the starts in `intended`, none of which was taken.
    pub(crate) fn of(intended: &Peekable<Intended>, window: Window) -> Self {
        Self { ahead: intended.clone(), window, counts: VecDeque::new() }
    }

    /// Counts what is due by `now`, and before `end`.
    pub(crate) fn advance(&mut self, now: Moment, end: Moment) {
        while let Some(start) = self.ahead.next_if(|start| *start <= now && *start < end) {
            let stretch = self.stretch(start);
            match self.counts.back_mut().filter(|count| count.stretch == stretch) {
                Some(count) => (count.last, count.starts) = (start, count.starts + 1),
                None => self.counts.push_back(Count { stretch, last: start, starts: 1 }),
            }
        }
    }

    /// Forgets what lies before `next`, the first start that was not taken.
    pub(crate) fn taken_up_to(&mut self, next: Moment) {
        while self.counts.front().is_some_and(|count| count.last < next) {
            self.counts.pop_front();
        }
    }

    /// The starts that were due and are still in `intended`: each count of them with the latest moment among them.
    pub(crate) fn rest(mut self, intended: &mut Peekable<Intended>) -> Vec<(Moment, u64)> {
        match intended.peek() {
            Some(next) => self.taken_up_to(*next),
            None => self.counts.clear(),
        }
        if let Some(first) = self.counts.front_mut() {
            // Some of them may have been taken.
            let last = first.last;
            first.starts = std::iter::from_fn(|| intended.next_if(|start| *start <= last)).count() as u64;
        }
        self.counts.iter().map(|count| (count.last, count.starts)).collect()
    }

    fn stretch(&self, start: Moment) -> (u32, u64) {
        if start < self.window.start {
            return (0, start.as_nanos() / LEAST.as_nanos() as u64);
        }
        let offset = start.since(self.window.start).as_nanos() as u64;
        let part = (self.window.length() / PARTS).as_nanos().max(1) as u64;
        let width = (part / u64::from(PER_PART)).max(LEAST.as_nanos() as u64);
        (1 + (offset / part) as u32, offset % part / width)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reports_record::Arrivals;

    use super::*;
    use crate::{Load, Pace, Rate, Request, Stop};

    fn intended(rate: f64, warm_up: Duration, window: Duration) -> Intended {
        let request = Request::get(&"http://localhost/".parse().unwrap());
        let load = Load {
            warm_up,
            stop: Stop::After(window),
            pace: Pace::open(Rate::per_second(rate).unwrap(), Arrivals::Poisson, 1),
            ..Load::closed(request, window)
        };
        Intended::of(&load, Moment::default()).unwrap()
    }

    proptest! {
        #[test]
        fn every_start_in_arrears_is_counted_once_and_at_most_a_stretch_too_late(
            rate in 10.0f64..20_000.0, warm_up_ms in 0u64..300, looks in proptest::collection::vec(1u64..400, 1..5), taken in 0usize..5000
        ) {
            let all = intended(rate, Duration::from_millis(warm_up_ms), Duration::from_secs(1));
            let window = all.window();
            let mut left = all.peekable();
            let mut backlog = Backlog::of(&left, window);
            let mut now = Moment::default();
            for ms in looks {
                now = now.after(Duration::from_millis(ms));
                backlog.advance(now, window.end);
            }
            let mut taken = taken;
            while taken > 0 && left.next_if(|start| *start <= now).is_some() {
                taken -= 1;
            }
            let expected: Vec<Moment> = left.clone().take_while(|start| *start <= now).collect();
            let rest = backlog.rest(&mut left);
            prop_assert_eq!(rest.iter().map(|(_, starts)| *starts).sum::<u64>(), expected.len() as u64);
            let mut exact = expected.into_iter();
            for (at, starts) in rest {
                for start in exact.by_ref().take(starts as usize) {
                    prop_assert!(start <= at && at.since(start) <= LEAST, "{start:?} in {at:?}");
                    prop_assert_eq!(window.contains(start), window.contains(at));
                }
            }
        }
    }

    /// By hand: parts of a window of 1000 s are 50 s long, and a five-thousandth of one is 10 ms; of a window of 1 s it would be
    /// 10 µs, which is less than the least.
    #[test]
    fn a_stretch_is_a_five_thousandth_of_a_part_or_a_millisecond() {
        let ms = |ms: u64| Moment::from_nanos(ms * 1_000_000);
        let of = |length_ms: u64, at_ms: u64| {
            let window = Window { start: ms(10_000), end: ms(10_000 + length_ms) };
            let backlog =
                Backlog::of(&intended(1.0, Duration::ZERO, Duration::from_secs(1)).peekable(), window);
            backlog.stretch(ms(at_ms))
        };
        for (length_ms, at_ms, expected) in [
            (1_000_000, 3, (0, 3)),
            (1_000_000, 9_999, (0, 9_999)),
            (1_000_000, 10_000, (1, 0)),
            (1_000_000, 10_009, (1, 0)),
            (1_000_000, 10_010, (1, 1)),
            (1_000_000, 59_999, (1, 4_999)),
            (1_000_000, 60_020, (2, 2)),
            (1_000_000, 1_009_999, (20, 4_999)),
            (1_000, 10_049, (1, 49)),
            (1_000, 10_050, (2, 0)),
        ] {
            assert_eq!(of(length_ms, at_ms), expected, "at {at_ms} ms, of {length_ms} ms");
        }
    }
}
