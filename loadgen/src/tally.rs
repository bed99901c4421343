//! Everything one client thread counts and times; plain data, added up at the end.

mod backlog;
mod edges;
mod in_flight;
mod merge;
mod parts;
mod requests;
mod starts_grid;
#[cfg(test)]
mod tests;
mod timing;
mod wrong_replies;

use std::collections::BTreeMap;
use std::time::Duration;

use reports_record::{Account, Distribution, OutcomeKind, Status, SubWindow};

use crate::clock::Moment;
use crate::intervals::Counts;
use crate::window::Window;
use backlog::Backlog;
pub(crate) use backlog::Growth;
pub(crate) use edges::Edges;
use in_flight::InFlight;
use parts::Parts;
use requests::Requests;
use starts_grid::StartsGrid;
pub(crate) use timing::Timing;
pub(crate) use wrong_replies::{Wrong, WrongReplies};

/// One request between its start and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flight {
    /// When the schedule wanted it to start; in a closed loop the same as `started`.
    pub(crate) intended: Moment,
    /// Since when its connection had nothing else to do.
    pub(crate) free_since: Moment,
    /// What opening a connection for it took; nothing where one stood.
    pub(crate) connect: Duration,
    /// When its first byte was handed to the kernel.
    pub(crate) started: Moment,
    /// When the first byte of its reply came; [`Moment::NEVER`] until then.
    pub(crate) first_byte: Moment,
    /// Whether it was intended in the window, and counts. Decided once, so that a window cut short loses nothing.
    pub(crate) measured: bool,
    /// Whether it was already sent again on a fresh connection.
    pub(crate) resent: bool,
    /// The time that a right server makes it wait; none where that is not known.
    pub(crate) wait: Duration,
    /// How much of its wait for a connection the client's thread did not run …
    pub(crate) stalled_before: Duration,
    /// … and how much of its time in flight, at the end, while its reply may have lain unread.
    pub(crate) stalled_after: Duration,
}

impl Flight {
    /// Time it waited because every connection was busy.
    fn connection_wait(&self) -> Duration {
        self.free_since.since(self.intended).saturating_sub(self.stalled_before)
    }

    /// Time by which the client alone was late.
    fn lateness(&self) -> Duration {
        let late = self.started.before(self.connect).since(self.intended.max(self.free_since));
        late + self.stalled_before + self.stalled_after
    }

    /// Time from its start to its end `now`, as far as the client's thread was there to see it.
    pub(crate) fn service(&self, now: Moment) -> Duration {
        now.since(self.started).saturating_sub(self.stalled_after)
    }

    /// Time from its intended start to `now`, less what a right server makes it wait.
    ///
    /// That begins when the request is sent, so that a reply which is still to come will take at least as long beyond it as the request
    /// was late to leave.
    fn beyond_wait(&self, now: Moment) -> Duration {
        let until_sent = self.started.since(self.intended);
        now.since(self.intended).saturating_sub(self.wait).max(until_sent)
    }

    /// The same while no connection is open for it: the server has not begun to make it wait.
    pub(crate) fn without_connection(self) -> Self {
        Self { wait: Duration::ZERO, ..self }
    }

    /// The same with a reply that is read `now` and may have lain `unread` for so long, of which no more than what passed since the wait
    /// was over: until then no right server has sent it, whether or not the client's thread stood still.
    pub(crate) fn read(self, unread: Duration, now: Moment) -> Self {
        let since_wait = now.since(self.started).saturating_sub(self.wait);
        Self { stalled_after: unread.min(since_wait), ..self }
    }

    /// Whether a reply that is whole `now` came sooner than a right server gives it.
    pub(crate) fn is_early(&self, now: Moment) -> bool {
        now.since(self.started) < self.wait
    }
}

/// Requests that were due at `intended` and were not sent when measuring stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsent {
    pub(crate) intended: Moment,
    pub(crate) requests: u64,
    /// How much of their wait the client made.
    pub(crate) own: Duration,
    /// Whether a connection was free for them, so that nothing but the client kept them.
    pub(crate) had_connection: bool,
}

