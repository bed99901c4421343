//! One client thread at work: its connections, its share of the starts, its tally.
//!
//! Everything here lives on one thread and one runtime, so that what the tasks share needs neither locks nor atomics.

mod absences;
mod conversation;
mod doubts;
mod free;
mod margin;
mod pacer;
mod slot;
mod standstills;
mod starts;
mod steward;
mod wrong_reply;

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(crate) use slot::{Absence, Slot};
pub(crate) use standstills::Standstills;
pub(crate) use steward::{NAP, Watch};

use crate::Pace;
use crate::clock::Moment;
use crate::order::Order;
use crate::progress::Gauges;
use crate::reply::{KnownHead, ReplyParser};
use crate::route::Route;
use crate::shared_starts::Start;
use crate::tally::{Flight, Tally, Unsent};
use crate::timer::Timer;
use crate::usage::{ThreadUsage, thread_cpu_time};
use absences::Absences;
use doubts::Doubts;
use free::Free;
use pacer::Pacer;
use standstills::STEP;
use starts::Starts;

/// Largest piece of a reply that is read at once; one buffer a thread, since nothing is kept in it.
const SCRATCH: usize = 64 * 1024;

/// An attempt to connect that is not answered is repeated after a second (RFC 6298, §2.1); less what a timer may be early.
const REPEATED: Duration = Duration::from_millis(950);

/// Copying fewer bytes takes a tenth of a millisecond at the most.
const MANY: usize = 256 * 1024;

/// A connection that was idle for longer may have ended without this thread's having been told: it looks at its sockets again and again,
/// and not at each moment.
const UNTOLD: Duration = Duration::from_micros(100);

/// One thread's part in one measurement.
pub(crate) struct Engine {
    order: Arc<Order>,
    /// Which of the threads this is.
    index: usize,
    route: Route,
    slots: Vec<Rc<Slot>>,
    free: RefCell<Free>,
    doubts: RefCell<Doubts>,
    starts: RefCell<Starts>,
    pacer: Pacer,
    /// The steward's.
    nap: Timer,
    standstills: Standstills,
    absences: Absences,
    asleep_ns: Arc<AtomicU64>,
    tally: RefCell<Tally>,
    scratch: RefCell<Vec<u8>>,
    /// Whether every connection was looked at once, so that starts may be given to those that stand.
    is_prepared: Cell<bool>,
    known_head: Rc<KnownHead>,
    /// The shortest time that opening a connection took.
    round_trip: Cell<Duration>,
    /// What the thread had used before it was given this measurement.
    at_rest: ThreadUsage,
    /// The first and the last attempt to open a connection since one was opened, if all failed.
    failing: Cell<Option<(Moment, Moment)>>,
}

/// What one thread brings home.
#[derive(Debug)]
pub(crate) struct ThreadReport {
    pub(crate) tally: Tally,
    pub(crate) watch: Watch,
    pub(crate) standstills: Standstills,
    /// Connections that ended unplanned at least once.
    pub(crate) replaced: u32,
    /// Connections that stood at the end, or ended without a sign that the next one could not be opened.
    pub(crate) standing: u32,
    /// Connections that were open at least once.
    pub(crate) used: u32,
    /// The most requests a connection that the server announced.
    pub(crate) announced_requests: Option<u32>,
}

impl Engine {
    /// Has to be made inside the runtime that runs it, which keeps in `asleep_ns` when its thread last went to sleep; until
    /// it was given this, the thread had used what `at_rest` says.
    pub(crate) fn new(
        order: Arc<Order>,
        index: usize,
        route: Route,
        slots: Vec<Rc<Slot>>,
        asleep_ns: Arc<AtomicU64>,
        at_rest: ThreadUsage,
    ) -> io::Result<Rc<Self>> {
        let open_loop = matches!(order.load.pace, Pace::Open { .. });
        let mut tally = Tally::new(order.window(), open_loop);
        if order.keeps_requests {
            tally.keep_requests();
        }
        if order.load.times_beyond_wait() {
            tally.time_beyond_wait();
        }
        Ok(Rc::new(Self {
            starts: RefCell::new(Starts::of(order.clone(), index)),
            tally: RefCell::new(tally),
            pacer: Pacer::new(order.load.pacing)?,
            nap: Timer::new()?,
            standstills: Standstills::new(order.window(), order.begin, slots.len()),
            absences: absences(&order, index),
            asleep_ns,
            free: RefCell::new(Free::of(order.pool)),
            doubts: RefCell::default(),
            scratch: RefCell::new(vec![0; SCRATCH]),
            is_prepared: Cell::default(),
            known_head: Rc::default(),
            round_trip: Cell::new(route.round_trip),
            failing: Cell::default(),
            at_rest,
            order,
            index,
            route,
            slots,
        }))
    }

