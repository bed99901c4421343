//! Passes: benches take turns, each with a share of its rounds, until each has measured all of them.
//!
//! A machine that others share is not the same from minute to minute. A bench whose rounds all lie within a few seconds has one
//! such minute in all of them.

use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use reports_terminal::talk;

/// The order in which the benches of an invocation have their turns.
#[derive(Debug)]
pub(crate) struct Passes {
    state: Mutex<State>,
    moved: Condvar,
    /// Passes that are planned.
    count: usize,
}

#[derive(Debug)]
struct State {
    /// Whether the bench at each place has rounds left to measure.
    present: Vec<bool>,
    /// The place that has its turn.
    turn: usize,
    /// The pass, from 1.
    pass: usize,
}

/// One bench's place. Dropped, the bench is at its end, and the next one has its turn.
#[derive(Debug)]
pub(crate) struct Place {
    passes: Arc<Passes>,
    number: usize,
}

impl Passes {
    /// The first pass over this many benches; several passes are told on stderr as each begins.
    pub(crate) fn begin(benches: usize, count: usize) -> Arc<Self> {
        let state = State { present: vec![true; benches], turn: 0, pass: 1 };
        let passes = Self { state: Mutex::new(state), moved: Condvar::new(), count };
        passes.tell(1);
        Arc::new(passes)
    }

    /// The place of this number, counted from 0.
    pub(crate) fn place(self: &Arc<Self>, number: usize) -> Place {
        Place { passes: Arc::clone(self), number }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, mut state: MutexGuard<'_, State>) {
        if state.advance() {
            self.tell(state.pass);
        }
        drop(state);
        self.moved.notify_all();
    }

    fn tell(&self, pass: usize) {
        if self.count > 1 {
            talk!("costs: pass {pass} of {}", self.count);
        }
    }
}

impl State {
    /// Gives the turn to the next bench that is present; whether another pass begins with it.
    fn advance(&mut self) -> bool {
        let from = |first: usize| (first..self.present.len()).find(|place| self.present[*place]);
        match (from(self.turn + 1), from(0)) {
            (Some(next), _) => self.turn = next,
            (None, Some(first)) => {
                self.turn = first;
                self.pass += 1;
                return true;
            }
            (None, None) => {}
        }
        false
    }
}

impl Place {
    /// Waits for this bench's turn.
    pub(crate) fn wait(&self) {
        let state = self.passes.state();
        let is_anothers = |state: &mut State| state.turn != self.number;
        drop(self.passes.moved.wait_while(state, is_anothers).unwrap_or_else(PoisonError::into_inner));
    }

    /// Lets all others have their turn of this pass, and waits for the next one.
    pub(crate) fn wait_for_next_pass(&self) {
        self.passes.advance(self.passes.state());
        self.wait();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if thread::panicking() {
            // The message is out; minutes of the other benches would bury it.
            process::exit(101);
        }
        self.wait();
        let mut state = self.passes.state();
        state.present[self.number] = false;
        self.passes.advance(state);
    }
}

/// Holds the order of turns to that of places, pass by pass, without those that are at their end.
///
/// # Errors
/// When a bench has its turn at another time.
pub(crate) fn test() -> anyhow::Result<()> {
    let mut state = State { present: vec![true; 3], turn: 0, pass: 1 };
    let mut seen = Vec::new();
    for leaves in [false, true, false, false, true, true] {
        seen.push((state.pass, state.turn));
        let turn = state.turn;
        state.present[turn] = !leaves;
        state.advance();
    }
    let expected = [(1, 0), (1, 1), (1, 2), (2, 0), (2, 2), (3, 0)];
    anyhow::ensure!(seen == expected, "turns were {seen:?}, expected {expected:?}");
    Ok(())
}