impl Unsent {
    /// Waiting for a connection, and not for the client.
    pub(crate) fn waiting(intended: Moment, requests: u64) -> Self {
        Self { intended, requests, own: Duration::ZERO, had_connection: false }
    }
}

/// The times of a tally. The open loop's own stay empty in a closed one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timings {
    pub(crate) service: Timing,
    pub(crate) response: Timing,
    /// Response times, each less the wait of its own request; of loads that know it.
    pub(crate) beyond_wait: Timing,
    pub(crate) lateness: Timing,
    pub(crate) connection_wait: Timing,
    /// Of requests that had a connection opened for them.
    pub(crate) connect: Timing,
    pub(crate) first_byte: Timing,
    pub(crate) wrong_reply_service: Timing,
}

impl Timings {
    fn of(parts: usize) -> Self {
        let [
            service,
            response,
            beyond_wait,
            lateness,
            connection_wait,
            connect,
            first_byte,
            wrong_reply_service,
        ] = std::array::from_fn(|_| Timing::of(parts));
        Self {
            service,
            response,
            beyond_wait,
            lateness,
            connection_wait,
            connect,
            first_byte,
            wrong_reply_service,
        }
    }
}

/// Exact sums over the correct replies of an open loop, nanoseconds: what a response time is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) lateness: u128,
    pub(crate) connection_wait: u128,
    pub(crate) connect: u128,
    pub(crate) service: u128,
    pub(crate) response: u128,
}

impl Sums {
    /// By how much the whole differs from its parts.
    pub(crate) fn gap(&self) -> u128 {
        self.response.abs_diff(self.lateness + self.connection_wait + self.connect + self.service)
    }
}

/// Counts and times of one client thread, or of several added up.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    pub(crate) window: Window,
    open_loop: bool,
    /// Whether response times are also kept less the wait of each request.
    times_beyond_wait: bool,
    pub(crate) timings: Timings,
    pub(crate) sums: Sums,
    /// Requests of the window by how they ended.
    pub(crate) outcomes: BTreeMap<OutcomeKind, u64>,
    /// Those with a whole reply in time, by its status: a count for each of three digits.
    statuses: Vec<u64>,
    pub(crate) wrong_replies: WrongReplies,
    /// Requests due in the window.
    due: u64,
    censored: u64,
    /// Requests of the window that waited for a connection longer than a fresh one takes to be picked.
    pub(crate) waited: u64,
    /// Whole replies that ended in the window.
    pub(crate) replies: u64,
    /// Correct ones among them.
    pub(crate) good_replies: u64,
    /// In a closed loop, what the window's edges make of both.
    pub(crate) edges: Edges,
    /// Time that single requests spent in flight inside the window, added up.
    pub(crate) flown: Duration,
    pub(crate) received_bytes: u64,
    pub(crate) sent_in_all: u64,
    pub(crate) answered_in_all: u64,
    pub(crate) failed_in_all: u64,
    pub(crate) reopened: u64,
    pub(crate) stale_reuse: u64,
    /// Those of them whose connection was reset.
    pub(crate) stale_resets: u64,
    /// Replies with which the server said that it ends the connection.
    pub(crate) closes_announced: u64,
    /// Connections that took a second or longer to open: the first attempt was not answered, and was repeated.
    pub(crate) late_connects: u64,
    /// Connections that had been opening for that long and were not open when measuring stopped.
    pub(crate) unopened: u64,
    /// How long all replies took, those before and after the window included.
    pub(crate) service_in_all: Duration,
    /// Requests that were sent and failed without a whole reply, at any time: each ended its connection.
    pub(crate) lost_in_all: u64,
    /// Requests of a closed loop that were under way throughout the window.
    pub(crate) outlasted: u64,
    /// Time of the window in which connections of a closed loop may have carried nothing because the client did not run, added up.
    pub(crate) idled: Duration,
    /// Times that bytes came over a connection without a request.
    pub(crate) unasked_replies: u64,
    /// Shortest and longest body of a correct reply, bytes.
    pub(crate) body_bytes: Option<(u64, u64)>,
    /// When the latest request ended.
    pub(crate) last_ended: Moment,
    /// Of a correct reply, those of the warm-up included, when the server had least to do; less the wait of its request.
    pub(crate) shortest_service: Option<Duration>,
    /// How long the longest reply took, those before and after the window included.
    longest_reply: Duration,
    /// How long each request of the window had been in flight that was when measuring stopped.
    unanswered: Vec<Duration>,
    in_flight: InFlight,
    /// `None` while a number of requests is to end the window: its parts are not known beforehand.
    parts: Option<Parts>,
    /// Likewise, and in closed loops.
    grid: Option<StartsGrid>,
    /// Likewise.
    backlog: Option<Backlog>,
    /// Each request by itself; `None` where nobody asked for that.
    requests: Option<Requests>,
}

