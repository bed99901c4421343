//! What the machine says of itself, for the doctor.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use nix::sys::resource::{Resource, getrlimit};
use nix::sys::statvfs::statvfs;

use crate::cgroup::Quota;
use crate::cpus;

/// Clock readings that are timed: together some milliseconds at most, on the slowest clocks too.
const CLOCK_READINGS: u32 = 2_000;

/// Settings and sizes. `None` where the system does not say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Readings {
    /// CPUs that this process may use, ascending.
    pub allowed_cpus: Vec<u32>,
    /// The hardware threads of each allowed CPU's core, itself included, in the order of `allowed_cpus`.
    pub siblings: Option<Vec<Vec<u32>>>,
    /// What the control groups allow.
    pub quota: Quota,
    /// Frequency governor of the first allowed CPU.
    pub governor: Option<String>,
    /// Whether clock rates may rise above the nominal one.
    pub turbo: Option<bool>,
    /// Whether a hypervisor runs below this system.
    pub virtualised: bool,
    /// Where the time comes from.
    pub clock_source: Option<String>,
    /// Time that one reading of the clock takes, nanoseconds.
    pub clock_reading_ns: Option<f64>,
    /// How late this thread's timers may be made on purpose, nanoseconds.
    pub timer_slack_ns: Option<u64>,
    /// Descriptors that a process may raise its limit to.
    pub descriptor_limit: Option<u64>,
    /// First and last port that the system gives to clients.
    pub client_ports: Option<(u32, u32)>,
    /// Longest listen queue.
    pub listen_queue: Option<u64>,
    /// Congestion control, and whether an idle connection starts slowly again.
    pub tcp: Option<(String, bool)>,
    /// Bytes free where runs are kept.
    pub free_disk_bytes: Option<u64>,
    /// The kernel's release.
    pub kernel: Option<String>,
}

impl Readings {
    /// Reads them now; runs are kept in `runs`, which need not exist yet.
    ///
    /// # Errors
    /// When the kernel does not tell which CPUs this process may use.
    pub fn now(runs: &Path) -> anyhow::Result<Self> {
        let allowed = cpus::allowed()?;
        Ok(Self {
            clock_reading_ns: Some(clock_reading_ns()),
            descriptor_limit: getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(_, hard)| hard),
            free_disk_bytes: free_disk_bytes(runs),
            ..Self::of(Path::new("/"), allowed)
        })
    }

    /// What the files below `root` say, which is `/` outside tests.
    #[must_use]
    pub fn of(root: &Path, allowed_cpus: Vec<u32>) -> Self {
        let text = |path: &str| Some(fs::read_to_string(root.join(path)).ok()?.trim().to_owned());
        let number = |path: &str| text(path)?.parse().ok();
        let cpu = |cpu: u32, file: &str| text(&format!("sys/devices/system/cpu/cpu{cpu}/{file}"));
        let siblings =
            allowed_cpus.iter().map(|&one| Some(listed(&cpu(one, "topology/thread_siblings_list")?)));
        let turbo = || Some(text("sys/devices/system/cpu/cpufreq/boost")? == "1");
        let no_turbo = || Some(text("sys/devices/system/cpu/intel_pstate/no_turbo")? == "0");
        let tcp = || {
            let control = text("proc/sys/net/ipv4/tcp_congestion_control")?;
            Some((control, text("proc/sys/net/ipv4/tcp_slow_start_after_idle")? == "1"))
        };
        let flags = text("proc/cpuinfo").unwrap_or_default();
        let mut flags = flags.lines().filter(|line| line.starts_with("flags"));
        Self {
            siblings: siblings.collect(),
            quota: Quota::read(root),
            governor: allowed_cpus.first().and_then(|&first| cpu(first, "cpufreq/scaling_governor")),
            turbo: no_turbo().or_else(turbo),
            virtualised: flags.any(|line| line.split_whitespace().any(|flag| flag == "hypervisor")),
            clock_source: text("sys/devices/system/clocksource/clocksource0/current_clocksource"),
            timer_slack_ns: number("proc/self/timerslack_ns"),
            client_ports: text("proc/sys/net/ipv4/ip_local_port_range").as_deref().and_then(ports),
            listen_queue: number("proc/sys/net/core/somaxconn"),
            tcp: tcp(),
            kernel: text("proc/sys/kernel/osrelease"),
            allowed_cpus,
            ..Self::default()
        }
    }
}

fn ports(range: &str) -> Option<(u32, u32)> {
    let mut ports = range.split_whitespace().map(str::parse);
    Some((ports.next()?.ok()?, ports.next()?.ok()?))
}

/// The CPUs of a list such as `0-1,4`.
fn listed(list: &str) -> Vec<u32> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

fn clock_reading_ns() -> f64 {
    let begun = Instant::now();
    for _ in 0..CLOCK_READINGS {
        black_box(Instant::now());
    }
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(CLOCK_READINGS)
}

/// Of the closest folder above that exists.
fn free_disk_bytes(folder: &Path) -> Option<u64> {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| PathBuf::from("/"));
    let status = folder.ancestors().find_map(|folder| statvfs(folder).ok())?;
    Some(status.blocks_available() as u64 * status.fragment_size() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_says_nothing_has_no_readings() {
        let root = tempfile::tempdir().unwrap();
        let silent = Readings { allowed_cpus: vec![0], ..Readings::default() };
        assert_eq!(Readings::of(root.path(), vec![0]), silent);
    }

    #[test]
    fn what_the_files_say_is_read() {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "2-3\n"),
            ("sys/devices/system/cpu/cpu2/cpufreq/scaling_governor", "powersave\n"),
            ("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n"),
            ("proc/cpuinfo", "flags\t\t: fpu hypervisor\n"),
            ("proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n"),
            ("proc/sys/net/core/somaxconn", "4096\n"),
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let readings = Readings::of(root.path(), vec![2]);
        assert_eq!(readings.siblings, Some(vec![vec![2, 3]]));
        assert_eq!((readings.governor.as_deref(), readings.turbo), (Some("powersave"), Some(false)));
        assert_eq!((readings.virtualised, readings.client_ports), (true, Some((32_768, 60_999))));
        assert_eq!(readings.listen_queue, Some(4096));
    }

    #[test]
    fn this_machine_has_cpus_a_clock_and_a_disk() {
        let readings = Readings::now(Path::new("no/such/folder/yet")).unwrap();
        assert!(!readings.allowed_cpus.is_empty());
        assert!(readings.clock_reading_ns.is_some_and(|ns| ns > 0.0));
        assert!(readings.free_disk_bytes.is_some());
    }
}
