//! One measurement as all client threads share it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::expect::Judge;
use crate::intended::Intended;
use crate::intervals::{Due, Slice};
use crate::progress::{Gauges, Progress};
use crate::shared_starts::SharedStarts;
use crate::window::Window;
use crate::{Load, Pool, Request, Stop};

/// From the order to the schedule's beginning: time for every thread to take it in …
const LEAD: Duration = Duration::from_millis(5);
/// … less before a warm-up that lasts as long: a thread that takes it in late is late within the warm-up alone, and short turns would
/// wait for a tenth of their time …
const LEAD_TO_WARM_UP: Duration = Duration::from_millis(2);
/// … and to look once at each of its connections, which takes a third of this.
const LEAD_PER_CONNECTION: Duration = Duration::from_micros(5);
/// How often a measurement under way is looked at from outside.
pub(crate) const WATCH_TICK: Duration = Duration::from_millis(50);
/// A window that is not fixed beforehand begins this much after every connection has had a reply: by then every thread knows.
const WINDOW_AHEAD: Duration = Duration::from_millis(60);
/// The first users of a closed loop that open a connection at once: less than the shortest usual queue of a listener holds …
const FIRST_USERS: f64 = 4.0;
/// … and by then there are twice as many, again and again: 64 within 82 ms, 10,000 within a quarter of a second.
const DOUBLED_AFTER: Duration = Duration::from_millis(20);
/// Where every attempt of every thread to open a connection failed for this long, a number of requests no longer ends a
/// closed loop. An open one ends with its schedule, each request with an outcome of its own.
pub(crate) const ABANDON_AFTER: Duration = Duration::from_secs(3);

/// What every client thread needs to know of a measurement, and the few things they tell.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) load: Load,
    /// Each variant as a connection sends it last; none where connections are not to end.
    pub(crate) closing: Vec<Request>,
    /// One for each variant.
    pub(crate) judges: Vec<Judge>,
    pub(crate) clock: Clock,
    /// When the schedule begins.
    pub(crate) begin: Moment,
    /// As planned; [`Moment::NEVER`] for its end in a closed loop of a number of requests, and for both where the warm-up's end is
    /// not fixed.
    planned: Window,
    /// The window where the warm-up's end was not fixed, once it is known.
    settled: OnceLock<Window>,
    /// The next start.
    pub(crate) starts: SharedStarts,
    /// Connections of all threads together.
    pub(crate) connections: usize,
    pub(crate) pool: Pool,
    /// One for each thread.
    pub(crate) gauges: Vec<Gauges>,
    /// Where to hand over each second's times; `None` when nobody wants them.
    pub(crate) slices: Option<Sender<Slice>>,
    /// Whether each request is handed over by itself, with the second in which it ended.
    pub(crate) keeps_requests: bool,
    /// Nanoseconds of the moment at which the measurement is to end early.
    stop_at: AtomicU64,
}

impl Order {
    pub(crate) fn new(
        load: &Load,
        threads: usize,
        connections: usize,
        pool: Pool,
        slices: Option<Sender<Slice>>,
    ) -> Self {
        let clock = Clock::start();
        // Before the lead, for a window's end may take drawing millions of starts.
        let schedule = Intended::of(load, Moment::default());
        let lead = lead(load.warm_up) + LEAD_PER_CONNECTION * connections.div_ceil(threads) as u32;
        let begin = clock.now().after(lead);
        let intended = schedule.map(|schedule| schedule.delayed(begin.since(Moment::default())));
        let start = begin.after(load.warm_up);
        let end = match load.stop {
            Stop::After(length) => start.after(length),
            Stop::Requests(_) => Moment::NEVER,
        };
        let planned = match load.settles() {
            Some(_) => Window { start: Moment::NEVER, end: Moment::NEVER },
            None => intended.as_ref().map_or(Window { start, end }, Intended::window),
        };
        Self {
            judges: (0..load.variants()).map(|variant| Judge::new(load.expect_at(variant))).collect(),
            closing: closing(load),
            starts: SharedStarts::new(load, intended, threads, connections),
            connections,
            load: load.clone(),
            clock,
            begin,
            planned,
            settled: OnceLock::new(),
            pool,
            slices,
            keeps_requests: false,
            gauges: (0..threads).map(|_| Gauges::default()).collect(),
            stop_at: AtomicU64::new(Moment::NEVER.as_nanos()),
        }
    }

