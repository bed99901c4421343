//! Whether this machine stood still: a paused virtual machine, a stopped process group, a suspended laptop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use reports_record::{Stage, TrialOutcome};

/// Time between two looks at the clock.
const TICK: Duration = Duration::from_millis(50);

/// A look that comes this late means that nothing ran: the bound at which a certificate's check *gap* fails.
const LONG: Duration = Duration::from_secs(1);

/// A thread that does nothing but look at the clock, and so notices when it could not.
#[derive(Debug)]
pub struct Watch {
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Seen {
    last: Instant,
    /// When each standstill ended, and how long it was; at most a few in any run.
    standstills: Vec<(Instant, Duration)>,
}

impl Seen {
    fn look(&mut self, now: Instant) {
        let since = now.duration_since(self.last);
        if since >= LONG {
            self.standstills.push((now, since));
        }
        self.last = now;
    }

    fn longest_since(&self, mark: Instant) -> Option<Duration> {
        self.standstills.iter().filter(|(ended, _)| *ended >= mark).map(|(_, length)| *length).max()
    }
}

impl Watch {
    /// Watches until it is dropped.
    #[must_use]
    pub fn start() -> Self {
        let seen = Arc::new(Mutex::new(Seen { last: Instant::now(), standstills: Vec::new() }));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (seen, stop) = (Arc::clone(&seen), Arc::clone(&stop));
            move || {
                while !stop.load(Ordering::Relaxed) {
                    thread::park_timeout(TICK);
                    seen.lock().unwrap_or_else(PoisonError::into_inner).look(Instant::now());
                }
            }
        });
        Self { seen, stop, thread: Some(thread) }
    }

    /// The longest standstill that ended after `mark`; `None` without one.
    #[must_use]
    pub fn longest_since(&self, mark: Instant) -> Option<Duration> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever asks may have woken up before the thread that watches.
        seen.look(Instant::now());
        seen.longest_since(mark)
    }

    /// `outcome` of a trial that began at `mark`; a failure amid a standstill is the machine's, whatever it looks like.
    #[must_use]
    pub fn explain(&self, mark: Instant, outcome: TrialOutcome) -> TrialOutcome {
        match (outcome, self.longest_since(mark)) {
            (TrialOutcome::Failed { stage, reason, stderr_tail }, Some(length)) => TrialOutcome::Failed {
                stage: Stage::Standstill,
                reason: format!(
                    "the machine stood still for {:.1} s; after it, {stage:?}: {reason}",
                    length.as_secs_f64()
                ),
                stderr_tail,
            },
            (outcome, _) => outcome,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A look has nothing that panics.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_comes_late_is_a_standstill_and_belongs_to_what_ended_after_it() {
        let begun = Instant::now();
        let after = |ms| begun + Duration::from_millis(ms);
        let mut seen = Seen { last: begun, standstills: Vec::new() };
        seen.look(after(900));
        assert_eq!(seen.longest_since(begun), None);
        seen.look(after(6_900));
        seen.look(after(6_950));
        assert_eq!(seen.longest_since(after(1_000)), Some(Duration::from_secs(6)));
        assert_eq!(seen.longest_since(after(6_901)), None, "it was over before");
    }

    #[test]
    fn a_failure_without_a_standstill_is_the_contender_s() {
        let (watch, mark) = (Watch::start(), Instant::now() + Duration::from_secs(3600));
        let failed = TrialOutcome::Failed { stage: Stage::Stop, reason: "r".into(), stderr_tail: Vec::new() };
        assert_eq!(watch.explain(mark, failed.clone()), failed);
    }
}
