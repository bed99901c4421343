//! Waiting by blocking the thread.

use std::{thread, time::Duration};

/// Blocks this thread for at least `time`.
///
/// As punctual as the awaiting wait, as long as the process's timer slack is 1 ns (`servers-front` sees to that): a
/// sleep of 1 ms then takes 1.06 ms at the median, the other's timer 1.07; with Linux's default slack of 50 µs, 1.11.
pub(crate) fn wait(time: Duration) {
    thread::sleep(time);
}
