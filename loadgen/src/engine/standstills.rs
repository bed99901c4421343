//! When a client thread did not run although it had something to do.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Moment;
use crate::window::Window;

/// No step between two looks at the clock takes a running thread this long, and no timer is this late on a CPU that is free.
pub(super) const STEP: Duration = Duration::from_millis(1);
/// A thread that slept for longer found nothing unread when it went to sleep; where it does, sleep takes a tenth of this.
const BLINK: Duration = Duration::from_micros(500);
/// Sockets of which one look of the runtime at them tells (tokio's and mio's default): what lay unread before is read in as many looks as
/// the thread's connections need.
const AT_ONCE: usize = 1024;
/// So many times its own length, at most, a standstill's queue is worked off: at a tenth of a server's capacity to spare. Where
/// a server has less, requests queue without the client's doing.
const AFTERMATH: u32 = 10;
/// Standstills that are remembered. A request that was due before all of them is told of these only.
const MOST: usize = 10_000;

/// One thread's standstills, as seen from its looks at the clock: it was stopped, had no CPU, or its machine was away.
///
/// A thread that sleeps for a reply does not stand still, but it wakes at the latest when an alarm is due. So a standstill that
/// begins during sleep is known from the next alarm on, and one that begins while the thread runs is known in full.
#[derive(Debug, Clone)]
pub(crate) struct Standstills {
    window: Cell<Window>,
    /// When the schedule begins: before that there is nothing to do.
    begin: Moment,
    connections: usize,
    latest_look: Cell<Moment>,
    /// When the steward wakes at the latest; it has taken in the order by the time that the schedule begins.
    steward_wakes: Cell<Moment>,
    /// Since when replies may have come unread; `None` when there can be none.
    unread_since: Cell<Option<Moment>>,
    /// How often the thread was seen to have gone to sleep since the latest standstill.
    sleeps: Cell<usize>,
    /// Since a standstill that found no queue, until the queue that it left is worked off.
    aftermath: Cell<Option<Aftermath>>,
    /// When the first of the requests was due that waited for a connection since the queue was last seen empty; `None` if none did.
    queue_since: Cell<Option<Moment>>,
    longest: Cell<Duration>,
    in_window: Cell<Duration>,
    /// In order.
    past: RefCell<VecDeque<Standstill>>,
}

#[derive(Debug, Clone, Copy)]
struct Standstill {
    from: Moment,
    to: Moment,
    /// Connections that were free meanwhile, or whose reply lay unread: those that the client kept from working.
    idle: usize,
}

/// What a standstill leaves behind: requests fell due, and they and those after them wait until connections are free again.
#[derive(Debug, Clone, Copy)]
struct Aftermath {
    from: Moment,
    until: Moment,
}

impl Standstill {
    fn overlap(&self, from: Moment, to: Moment) -> Duration {
        to.min(self.to).since(from.max(self.from))
    }
}

impl Standstills {
    /// Of a thread with so many `connections`, from `begin` on.
    pub(crate) fn new(window: Window, begin: Moment, connections: usize) -> Self {
        Self {
            window: Cell::new(window),
            begin,
            connections,
            latest_look: Cell::default(),
            steward_wakes: Cell::new(begin),
            unread_since: Cell::default(),
            sleeps: Cell::default(),
            aftermath: Cell::default(),
            queue_since: Cell::default(),
            longest: Cell::default(),
            in_window: Cell::default(),
            past: RefCell::default(),
        }
    }

    /// The clock shows `now`; the thread was last `asleep` from then on, and the pacer was to wake it at `alarm`. So many
    /// connections are `free`.
    pub(super) fn look(&self, now: Moment, asleep: Moment, alarm: Moment, free: impl FnOnce() -> usize) {
        let latest = self.latest_look.get();
        if now < latest {
            return;
        }
        self.latest_look.set(now);
        let slept = asleep > latest;
        // Before it went to sleep it ran, or did not.
        let awake = if slept { asleep } else { now };
        let since = latest.max(self.begin);
        if awake.since(since) > STEP {
            return self.stood_still(Standstill { from: since, to: now, idle: free() });
        }
        let woken = alarm.min(self.steward_wakes.get()).max(self.begin);
        let late = if slept { asleep.max(woken) } else { now };
        let is_late = now.since(late) > STEP;
        if slept {
            // Until it was to wake, however late it does.
            self.slept(if is_late { late } else { now }.since(asleep));
        }
        if is_late {
            self.stood_still(Standstill { from: late, to: now, idle: free() });
        }
    }

