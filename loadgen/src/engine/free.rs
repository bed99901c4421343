//! Connections without a request.

use std::collections::VecDeque;
use std::rc::Rc;

use super::Slot;
use crate::clock::Moment;

/// The connections of one thread that wait for a request: ready for one, or still thinking over the last reply.
#[derive(Debug, Default)]
pub(super) struct Free {
    /// The one idle longest first.
    idle: VecDeque<Rc<Slot>>,
    /// With the end of their think time or of their pause after a failure, earliest first.
    thinking: VecDeque<(Moment, Rc<Slot>)>,
}

impl Free {
    /// Takes a connection that is ready at once.
    pub(super) fn push(&mut self, slot: Rc<Slot>) {
        self.idle.push_back(slot);
    }

    /// Takes a connection that is ready at `end`, behind those that are ready by then.
    pub(super) fn push_thinking(&mut self, slot: Rc<Slot>, end: Moment) {
        // Nearly always the last one: think times are the same for all, only pauses after failures differ.
        let place = self.thinking.iter().rposition(|(other, _)| *other <= end).map_or(0, |before| before + 1);
        self.thinking.insert(place, (end, slot));
    }

    /// The connection that has been ready longest.
    pub(super) fn pop(&mut self) -> Option<Rc<Slot>> {
        self.idle.pop_front()
    }

    /// How many connections are ready.
    pub(super) fn ready(&self) -> usize {
        self.idle.len()
    }

    /// Whether there is no connection at all, ready or thinking.
    pub(super) fn is_vacant(&self) -> bool {
        self.idle.is_empty() && self.thinking.is_empty()
    }

    /// Makes ready whose think time is over by `now`.
    pub(super) fn end_thinking(&mut self, now: Moment) {
        while self.thinking.front().is_some_and(|(end, _)| *end <= now) {
            self.idle.extend(self.thinking.pop_front().map(|(_, slot)| slot));
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
