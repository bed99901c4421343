//! What the kernel knows about a contender's process, and what it lets it have.

use std::time::Duration;
use std::{fs, io};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::finding::Finding;

/// A process by its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pid: u32,
}

/// A tick of `/proc/PID/stat`: a hundredth of a second on every Linux that this runs on (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

impl Limits {
    pub(super) fn of(pid: u32) -> Self {
        Self { pid }
    }

    /// The numbers of its open descriptors.
    pub(super) fn descriptors(self) -> Result<Vec<u64>, Finding> {
        let folder = fs::read_dir(format!("/proc/{}/fd", self.pid)).map_err(|error| self.unknown(&error))?;
        Ok(folder.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
    }

    /// CPU time of all its threads so far, in steps of 10 ms.
    pub(super) fn cpu_time(self) -> Result<Duration, Finding> {
        let stat = self.read("stat")?;
        // The name, in brackets, may hold anything; user and system time are the 12th and 13th field after it.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
        let ticks: Vec<u32> = fields.skip(11).take(2).filter_map(|ticks| ticks.parse().ok()).collect();
        match ticks[..] {
            [user, system] => Ok(TICK * (user + system)),
            _ => Err(self.unknown(&io::Error::other(format!("no CPU time in {stat:?}")))),
        }
    }

    /// Memory that it has in use, in bytes.
    pub(super) fn resident(self) -> Result<u64, Finding> {
        self.status("VmRSS:")
    }

    /// Address space that it has reserved, in bytes.
    pub(super) fn reserved(self) -> Result<u64, Finding> {
        self.status("VmSize:")
    }

    /// Lets it have at most so much; `None` lets it have what it may at most. The hard limit is left alone.
    pub(super) fn restrict(self, resource: Resource, to: Option<u64>) -> Result<(), Finding> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| self.unknown(&io::Error::other("no such process number")))?;
        // The contender has inherited our own hard limit.
        let maximum = getrlimit(resource).maximum;
        let limit = Rlimit { current: to.or(maximum), maximum };
        prlimit(Some(pid), resource, limit).map(drop).map_err(|error| self.unknown(&error.into()))
    }

    /// A line of `/proc/PID/status` that ends with kB.
    fn status(self, line: &str) -> Result<u64, Finding> {
        let status = self.read("status")?;
        let value = status.lines().find_map(|found| found.strip_prefix(line));
        let kilobytes = value.and_then(|value| value.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kilobytes.map(|kilobytes| kilobytes * 1024).ok_or_else(|| {
            self.unknown(&io::Error::other(format!("no {line} in its status: the process has ended")))
        })
    }

    fn read(self, file: &str) -> Result<String, Finding> {
        fs::read_to_string(format!("/proc/{}/{file}", self.pid)).map_err(|error| self.unknown(&error))
    }

    fn unknown(self, error: &io::Error) -> Finding {
        Finding::new("", format!("the contender's process {} to be there", self.pid), error)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

    use super::*;

    #[test]
    fn a_process_has_descriptors_memory_and_cpu_time() {
        let own = Limits::of(std::process::id());
        assert!(own.descriptors().unwrap().contains(&0));
        assert!(own.reserved().unwrap() >= own.resident().unwrap() && own.resident().unwrap() > 100_000);
        let before = own.cpu_time().unwrap();
        while own.cpu_time().unwrap() < before + 2 * TICK {}
        assert!(Limits::of(u32::MAX).resident().is_err());
    }
}