    /// It sleeps only when it has read all that it was told of, and for an instant where there is more. A server that is quick enough
    /// never lets it sleep for longer, but sooner or later all that it is told of came after the standstill.
    fn slept(&self, length: Duration) {
        self.sleeps.set(self.sleeps.get() + 1);
        if length > BLINK || self.sleeps.get() > 1 + self.connections / AT_ONCE {
            self.unread_since.set(None);
        }
    }

    fn stood_still(&self, standstill: Standstill) {
        let Standstill { from, to, .. } = standstill;
        self.sleeps.set(0);
        self.unread_since.set(self.unread_since.get().or(Some(from)));
        self.leave_behind(from, to);
        self.longest.set(self.longest.get().max(to.since(from)));
        self.in_window.set(self.in_window.get() + self.window.get().overlap(from, to));
        let mut past = self.past.borrow_mut();
        if past.len() == MOST {
            past.pop_front();
        }
        past.push_back(standstill);
    }

    fn leave_behind(&self, from: Moment, to: Moment) {
        let running = self.aftermath.get().filter(|aftermath| from < aftermath.until);
        let begun = || self.queue_since.get().is_none().then_some(Aftermath { from, until: to });
        self.aftermath.set(running.or_else(begun).map(|aftermath| Aftermath {
            until: aftermath.until.max(to.after(to.since(from) * AFTERMATH)),
            ..aftermath
        }));
    }

    /// The thread ran for so long since its latest look at the clock.
    pub(super) fn ran(&self, time: Duration) {
        self.latest_look.set(self.latest_look.get().after(time));
    }

    /// The window, as is known by now.
    pub(super) fn settle(&self, window: Window) {
        self.window.set(window);
    }

    /// The steward sleeps until `wake`.
    pub(super) fn steward_wakes(&self, wake: Moment) {
        self.steward_wakes.set(wake);
    }

    /// Whether replies may have come that were not read in time.
    pub(super) fn is_catching_up(&self) -> bool {
        self.unread_since.get().is_some()
    }

    /// How much of the time between two moments the thread stood still.
    pub(super) fn between(&self, from: Moment, to: Moment) -> Duration {
        let past = self.past.borrow();
        past.iter().rev().take_while(|one| one.to > from).map(|one| one.overlap(from, to)).sum()
    }

    /// How long a reply to a request that `started`, read `now`, may have lain unread because the thread stood still.
    pub(super) fn unread(&self, started: Moment, now: Moment) -> Duration {
        self.unread_since.get().map_or(Duration::ZERO, |since| self.between(since.max(started), now))
    }

    /// A reply lay unread.
    pub(super) fn found_unread(&self) {
        let Some(since) = self.unread_since.get() else { return };
        let mut past = self.past.borrow_mut();
        past.iter_mut().rev().take_while(|one| one.to > since).for_each(|one| one.idle += 1);
    }

    /// A request that was due at `intended` and is sent now waited for a connection; returns since when there is a queue.
    pub(super) fn queued(&self, intended: Moment) -> Moment {
        let since = self.queue_since.get().unwrap_or(intended);
        self.queue_since.set(Some(since));
        since
    }

    /// A connection is free and nothing is due: whatever waits from now on does not wait for what was left undone.
    pub(super) fn caught_up(&self) {
        self.queue_since.set(None);
        self.aftermath.set(None);
    }

