//! Which request starts next, and since when it is due.

use std::iter::Peekable;

use crate::clock::Moment;
use crate::order::Order;
use crate::{Load, Pace, Stop};

/// One thread's share of the starts.
///
/// A request that is due and finds no free connection stays where it is: the schedule itself is the queue, shared by
/// all connections of the thread. So a backlog costs no memory, and no start is ever lost or moved.
pub(super) struct Starts {
    kind: Kind,
    /// Nothing starts (open loop: is due) from here on.
    end: Moment,
}

enum Kind {
    /// Always due, as soon as a connection is free.
    Closed {
        window_start: Moment,
        /// Requests still to start after the warm-up.
        left: u64,
    },
    Open(Peekable<Box<dyn Iterator<Item = Moment>>>),
}

impl Starts {
    /// The share of thread `index` of `threads`: every `threads`-th intended start, or that part of the requests.
    pub(super) fn share(order: &Order, index: usize, threads: usize) -> Self {
        let Load { pace, stop, .. } = &order.load;
        let kind = match pace {
            Pace::Closed { .. } => {
                let left = match *stop {
                    Stop::After(_) => u64::MAX,
                    Stop::Requests(all) => {
                        all / threads as u64 + u64::from((index as u64) < all % threads as u64)
                    }
                };
                Kind::Closed { window_start: order.window.start, left }
            }
            Pace::Open { course, arrivals, seed } => {
                let starts = order.intended(course, *arrivals, *seed);
                let share: Box<dyn Iterator<Item = Moment>> = Box::new(starts.skip(index).step_by(threads));
                Kind::Open(share.peekable())
            }
        };
        Self { kind, end: order.window.end }
    }

    /// Takes the next start if it is due by `now`, and says since when.
    pub(super) fn take(&mut self, now: Moment) -> Option<Moment> {
        let end = self.end;
        match &mut self.kind {
            Kind::Closed { .. } if now >= end => None,
            Kind::Closed { window_start, .. } if now < *window_start => Some(now),
            Kind::Closed { left, .. } => {
                *left = left.checked_sub(1)?;
                Some(now)
            }
            Kind::Open(starts) => starts.next_if(|start| *start <= now && *start < end),
        }
    }

    /// The next intended start; `None` when there is none, and in a closed loop.
    pub(super) fn next(&mut self) -> Option<Moment> {
        let end = self.end;
        match &mut self.kind {
            Kind::Closed { .. } => None,
            Kind::Open(starts) => starts.peek().copied().filter(|start| *start < end),
        }
    }

    /// Whether nothing will start any more.
    pub(super) fn is_over(&mut self, now: Moment) -> bool {
        match self.kind {
            Kind::Closed { left, .. } => now >= self.end || left == 0,
            Kind::Open(_) => self.next().is_none(),
        }
    }

    /// Nothing starts from `end` on.
    pub(super) fn cut(&mut self, end: Moment) {
        self.end = self.end.min(end);
    }

    /// Every start that is due by `now` and was not taken.
    pub(super) fn untaken(&mut self, now: Moment) -> impl Iterator<Item = Moment> {
        let end = self.end;
        let starts = match &mut self.kind {
            Kind::Closed { .. } => None,
            Kind::Open(starts) => Some(starts),
        };
        starts.into_iter().flatten().take_while(move |start| *start < end && *start <= now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use reports_record::Arrivals;

    use super::*;
    use crate::{Course, Rate, Replay, Request};

    fn order(stop: Stop, pace: Pace) -> Order {
        let request = Request::get(&"http://localhost/".parse().unwrap());
        let load =
            Load { stop, pace, warm_up: Duration::from_millis(100), ..Load::closed(request, Duration::MAX) };
        Order::new(&load, 1, None)
    }

    fn all(order: &Order, index: usize, threads: usize) -> Vec<Moment> {
        Starts::share(order, index, threads).untaken(Moment::NEVER).collect()
    }

    fn any_course() -> impl Strategy<Value = Course> {
        prop_oneof![
            Just(Course::Steady(Rate::per_second(1000.0).unwrap())),
            Just(Course::Stages("50/s..2k/s:300ms, 0/s:50ms, 300/s:150ms".parse().unwrap())),
            Just(Course::Bursts("17/30ms".parse().unwrap())),
            Just(Course::Replay(Replay::read("0\n0.1\n0.1\n0.15\n0.3\n0.499\n".as_bytes()).unwrap())),
        ]
    }

    proptest! {
        #[test]
        fn threads_share_any_schedule_without_loss(
            threads in 1usize..9, course in any_course(), poisson: bool, seed: u64, requests in proptest::option::of(1u64..500)
        ) {
            let stop = requests.map_or(Stop::After(Duration::from_millis(400)), Stop::Requests);
            let arrivals = if poisson { Arrivals::Poisson } else { Arrivals::Constant };
            let order = order(stop, Pace::Open { course, arrivals, seed });
            let mut shared: Vec<Moment> = (0..threads).flat_map(|index| all(&order, index, threads)).collect();
            shared.sort_unstable();
            prop_assert_eq!(shared, all(&order, 0, 1));
        }

        #[test]
        fn a_number_of_requests_is_shared_in_full(threads in 1usize..9, requests in 1u64..1000) {
            let order = order(Stop::Requests(requests), Pace::CLOSED);
            let now = order.window.start;
            let started: usize = (0..threads)
                .map(|index| Starts::share(&order, index, threads))
                .map(|mut starts| std::iter::from_fn(|| starts.take(now)).count())
                .sum();
            prop_assert_eq!(started as u64, requests);
        }
    }

    #[test]
    fn a_start_is_taken_when_due_and_not_before() {
        let rate = Rate::per_second(10.0).unwrap();
        let pace = Pace::open(rate, Arrivals::Constant, 0);
        let order = order(Stop::After(Duration::from_secs(1)), pace);
        let mut starts = Starts::share(&order, 0, 1);
        let second = order.begin.after(Duration::from_millis(100));
        assert_eq!(starts.take(order.begin), Some(order.begin));
        assert_eq!(starts.take(order.begin), None);
        assert_eq!(starts.next(), Some(second));
        assert_eq!(starts.take(order.begin.after(Duration::from_secs(60))), Some(second));
        starts.cut(second.after(Duration::from_millis(50)));
        assert!(starts.is_over(Moment::NEVER));
    }

    #[test]
    fn requests_are_counted_from_the_end_of_the_warm_up() {
        let order = order(Stop::Requests(2), Pace::CLOSED);
        let mut starts = Starts::share(&order, 0, 1);
        for _ in 0..5 {
            assert!(starts.take(order.begin).is_some());
        }
        assert!(starts.take(order.window.start).is_some());
        assert!(starts.take(order.window.start).is_some());
        assert_eq!(starts.take(order.window.start), None);
        assert!(starts.is_over(order.window.start));
    }
}
