//! Watches over a measurement a few dozen times a second: deadlines, the window's edges, the end.

use std::time::Duration;

use super::{Engine, REPEATED, Slot};
use crate::Stop;
use crate::clock::Moment;
use crate::intervals::Slicer;
use crate::progress::Sign;
use crate::usage::{ThreadCost, ThreadUsage};
use crate::window::Window;

/// How often to look: what it costs stays far below a thousandth of a CPU.
const TICK: Duration = Duration::from_millis(20);
/// With short deadlines more often, so that none is overrun by more than a tenth (or a millisecond).
const TICK_MIN: Duration = Duration::from_millis(1);
/// Behind the window this often: who measures in short turns waits for the end of each.
const DRAIN_TICK: Duration = Duration::from_millis(1);
/// At most this much of a standstill that begins while the thread sleeps goes unnoticed, if anything is in flight.
pub(crate) const NAP: Duration = Duration::from_millis(5);
/// An interrupted measurement returns within 2 s: this long its requests in flight may go on.
const INTERRUPT_GRACE: Duration = Duration::from_secs(1);
/// After a standstill across the deadline a thread has this long to read what came in time: it needs a look at its sockets or two.
const CATCH_UP: Duration = Duration::from_millis(100);
/// A reply nobody asked for, paired with a request sent just before, leaves that one's own for later: so many mean reply
/// times are listened for it after the end …
const LINGER_REPLIES: u32 = 2;
/// … at least this long, for servers that answer within microseconds …
const LINGER_MIN: Duration = Duration::from_millis(5);
/// … and at most this long.
const LINGER_MAX: Duration = Duration::from_millis(250);

/// What the steward saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Watch {
    /// What the thread used over the window.
    pub(crate) cost: ThreadCost,
    /// The longest stretch in which the thread, or the whole machine, did not run although it had something to do.
    pub(crate) longest_gap: Duration,
    /// All such stretches together, as far as they lie in the window.
    pub(crate) standstill: Duration,
}

impl Engine {
    /// Returns when the measurement is over: nothing more will start, and nothing is in flight or may go on.
    pub(super) async fn watch(&self) -> Watch {
        let shortest = self.order.load.timeout.min(self.route.connect_timeout);
        let tick = (shortest / 10).clamp(TICK_MIN, TICK);
        let (mut done, mut passed) = (None, None);
        let mut usage = Edges::after(self.at_rest);
        let mut slicer = Slicer::new(self.order.slices.clone(), self.order.window().start);
        let mut has_window = self.order.load.settles().is_none();
        loop {
            let now = self.now();
            if !has_window {
                has_window = self.settle_window();
                slicer.begin_at(self.order.window().start);
            }
            let stop = self.order.stops_at();
            let cut = if stop == Moment::NEVER { stop } else { self.cut(stop) };
            let deadline = self.put_off(self.planned_deadline().min(cut), now, &mut passed);
            if now >= stop {
                self.starts.borrow_mut().give_up();
            }
            let window = self.tally.borrow().window;
            usage.look(|| ThreadUsage::read(now, self.pacer.spin()), now, window);
            slicer.look(now, || {
                let mut tally = self.tally.borrow_mut();
                (tally.take_times(), tally.counts(), tally.take_requests())
            });
            self.sweep(now);
            self.tally.borrow_mut().unasked_replies += self.doubts.borrow_mut().unasked(now);
            self.publish(now);
            self.starts.borrow().watch(now);
            self.order.abandon_without_connections(now);
            // Threads end together: seconds are told to the last of them.
            self.order.gauges[self.index].done(self.is_done(now));
            if self.order.is_done() || now >= deadline {
                let cost = || usage.cost(|| ThreadUsage::read(now, self.pacer.spin()));
                let (since, cost) = *done.get_or_insert_with(|| (now, cost()));
                if now >= deadline.min(since.after(self.linger())) {
                    self.order.gauges[self.index].give(Sign { seen: now, looks_by: Moment::NEVER });
                    let (longest_gap, standstill) =
                        (self.standstills.longest(), self.standstills.in_window());
                    return Watch { cost, longest_gap, standstill };
                }
            }
            let tick = if now >= window.end { tick.min(DRAIN_TICK) } else { tick };
            let edges = [window.start, window.end, deadline, slicer.next_end()];
            let wake = edges.into_iter().filter(|edge| *edge > now).fold(now.after(tick), Moment::min);
            self.sleep_until(wake, now).await;
        }
    }

