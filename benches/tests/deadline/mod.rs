//! Waiting, with a deadline, until something holds; above all, until a process is gone.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// Far above what a kill takes, and below the minute after which every script of these tests ends by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// Returns once the process with this id is gone; panics when it stays.
pub(crate) fn wait_until_gone(pid: &str) {
    wait_until(|| !is_running(pid), &format!("process {pid} is still running"));
}

/// Returns once `condition` holds; panics with `otherwise` when it never does.
pub(crate) fn wait_until(mut condition: impl FnMut() -> bool, otherwise: &str) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "{otherwise}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A zombie has ended: whether anybody collects it is up to the system's first process.
fn is_running(pid: &str) -> bool {
    assert!(pid.parse::<u32>().is_ok(), "{pid:?} is no process id");
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    // The state follows the program's name, which stands in parentheses and may hold some itself.
    let state = stat.rsplit(')').next().unwrap().trim_start().chars().next().unwrap();
    !matches!(state, 'Z' | 'X')
}
