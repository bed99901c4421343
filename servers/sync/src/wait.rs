//! Waiting by blocking the thread.

use std::{thread, time::Duration};

/// Blocks this thread for at least `time`.
///
/// Later than the awaiting wait by the process's timer slack: with Linux's default of 50 µs a sleep of 1 ms takes 1.11 ms
/// at the median, the other's timer 1.07; with `--timer-slack 1ns`, 1.06.
pub(crate) fn wait(time: Duration) {
    thread::sleep(time);
}
