//! Deadlines in order, and when the clock has to ring next.

use std::{collections::BTreeMap, time::Instant};

/// A queue of deadlines, each with what is to be woken then. Pure: it is told the time and never asks.
///
/// It also remembers for when the clock was set, so that the clock is set again only when that must change.
#[derive(Debug)]
pub(crate) struct Deadlines<W> {
    queue: BTreeMap<Key, W>,
    next: u64,
    set_for: Option<Instant>,
}

/// A place in the queue: deadlines in order, equal ones in order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    deadline: Instant,
    number: u64,
}

impl<W> Default for Deadlines<W> {
    fn default() -> Self {
        Deadlines { queue: BTreeMap::new(), next: 0, set_for: None }
    }
}

impl<W> Deadlines<W> {
    /// Adds a deadline; also says for when to set the clock, if it would ring too late for this one.
    pub(crate) fn insert(&mut self, deadline: Instant, wakes: W) -> (Key, Option<Instant>) {
        let key = Key { deadline, number: self.next };
        self.next += 1;
        self.queue.insert(key, wakes);
        let too_late = self.set_for.is_none_or(|set_for| deadline < set_for);
        if too_late {
            self.set_for = Some(deadline);
        }
        (key, too_late.then_some(deadline))
    }

    /// What is woken at this place, while it is waiting.
    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut W> {
        self.queue.get_mut(&key)
    }

    /// Forgets a deadline. The clock may then ring once for nothing: cheaper than setting it for every wait that
    /// is given up.
    pub(crate) fn remove(&mut self, key: Key) {
        self.queue.remove(&key);
    }

    /// After the clock rang: moves everything that is due at `now` to `due`, in order, and says for when to set the
    /// clock again, if anything is left.
    pub(crate) fn expire(&mut self, now: Instant, due: &mut Vec<W>) -> Option<Instant> {
        while let Some(first) = self.queue.first_entry()
            && first.key().deadline <= now
        {
            due.push(first.remove());
        }
        self.set_for = self.queue.first_key_value().map(|(key, _)| key.deadline);
        self.set_for
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn the_clock_is_set_only_for_an_earlier_deadline() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut deadlines = Deadlines::default();
        assert_eq!(deadlines.insert(at(20), "a").1, Some(at(20)));
        assert_eq!(deadlines.insert(at(30), "b").1, None);
        let (early, set) = deadlines.insert(at(10), "c");
        assert_eq!(set, Some(at(10)));
        deadlines.remove(early);
        let mut due = Vec::new();
        assert_eq!(deadlines.expire(at(10), &mut due), Some(at(20)), "a removed deadline rings for nothing");
        assert_eq!(deadlines.expire(at(30), &mut due), None);
        assert_eq!(due, ["a", "b"]);
        assert_eq!(deadlines.insert(at(90), "d").1, Some(at(90)), "the clock rests after the last one");
    }

    proptest! {
        /// Times are ms from one start; each step adds a deadline, removes one, or lets the clock ring.
        #[test]
        fn none_is_early_late_or_lost(steps in prop::collection::vec((0u8..4, 0u64..50), 1..80)) {
            let start = Instant::now();
            let at = |ms| start + Duration::from_millis(ms);
            let mut now = 0;
            let mut rings: Option<Instant> = None;
            let mut waiting: Vec<(Key, u64)> = Vec::new();
            let mut deadlines = Deadlines::default();
            for (step, ms) in steps {
                match step {
                    0 | 1 => {
                        let (key, set) = deadlines.insert(at(now + ms), now + ms);
                        rings = set.or(rings);
                        waiting.push((key, now + ms));
                    }
                    2 if !waiting.is_empty() => {
                        let (key, _) = waiting.swap_remove(ms as usize % waiting.len());
                        deadlines.remove(key);
                    }
                    _ => {
                        now += ms;
                        // The clock rings when it was set to, and not otherwise.
                        if rings.is_some_and(|rings| rings <= at(now)) {
                            let mut due = Vec::new();
                            rings = deadlines.expire(at(now), &mut due);
                            prop_assert!(due.is_sorted());
                            let mut expected: Vec<u64> =
                                waiting.extract_if(.., |(_, deadline)| *deadline <= now).map(|(_, at)| at).collect();
                            expected.sort_unstable();
                            prop_assert_eq!(due, expected);
                        }
                        prop_assert!(waiting.iter().all(|(_, deadline)| *deadline > now), "rang too late");
                    }
                }
            }
        }
    }
}