/// Statuses of three digits.
const STATUSES: usize = 1000;

/// Longer than this a connection was really waited for: several times what handing over takes.
const REAL_WAIT: Duration = Duration::from_micros(100);

impl Default for Tally {
    /// Of nothing, to be left where another was taken away.
    fn default() -> Self {
        Self::new(Window { start: Moment::default(), end: Moment::NEVER }, false)
    }
}

impl Tally {
    pub(crate) fn new(window: Window, open_loop: bool) -> Self {
        let bounded = window.end != Moment::NEVER;
        Self {
            window,
            open_loop,
            times_beyond_wait: false,
            timings: Timings::of(if bounded { parts::PARTS } else { 0 }),
            sums: Sums::default(),
            outcomes: BTreeMap::new(),
            statuses: vec![0; STATUSES],
            wrong_replies: WrongReplies::default(),
            due: 0,
            censored: 0,
            waited: 0,
            replies: 0,
            good_replies: 0,
            edges: Edges::default(),
            flown: Duration::ZERO,
            received_bytes: 0,
            sent_in_all: 0,
            answered_in_all: 0,
            failed_in_all: 0,
            reopened: 0,
            stale_reuse: 0,
            stale_resets: 0,
            closes_announced: 0,
            late_connects: 0,
            unopened: 0,
            service_in_all: Duration::ZERO,
            lost_in_all: 0,
            outlasted: 0,
            idled: Duration::ZERO,
            unasked_replies: 0,
            body_bytes: None,
            last_ended: window.start,
            shortest_service: None,
            longest_reply: Duration::ZERO,
            unanswered: Vec::new(),
            in_flight: InFlight::default(),
            parts: bounded.then(|| Parts::of(&window)),
            grid: (bounded && open_loop).then(|| StartsGrid::over(&window)),
            backlog: (bounded && open_loop).then(|| Backlog::of(&window)),
            requests: None,
        }
    }

    /// From now on keeps response times less the wait of each request as well.
    pub(crate) fn time_beyond_wait(&mut self) {
        self.times_beyond_wait = true;
    }

    /// The window, where it was not known beforehand and has not begun.
    pub(crate) fn settle(&mut self, window: Window) {
        let fresh = Self::new(window, self.open_loop);
        self.window = window;
        self.last_ended = fresh.last_ended;
        (self.timings, self.parts, self.grid, self.backlog) =
            (fresh.timings, fresh.parts, fresh.grid, fresh.backlog);
    }

    /// A request was due and is sent.
    pub(crate) fn sent(&mut self, flight: &Flight) {
        self.sent_in_all += 1;
        self.in_flight.enter(flight.started, &self.window);
        if !flight.measured {
            return;
        }
        self.count_given(flight);
        self.count_connect(flight);
    }

