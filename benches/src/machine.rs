//! What the machine says of itself. Neither host nor user is named.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use reports_record::{Cpu, Environment};

use crate::cgroup::Quota;
use crate::checkout::Checkout;
use crate::cpus::Split;

/// Where the run is made, read once before its first trial.
#[must_use]
pub fn environment(root: &Path, split: &Split, descriptor_limit: u64) -> Environment {
    let cpu = cpu();
    let remarks = remarks(split, &cpu);
    let checkout = Checkout::of(root);
    Environment {
        crossover: env!("CARGO_PKG_VERSION").to_owned(),
        commit: checkout.commit,
        dirty: checkout.dirty,
        rustc: printed(Command::new("rustc").arg("--version")).unwrap_or_else(|| "unknown".to_owned()),
        kernel: trimmed("/proc/sys/kernel/osrelease")
            .map_or_else(|| std::env::consts::OS.to_owned(), |release| format!("Linux {release}")),
        cpu,
        memory_bytes: fs::read_to_string("/proc/meminfo").ok().and_then(|text| memory(&text)),
        client_cpus: split.client.clone(),
        contender_cpus: split.contender.clone(),
        descriptor_limit,
        throttled_before: throttled(),
        remarks,
    }
}

fn cpu() -> Cpu {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let siblings = trimmed("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list");
    Cpu {
        model: value(&cpuinfo, "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        online: cpuinfo.lines().filter(|line| line.starts_with("processor")).count() as u32,
        threads_per_core: siblings.as_deref().map(listed),
        governor: trimmed("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        virtualised: value(&cpuinfo, "flags")
            .is_some_and(|flags| flags.split_whitespace().any(|flag| flag == "hypervisor")),
        clock_source: trimmed("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
    }
}

/// What is unusual here and may bias the answer.
fn remarks(split: &Split, cpu: &Cpu) -> Vec<String> {
    let mut remarks = Vec::new();
    if split.is_shared() {
        remarks
            .push("client and contender share a CPU: every figure includes the client's own work".to_owned());
    }
    if cpu.virtualised {
        remarks.push(
            "a virtual machine: its neighbours may take CPU time that is not counted as steal".to_owned(),
        );
    }
    if cpu.threads_per_core.is_some_and(|threads| threads > 1) {
        remarks
            .push("hardware threads share cores: client and contender may slow each other down".to_owned());
    }
    if cpu.governor.as_deref().is_some_and(|governor| governor != "performance") {
        remarks.push("the frequency governor is not \"performance\": clock rates follow the load".to_owned());
    }
    remarks
}

/// CPU time of all CPUs together since boot, in clock ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuTime {
    /// That the hypervisor gave to others.
    pub stolen: u64,
    /// In which something ran here.
    pub busy: u64,
    /// In all: stolen, busy and idle.
    pub all: u64,
}

impl CpuTime {
    /// What has passed since `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            stolen: self.stolen.saturating_sub(earlier.stolen),
            busy: self.busy.saturating_sub(earlier.busy),
            all: self.all.saturating_sub(earlier.all),
        }
    }
}

/// CPU time until now; `None` where the system does not say.
#[must_use]
pub fn cpu_time() -> Option<CpuTime> {
    cpu_time_of(&fs::read_to_string("/proc/stat").ok()?)
}

/// The line is `cpu user nice system idle iowait irq softirq steal guest guest_nice`; guest time is part of user time.
fn cpu_time_of(stat: &str) -> Option<CpuTime> {
    let fields: Vec<u64> =
        stat.lines().next()?.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    let (stolen, idle) = (*fields.get(7)?, fields[3] + fields[4]);
    let all = fields.iter().take(8).sum();
    Some(CpuTime { stolen, busy: all - idle - stolen, all })
}

/// The share of each CPU's time in which something ran, 0–1, looked at for `span`; none where the system does not say.
#[must_use]
pub fn busy_cpus(span: Duration) -> BTreeMap<u32, f64> {
    let before = cpu_times();
    thread::sleep(span);
    let since = |(cpu, now): (u32, CpuTime)| {
        let since = now.since(*before.get(&cpu)?);
        (since.all > 0).then(|| (cpu, since.busy as f64 / since.all as f64))
    };
    cpu_times().into_iter().filter_map(since).collect()
}

fn cpu_times() -> BTreeMap<u32, CpuTime> {
    cpu_times_of(&fs::read_to_string("/proc/stat").unwrap_or_default())
}

/// The lines behind the first, `cpu0 …`, are of single CPUs.
fn cpu_times_of(stat: &str) -> BTreeMap<u32, CpuTime> {
    let of = |line: &str| {
        let number = line.strip_prefix("cpu")?.split_whitespace().next()?.parse().ok()?;
        Some((number, cpu_time_of(line)?))
    };
    stat.lines().skip(1).filter_map(of).collect()
}

/// The share of CPU time stolen since `before`, 0–1.
#[must_use]
pub fn steal_since(before: Option<CpuTime>) -> Option<f64> {
    let since = cpu_time()?.since(before?);
    (since.all > 0).then(|| since.stolen as f64 / since.all as f64)
}

/// CPUs that are online; at least 1.
#[must_use]
pub fn online() -> u32 {
    cpu().online.max(1)
}

/// How often this control group, or one above it, was throttled; `None` where there is no quota to exceed.
#[must_use]
pub fn throttled() -> Option<u64> {
    Quota::read(Path::new("/")).throttled
}

fn memory(meminfo: &str) -> Option<u64> {
    let kilobytes: u64 = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kilobytes * 1024)
}

/// The value of the first `name : value` line.
fn value(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// How many CPUs a list such as `0-1,4` names.
fn listed(list: &str) -> u32 {
    let count = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(last.trim().parse::<u32>().ok()?.checked_sub(first.trim().parse().ok()?)? + 1)
    };
    list.split(',').filter_map(count).sum()
}

fn trimmed(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

/// What a command prints, when there is such a command and it succeeds.
pub(crate) fn printed(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_is_the_eighth_field_and_guest_time_is_not_counted_twice() {
        let text = "cpu  10 1 20 100 5 1 2 7 4 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(cpu_time_of(text), Some(CpuTime { stolen: 7, busy: 34, all: 146 }));
        assert_eq!(cpu_time_of("cpu 1 2 3\n"), None);
    }

    #[test]
    fn each_cpu_has_its_own_line() {
        let times = cpu_times_of(
            "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 10 0 0 90 0 0 0 0 0 0\ncpu12 1 0 0 1 0 0 0 0 0 0\nintr 5\n",
        );
        assert_eq!(times.keys().copied().collect::<Vec<_>>(), [0, 12]);
        assert_eq!(times[&0], CpuTime { stolen: 0, busy: 10, all: 100 });
    }

    #[test]
    fn lists_of_cpus_are_counted() {
        assert_eq!(listed("0"), 1);
        assert_eq!(listed("0-1,4"), 3);
    }

    #[test]
    fn memory_is_in_bytes() {
        assert_eq!(memory("MemTotal:       1024 kB\nMemFree: 1 kB\n"), Some(1 << 20));
    }

    #[test]
    fn this_machine_says_something() {
        let split = Split { client: vec![0], contender: vec![1] };
        let environment = environment(Path::new("."), &split, 1024);
        assert!(environment.cpu.online >= 1);
        assert!(!environment.cpu.model.is_empty());
    }
}