    /// Measures. Connections stay open in their slots, except those with a request that did not end.
    pub(crate) async fn run(self: Rc<Self>) -> ThreadReport {
        for (slot, place) in self.slots.iter().zip(0..) {
            let draws = self.order.load.draws.as_ref();
            let walk = draws.map(|draws| draws.walk(self.number(place))).unwrap_or_default();
            slot.begin(self.parser(), walk, self.order.begin);
        }
        // A thread that is lost must not be waited for by the others.
        let _done = Done(&self.order.gauges[self.index]);
        let ready = (0..).map(|place| self.first_ready(place));
        let conversations = self.slots.iter().zip(ready);
        let conversations =
            conversations.map(|(slot, ready)| conversation::converse(self.clone(), slot.clone(), ready));
        let mut tasks: Vec<_> = conversations.map(tokio::task::spawn_local).collect();
        tasks.push(tokio::task::spawn_local(pace(self.clone())));
        let watch = self.watch().await;
        for task in tasks {
            task.abort();
            // It ends by being cancelled; nothing else comes of it.
            let _ = task.await;
        }
        let standing = self.slots.iter().filter(|slot| slot.stands()).count();
        self.settle();
        ThreadReport {
            tally: self.tally.take(),
            watch,
            standstills: self.standstills.clone(),
            replaced: self.slots.iter().filter(|slot| slot.broke.get()).count() as u32,
            standing: standing as u32,
            announced_requests: self.known_head.announced_requests(),
            used: self.slots.iter().filter(|slot| slot.was_open.get()).count() as u32,
        }
    }

    /// Accounts for what did not end and what was due and not sent.
    fn settle(&self) {
        let now = self.order.clock.now();
        // From an interrupt on nothing is sent any more, and nothing is late.
        let sends_until = now.min(self.order.stops_at());
        let unsent = self.unsent(sends_until);
        let mut tally = self.tally.borrow_mut();
        unsent.iter().for_each(|unsent| tally.never_sent(unsent, sends_until));
        for slot in &self.slots {
            if let Some(flight) = slot.flight.get() {
                let stalled_after = self.standstills.unread(flight.started, now);
                let flight = Flight { stalled_after, ..flight };
                if slot.is_opening() && !flight.resent {
                    tally.unopened += u64::from(flight.service(now) >= REPEATED);
                    tally.unconnected(&flight, now);
                } else if slot.is_opening() {
                    tally.unfinished(&flight.without_connection(), now);
                } else {
                    tally.unfinished(&flight, now);
                }
                // Its reply may still come: the connection must not carry another request.
                slot.close(self.parser(), Absence::Planned);
                slot.flight.set(None);
            }
        }
    }

    /// Starts that are due `now` and were not sent although a connection was free for each: the client's doing. This thread holds no
    /// more starts than it has connections ready; before it has looked at them, all are since the beginning.
    fn unsent(&self, now: Moment) -> Vec<Unsent> {
        let free = self.free.borrow().ready_since().into_iter().chain(std::iter::repeat(self.order.begin));
        let held: Vec<_> = self.starts.borrow().held(now).zip(free).collect();
        let own = |(intended, free_since): (Moment, Moment)| {
            self.lost(intended, free_since, now) + now.since(intended.max(free_since))
        };
        let unsent = |held: (Moment, Moment)| Unsent {
            intended: held.0,
            requests: 1,
            own: own(held),
            had_connection: true,
        };
        held.into_iter().map(unsent).collect()
    }

