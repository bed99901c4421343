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
    /// Largest resident set so far; `None` where `/proc` does not tell.
    pub(crate) max_rss_bytes: Option<u64>,
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
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Ok(Usage {
            cpu_user: micros(usage.user_time().num_microseconds()),
            cpu_system: micros(usage.system_time().num_microseconds()),
            voluntary_switches: count(usage.voluntary_context_switches()),
            involuntary_switches: count(usage.involuntary_context_switches()),
            // Not getrusage's, which starts with the resident set of whoever started this process.
            max_rss_bytes: field(&status, "VmHWM:").map(|kib| kib * 1024),
            threads: field(&status, "Threads:"),
        })
    }
}

/// The number in a line of `/proc/<pid>/status`.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
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
        assert!(after.cpu_user >= before.cpu_user);
    }

    #[test]
    fn threads_and_memory_are_read_from_the_status() {
        let status = "VmHWM:\t    2740 kB\nThreads:\t12\nSigQ:\t0/1\n";
        assert_eq!((field(status, "Threads:"), field(status, "VmHWM:")), (Some(12), Some(2740)));
        assert_eq!(field("Name:\tx\n", "Threads:"), None);
        let now = Usage::now().unwrap();
        assert!(now.threads >= Some(1) && now.max_rss_bytes > Some(0), "{now:?}");
    }
}