    /// A request of the window was given a connection, be it open or to be opened.
    fn count_given(&mut self, flight: &Flight) {
        self.count_due(flight.intended, 1);
        if self.open_loop {
            let (wait, part) = (flight.connection_wait(), self.part(flight.intended));
            self.waited += u64::from(wait > REAL_WAIT);
            self.timings.connection_wait.record(wait, part);
            if let Some(grid) = &mut self.grid {
                grid.started(flight.intended, flight.started);
            }
        }
    }

    fn count_connect(&mut self, flight: &Flight) {
        if !flight.connect.is_zero() {
            let part = self.part(flight.intended);
            self.timings.connect.record(flight.connect, part);
        }
    }

    /// A request of the window was given a connection that was not opened by `now`.
    fn count_not_connected(&mut self, flight: &Flight, now: Moment) {
        self.count_given(flight);
        let part = self.part(flight.intended);
        self.timings.connect.censor(flight.service(now), 1, part);
        if self.open_loop && !flight.stalled_after.is_zero() {
            self.timings.lateness.censor(flight.lateness(), 1, part);
        }
    }

    /// Whether a request of a closed loop was under way from before the window to its end.
    ///
    /// It is a request of the window all the same: its connection had no other one there, and would be in no figure.
    fn outlasts(&self, flight: &Flight, now: Moment) -> bool {
        let Window { start, end } = self.window;
        !self.open_loop && !flight.measured && flight.intended < start && start < end && now >= end
    }

    /// The same request as one of the window, which it outlasts.
    fn outlasting(&mut self, flight: &Flight) -> Flight {
        self.outlasted += 1;
        Flight { measured: true, ..*flight }
    }

    /// The same of a request that was sent.
    fn outlasting_sent(&mut self, flight: &Flight) -> Flight {
        let flight = self.outlasting(flight);
        self.count_given(&flight);
        self.count_connect(&flight);
        flight
    }

    /// A request goes out again, on a fresh connection: what it lost with the first one counts as connecting.
    pub(crate) fn resent(&mut self, flight: &mut Flight, now: Moment) {
        self.sent_in_all += 1;
        self.stale_reuse += 1;
        self.flown += self.window.overlap(flight.started, now);
        flight.connect += now.since(flight.started);
        flight.started = now;
        if flight.measured {
            let part = self.part(flight.intended);
            self.timings.connect.record(flight.connect, part);
        }
    }

    pub(crate) fn received(&mut self, bytes: usize, now: Moment) {
        if self.window.contains(now) {
            self.received_bytes += bytes as u64;
        }
    }

    /// A whole reply came, right or wrong, in time or late.
    pub(crate) fn answered(&mut self, body_bytes: u64, now: Moment) {
        self.answered_in_all += 1;
        let (shortest, longest) = self.body_bytes.unwrap_or((body_bytes, body_bytes));
        self.body_bytes = Some((shortest.min(body_bytes), longest.max(body_bytes)));
        if self.window.contains(now) {
            self.replies += 1;
            if let Some(parts) = &mut self.parts {
                parts.replied(now);
            }
        }
    }

    /// A whole reply ends a request, in time or late.
    #[inline]
    pub(crate) fn replied(&mut self, flight: &Flight, status: u16, in_time: bool, now: Moment) {
        let took = now.since(flight.started);
        self.service_in_all += took;
        self.longest_reply = self.longest_reply.max(took);
        if !self.open_loop {
            self.edges.all += Edges::of(&self.window, flight.started, now);
            self.idled(flight.started, flight.stalled_after, now);
        }
        if let Some(requests) = &mut self.requests {
            requests.replied(status);
        }
        if in_time
            && (flight.measured || self.outlasts(flight, now))
            && let Some(count) = self.statuses.get_mut(usize::from(status))
        {
            *count += 1;
        }
    }

    /// What a connection was busy with from `since` to `now` took this much longer because the client did not run.
    ///
    /// When in between is not known: what lies in the window counts by its share of the whole.
    pub(crate) fn idled(&mut self, since: Moment, longer: Duration, now: Moment) {
        if !self.open_loop && !longer.is_zero() {
            let share = self.window.overlap(since, now).as_secs_f64() / now.since(since).as_secs_f64();
            self.idled += longer.mul_f64(share);
        }
    }

