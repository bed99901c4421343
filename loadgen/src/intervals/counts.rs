//! What happened in an interval, counted.

use std::collections::BTreeMap;

use reports_record::OutcomeKind;

/// What happened in an interval; of several together, each is in one of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Requests due (closed loop: started) in it.
    pub due: u64,
    /// Whole replies that ended in it, right or wrong; none after the window.
    pub replies: u64,
    /// Correct ones among them.
    pub good_replies: u64,
    /// Requests of the window that ended in it, be it after the window, by how they did; a kind that did not occur is absent.
    pub outcomes: BTreeMap<OutcomeKind, u64>,
    /// Requests in flight at its end.
    pub in_flight: u64,
}

impl Counts {
    /// What was added after `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let before = |kind| earlier.outcomes.get(kind).copied().unwrap_or(0);
        let outcomes = self.outcomes.iter().map(|(kind, count)| (*kind, count.saturating_sub(before(kind))));
        Self {
            due: self.due.saturating_sub(earlier.due),
            replies: self.replies.saturating_sub(earlier.replies),
            good_replies: self.good_replies.saturating_sub(earlier.good_replies),
            outcomes: outcomes.filter(|(_, count)| *count > 0).collect(),
            in_flight: self.in_flight,
        }
    }

    /// Adds another thread's, or a later interval's.
    pub(crate) fn add(&mut self, other: &Self) {
        self.due += other.due;
        self.replies += other.replies;
        self.good_replies += other.good_replies;
        self.in_flight += other.in_flight;
        for (kind, count) in &other.outcomes {
            *self.outcomes.entry(*kind).or_default() += count;
        }
    }
}
