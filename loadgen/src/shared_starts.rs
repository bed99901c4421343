//! The starts of a measurement, from which all client threads take.

use std::collections::VecDeque;
use std::iter::Peekable;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use crate::backlog::Backlog;
use crate::clock::Moment;
use crate::intended::Intended;
use crate::window::Window;
use crate::{Load, Stop};

/// A schedule that is this far behind is counted ahead: several times what waking a thread takes.
const BEHIND: Duration = Duration::from_millis(100);

/// The next start, for all threads together.
///
/// Each connection that becomes ready is given the next start of the schedule, be it due or not: starts in their order meet
/// connections in the order in which they became ready. That is one queue for all connections, whatever thread they are on,
/// and each start wakes one thread. A connection that breaks before its start is due keeps it: another is opened for it.
#[derive(Debug)]
pub(crate) struct SharedStarts(Source);

/// A request that is to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    /// When it is due.
    pub(crate) at: Moment,
    /// Its place in an open loop's schedule, from 0, warm-up included; `None` in a closed loop, which has none.
    pub(crate) number: Option<u64>,
}

#[derive(Debug)]
enum Source {
    /// Always due. Requests still to start after the warm-up; `None`: no limit.
    Closed(Option<AtomicU64>),
    /// std Mutex: nothing awaits while it is held, and one draw takes tens of nanoseconds.
    Open(Box<Mutex<Undrawn>>),
}

/// The starts of an open loop that no connection has.
#[derive(Debug)]
struct Undrawn {
    intended: Peekable<Intended>,
    /// Starts that were drawn before.
    drawn: u64,
    window: Window,
    /// The starts of each thread's connections at the beginning.
    first: Vec<VecDeque<Start>>,
    /// While the schedule is behind.
    backlog: Option<Backlog>,
}

impl SharedStarts {
    /// Of `load`, whose starts are `intended` in an open loop, for `connections` on as many `threads`.
    ///
    /// The first starts are dealt out in turn, as connections are, so that threads take turns from the beginning.
    pub(crate) fn new(load: &Load, intended: Option<Intended>, threads: usize, connections: usize) -> Self {
        let Some(intended) = intended else {
            return Self(Source::Closed(match load.stop {
                Stop::After(_) => None,
                Stop::Requests(requests) => Some(AtomicU64::new(requests)),
            }));
        };
        let window = intended.window();
        let mut intended = intended.peekable();
        let mut first = vec![VecDeque::new(); threads];
        let mut drawn = 0;
        for at in intended.by_ref().take(connections) {
            first[drawn as usize % threads].push_back(Start { at, number: Some(drawn) });
            drawn += 1;
        }
        let undrawn = Undrawn { intended, drawn, window, first, backlog: None };
        Self(Source::Open(Box::new(Mutex::new(undrawn))))
    }

