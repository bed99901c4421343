//! Waiting by blocking the thread.

use std::{thread, time::Duration};

/// Blocks this thread for at least `time`.
///
/// As punctual as the awaiting wait as long as the process's timer slack is small (`servers-front` sets it to 1 ns;
/// with Linux's default of 50 µs, a sleep of 1 ms took 1.06 ms at the median instead of 1.01).
pub(crate) fn wait(time: Duration) {
    thread::sleep(time);
}