    /// How much of a wait for a connection, `from`..`to`, is the client's own.
    ///
    /// Of a request that fell due during a standstill it is that standstill and later ones; where the queue was empty before, also
    /// the wait behind it, of this request and of those due until the queue is worked off, as far as the work that was left undone
    /// would have taken. Of each standstill counts the share of connections that could have worked meanwhile: a connection that the
    /// server kept busy throughout was not kept from anything.
    ///
    /// Requests that waited already are left out: their queue is there without the client's doing, and to all of a long one a few
    /// short standstills would be lateness.
    pub(super) fn lost(&self, from: Moment, to: Moment) -> Duration {
        if from >= to {
            return Duration::ZERO;
        }
        let past = self.past.borrow();
        let holds = |aftermath: &Aftermath| aftermath.from <= from && from < aftermath.until;
        let aftermath = self.aftermath.get().filter(holds);
        let first = past.partition_point(|one| one.to <= aftermath.map_or(from, |aftermath| aftermath.from));
        if past.get(first).is_none_or(|one| one.from > from) {
            return Duration::ZERO;
        }
        let share = |one: &Standstill| (one.idle as f64 / self.connections.max(1) as f64).min(1.0);
        let meanwhile = || past.range(first..).filter(|one| one.from < to);
        let own = meanwhile().map(|one| one.overlap(from, to).mul_f64(share(one))).sum();
        if aftermath.is_none() {
            return own;
        }
        let during: Duration = meanwhile().map(|one| one.overlap(from, to)).sum();
        let undone = meanwhile().map(|one| one.to.since(one.from).mul_f64(share(one))).sum();
        own + to.since(from).saturating_sub(during).min(undone)
    }