    /// Requests of the window with a whole reply in time, by its status.
    pub(crate) fn statuses(&self) -> BTreeMap<Status, u64> {
        let counted = (0..).zip(&self.statuses).filter(|(_, count)| **count > 0);
        counted.map(|(status, count)| (Status(status), *count)).collect()
    }

    /// A request that was sent ended.
    pub(crate) fn ended(&mut self, flight: &Flight, kind: OutcomeKind, now: Moment) {
        if self.outlasts(flight, now) {
            let flight = self.outlasting_sent(flight);
            return self.ended(&flight, kind, now);
        }
        self.landed(flight, now);
        self.last_ended = self.last_ended.max(now);
        if kind == OutcomeKind::Ok {
            self.good_replies += u64::from(self.window.contains(now));
            if !self.open_loop {
                self.edges.good += Edges::of(&self.window, flight.started, now);
            }
        }
        self.lost_in_all += u64::from(!kind.is_reply());
        self.keep(flight, Some(kind), true, now);
        self.count_outcome(flight, kind, now);
    }

    /// A request failed for want of a connection: it was due, and nothing was sent.
    pub(crate) fn not_connected(&mut self, flight: &Flight, kind: OutcomeKind, now: Moment) {
        if self.outlasts(flight, now) {
            let flight = self.outlasting(flight);
            return self.not_connected(&flight, kind, now);
        }
        let flight = &flight.without_connection();
        self.last_ended = self.last_ended.max(now);
        self.keep(flight, Some(kind), false, now);
        if flight.measured {
            self.count_not_connected(flight, now);
        }
        self.count_outcome(flight, kind, now);
    }

    fn count_outcome(&mut self, flight: &Flight, kind: OutcomeKind, now: Moment) {
        self.failed_in_all += u64::from(kind != OutcomeKind::Ok);
        if kind == OutcomeKind::Ok {
            // Standstills of the client included: with them taken off, a reply may seem to have taken no time at all.
            let service = now.since(flight.started).saturating_sub(flight.wait);
            self.shortest_service =
                Some(self.shortest_service.map_or(service, |shortest| shortest.min(service)));
        }
        if !flight.measured {
            return;
        }
        *self.outcomes.entry(kind).or_default() += 1;
        if let Some(backlog) = &mut self.backlog {
            backlog.ended(flight.intended, kind == OutcomeKind::Ok, now);
            backlog.put_off(flight.intended, flight.lateness(), now);
        }
        let part = self.part(flight.intended);
        let service = flight.service(now);
        let response = now.since(flight.intended);
        if kind == OutcomeKind::Ok {
            if let Some(parts) = &mut self.parts {
                parts.served(flight.intended.max(self.window.start), response);
            }
            self.timings.service.record(service, part);
            self.timings.first_byte.record(flight.first_byte.min(now).since(flight.started), part);
            if self.open_loop {
                self.add_up(flight, service, response);
                self.timings.response.record(response, part);
            }
            if self.times_beyond_wait {
                self.timings.beyond_wait.record(flight.beyond_wait(now), part);
            }
        } else if kind.is_reply() {
            self.timings.wrong_reply_service.record(service, part);
        } else {
            // It would have taken at least so long: a failure never makes a quantile look better.
            self.censor(flight, now);
        }
    }

    fn add_up(&mut self, flight: &Flight, service: Duration, response: Duration) {
        let (lateness, connection_wait) = (flight.lateness(), flight.connection_wait());
        debug_assert_eq!(response, lateness + connection_wait + flight.connect + service);
        self.sums.lateness += lateness.as_nanos();
        self.sums.connection_wait += connection_wait.as_nanos();
        self.sums.connect += flight.connect.as_nanos();
        self.sums.service += service.as_nanos();
        self.sums.response += response.as_nanos();
    }