    fn undrawn(&self) -> Option<MutexGuard<'_, Undrawn>> {
        match &self.0 {
            Source::Closed(_) => None,
            Source::Open(undrawn) => Some(undrawn.lock().expect("a draw does not panic")),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.0, Source::Open(_))
    }

    /// The first starts of a thread's connections; to be asked for once.
    pub(crate) fn first(&self, thread: usize) -> VecDeque<Start> {
        self.undrawn().map(|mut undrawn| std::mem::take(&mut undrawn.first[thread])).unwrap_or_default()
    }

    /// Takes one of a closed loop's limited number of requests; `false` when all were taken.
    pub(crate) fn take_request(&self) -> bool {
        match &self.0 {
            Source::Closed(Some(left)) => {
                left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
            }
            _ => true,
        }
    }

    /// Draws the next start before `end`, for a connection that is ready.
    pub(crate) fn draw(&self, end: Moment) -> Option<Start> {
        let mut undrawn = self.undrawn()?;
        let at = undrawn.intended.next_if(|start| *start < end)?;
        let number = Some(undrawn.drawn);
        undrawn.drawn += 1;
        Some(Start { at, number })
    }

    /// Whether nothing will start any more, as far as no thread has it.
    pub(crate) fn is_over(&self, end: Moment) -> bool {
        match &self.0 {
            Source::Closed(left) => left.as_ref().is_some_and(|left| left.load(Ordering::Relaxed) == 0),
            Source::Open(_) => self
                .undrawn()
                .is_some_and(|mut undrawn| undrawn.intended.peek().is_none_or(|start| *start >= end)),
        }
    }

    /// Counts what is due by `now` and before `end`, if the schedule is behind. To be called a few dozen times a second.
    pub(crate) fn watch(&self, now: Moment, end: Moment) {
        let Some(mut undrawn) = self.undrawn() else { return };
        let Undrawn { intended, window, backlog, .. } = &mut *undrawn;
        match intended.peek().filter(|next| now.since(**next) > BEHIND) {
            None => *backlog = None,
            Some(next) => {
                let next = *next;
                let backlog = backlog.get_or_insert_with(|| Backlog::of(intended, *window));
                backlog.taken_up_to(next);
                backlog.advance(now, end);
            }
        }
    }

    /// Takes all that was due by `now` and before `end` and that no connection was given: counts, each with the latest moment
    /// of its starts.
    pub(crate) fn take_untaken(&self, now: Moment, end: Moment) -> Vec<(Moment, u64)> {
        let Some(mut undrawn) = self.undrawn() else { return Vec::new() };
        let Undrawn { intended, window, backlog, .. } = &mut *undrawn;
        let mut backlog = backlog.take().unwrap_or_else(|| Backlog::of(intended, *window));
        backlog.advance(now, end);
        backlog.rest(intended)
    }
}

#[cfg(test)]
mod tests {
    use reports_record::Arrivals;

    use super::*;
    use crate::{Pace, Rate, Request};

    fn load(pace: Pace, stop: Stop) -> Load {
        Load {
            pace,
            stop,
            ..Load::closed(Request::get(&"http://localhost/".parse().unwrap()), Duration::MAX)
        }
    }

    #[test]
    fn a_start_is_drawn_before_the_end_and_none_is_left_at_it() {
        let second = Duration::from_secs(1);
        let load =
            load(Pace::open(Rate::per_second(10.0).unwrap(), Arrivals::Constant, 0), Stop::After(second));
        let begin = Moment::default();
        let starts = SharedStarts::new(&load, Intended::of(&load, begin), 1, 1);
        let at = |ms| begin.after(Duration::from_millis(ms));
        assert!(starts.is_open());
        assert_eq!(starts.first(0), [Start { at: begin, number: Some(0) }]);
        assert_eq!((starts.draw(at(100)), starts.is_over(at(100))), (None, true));
        let second = Start { at: at(100), number: Some(1) };
        assert_eq!((starts.is_over(at(101)), starts.draw(at(101))), (false, Some(second)));
        assert_eq!((starts.draw(at(101)), starts.is_over(at(101))), (None, true));
        // A start that is not due yet is in no backlog, one that is late is.
        starts.watch(at(250), at(1000));
        assert_eq!(starts.take_untaken(at(350), at(1000)), [(at(200), 1), (at(300), 1)]);
    }

    #[test]
    fn a_closed_loop_is_over_when_its_requests_are_taken() {
        let starts = SharedStarts::new(&load(Pace::CLOSED, Stop::Requests(2)), None, 1, 1);
        assert!(!starts.is_open());
        let taken = [(); 3].map(|()| (starts.is_over(Moment::NEVER), starts.take_request()));
        assert_eq!(taken, [(false, true), (false, true), (true, false)]);
        let endless = SharedStarts::new(&load(Pace::CLOSED, Stop::After(Duration::MAX)), None, 1, 1);
        assert!(endless.take_request() && !endless.is_over(Moment::NEVER));
    }
}
