//! The same done with several things at the same time.

use std::panic::resume_unwind;
use std::thread;

/// Does `what` with every item at the same time, each on a thread of its own; returns the results in the order of the items.
///
/// For what waits more than it computes, such as starting processes: there is a thread for each item.
///
/// # Panics
/// When `what` does, once all of them have ended.
pub(crate) fn at_once<T: Send, R: Send>(
    items: impl IntoIterator<Item = T>,
    what: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let what = &what;
    let outcomes: Vec<thread::Result<R>> = thread::scope(|scope| {
        let threads: Vec<_> = items.into_iter().map(|item| scope.spawn(move || what(item))).collect();
        threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|panic| resume_unwind(panic))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    /// None gets past the barrier before all are there.
    #[test]
    fn all_are_under_way_together_and_their_results_are_in_order() {
        let barrier = Barrier::new(4);
        let doubled = at_once(0..4, |number| {
            barrier.wait();
            2 * number
        });
        assert_eq!(doubled, [0, 2, 4, 6]);
        assert_eq!(at_once(std::iter::empty::<u8>(), |_| ()), []);
    }

    #[test]
    #[should_panic(expected = "the second one")]
    fn a_panic_of_one_is_passed_on() {
        at_once(1..4, |number| assert_ne!(number, 2, "the second one"));
    }
}
