//! How many requests are due when, by the schedule alone.

use std::iter::Peekable;

use crate::clock::Moment;

/// Counts the intended starts of a schedule as time goes by.
///
/// Not what client threads saw: a request that waits for a connection is known to them only when it is sent.
pub(crate) struct Due(Peekable<Box<dyn Iterator<Item = Moment>>>);

impl Due {
    /// Of `intended` starts, non-decreasing, those from `start` on.
    pub(crate) fn new(intended: Box<dyn Iterator<Item = Moment>>, start: Moment) -> Self {
        let from_start: Box<dyn Iterator<Item = Moment>> =
            Box::new(intended.skip_while(move |at| *at < start));
        Self(from_start.peekable())
    }

    /// Those before `end` that were not counted yet.
    pub(crate) fn before(&mut self, end: Moment) -> u64 {
        std::iter::from_fn(|| self.0.next_if(|at| *at < end)).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_start_from_the_window_on_is_counted_once_where_it_is_due() {
        let starts = [1, 4, 5, 5, 9, 10, 20].map(Moment::from_nanos);
        let mut due = Due::new(Box::new(starts.into_iter()), Moment::from_nanos(5));
        let counts = [5, 10, 10, 20, 100].map(|end| due.before(Moment::from_nanos(end)));
        assert_eq!(counts, [0, 3, 0, 1, 1]);
    }
}
