//! Other client threads that do not run, and the work that they leave to this one.

use std::cell::Cell;
use std::time::Duration;

use crate::clock::Moment;
use crate::progress::Sign;

/// A thread that runs looks at the clock no later than this after it said that it would.
const STEP: Duration = Duration::from_millis(1);

/// The other threads' absences, as one thread sees them: each since the moment by which that thread was to look at the clock again.
///
/// All threads take starts from one schedule. While one stands still, its connections carry nothing, and what falls due queues for the
/// connections of the others: that queue is the client's doing too.
#[derive(Debug)]
pub(super) struct Absences {
    threads: Vec<Thread>,
    /// Connections of this thread.
    own: usize,
}

#[derive(Debug)]
struct Thread {
    connections: usize,
    undone: Cell<Option<Undone>>,
}

/// What a thread left undone since the queue was last seen empty.
#[derive(Debug, Clone, Copy)]
struct Undone {
    /// When the thread had last given a sign before its first absence.
    seen: Moment,
    /// What each of its connections would have carried in absences that are over.
    earlier: Duration,
    /// The last sign before the latest absence, and how far that is known to go.
    sign: Sign,
    to: Moment,
}

impl Undone {
    /// What each connection would have carried: a request in flight as an absence began would have kept it for up to a reply.
    fn each(&self, reply: Duration) -> Duration {
        self.earlier + self.to.since(self.sign.looks_by).saturating_sub(reply)
    }

    /// The same, with the absence since `sign` that goes on `now`.
    fn and(self, sign: Sign, now: Moment, reply: Duration) -> Self {
        let earlier = if self.sign == sign { self.earlier } else { self.each(reply) };
        Self { earlier, sign, to: now, ..self }
    }
}

impl Absences {
    /// As seen by a thread with `own` connections beside others with so many `connections` each.
    pub(super) fn new(own: usize, connections: impl Iterator<Item = usize>) -> Self {
        let thread = |connections| Thread { connections, undone: Cell::default() };
        Self { threads: connections.map(thread).collect(), own }
    }

    /// How much of a `wait` for a connection of this thread comes from absences, for a request sent `now` of a queue that began at
    /// `queue_since`: at most what the connections of absent threads would have carried, where a reply takes this long.
    ///
    /// A queue that began before a thread was last seen is not of its making.
    pub(super) fn lost(
        &self,
        signs: impl Iterator<Item = Sign>,
        now: Moment,
        queue_since: Moment,
        (wait, reply): (Duration, Duration),
    ) -> Duration {
        let (mut undone, mut working) = (Duration::ZERO, self.own);
        for (thread, sign) in self.threads.iter().zip(signs) {
            if now.since(sign.looks_by) > STEP {
                let first = Undone { seen: sign.seen, earlier: Duration::ZERO, sign, to: now };
                thread
                    .undone
                    .set(Some(thread.undone.get().map_or(first, |undone| undone.and(sign, now, reply))));
            } else {
                working += thread.connections;
            }
            let own_making = thread.undone.get().filter(|undone| undone.seen <= queue_since);
            undone +=
                own_making.map_or(Duration::ZERO, |undone| undone.each(reply)) * thread.connections as u32;
        }
        wait.min(undone / working.max(1) as u32)
    }

    /// A connection is free and nothing is due: the work that was left is done.
    pub(super) fn caught_up(&self) {
        self.threads.iter().for_each(|thread| thread.undone.set(None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::from_nanos(ms * 1_000_000)
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn sign(seen: u64, looks_by: u64) -> Sign {
        Sign { seen: at(seen), looks_by: at(looks_by) }
    }

    /// Of two connections, each on a thread, one carries 100/s of 150/s while the other stands still: half a second's queue in each
    /// second of that.
    #[test]
    fn the_queue_that_an_absent_thread_leaves_is_the_client_s_until_it_is_worked_off() {
        let absences = Absences::new(1, [1].into_iter());
        let lost = |sign, now, wait| absences.lost([sign].into_iter(), at(now), at(101), (ms(wait), ms(10)));
        assert_eq!(lost(sign(100, 105), 106, 2), Duration::ZERO, "it may still look in time");
        assert_eq!(lost(sign(100, 105), 205, 50), ms(50));
        assert_eq!(lost(sign(100, 105), 205, 300), ms(90), "no more than its connection would have carried");
        assert_eq!(lost(sign(300, 320), 310, 95), ms(45), "it is back, and both work off what it left");
        absences.caught_up();
        assert_eq!(lost(sign(320, 340), 322, 95), Duration::ZERO);
    }

    #[test]
    fn absences_add_up_until_the_queue_is_worked_off() {
        let absences = Absences::new(1, [1].into_iter());
        let lost = |sign, now| absences.lost([sign].into_iter(), at(now), at(101), (ms(500), ms(10)));
        assert_eq!((lost(sign(100, 105), 205), lost(sign(100, 105), 305)), (ms(90), ms(190)));
        // Late once more by 3 ms, and then by 30.
        assert_eq!((lost(sign(320, 325), 328), lost(sign(320, 340), 335)), (ms(190), ms(95)));
        assert_eq!(lost(sign(345, 350), 380), ms(210));
    }

    #[test]
    fn a_queue_that_began_before_the_thread_was_last_seen_is_not_of_its_making() {
        let absences = Absences::new(1, [1].into_iter());
        let lost = |queue_since| {
            absences.lost([sign(100, 105)].into_iter(), at(205), at(queue_since), (ms(50), ms(10)))
        };
        assert_eq!((lost(99), lost(100)), (Duration::ZERO, ms(50)));
    }

    #[test]
    fn a_server_that_takes_longer_than_the_absence_would_have_kept_its_connections() {
        let absences = Absences::new(2, [2, 2].into_iter());
        let lost = |reply| {
            let signs = [sign(100, 105), sign(200, 206)].into_iter();
            absences.lost(signs, at(205), at(101), (ms(90), ms(reply)))
        };
        assert_eq!((lost(100), lost(60)), (Duration::ZERO, ms(20)));
    }
}