    /// The part of the window in which a request was due, or the first for one that outlasts the window: every time of it belongs
    /// there, whenever it ended, so that the parts hold what their figure holds.
    fn part(&mut self, intended: Moment) -> Option<usize> {
        let due = intended.max(self.window.start);
        self.parts.as_mut().and_then(|parts| parts.index(due))
    }

    /// A request is still in flight when measuring stops.
    pub(crate) fn unfinished(&mut self, flight: &Flight, now: Moment) {
        if self.outlasts(flight, now) {
            let flight = self.outlasting_sent(flight);
            return self.unfinished(&flight, now);
        }
        self.landed(flight, now);
        if flight.measured {
            self.keep(flight, None, true, now);
            self.unanswered.push(flight.service(now));
            self.not_ended(flight, now);
        }
    }

    /// A connection is still being opened for a request when measuring stops: it was due, and nothing was sent.
    pub(crate) fn unconnected(&mut self, flight: &Flight, now: Moment) {
        if self.outlasts(flight, now) {
            let flight = self.outlasting(flight);
            return self.unconnected(&flight, now);
        }
        let flight = &flight.without_connection();
        if flight.measured {
            self.keep(flight, None, false, now);
            self.count_not_connected(flight, now);
            self.not_ended(flight, now);
        }
    }

    fn not_ended(&mut self, flight: &Flight, now: Moment) {
        self.left(flight.intended, 1, now);
        self.censor(flight, now);
    }

    /// Requests were due and not sent by the time that measuring stops. What the client made of their wait is lateness.
    pub(crate) fn never_sent(&mut self, unsent: &Unsent, now: Moment) {
        let Unsent { intended, requests, own, had_connection } = *unsent;
        if !self.window.contains(intended) {
            return;
        }
        self.keep_never_sent(unsent, now);
        self.count_due(intended, requests);
        self.left(intended, requests, now);
        if let Some(backlog) = &mut self.backlog {
            backlog.not_sent(intended, requests, own, now);
        }
        let part = self.part(intended);
        let response = now.since(intended);
        let waited = response.saturating_sub(own);
        let Timings { connection_wait, lateness, response: responses, .. } = &mut self.timings;
        if had_connection {
            (0..requests).for_each(|_| connection_wait.record(waited, part));
        } else {
            connection_wait.censor(waited, requests, part);
        }
        if self.open_loop {
            if !own.is_zero() {
                lateness.censor(own, requests, part);
            }
            self.waited += if waited > REAL_WAIT { requests } else { 0 };
            responses.censor(response, requests, part);
        }
        if self.times_beyond_wait {
            // The server has not begun to make them wait.
            self.timings.beyond_wait.censor(response, requests, part);
        }
        if let Some(grid) = &mut self.grid {
            grid.never_started(intended, requests);
        }
    }

    /// So many requests of the window have not ended when measuring stops.
    fn left(&mut self, intended: Moment, requests: u64, now: Moment) {
        self.censored += requests;
        if let Some(backlog) = &mut self.backlog {
            backlog.left(intended, requests, now);
        }
    }

    /// A request is no longer in flight, whatever became of it.
    fn landed(&mut self, flight: &Flight, now: Moment) {
        if self.open_loop && flight.measured {
            // Known only now: its reply may have lain unread.
            let part = self.part(flight.intended);
            self.timings.lateness.record(flight.lateness(), part);
        }
        self.in_flight.leave(now, &self.window);
        self.flown += self.window.overlap(flight.started, now);
    }