    /// Sleeps in naps while anything is in flight, so that a standstill is noticed soon after it begins.
    async fn sleep_until(&self, wake: Moment, mut now: Moment) {
        while now < wake {
            let nap = if self.tally.borrow().in_flight() > 0 { now.after(NAP).min(wake) } else { wake };
            self.standstills.steward_wakes(nap);
            self.order.gauges[self.index].give(Sign { seen: now, looks_by: nap });
            // tokio's own sleep ends up to 3 ms late, which would look like a standstill.
            self.nap.arm(nap, now).expect("a timer takes any delay above zero");
            self.nap.expired().await.expect("a timer's descriptor can be waited for");
            self.nap.disarmed();
            now = self.now();
        }
    }

    /// When requests in flight are given up; a number of requests is waited for, each with its own deadline.
    fn planned_deadline(&self) -> Moment {
        match self.order.load.stop {
            Stop::After(_) => self.order.window().end.after(self.order.grace()),
            Stop::Requests(_) => Moment::NEVER,
        }
    }

    /// The same deadline, or a later one while replies that came before it may lie unread; first `passed` then.
    fn put_off(&self, deadline: Moment, now: Moment, passed: &mut Option<Moment>) -> Moment {
        if now < deadline {
            return deadline;
        }
        let passed = *passed.get_or_insert(now);
        let is_behind = self.standstills.is_catching_up() && self.tally.borrow().in_flight() > 0;
        if is_behind { passed.after(CATCH_UP) } else { deadline }
    }

    /// Takes up the window once it is known, and tells until then for how many connections it waits; whether it is known.
    fn settle_window(&self) -> bool {
        let window = self.order.window();
        if window.start == Moment::NEVER {
            // Set when a request of the slot ended.
            let waiting = self.slots.iter().filter(|slot| slot.free_since.get() <= self.order.begin).count();
            self.order.gauges[self.index].wait_for(waiting as u64);
            return false;
        }
        self.order.gauges[self.index].wait_for(0);
        self.tally.borrow_mut().settle(window);
        self.standstills.settle(window);
        self.starts.borrow_mut().settle(window);
        true
    }

    /// Ends the schedule and the window at `stop`; returns when requests in flight are given up.
    fn cut(&self, stop: Moment) -> Moment {
        self.starts.borrow_mut().cut(stop);
        let mut tally = self.tally.borrow_mut();
        tally.window = tally.window.cut(stop);
        stop.after(self.order.load.grace.min(INTERRUPT_GRACE))
    }

    fn is_done(&self, now: Moment) -> bool {
        let end = self.tally.borrow().window.end;
        let window_ended = end == Moment::NEVER || now >= end;
        window_ended
            && self.starts.borrow_mut().is_over(now)
            && !self.awaits_reply()
            && !self.slots.iter().any(|slot| self.is_awaited(slot) && self.awaits_connection(slot, now))
    }

    /// Whether a request is in flight for whose end the measurement goes on.
    fn awaits_reply(&self) -> bool {
        self.tally.borrow().in_flight() > 0 && self.slots.iter().any(|slot| self.is_awaited(slot))
    }

    /// Whether the measurement goes on until the slot's request has ended. A request of the warm-up is none of a planned number: it would
    /// stretch the window of those.
    fn is_awaited(&self, slot: &Slot) -> bool {
        let is_of_number = matches!(self.order.load.stop, Stop::Requests(_));
        slot.flight.get().is_some_and(|flight| flight.measured || !is_of_number)
    }

    /// Whether the measurement goes on until the slot's connection is open.
    fn awaits_connection(&self, slot: &Slot, now: Moment) -> bool {
        let is_repeated = || slot.flight.get().is_some_and(|flight| now.since(flight.started) >= REPEATED);
        slot.is_opening() && (self.order.waits_for_connections() || !is_repeated())
    }