    /// When the connection at `place` of this thread may send its first request.
    fn first_ready(&self, place: usize) -> Moment {
        self.order.first_ready(self.number(place))
    }

    /// The number, among those of all threads, of the connection at `place` of this one.
    fn number(&self, place: usize) -> usize {
        place * self.order.gauges.len() + self.index
    }

    /// Looks at the clock, and whether the thread stood still since it last did.
    fn now(&self) -> Moment {
        let now = self.order.clock.now();
        let asleep = self.order.clock.at(self.asleep_ns.load(Ordering::Relaxed));
        // Before the thread has looked at its connections, nothing keeps any of them busy.
        let free = || if self.is_prepared.get() { self.free.borrow().ready() } else { self.slots.len() };
        self.standstills.look(now, asleep, self.pacer.alarm(), free);
        now
    }

    /// Takes a slot that may carry a request from `ready` on, be its connection open or not.
    fn offer(&self, slot: &Rc<Slot>, ready: Moment, now: Moment) {
        // In an open loop the schedule says when, and no slot pauses.
        let waits = !self.order.starts.is_open() && ready > now;
        if waits {
            self.free.borrow_mut().push_thinking(slot.clone(), ready);
        } else {
            self.free.borrow_mut().push(slot.clone());
        }
        self.dispatch();
    }

    /// Gives every request that is due the connection that has been ready longest, as long as there are both.
    fn dispatch(&self) {
        if !self.is_prepared.get() {
            return;
        }
        loop {
            if self.free.borrow().is_vacant() {
                // Who becomes free takes what is due, and arms the timer when nothing is.
                return;
            }
            let now = self.now();
            let mut free = self.free.borrow_mut();
            free.end_thinking(now);
            let start = self.starts.borrow_mut().take(now, free.ready());
            let Some(start) = start else {
                if free.ready() > 0 {
                    self.standstills.caught_up();
                    self.absences.caught_up();
                }
                drop(free);
                return self.pacer.arm(|| self.next_start(), now);
            };
            let Some(slot) = free.pop() else { return };
            drop(free);
            self.begin(&slot, start, now);
        }
    }

    /// When the next request will start, as far as connections are free for it.
    fn next_start(&self) -> Option<Moment> {
        let free = self.free.borrow();
        self.starts.borrow().next().or_else(|| free.next_ready())
    }

    /// Sends what is due by `now`; whether another start is to come within `margin`.
    fn is_start_near(&self, now: Moment, margin: Duration) -> bool {
        let next = self.next_start();
        if next.is_some_and(|next| next <= now) {
            self.dispatch();
            return self.is_start_near(now, margin);
        }
        next.is_some_and(|next| next.since(now) <= margin)
    }

    /// Starts a request: `now` was read just before. Where there is no connection for it yet, its task opens one first.
    fn begin(&self, slot: &Slot, start: Start, now: Moment) {
        self.begin_late(slot, now);
        let mut flight = self.flight(start.at, slot.free_since.get(), now);
        if let Some(draws) = &self.order.load.draws {
            let next = || draws.next(slot.walk.get());
            // In an open loop the start decides, so that it asks for the same whichever connection is free.
            slot.walk.set(start.number.map_or_else(next, |number| draws.of_start(number)));
            flight.wait = draws.wait_at(slot.walk.get().at);
        }
        if slot.is_open() {
            self.vet(slot, now);
        }
        slot.flight.set(Some(flight));
        if !slot.is_open() {
            return slot.wake();
        }
        self.write(slot);
        self.pacer.worked();
        // After writing, so that the bookkeeping is not in the request's way.
        self.tally.borrow_mut().sent(&flight);
    }

    /// A request of a closed loop begins `now`, and might have as soon as its user had thought.
    fn begin_late(&self, slot: &Slot, now: Moment) {
        if self.order.starts.is_open() {
            return;
        }
        let ready = slot.free_since.get().after(self.order.load.pace.think());
        if now.since(ready) > STEP {
            self.tally.borrow_mut().idled(ready, self.standstills.between(ready, now), now);
        }
    }