    /// Counts what is due; `None` in a closed loop, where nothing is before it starts.
    pub(crate) fn due(&self) -> Option<Due> {
        let intended = Intended::of(&self.load, Moment::default())?;
        let intended = intended.delayed(self.begin.since(Moment::default()));
        Some(Due::new(Box::new(intended), self.planned.start))
    }

    /// The window, as far as is known by now; see [`Order::stop_at`].
    pub(crate) fn window(&self) -> Window {
        self.settled.get().copied().unwrap_or(self.planned)
    }

    /// When the window is to end, as far as is known by now.
    pub(crate) fn ends_at(&self) -> Moment {
        self.window().cut(self.stops_at()).end
    }

    /// Fixes the window where the warm-up ends when every connection has had a reply: shortly after that, or when the warm-up may take
    /// no longer, or at the end of a measurement that ends before. To be called every [`WATCH_TICK`].
    pub(crate) fn settle(&self, now: Moment) {
        let (Some(longest), Stop::After(length)) = (self.load.settles(), self.load.stop) else { return };
        if self.settled.get().is_some() {
            return;
        }
        let planned = self.begin.after(self.load.warm_up);
        let has_begun = |gauges: &Gauges| gauges.waiting() == 0;
        // The next look would be too late for a window that begins in time.
        let is_over = now.after(WINDOW_AHEAD + WATCH_TICK) >= planned.after(longest)
            || now.after(WINDOW_AHEAD) >= planned && self.gauges.iter().all(has_begun);
        let stops = self.stops_at();
        if is_over || stops != Moment::NEVER {
            let start = now.after(WINDOW_AHEAD).max(planned).min(stops);
            // Set by this thread alone.
            let _ = self.settled.set(Window { start, end: start.after(length) });
        }
    }

    /// How long requests in flight may go on after the window, by the replies that came so far.
    pub(crate) fn grace(&self) -> Duration {
        let service: Duration = self.gauges.iter().map(Gauges::service).sum();
        let replies: u64 = self.gauges.iter().map(|gauges| gauges.replies.load(Ordering::Relaxed)).sum();
        self.load.grace_after((replies > 0).then(|| service.div_f64(replies as f64)))
    }

    /// Whether requests that were due wait for their connection however long that takes to open. In a closed loop over a time a user
    /// whose connection the server does not accept is not one whose reply is missing.
    pub(crate) fn waits_for_connections(&self) -> bool {
        !self.load.pace.is_closed() || matches!(self.load.stop, Stop::Requests(_))
    }

    /// How long the warm-up took where its end was not fixed.
    pub(crate) fn settled_after(&self) -> Option<Duration> {
        self.settled.get().map(|window| window.start.since(self.begin))
    }

    /// When user `number` (from 0) of a closed loop may send the first request: as the schedule begins, or spread over a mean wait, since
    /// users do not all begin together. Users who open a connection for it begin a few at a time, more and more.
    pub(crate) fn first_ready(&self, number: usize) -> Moment {
        let over = self.load.first_over();
        if !over.is_zero() {
            return self.begin.after(over.mul_f64(number as f64 / self.connections as f64));
        }
        let opens = self.pool == Pool::OnDemand && self.load.settles().is_some();
        let doublings =
            if opens { (number as f64 / FIRST_USERS).ln_1p() / std::f64::consts::LN_2 } else { 0.0 };
        self.begin.after(DOUBLED_AFTER.mul_f64(doublings))
    }

    /// Ends the measurement early, at `at`. To be a little in the future, so that all threads end at the same moment.
    pub(crate) fn stop_at(&self, at: Moment) {
        self.stop_at.store(at.as_nanos(), Ordering::Relaxed);
    }

    /// When the measurement is to end early; [`Moment::NEVER`] unless it is.
    pub(crate) fn stops_at(&self) -> Moment {
        Moment::from_nanos(self.stop_at.load(Ordering::Relaxed))
    }

    /// Whether no thread will start or read anything any more.
    pub(crate) fn is_done(&self) -> bool {
        self.gauges.iter().all(Gauges::is_done)
    }

    /// Ends a number of requests at `now` for which no thread has had a connection lately.
    pub(crate) fn abandon_without_connections(&self, now: Moment) {
        let is_lost = |gauges: &Gauges| now.since(gauges.connected_at()) > ABANDON_AFTER;
        let ends_by_number = matches!(self.load.stop, Stop::Requests(_)) && self.load.pace.is_closed();
        let is_waiting = ends_by_number && self.stops_at() == Moment::NEVER;
        if is_waiting && self.gauges.iter().all(is_lost) {
            self.stop_at(now);
        }
    }