    /// How long to listen on after everything has ended.
    fn linger(&self) -> Duration {
        if !self.order.load.lingers {
            return Duration::ZERO;
        }
        let mean = self.tally.borrow().mean_reply();
        (mean * LINGER_REPLIES).clamp(LINGER_MIN, LINGER_MAX)
    }

    /// Ends requests, and attempts to connect, past their deadline. No timer per request: that would cost more than the rest of it.
    fn sweep(&self, now: Moment) {
        for slot in &self.slots {
            let Some(flight) = slot.flight.get() else { continue };
            // What waits for a fresh connection has the connection's deadline.
            let is_overdue = match slot.opening_since.get() {
                Some(since) => self.is_over(since, self.route.connect_timeout, now),
                None => slot.is_open() && self.is_over(flight.started, self.order.load.timeout, now),
            };
            if is_overdue {
                slot.expired.set(true);
                slot.wake();
            }
        }
    }

    /// Whether so much time has passed `since` then. A standstill behind which the reply may lie unread does not count, as it does not
    /// in the time of a reply that is read: one that came in time is in time.
    fn is_over(&self, since: Moment, limit: Duration, now: Moment) -> bool {
        let passed = now.since(since);
        passed > limit && passed.saturating_sub(self.standstills.unread(since, now)) > limit
    }

    fn publish(&self, now: Moment) {
        let (tally, gauges) = (self.tally.borrow(), &self.order.gauges[self.index]);
        gauges.publish(tally.answered_in_all, tally.failed_in_all, tally.in_flight());
        gauges.publish_service(tally.service_in_all);
        // Attempts count, not time: between two of them a user may think for long.
        let failing = self.failing.get().map_or(Duration::ZERO, |(first, last)| last.since(first));
        gauges.connected(now.before(failing));
    }
}

/// The thread's usage at the window's edges.
struct Edges {
    /// At the latest look before the window; when that was is left out.
    before: ThreadUsage,
    start: Option<ThreadUsage>,
    end: Option<ThreadUsage>,
}

impl Edges {
    /// `before`: before the thread was given the measurement, of which it may hear late.
    fn after(before: ThreadUsage) -> Self {
        Self { before, start: None, end: None }
    }

    /// A look that comes late because the thread had no CPU must not leave out just that: the window's start then shows what the
    /// look before it did.
    fn look(&mut self, usage: impl Fn() -> ThreadUsage, now: Moment, window: Window) {
        if self.start.is_none() {
            if now < window.start {
                self.before = usage();
            } else {
                let is_late = now.since(window.start) > TICK;
                let before = ThreadUsage { at: window.start, ..self.before };
                self.start = Some(if is_late { before } else { usage() });
            }
        }
        if self.end.is_none() && now >= window.end {
            self.end = Some(usage());
        }
    }

    /// Between the edges; up to now where no end came by. Nothing if the window was never reached.
    fn cost(&self, usage: impl Fn() -> ThreadUsage) -> ThreadCost {
        let Some(start) = self.start else { return ThreadCost::default() };
        self.end.unwrap_or_else(usage).since(&start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::from_nanos(ms * 1_000_000)
    }

    /// A thread that waits for a CPU all the time but the first 10 ms.
    fn usage(ms: u64) -> ThreadUsage {
        let waited_for_cpu = Some(Duration::from_millis(ms.saturating_sub(10)));
        ThreadUsage { at: at(ms), waited_for_cpu, ..ThreadUsage::default() }
    }

    fn wait_share(looks: &[u64]) -> Option<f64> {
        let window = Window { start: at(1000), end: at(3000) };
        let mut edges = Edges::after(usage(0));
        for look in looks {
            edges.look(|| usage(*look), at(*look), window);
        }
        edges.cost(|| usage(4000)).wait_share()
    }

    #[test]
    fn a_thread_that_had_no_cpu_for_the_whole_window_waited_for_one() {
        assert_eq!(wait_share(&[990, 1000, 2000, 3000]), Some(1.0));
        // No look in the window, and one behind it.
        assert_eq!(wait_share(&[990, 3500]), Some(1.0));
        assert_eq!(wait_share(&[3500]), Some(1.0));
        assert_eq!(wait_share(&[990]), None, "the window was never reached");
    }
}