    /// Leaves a slot without its connection where nothing may be sent over that: it has ended, or is in doubt.
    ///
    /// What may be repeated is sent without asking: where it meets an end, it goes out again.
    fn vet(&self, slot: &Slot, now: Moment) {
        let was_idle = now.since(slot.free_since.get()) > UNTOLD;
        if was_idle && !self.order.load.request.is_repeatable() && self.ask(slot).is_some() {
            return slot.close(self.parser(), Absence::Ended);
        }
        if slot.is_in_doubt() {
            self.give_up_in_doubt(slot, now);
        }
    }

    /// Listens on to a slot's connection, over which bytes came that may be of no request, and leaves the slot without one.
    #[cold]
    fn give_up_in_doubt(&self, slot: &Slot, now: Moment) {
        if let (Some(stream), Some(parser)) = (slot.stream.take(), slot.parser.borrow().as_ref()) {
            self.doubts.borrow_mut().add(stream, parser.beginning(), now);
        }
        slot.close(self.parser(), Absence::Ended);
    }

    fn flight(&self, intended: Moment, free_since: Moment, started: Moment) -> Flight {
        let measured = self.tally.borrow().window.contains(intended);
        Flight {
            stalled_before: self.lost(intended, free_since, started),
            stalled_after: Duration::ZERO,
            wait: Duration::ZERO,
            intended,
            free_since,
            connect: Duration::ZERO,
            started,
            first_byte: Moment::NEVER,
            measured,
            resent: false,
        }
    }

    /// How much of the wait for a connection, since a request was due at `intended`, client threads made by not running: this one, and
    /// those whose share of the queue it has.
    fn lost(&self, intended: Moment, free_since: Moment, now: Moment) -> Duration {
        if intended >= free_since {
            return Duration::ZERO;
        }
        let own = self.standstills.lost(intended, free_since);
        let queue_since = self.standstills.queued(intended);
        let signs = self.others().map(|other| self.order.gauges[other].sign());
        let rest = free_since.since(intended).saturating_sub(own);
        let reply = self.tally.borrow().mean_reply();
        own + self.absences.lost(signs, now, queue_since, (rest, reply))
    }

    /// The other threads.
    fn others(&self) -> impl Iterator<Item = usize> {
        others(self.order.gauges.len(), self.index)
    }

    /// Hands the request to the kernel without waiting for the socket to say that it takes it: it nearly always does.
    fn write(&self, slot: &Slot) {
        let bytes = self.request(slot);
        let write = || slot.stream.borrow().as_ref().map_or(Ok(0), |stream| stream.try_write(bytes));
        let written = self.handing(bytes.len(), write);
        match written {
            Ok(count) if count == bytes.len() => {}
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                // The peer is gone: reading tells how.
                slot.refuse(&error);
                slot.unsent.set(bytes.len());
                slot.wake();
            }
            partly => {
                slot.unsent.set(bytes.len() - partly.unwrap_or(0));
                slot.wake();
            }
        }
    }

    /// Hands so many `bytes` to the kernel, which copies them: of many that takes longer than any other step, and is no standstill.
    fn handing<T>(&self, bytes: usize, hand: impl FnOnce() -> T) -> T {
        if bytes < MANY {
            return hand();
        }
        let before = thread_cpu_time();
        let handed = hand();
        self.standstills.ran(thread_cpu_time().saturating_sub(before));
        handed
    }

    /// What the slot's connection sends next: the last request of a churned one says that it is.
    fn request(&self, slot: &Slot) -> &[u8] {
        let variant = slot.walk.get().at;
        match self.order.closing.get(variant as usize) {
            Some(closing) if self.is_last(slot.served.get() + 1) => closing.bytes(),
            _ => self.order.load.request_at(variant).bytes(),
        }
    }

    /// Whether a connection ends with its request of this `number`, from 1.
    fn is_last(&self, number: u64) -> bool {
        self.order.load.request.is_closing()
            || self.order.load.churn.is_some_and(|requests| number >= u64::from(requests))
    }

    fn parser(&self) -> ReplyParser {
        let to_head_request = self.order.load.request.method() == "HEAD";
        ReplyParser::new(to_head_request, self.order.judges[0].look(), self.known_head.clone())
    }
}