    /// What was counted so far.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            due: self.due,
            replies: self.replies,
            good_replies: self.good_replies,
            outcomes: self.outcomes.clone(),
            in_flight: self.in_flight(),
        }
    }

    /// The times that an interval log is made of, as collected since this was last called: response times, in a closed
    /// loop service times. They have to be given back before the measurement is summed up.
    pub(crate) fn take_times(&mut self) -> Distribution {
        std::mem::take(self.logged())
    }

    /// Adds times that [`Tally::take_times`] took.
    pub(crate) fn give_back(&mut self, times: &Distribution) {
        self.logged().merge(times);
    }

    fn logged(&mut self) -> &mut Distribution {
        let logged = if self.open_loop { &mut self.timings.response } else { &mut self.timings.service };
        logged.all_mut()
    }

    /// A request that has no whole reply by `now`: its times are longer. The first byte of a reply may have come.
    fn censor(&mut self, flight: &Flight, now: Moment) {
        let (service, part) = (flight.service(now), self.part(flight.intended));
        self.timings.service.censor(service, 1, part);
        match flight.first_byte {
            Moment::NEVER => self.timings.first_byte.censor(service, 1, part),
            first_byte => self.timings.first_byte.record(first_byte.min(now).since(flight.started), part),
        }
        if self.open_loop {
            self.timings.response.censor(now.since(flight.intended), 1, part);
        }
        if self.times_beyond_wait {
            self.timings.beyond_wait.censor(flight.beyond_wait(now), 1, part);
        }
    }

    fn count_due(&mut self, intended: Moment, requests: u64) {
        self.due += requests;
        if let Some(parts) = &mut self.parts {
            parts.due(intended.max(self.window.start), requests);
        }
        if let Some(backlog) = &mut self.backlog {
            backlog.due(intended, requests);
        }
    }

    /// Requests of the window that had no reply when measuring stopped, although they had been in flight for so many `times` the longest
    /// reply; with that. `None` without any, and with fewer replies than `fewest`.
    pub(crate) fn overdue(&self, times: u32, fewest: u64) -> Option<(u64, Duration)> {
        let longest = Some(self.longest_reply).filter(|_| self.answered_in_all >= fewest)?;
        let overdue = self.unanswered.iter().filter(|time| **time > longest * times).count() as u64;
        (overdue > 0).then_some((overdue, longest))
    }

    /// How long a reply took on average, those before and after the window included.
    pub(crate) fn mean_reply(&self) -> Duration {
        self.service_in_all.div_f64(self.answered_in_all.max(1) as f64)
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.current()
    }

    pub(crate) fn in_flight_mean(&self) -> f64 {
        self.in_flight.mean(self.window.length())
    }

    /// Kolmogorov–Smirnov distance of actual from intended starts; `None` in a closed loop or without starts.
    pub(crate) fn starts_distance(&self) -> Option<f64> {
        self.grid.as_ref().and_then(StartsGrid::distance)
    }

    /// By how much the requests that are due and have not ended became more; `None` in a closed loop, and where that cannot be told.
    pub(crate) fn backlog_growth(&self, connections: u32) -> Option<Growth> {
        self.backlog.as_ref()?.growth(self.window.end, connections, &self.timings.response)
    }

    /// The same, had the client been late for nothing.
    pub(crate) fn backlog_growth_but_for_delays(&self, connections: u32) -> Option<Growth> {
        let backlog = self.backlog.as_ref()?.but_for_delays();
        backlog.growth(self.window.end, connections, &self.timings.response)
    }

    pub(crate) fn sub_windows(&self) -> Vec<SubWindow> {
        let Some(parts) = &self.parts else { return Vec::new() };
        parts.summaries(parts.ended_by(self.window.end), &self.timings.service, &self.timings.response)
    }

    /// Whether every part of the window was seen to its end.
    pub(crate) fn is_whole(&self) -> bool {
        self.parts.as_ref().is_some_and(|parts| parts.ended_by(self.window.end) == parts::PARTS)
    }

    pub(crate) fn outcome(&self, kind: OutcomeKind) -> u64 {
        self.outcomes.get(&kind).copied().unwrap_or(0)
    }

    pub(crate) fn account(&self) -> Account {
        let finished = self.outcome(OutcomeKind::Ok);
        let failed = self.outcomes.values().sum::<u64>() - finished;
        Account { due: self.due, finished, failed, censored: self.censored }
    }
}
