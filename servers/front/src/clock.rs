//! The time of day, read once a second.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The present second, for the `date` of replies: a thread reads the clock, and whoever asks only loads a number.
///
/// Up to a second behind, and more where the thread gets no CPU. Clones share the thread, which ends with the process.
#[derive(Clone, Debug)]
pub struct Clock(Arc<AtomicU64>);

impl Clock {
    /// Reads the clock and starts the thread that goes on reading it.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start() -> io::Result<Self> {
        let clock = Self(Arc::default());
        let ticking = clock.clone();
        let next = clock.read();
        thread::Builder::new().name("clock".to_owned()).spawn(move || {
            let mut next = next;
            loop {
                thread::sleep(next);
                next = ticking.read();
            }
        })?;
        Ok(clock)
    }

    /// Seconds since 1970 (UTC).
    pub fn second(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Reads the system's clock; returns how long its second still lasts.
    fn read(&self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.0.store(now.as_secs(), Relaxed);
        Duration::from_secs(1) - Duration::from_nanos(now.subsec_nanos().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_goes_on_and_never_runs_ahead() {
        let clock = Clock::start().unwrap();
        let start = clock.second();
        // Ends with the second, or with the patience of the test runner.
        while clock.second() == start {
            thread::yield_now();
        }
        let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert!((start + 1..=system).contains(&clock.second()), "{start}, {clock:?}, {system}");
    }
}
