//! A time-out that does not run while the machine stands still.

use std::time::{Duration, Instant};

/// How long to wait at once before the time is counted again: short against any time-out, long against a wake-up.
const TURN: Duration = Duration::from_millis(20);

/// The most that one turn counts. A turn that took longer is one in which this process did not run (a paused machine, a
/// stopped process, a CPU that others held), and then what it waits for most likely did not either.
const MOST: Duration = Duration::from_millis(100);

/// How long something may take, of time in which this process could run.
#[derive(Debug, Clone)]
pub struct Patience {
    left: Duration,
    turned: Instant,
}

impl Patience {
    /// Begins now, with this much.
    #[must_use]
    pub fn of(limit: Duration) -> Self {
        Self { left: limit, turned: Instant::now() }
    }

    /// How long to wait before asking again; `None` when it is at its end. What this process slept through counts as one
    /// turn.
    #[must_use]
    pub fn turn(&mut self) -> Option<Duration> {
        let now = Instant::now();
        self.count(now.duration_since(self.turned));
        self.turned = now;
        (!self.left.is_zero()).then(|| self.left.min(TURN))
    }

    fn count(&mut self, passed: Duration) {
        self.left = self.left.saturating_sub(passed.min(MOST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_of_any_length_counts_as_one_turn() {
        let mut patience = Patience::of(Duration::from_secs(5));
        patience.count(Duration::from_secs(3600));
        assert_eq!(patience.left, Duration::from_millis(4900));
        (0..49).for_each(|_| patience.count(MOST));
        assert_eq!(patience.turn(), None);
    }

    #[test]
    fn what_passes_while_it_runs_counts_in_full() {
        let mut patience = Patience::of(Duration::from_secs(1));
        (0..10).for_each(|_| patience.count(TURN));
        assert_eq!(patience.left, Duration::from_millis(800));
        assert_eq!(patience.turn(), Some(TURN));
    }
}