    /// How far it has come.
    pub(crate) fn progress(&self) -> Progress {
        let now = self.clock.now();
        Progress::sum(now.since(self.begin), now >= self.window().start, self.gauges.iter())
    }
}

/// The lead of a measurement that warms up for this long, but for what its connections take.
fn lead(warm_up: Duration) -> Duration {
    if warm_up >= LEAD { LEAD_TO_WARM_UP } else { LEAD }
}

fn closing(load: &Load) -> Vec<Request> {
    let variants = if load.churn.is_some() { load.variants() } else { 0 };
    (0..variants).map(|variant| load.request_at(variant).closing()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pace;

    #[test]
    fn users_begin_together_over_a_think_time_or_where_they_open_connections_a_few_at_a_time() {
        let second = Duration::from_secs(1);
        let first = |pace: Pace, pool: Pool, settle: Option<Duration>, user: usize| {
            let load = Load {
                pace,
                settle,
                ..Load::closed(Request::get(&"http://localhost/".parse().unwrap()), second)
            };
            let order = Order::new(&load, 1, 100, pool, None);
            order.first_ready(user).since(order.begin)
        };
        let thinking = Pace::Closed { think: second };
        assert_eq!(first(thinking, Pool::All, None, 25), second / 4);
        for (pool, settle) in [(Pool::All, Some(second)), (Pool::OnDemand, None), (Pool::All, None)] {
            assert_eq!(first(Pace::CLOSED, pool, settle, 99), Duration::ZERO, "{pool:?} {settle:?}");
        }
        let opened = |user| first(Pace::CLOSED, Pool::OnDemand, Some(second), user);
        assert_eq!(opened(0), Duration::ZERO);
        // One doubling later as many again have begun, and twice as many after another one.
        let (once, twice) = (opened(FIRST_USERS as usize), opened(3 * FIRST_USERS as usize));
        assert_eq!((once, twice), (DOUBLED_AFTER, 2 * DOUBLED_AFTER));
    }

    #[test]
    fn what_does_not_warm_up_has_the_longer_lead() {
        let ms = Duration::from_millis;
        assert_eq!([0, 4, 5, 1_000].map(|warm_up| lead(ms(warm_up))), [ms(5), ms(5), ms(2), ms(2)]);
    }

    /// A thousand connections of two threads that warm up for a second, and for up to two more until each has had a reply.
    fn settling() -> Order {
        let second = Duration::from_secs(1);
        let request = Request::get(&"http://localhost/".parse().unwrap());
        let load = Load { warm_up: second, settle: Some(2 * second), ..Load::closed(request, 10 * second) };
        let order = Order::new(&load, 2, 1000, Pool::All, None);
        order.gauges.iter().for_each(|gauges| gauges.wait_for(1));
        order
    }

    #[test]
    fn a_window_begins_once_every_connection_has_had_a_reply_and_not_before_the_planned_warm_up() {
        let ms = Duration::from_millis;
        for (now, begins) in
            [(ms(500), None), (ms(939), None), (ms(940), Some(ms(1000))), (ms(1500), Some(ms(1560)))]
        {
            let order = settling();
            order.gauges[0].wait_for(0);
            order.settle(order.begin.after(now));
            assert_eq!(order.settled_after(), None, "one of two threads waits, at {now:?}");
            order.gauges[1].wait_for(0);
            order.settle(order.begin.after(now));
            assert_eq!(order.settled_after(), begins, "at {now:?}");
        }
    }

    #[test]
    fn a_window_begins_at_the_latest_when_the_warm_up_may_take_no_longer_and_lasts_as_planned() {
        let (order, ms) = (settling(), Duration::from_millis);
        order.settle(order.begin.after(ms(2889)));
        assert_eq!(order.settled_after(), None, "the next look, 50 ms later, is in time");
        order.settle(order.begin.after(ms(2939)));
        assert_eq!((order.settled_after(), order.window().length()), (Some(ms(2999)), ms(10_000)));
        // Once it is fixed, it stays.
        order.settle(order.begin.after(ms(5000)));
        assert_eq!(order.settled_after(), Some(ms(2999)));
    }

    #[test]
    fn an_end_before_the_window_begins_is_where_it_begins() {
        let (order, ms) = (settling(), Duration::from_millis);
        order.stop_at(order.begin.after(ms(210)));
        order.settle(order.begin.after(ms(200)));
        assert_eq!(order.settled_after(), Some(ms(210)));
        assert_eq!(order.ends_at(), order.begin.after(ms(210)));
    }
}
