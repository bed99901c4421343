//! What the process has cost so far.

use std::{fs, time::Duration};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeValLike,
};

/// CPU time, switches, memory and threads of this process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) cpu_user: Duration,
    pub(crate) cpu_system: Duration,
    pub(crate) voluntary_switches: u64,
    pub(crate) involuntary_switches: u64,
    pub(crate) max_rss_bytes: u64,
    /// Alive now; `None` where `/proc` does not tell.
    pub(crate) threads: Option<u64>,
}

impl Usage {
    /// Reads it now, threads that have ended included.
    ///
    /// `/proc/<pid>/task` would leave those out and make a thread per request look free; `getrusage` keeps them.
    pub(crate) fn now() -> nix::Result<Usage> {
        let usage = getrusage(UsageWho::RUSAGE_SELF)?;
        let micros =
            |microseconds: i64| Duration::from_micros(u64::try_from(microseconds).unwrap_or_default());
        let count = |value: i64| u64::try_from(value).unwrap_or_default();
        Ok(Usage {
            cpu_user: micros(usage.user_time().num_microseconds()),
            cpu_system: micros(usage.system_time().num_microseconds()),
            voluntary_switches: count(usage.voluntary_context_switches()),
            involuntary_switches: count(usage.involuntary_context_switches()),
            // Linux counts in KiB.
            max_rss_bytes: count(usage.max_rss()) * 1024,
            threads: fs::read_to_string("/proc/self/status").ok().as_deref().and_then(threads),
        })
    }
}

/// The `Threads:` line of `/proc/<pid>/status`.
fn threads(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("Threads:"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn ended_threads_stay_in_the_count_of_switches() {
        let before = Usage::now().unwrap();
        for _ in 0..20 {
            thread::spawn(|| thread::sleep(Duration::from_micros(10))).join().unwrap();
        }
        let after = Usage::now().unwrap();
        assert!(after.voluntary_switches >= before.voluntary_switches + 20, "{before:?} {after:?}");
        assert!(after.max_rss_bytes > 0 && after.cpu_user >= before.cpu_user);
    }

    #[test]
    fn the_thread_count_is_read_from_the_status() {
        assert_eq!(threads("Name:\tx\nThreads:\t12\nSigQ:\t0/1\n"), Some(12));
        assert_eq!(threads("Name:\tx\n"), None);
        assert!(Usage::now().unwrap().threads.is_some_and(|threads| threads >= 1));
    }
}