    /// The same of a wait for any connection of several `threads`: each thread that stood still kept its own connections from work.
    pub(crate) fn lost_by_all<'a>(
        threads: impl Iterator<Item = &'a Self> + Clone,
        from: Moment,
        to: Moment,
    ) -> Duration {
        let connections = threads.clone().map(|thread| thread.connections).sum::<usize>().max(1);
        let share = |thread: &Self| thread.connections as f64 / connections as f64;
        threads.map(|thread| thread.lost(from, to).mul_f64(share(thread))).sum()
    }

    /// The longest one.
    pub(super) fn longest(&self) -> Duration {
        self.longest.get()
    }

    /// All of them together, as far as they lie in the window.
    pub(super) fn in_window(&self) -> Duration {
        self.in_window.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(us: u64) -> Moment {
        Moment::from_nanos(us * 1_000)
    }

    fn us(us: u64) -> Duration {
        Duration::from_micros(us)
    }

    /// Of a thread with two connections, and a window from 1 ms to 1 s.
    fn standstills() -> Standstills {
        Standstills::new(Window { start: at(1_000), end: at(1_000_000) }, at(0), 2)
    }

    #[test]
    fn sleep_up_to_an_alarm_is_no_standstill_and_oversleeping_is() {
        let standstills = standstills();
        standstills.steward_wakes(at(20_000));
        standstills.look(at(15_000), at(10), Moment::NEVER, || 2);
        assert!(!standstills.is_catching_up());
        standstills.look(at(220_000), at(15_010), Moment::NEVER, || 2);
        // From the steward's alarm on.
        assert_eq!((standstills.longest(), standstills.in_window()), (us(200_000), us(200_000)));
        standstills.steward_wakes(Moment::NEVER);
        standstills.look(at(300_000), at(220_010), at(290_000), || 2);
        assert_eq!(standstills.in_window(), us(210_000));
        assert_eq!(standstills.lost(at(100_000), at(295_000)), us(195_000));
        assert_eq!(standstills.lost(at(19_000), at(295_000)), Duration::ZERO, "it waited already");
    }

    #[test]
    fn a_thread_that_did_not_sleep_and_looks_late_stood_still() {
        let standstills = standstills();
        standstills.look(at(500), at(0), Moment::NEVER, || 0);
        standstills.look(at(1_400), at(0), Moment::NEVER, || 0);
        assert_eq!(standstills.longest(), Duration::ZERO);
        standstills.look(at(41_400), at(0), Moment::NEVER, || 0);
        assert_eq!((standstills.longest(), standstills.in_window()), (us(40_000), us(40_000)));
        // It went to sleep after that long, too.
        standstills.look(at(61_410), at(61_400), Moment::NEVER, || 0);
        assert_eq!(standstills.in_window(), us(60_010));
    }

    /// The schedule begins 10 ms after the order, which the thread takes in at once, or after 15 ms.
    #[test]
    fn a_thread_that_sleeps_as_the_schedule_begins_does_not_stand_still_and_one_that_comes_late_does() {
        let window = Window { start: at(30_000), end: at(1_000_000) };
        let beginning = || Standstills::new(window, at(10_000), 2);
        let asleep = beginning();
        // Looking at its connections takes the time until then.
        asleep.look(at(100), at(0), Moment::NEVER, || 2);
        asleep.steward_wakes(at(28_000));
        asleep.look(at(28_050), at(8_000), Moment::NEVER, || 2);
        assert_eq!((asleep.longest(), asleep.is_catching_up()), (Duration::ZERO, false));
        asleep.queued(at(20_000));
        assert_eq!(asleep.lost(at(29_000), at(60_000)), Duration::ZERO, "the server's queue is its own");
        let oversleeps = beginning();
        oversleeps.look(at(100), at(0), Moment::NEVER, || 2);
        oversleeps.steward_wakes(at(9_000));
        oversleeps.look(at(17_000), at(200), Moment::NEVER, || 2);
        assert_eq!(oversleeps.longest(), us(7_000));
        // Asleep since before the order, or since just behind it.
        for since in [0, 50] {
            let late = beginning();
            late.look(at(15_000), at(since), Moment::NEVER, || 2);
            assert_eq!(late.longest(), us(5_000), "{since}");
        }
        let early = beginning();
        early.look(at(9_000), at(0), Moment::NEVER, || 2);
        early.look(at(9_500), at(0), Moment::NEVER, || 2);
        assert_eq!((early.longest(), early.is_catching_up()), (Duration::ZERO, false));
    }

    #[test]
    fn what_is_read_before_the_thread_sleeps_again_may_have_come_meanwhile() {
        let standstills = standstills();
        standstills.look(at(50_000), at(0), Moment::NEVER, || 0);
        assert_eq!(standstills.unread(at(20_000), at(50_010)), us(30_000));
        assert_eq!(standstills.unread(at(60_000), at(60_010)), Duration::ZERO);
        // It looked for more and found it at once.
        standstills.look(at(50_920), at(50_900), Moment::NEVER, || 0);
        assert!(standstills.is_catching_up());
        standstills.look(at(51_600), at(51_000), Moment::NEVER, || 0);
        assert_eq!(standstills.unread(at(20_000), at(51_600)), Duration::ZERO, "the server took its time");
    }

    #[test]
    fn standstills_between_two_moments_count_as_far_as_they_lie_there_whatever_was_read_since() {
        let standstills = standstills();
        standstills.steward_wakes(Moment::NEVER);
        standstills.look(at(50_000), at(0), Moment::NEVER, || 0);
        standstills.look(at(60_000), at(51_000), Moment::NEVER, || 0);
        standstills.look(at(90_000), at(60_010), at(70_000), || 0);
        assert_eq!(standstills.between(at(20_000), at(80_000)), us(40_000));
        assert_eq!(standstills.between(at(50_000), at(70_000)), us(0));
        assert_eq!(standstills.unread(at(20_000), at(90_000)), us(20_000));
    }

    #[test]
    fn a_step_in_which_the_thread_ran_is_no_standstill_but_for_the_rest_of_it() {
        let standstills = standstills();
        standstills.look(at(500), at(0), Moment::NEVER, || 2);
        standstills.ran(us(3_000));
        standstills.look(at(4_000), at(0), Moment::NEVER, || 2);
        assert_eq!(standstills.longest(), Duration::ZERO);
        standstills.ran(us(3_000));
        standstills.look(at(12_000), at(0), Moment::NEVER, || 2);
        assert_eq!(standstills.longest(), us(5_000));
    }

    /// It naps for 5 ms at a time, and has no CPU for the 3 ms after each.
    #[test]
    fn what_lay_unread_before_a_nap_was_read_before_it_however_late_each_nap_ends() {
        let standstills = standstills();
        for nap in 0..100 {
            let asleep = 10 + nap * 8_000;
            standstills.steward_wakes(at(asleep + 5_000));
            standstills.look(at(asleep + 7_990), at(asleep), Moment::NEVER, || 2);
            assert_eq!(standstills.unread(at(0), at(asleep + 7_990)), us(2_990), "nap {nap}");
        }
    }

    #[test]
    fn a_quick_server_does_not_keep_a_thread_catching_up_for_ever() {
        for (connections, sleeps) in [(1, 2), (1023, 2), (1024, 3), (10_000, 11)] {
            let standstills = Standstills { connections, ..standstills() };
            standstills.look(at(50_000), at(0), Moment::NEVER, || 0);
            let caught_up = (1..100).find(|sleep| {
                let asleep = 50_000 + sleep * 100;
                standstills.look(at(asleep + 50), at(asleep), Moment::NEVER, || 0);
                !standstills.is_catching_up()
            });
            assert_eq!(caught_up, Some(sleeps), "{connections} connections");
        }
    }

    #[test]
    fn a_wait_for_connections_that_the_server_kept_busy_is_not_the_client_s() {
        let standstills = standstills();
        standstills.look(at(50_000), at(0), Moment::NEVER, || 0);
        assert_eq!(standstills.lost(at(10_000), at(60_000)), Duration::ZERO);
        // One of the two replies lay unread, and then the other one.
        standstills.found_unread();
        assert_eq!(standstills.lost(at(10_000), at(50_000)), us(20_000));
        standstills.found_unread();
        standstills.found_unread();
        assert_eq!(standstills.lost(at(10_000), at(50_000)), us(40_000));
    }

    #[test]
    fn the_queue_behind_a_standstill_is_the_client_s_until_it_is_worked_off() {
        let standstills = standstills();
        standstills.look(at(4_000), at(0), Moment::NEVER, || 2);
        standstills.queued(at(3_000));
        assert_eq!(standstills.lost(at(3_000), at(5_000)), us(2_000), "due meanwhile");
        assert_eq!(standstills.lost(at(4_500), at(6_000)), us(1_500), "due behind it");
        assert_eq!(standstills.lost(at(4_500), at(90_000)), us(4_000), "no more than was left undone");
        assert_eq!(
            standstills.lost(at(45_000), at(50_000)),
            Duration::ZERO,
            "by then the server has a queue of its own"
        );
        standstills.caught_up();
        assert_eq!(standstills.lost(at(6_000), at(9_000)), Duration::ZERO, "another queue");
    }

    #[test]
    fn a_queue_that_was_there_before_a_standstill_is_not_the_client_s() {
        let standstills = standstills();
        standstills.queued(at(0));
        standstills.look(at(4_000), at(0), Moment::NEVER, || 0);
        (0..2).for_each(|_| standstills.found_unread());
        assert_eq!(standstills.lost(at(4_500), at(6_000)), Duration::ZERO);
        assert_eq!(standstills.lost(at(3_000), at(6_000)), us(1_000), "the standstill itself is");
    }

    /// Of three connections the two of one thread carried nothing for 50 ms.
    #[test]
    fn a_wait_for_any_connection_is_the_client_s_by_the_share_of_connections_that_it_kept_from_work() {
        let (stopped, running) = (standstills(), Standstills { connections: 1, ..standstills() });
        stopped.look(at(50_000), at(0), Moment::NEVER, || 2);
        let lost = |threads: &[&Standstills]| {
            Standstills::lost_by_all(threads.iter().copied(), at(20_000), at(50_000))
        };
        assert_eq!(lost(&[&stopped, &running]), us(20_000));
        assert_eq!((lost(&[&stopped]), lost(&[&running]), lost(&[])), (us(30_000), us(0), us(0)));
    }

    #[test]
    fn memory_is_bounded() {
        let standstills = standstills();
        (1..=20_000).for_each(|index| standstills.look(at(index * 2_000), at(0), Moment::NEVER, || 2));
        assert_eq!(standstills.past.borrow().len(), MOST);
    }
}
