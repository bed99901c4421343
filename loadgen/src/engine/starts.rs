//! Which request a thread starts next, and since when it is due.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::Stop;
use crate::clock::Moment;
use crate::order::Order;
use crate::shared_starts::Start;
use crate::window::Window;

/// The starts of one thread's connections.
///
/// In an open loop each connection that is ready holds a start, its own or an earlier one's: see
/// [`SharedStarts`](crate::shared_starts::SharedStarts). A request that is due and finds no connection ready, on any thread,
/// stays in the schedule, which is the queue. So a backlog costs no memory, and no start is ever lost or moved.
pub(super) struct Starts {
    order: Arc<Order>,
    /// Which of the threads this is.
    thread: usize,
    /// In order.
    held: VecDeque<Start>,
    /// Whether nothing was left to draw when it was last tried.
    is_drained: bool,
    /// Whether what is due and was not sent stays unsent.
    is_given_up: bool,
    /// Nothing starts (open loop: is due) from its end on.
    window: Window,
}

impl Starts {
    pub(super) fn of(order: Arc<Order>, thread: usize) -> Self {
        let (held, window) = (order.starts.first(thread), order.window());
        Self { order, thread, held, is_drained: false, is_given_up: false, window }
    }

    /// Takes the next start, for one of so many connections that are `ready`, if it is due by `now`.
    pub(super) fn take(&mut self, now: Moment, ready: usize) -> Option<Start> {
        if !self.order.starts.is_open() {
            return (ready > 0).then(|| self.take_at_once(now)).flatten();
        }
        // Of a start this late no reply would be awaited: a client that stood still past the end has not sent it.
        self.is_given_up |= now >= self.deadline();
        self.fit(ready);
        if self.is_given_up {
            return None;
        }
        let end = self.window.end;
        let start = self.held.front().copied().filter(|start| start.at <= now && start.at < end)?;
        self.held.pop_front();
        Some(start)
    }

    /// When requests in flight are given up; a number of requests is waited for.
    fn deadline(&self) -> Moment {
        match self.order.load.stop {
            Stop::After(_) => self.window.end.after(self.order.load.grace),
            Stop::Requests(_) => Moment::NEVER,
        }
    }

    /// In a closed loop a request is due as soon as a connection is ready.
    fn take_at_once(&self, now: Moment) -> Option<Start> {
        let is_warm_up = now < self.window.start;
        (now < self.window.end && (is_warm_up || self.order.starts.take_request()))
            .then_some(Start { at: now, number: None })
    }

    /// Holds as many starts as connections are `ready`, if the schedule has them.
    pub(super) fn fit(&mut self, ready: usize) {
        while self.held.len() < ready && !self.is_drained && !self.is_given_up {
            match self.order.starts.draw(self.window.end) {
                // Later than all that were drawn before.
                Some(start) => self.held.push_back(start),
                None => self.is_drained = true,
            }
        }
    }

    /// The next start that a connection holds; none in a closed loop.
    pub(super) fn next(&self) -> Option<Moment> {
        let next = self.held.front().map(|start| start.at);
        next.filter(|start| *start < self.window.end && !self.is_given_up)
    }

    /// Whether nothing will start any more.
    pub(super) fn is_over(&self, now: Moment) -> bool {
        let is_past = !self.order.starts.is_open() && now >= self.window.end;
        is_past || self.is_given_up || (self.next().is_none() && self.order.starts.is_over(self.window.end))
    }

    /// The window, as is known by now.
    pub(super) fn settle(&mut self, window: Window) {
        self.window = window;
    }

    /// Nothing starts from `end` on.
    pub(super) fn cut(&mut self, end: Moment) {
        self.window.end = self.window.end.min(end);
    }

    /// Sends nothing any more: what is due stays [held](Self::held), or in the schedule.
    pub(super) fn give_up(&mut self) {
        self.is_given_up = true;
    }

    /// Keeps the books of a schedule that is behind; to be called a few dozen times a second.
    pub(super) fn watch(&self, now: Moment) {
        if self.thread == 0 {
            self.order.starts.watch(now, self.window.end);
        }
    }

