//! Connections without a request.

use std::collections::VecDeque;
use std::rc::Rc;

use super::Slot;
use crate::Pool;
use crate::clock::Moment;

/// The connections of one thread that wait for a request: ready for one, or still thinking over the last reply.
#[derive(Debug, Default)]
pub(super) struct Free {
    pool: Pool,
    /// The one idle longest first. Of a pool on demand those whose connection was open when they came here.
    idle: VecDeque<Rc<Slot>>,
    /// Of a pool on demand those without an open connection.
    closed: VecDeque<Rc<Slot>>,
    /// With the end of their think time or of their pause after a failure, earliest first.
    thinking: VecDeque<(Moment, Rc<Slot>)>,
}

impl Free {
    pub(super) fn of(pool: Pool) -> Self {
        Self { pool, ..Self::default() }
    }

    /// Takes a connection that is ready at once.
    pub(super) fn push(&mut self, slot: Rc<Slot>) {
        if self.pool == Pool::OnDemand && !slot.is_open() {
            self.closed.push_back(slot);
        } else {
            self.idle.push_back(slot);
        }
    }

    /// Takes a connection that is ready at `end`, behind those that are ready by then.
    pub(super) fn push_thinking(&mut self, slot: Rc<Slot>, end: Moment) {
        // Nearly always the last one: think times are the same for all, only pauses after failures differ.
        let place = self.thinking.iter().rposition(|(other, _)| *other <= end).map_or(0, |before| before + 1);
        self.thinking.insert(place, (end, slot));
    }

    /// The connection that the next request takes: the one that has been ready longest, or, of a pool on demand, the most
    /// recently used that is open, and one to be opened where none is.
    pub(super) fn pop(&mut self) -> Option<Rc<Slot>> {
        if self.pool == Pool::All {
            return self.idle.pop_front();
        }
        while let Some(slot) = self.idle.pop_back() {
            if slot.is_open() {
                return Some(slot);
            }
            // It ended while it was idle.
            self.closed.push_back(slot);
        }
        // The one closed last: so as many take part as are needed at once, and not each in turn.
        self.closed.pop_back()
    }

    /// How many connections are ready.
    pub(super) fn ready(&self) -> usize {
        self.idle.len() + self.closed.len()
    }

    /// Since when each of those has been ready, earliest first.
    pub(super) fn ready_since(&self) -> Vec<Moment> {
        let mut since: Vec<Moment> =
            self.idle.iter().chain(&self.closed).map(|slot| slot.free_since.get()).collect();
        since.sort_unstable();
        since
    }

    /// Whether there is no connection at all, ready or thinking.
    pub(super) fn is_vacant(&self) -> bool {
        self.ready() == 0 && self.thinking.is_empty()
    }

    /// Makes ready whose think time is over by `now`.
    pub(super) fn end_thinking(&mut self, now: Moment) {
        while self.thinking.front().is_some_and(|(end, _)| *end <= now) {
            let Some((_, slot)) = self.thinking.pop_front() else { return };
            self.push(slot);
        }
    }

    /// When the next think time is over.
    pub(super) fn next_ready(&self) -> Option<Moment> {
        self.thinking.front().map(|(end, _)| *end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_end_after_each_reply_are_opened_anew_in_the_same_place() {
        let mut free = Free::of(Pool::OnDemand);
        for turn in 0..4 {
            free.push(Rc::new(Slot::vacant(turn)));
        }
        let used = free.pop().unwrap();
        for _ in 0..8 {
            free.push(used.clone());
            assert!(free.pop().is_some_and(|slot| Rc::ptr_eq(&slot, &used)));
        }
    }

    #[test]
    fn connections_are_ready_since_they_became_free_whatever_their_order_and_be_they_open_or_not() {
        let mut free = Free::of(Pool::OnDemand);
        for nanos in [30, 10, 20] {
            let slot = Slot::vacant(0);
            slot.free_since.set(Moment::from_nanos(nanos));
            free.push(Rc::new(slot));
        }
        assert_eq!(free.ready_since(), [10, 20, 30].map(Moment::from_nanos));
    }

    #[test]
    fn who_thinks_is_not_ready_before_the_time_is_over() {
        let at = Moment::from_nanos;
        let slots = [Rc::new(Slot::default()), Rc::new(Slot::default()), Rc::new(Slot::default())];
        let mut free = Free::default();
        free.push_thinking(slots[1].clone(), at(20));
        free.push_thinking(slots[0].clone(), at(10));
        free.push(slots[2].clone());
        free.end_thinking(at(9));
        assert!(free.pop().is_some_and(|slot| Rc::ptr_eq(&slot, &slots[2])));
        assert!(free.ready() == 0 && !free.is_vacant());
        free.end_thinking(at(10));
        assert!(free.pop().is_some_and(|slot| Rc::ptr_eq(&slot, &slots[0])));
        assert_eq!(free.next_ready(), Some(at(20)));
        free.end_thinking(at(20));
        assert!(free.pop().is_some_and(|slot| Rc::ptr_eq(&slot, &slots[1])));
        assert!(free.is_vacant() && free.next_ready().is_none());
    }
}
