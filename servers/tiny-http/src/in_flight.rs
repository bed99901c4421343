//! How many threads are busy with requests, for the drain.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// A count that can be waited for.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    count: Mutex<usize>,
    one_ended: Condvar,
}

/// One that is counted until it is dropped, by a panic as well.
#[derive(Debug)]
pub(crate) struct Busy(Arc<InFlight>);

impl InFlight {
    /// Counts one more.
    pub(crate) fn begin(self: &Arc<Self>) -> Busy {
        *self.lock() += 1;
        Busy(Arc::clone(self))
    }

    /// Waits until none is left, at most `grace`; returns how many are.
    pub(crate) fn wait(&self, grace: Duration) -> usize {
        let (count, _) = self
            .one_ended
            .wait_timeout_while(self.lock(), grace, |count| *count > 0)
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        *count
    }

    /// Nothing panics while it is held.
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.one_ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_with_the_last_one_or_with_the_grace() {
        let in_flight = Arc::new(InFlight::default());
        let (first, second) = (in_flight.begin(), in_flight.begin());
        drop(first);
        assert_eq!(in_flight.wait(Duration::ZERO), 1);
        let last = std::thread::spawn(move || drop(second));
        assert_eq!(in_flight.wait(Duration::from_secs(60)), 0);
        last.join().unwrap();
    }
}
