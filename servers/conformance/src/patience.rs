//! A time-out that does not run while the machine stands still, or while what is waited for cannot run.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long to wait at once before the time is counted again: short against any time-out, long against a wake-up.
const TURN: Duration = Duration::from_millis(20);

/// The most that one turn counts. A turn that took longer is one in which this process did not run (a paused machine, a
/// stopped process, a CPU that others held), and then what it waits for most likely did not either.
const MOST: Duration = Duration::from_millis(100);

/// Time between two looks at what is waited for: each reads a few files for every thread of it.
const LOOK: Duration = Duration::from_millis(100);

/// How much longer a wait may become for want of a CPU: a process that nothing ever lets run must not hang its runner.
const LONGEST_STALL: Duration = Duration::from_secs(120);

/// What knows when a process that is waited for could not run.
pub trait Stalls: Debug + Send + Sync {
    /// For how long it could not run between the last call and this one: it was stopped, or ready and without a CPU. Nothing is
    /// known, and zero returned, where the last call came before `mark`.
    fn since(&self, mark: Instant) -> Duration;
}

/// Where a contender listens, and what knows when it could not run, if anything does.
#[derive(Debug, Clone)]
pub struct Peer {
    address: SocketAddr,
    stalls: Option<Arc<dyn Stalls>>,
}

impl Peer {
    /// A contender whose stalls are known: no wait for it counts them.
    #[must_use]
    pub fn with_stalls(address: SocketAddr, stalls: Arc<dyn Stalls>) -> Self {
        Self { address, stalls: Some(stalls) }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn patience(&self, limit: Duration) -> Patience {
        Patience { stalls: self.stalls.clone(), ..Patience::of(limit) }
    }
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self { address, stalls: None }
    }
}

/// How long something may take, of time in which this process and what it waits for could run.
#[derive(Debug, Clone)]
pub struct Patience {
    left: Duration,
    turned: Instant,
    stalls: Option<Arc<dyn Stalls>>,
    looked: Instant,
    /// Counted since the last look.
    counted: Duration,
    /// What stalls may still add.
    stall_left: Duration,
}

impl Patience {
    /// Begins now, with this much.
    #[must_use]
    pub fn of(limit: Duration) -> Self {
        let now = Instant::now();
        Self {
            left: limit,
            turned: now,
            stalls: None,
            looked: now,
            counted: Duration::ZERO,
            stall_left: LONGEST_STALL,
        }
    }

    /// The same for a wait for a process whose `stalls` are known.
    #[must_use]
    pub fn with_stalls(limit: Duration, stalls: Arc<dyn Stalls>) -> Self {
        Self { stalls: Some(stalls), ..Self::of(limit) }
    }

    /// How long to wait before asking again; `None` when it is at its end. What this process slept through counts as one
    /// turn, and what kept the other from running does not count.
    #[must_use]
    pub fn turn(&mut self) -> Option<Duration> {
        let now = Instant::now();
        self.count(now.duration_since(self.turned));
        self.turned = now;
        if self.left.is_zero() || now.duration_since(self.looked) >= LOOK {
            self.look(now);
        }
        (!self.left.is_zero()).then(|| self.left.min(TURN))
    }

    fn count(&mut self, passed: Duration) {
        let counted = passed.min(MOST).min(self.left);
        self.left -= counted;
        self.counted += counted;
    }

    /// Gives back what was counted while the other could not run.
    fn look(&mut self, now: Instant) {
        if let Some(stalls) = &self.stalls {
            let stalled = stalls.since(self.looked).min(self.counted).min(self.stall_left);
            self.left += stalled;
            self.stall_left -= stalled;
        }
        self.counted = Duration::ZERO;
        self.looked = now;
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

    /// Could not run for this long between any two looks.
    #[derive(Debug)]
    struct Stalled(Duration);

    impl Stalls for Stalled {
        fn since(&self, _: Instant) -> Duration {
            self.0
        }
    }

    /// What is left of five seconds after `looks` looks, between each of which 100 ms are counted.
    fn left_after(looks: u32, stalled: Duration) -> Duration {
        let mut patience = Patience::with_stalls(Duration::from_secs(5), Arc::new(Stalled(stalled)));
        for _ in 0..looks {
            patience.count(MOST);
            patience.look(Instant::now());
        }
        patience.left
    }

    #[test]
    fn time_in_which_the_other_could_not_run_does_not_count() {
        let ms = Duration::from_millis;
        assert_eq!(left_after(100, ms(100)), ms(5_000));
        // No more is given back than was counted.
        assert_eq!(left_after(100, ms(3_000)), ms(5_000));
        assert_eq!(left_after(20, ms(75)), ms(4_500));
        assert_eq!(left_after(60, Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn a_process_that_never_runs_again_is_given_up_all_the_same() {
        assert_eq!(left_after(1_249, MOST), MOST);
        assert_eq!(left_after(1_250, MOST), Duration::ZERO);
    }
}