    /// Every start that is due by `now` and whose connection has not taken it.
    pub(super) fn held(&self, now: Moment) -> impl Iterator<Item = Moment> {
        let end = self.window.end;
        self.held.iter().map(|start| start.at).filter(move |start| *start < end && *start <= now)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use proptest::prelude::*;
    use reports_record::Arrivals;

    use super::*;
    use crate::{Course, Draws, Expect, ExpectBody, Load, Pace, Pool, Rate, Replay, Request, Variant};

    /// 64 variants that wait for 0 to 63 ms.
    fn draws(seed: u64) -> Draws {
        let variant = |ms: u64| Variant {
            request: Request::get(&format!("http://localhost/{ms}").parse().unwrap()),
            expect: Expect { body: ExpectBody::Exactly(Vec::new()), ..Expect::default() },
            wait: Duration::from_millis(ms),
        };
        Draws::new((0..64).map(variant).collect(), seed).unwrap()
    }

    fn order(stop: Stop, pace: Pace, threads: usize, connections: usize) -> Arc<Order> {
        let request = Request::get(&"http://localhost/".parse().unwrap());
        let load =
            Load { stop, pace, warm_up: Duration::from_millis(100), ..Load::closed(request, Duration::MAX) };
        Arc::new(Order::new(&load, threads, connections, Pool::All, None))
    }

    fn any_course() -> impl Strategy<Value = Course> {
        prop_oneof![
            Just(Course::Steady(Rate::per_second(1000.0).unwrap())),
            Just(Course::Stages("50/s..2k/s:300ms, 0/s:50ms, 300/s:150ms".parse().unwrap())),
            Just(Course::Bursts("17/30ms".parse().unwrap())),
            Just(Course::Replay(Replay::read("0\n0.1\n0.1\n0.15\n0.3\n0.499\n".as_bytes()).unwrap())),
        ]
    }

    fn any_pace() -> impl Strategy<Value = Pace> {
        let open = (any_course(), any::<bool>(), any::<u64>()).prop_map(|(course, poisson, seed)| {
            let arrivals = if poisson { Arrivals::Poisson } else { Arrivals::Constant };
            Pace::Open { course, arrivals, seed }
        });
        prop_oneof![4 => open, 1 => Just(Pace::CLOSED)]
    }

    /// A thread of a simulation: a connection is ready, or busy until a moment.
    struct Thread {
        starts: Starts,
        ready: usize,
        /// Each with the number of its request on this thread.
        busy: BTreeSet<(Moment, u64)>,
        sent: u64,
    }

    impl Thread {
        /// When it has something to do next, no earlier than `now`.
        fn next(&self, now: Moment) -> Option<Moment> {
            let start = self.starts.next().filter(|_| self.ready > 0);
            let reply = self.busy.first().map(|(end, _)| *end);
            start.into_iter().chain(reply).min().map(|at| at.max(now))
        }

        /// Does it all, each request taking as long as `delay` says; returns the starts that it made.
        fn act(&mut self, now: Moment, delay: impl Fn(Start) -> Duration) -> Vec<Start> {
            let mut made = Vec::new();
            loop {
                if self.busy.first().is_some_and(|(end, _)| *end <= now) {
                    self.busy.pop_first();
                    self.ready += 1;
                }
                match self.starts.take(now, self.ready) {
                    Some(start) => {
                        self.ready -= 1;
                        made.push(start);
                        self.busy.insert((now.after(delay(start)), self.sent));
                        self.sent += 1;
                    }
                    None if self.busy.first().is_some_and(|(end, _)| *end <= now) => {}
                    None => return made,
                }
            }
        }
    }

    /// Every start, and when each began, at a server that takes as long as `delay` says, in order of beginning.
    fn made(
        order: &Arc<Order>,
        threads: usize,
        connections: usize,
        delay: impl Fn(Start) -> Duration,
    ) -> Vec<(Moment, Start)> {
        let thread = |index: usize| Thread {
            starts: Starts::of(order.clone(), index),
            ready: connections / threads + usize::from(index < connections % threads),
            busy: BTreeSet::new(),
            sent: 0,
        };
        let mut threads: Vec<Thread> = (0..threads).map(thread).collect();
        let mut requests = Vec::new();
        let mut now = order.begin;
        loop {
            for thread in &mut threads {
                requests.extend(thread.act(now, &delay).into_iter().map(|start| (now, start)));
            }
            match threads.iter().filter_map(|thread| thread.next(now)).min() {
                Some(next) => now = next,
                None => break,
            }
        }
        requests
    }

    /// Start and end of each request at a server that takes `delay` for each, in order.
    fn simulated(
        order: &Arc<Order>,
        threads: usize,
        connections: usize,
        delay: Duration,
    ) -> Vec<[Duration; 2]> {
        let made = made(order, threads, connections, |_| delay);
        let mut requests: Vec<_> = made
            .into_iter()
            .map(|(now, start)| [start.at, now.after(delay)].map(|moment| moment.since(order.begin)))
            .collect();
        requests.sort_unstable();
        requests
    }

    proptest! {
        #[test]
        fn what_is_measured_does_not_depend_on_the_number_of_threads(
            pace in any_pace(),
            connections in 1usize..40,
            thread_share in 0.0f64..1.0,
            delay_us in 100u64..90_000,
            requests in proptest::option::of(1u64..500),
        ) {
            let threads = 1 + (thread_share * connections as f64) as usize;
            let stop = requests.map_or(Stop::After(Duration::from_millis(400)), Stop::Requests);
            let delay = Duration::from_micros(delay_us);
            let of = |threads| simulated(&order(stop, pace.clone(), threads, connections), threads, connections, delay);
            let (one, many) = (of(1), of(threads.min(connections)));
            prop_assert_eq!(many, one);
        }

        /// Whatever the server is like, and on however many threads: the n-th start of the schedule asks for the same wait.
        #[test]
        fn a_start_asks_for_its_own_wait_whatever_the_server_does_and_however_many_threads_there_are(
            course in any_course(),
            seed in any::<u64>(),
            connections in 1usize..40,
            thread_share in 0.0f64..1.0,
            slow_us in 0u64..40_000,
        ) {
            let draws = draws(seed);
            let pace = Pace::Open { course, arrivals: Arrivals::Poisson, seed };
            let asked = |threads: usize, slow: Duration| {
                let stop = Stop::After(Duration::from_millis(400));
                // However long it takes, nothing is given up.
                let load = Load {
                    grace: Duration::from_secs(3600),
                    ..order(stop, pace.clone(), threads, connections).load.clone()
                };
                let order = Arc::new(Order::new(&load, threads, connections, Pool::All, None));
                let wait = |start: Start| draws.wait_at(draws.of_start(start.number.unwrap()).at);
                let made = made(&order, threads, connections, |start| wait(start) + slow);
                let mut asked: Vec<_> = made
                    .into_iter()
                    .map(|(_, start)| (start.number, start.at.since(order.begin), wait(start)))
                    .collect();
                asked.sort_unstable();
                asked
            };
            let threads = 1 + (thread_share * connections as f64) as usize;
            let quick = asked(1, Duration::ZERO);
            prop_assert_eq!(&asked(threads.min(connections), Duration::from_micros(slow_us)), &quick);
            let numbers: Vec<_> = quick.iter().map(|(number, ..)| number.unwrap()).collect();
            prop_assert_eq!(numbers, (0..quick.len() as u64).collect::<Vec<_>>());
            // In the order of the schedule.
            prop_assert!(quick.is_sorted_by_key(|(_, at, _)| *at));
        }
    }

    #[test]
    fn a_start_is_taken_when_due_and_not_before() {
        let rate = Rate::per_second(10.0).unwrap();
        let pace = Pace::open(rate, Arrivals::Constant, 0);
        let order = order(Stop::After(Duration::from_secs(1)), pace, 1, 1);
        let mut starts = Starts::of(order.clone(), 0);
        let second = order.begin.after(Duration::from_millis(100));
        assert_eq!(starts.take(order.begin, 1), Some(Start { at: order.begin, number: Some(0) }));
        assert_eq!(starts.take(order.begin, 1), None);
        assert_eq!(starts.next(), Some(second));
        let late = order.begin.after(Duration::from_secs(2));
        assert_eq!(starts.take(late, 1), Some(Start { at: second, number: Some(1) }));
        starts.cut(second.after(Duration::from_millis(50)));
        assert!(starts.is_over(Moment::NEVER));
    }

    #[test]
    fn what_was_not_sent_while_replies_were_awaited_is_not_sent_any_more_and_a_number_of_requests_is() {
        for (stop, is_sent) in [(Stop::After(Duration::from_secs(1)), false), (Stop::Requests(10), true)] {
            let order = order(stop, Pace::open(Rate::per_second(10.0).unwrap(), Arrivals::Constant, 0), 1, 2);
            let mut starts = Starts::of(order.clone(), 0);
            let deadline = order.window().end.after(order.load.grace);
            assert!(starts.take(deadline.before(Duration::from_nanos(1)), 2).is_some());
            assert_eq!(starts.take(deadline, 2).is_some(), is_sent);
            assert_eq!((starts.next().is_some(), starts.held(deadline).count()), (is_sent, 1));
        }
    }

    #[test]
    fn what_is_given_up_is_over_and_still_counted() {
        let rate = Rate::per_second(1000.0).unwrap();
        let order = order(Stop::After(Duration::from_secs(9)), Pace::open(rate, Arrivals::Constant, 0), 1, 2);
        let mut starts = Starts::of(order.clone(), 0);
        let now = order.begin.after(Duration::from_millis(10));
        starts.cut(now);
        assert!(!starts.is_over(now), "a queue of eight waits");
        starts.give_up();
        assert!(starts.is_over(now));
        assert_eq!((starts.take(now, 2), starts.next()), (None, None));
        let untaken = order.starts.take_untaken(now, now).into_iter().map(|(_, starts)| starts).sum::<u64>();
        assert_eq!((starts.held(now).count(), untaken), (2, 8));
    }

    #[test]
    fn requests_are_counted_from_the_end_of_the_warm_up() {
        let order = order(Stop::Requests(2), Pace::CLOSED, 1, 1);
        let mut starts = Starts::of(order.clone(), 0);
        for _ in 0..5 {
            assert!(starts.take(order.begin, 1).is_some());
        }
        assert!(starts.take(order.window().start, 1).is_some());
        assert!(starts.take(order.window().start, 1).is_some());
        assert_eq!(starts.take(order.window().start, 1), None);
        assert!(starts.is_over(order.window().start));
    }
}