fn others(threads: usize, index: usize) -> impl Iterator<Item = usize> {
    (0..threads).filter(move |other| *other != index)
}

/// What the thread of this `index` is to know of the others.
fn absences(order: &Order, index: usize) -> Absences {
    let threads = order.gauges.len();
    // As they are dealt out, in turn.
    let connections = |thread: usize| order.connections.saturating_sub(thread).div_ceil(threads);
    Absences::new(connections(index), others(threads, index).map(connections))
}

/// The pacer: wakes at every intended start that one of the thread's connections was given.
async fn pace(engine: Rc<Engine>) {
    // The conversations had their turn before.
    engine.is_prepared.set(true);
    engine.dispatch();
    engine.starts.borrow_mut().fit(engine.free.borrow().ready());
    while engine.pacer.expired().await.is_ok() {
        let is_near = |now, margin| engine.is_start_near(now, margin);
        engine.pacer.spin_while(|| engine.now(), is_near).await;
        engine.dispatch();
    }
}

/// Reports that a thread is done, however it ends.
struct Done<'a>(&'a Gauges);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.done(true);
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::{Builder, LocalOptions};

    use super::*;
    use crate::{Course, Load, Pool, Replay, Request, Stop};

    /// A thread with vacant connections, whose first start is due this long after the schedule began.
    fn engine(first: &str, connections: usize) -> Rc<Engine> {
        let request = Request::get(&"http://127.0.0.1:9/".parse().unwrap());
        let course = Course::Replay(Replay::read(first.as_bytes()).unwrap());
        let pace = Pace::Open { course, arrivals: reports_record::Arrivals::Constant, seed: 0 };
        let stop = Stop::After(Duration::from_secs(7200));
        let load = Load { pace, stop, ..Load::closed(request, Duration::MAX) };
        let order = Arc::new(Order::new(&load, 1, connections, Pool::OnDemand, None));
        let addresses = Arc::from(["127.0.0.1:9".parse().unwrap()]);
        let second = Duration::from_secs(1);
        let route = Route { addresses, connect_timeout: second, round_trip: second };
        let slots = (0..connections).map(|turn| Rc::new(Slot::vacant(turn))).collect();
        Engine::new(order, 0, route, slots, Arc::default(), ThreadUsage::default()).unwrap()
    }

    #[test]
    fn what_is_due_and_not_sent_although_a_connection_is_free_is_the_client_s_lateness() {
        let runtime =
            Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).unwrap();
        runtime.block_on(async {
            let engine = engine("0\n0.01\n3600\n", 3);
            let at = |ms| engine.order.begin.after(Duration::from_millis(ms));
            let late = |due, ms| Unsent {
                own: Duration::from_millis(ms),
                had_connection: true,
                ..Unsent::waiting(at(due), 1)
            };
            assert_eq!(engine.unsent(at(50)), [late(0, 50), late(10, 40)]);
        });
    }

    #[test]
    fn the_first_start_is_waited_for_exactly_and_only_once_every_connection_was_looked_at() {
        let runtime =
            Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).unwrap();
        runtime.block_on(async {
            // An hour ahead, so that no clock of this machine is in it.
            let engine = engine("3600.000000123\n3601\n", 100);
            let run = tokio::task::spawn_local(engine.clone().run());
            while !engine.is_prepared.get() {
                assert_eq!(
                    engine.pacer.alarm(),
                    Moment::NEVER,
                    "starts may be given before all are looked at"
                );
                tokio::task::yield_now().await;
            }
            assert_eq!(engine.free.borrow().ready(), 100);
            let due = engine.order.begin.after(Duration::new(3600, 123));
            assert_eq!(engine.pacer.alarm(), due);
            run.abort();
        });
    }
}
