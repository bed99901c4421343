//! What readings mean for measurements: pure.

use reports_terminal::counted;

use super::{Check, Readings, Watch};
use crate::cpus::{Cores, Split};
use crate::host::OWN_DESCRIPTORS;

/// Connections that the largest embedded experiment holds at once.
const MANY: u64 = 1_024;

/// Connections that `quick` holds at once: without them there is no map.
const SOME: u64 = 512;

/// Share of stolen time from which a certificate warns, and from which it fails a measurement.
const STEAL: (f64, f64) = (0.01, 0.25);

/// Part of a CPU that other processes may use before they move a median of the client or the contender.
const BUSY_CPUS: f64 = 0.05;

/// CPUs that others must leave: one for the client and one for a contender, less what either has to spare.
const LEFT_CPUS: f64 = 1.5;

/// Part of a CPU that others may use wherever there are not that many.
const SPARE_CPUS: f64 = 0.5;

/// Median lateness of a 1 ms sleep, µs: an idle Linux adds its timer slack of 50 µs and a wake-up of a few. Beyond a
/// whole millisecond, no wait of an experiment is what it says.
const OVERSLEEP_US: (f64, f64) = (150.0, 1_000.0);

/// Time of one clock reading, ns: a TSC takes about 25, a clock that needs a system call some hundreds.
const CLOCK_READING_NS: f64 = 250.0;

/// Free space, bytes: a large run writes 100–300 kB a trial, some thousand trials; below the second not even `quick` fits.
const FREE_DISK: (u64, u64) = (2 << 30, 200 << 20);

/// Every check that there are readings for. The order is that of their weight.
#[must_use]
pub fn judge(readings: &Readings, watch: &Watch) -> Vec<Check> {
    let of_readings = [cpus, quota, hardware_threads, frequency, virtualisation].map(|judge| judge(readings));
    let of_watch = [steal(watch), busy(readings, watch), throttling(watch), sleep(watch)];
    let rest = [clock, descriptors, ports, listen_queue, tcp, disk, kernel].map(|judge| judge(readings));
    of_readings.into_iter().chain(of_watch).chain(rest).flatten().collect()
}

fn cpus(readings: &Readings) -> Option<Check> {
    let allowed = &readings.allowed_cpus;
    let list = join(allowed);
    Some(match split(readings) {
        Ok(split) if !split.is_shared() => Check::fit(
            "CPUs",
            format!(
                "{} allowed ({list}): the client gets {}, a contender {}",
                allowed.len(),
                join(&split.client),
                join(&split.contender)
            ),
        ),
        _ => Check::unfit(
            "CPUs",
            format!("{} allowed ({list}): client and contender would share it", allowed.len()),
            "allow two CPUs or more (taskset, cpuset, docker --cpuset-cpus, the virtual machine's size): on one, every \
             figure includes the client's own work",
        ),
    })
}

/// One CPU for each, as `quick` splits them.
fn split(readings: &Readings) -> anyhow::Result<Split> {
    Split::of(&Cores::of(&readings.allowed_cpus, readings.siblings.as_deref()), 1, 1)
}

fn quota(readings: &Readings) -> Option<Check> {
    let change = "raise the quota (cpu.max, docker --cpus) to two CPUs or more, or lift it";
    Some(match readings.quota.cpus {
        None => Check::fit("CPU quota", "none"),
        Some(cpus) if cpus < 2.0 => Check::unfit(
            "CPU quota",
            format!("{cpus:.2} CPUs' worth of time: client and contender together may use 2"),
            change,
        ),
        Some(cpus) if cpus < readings.allowed_cpus.len() as f64 => Check::warn(
            "CPU quota",
            format!("{cpus:.2} CPUs' worth of time for {} CPUs", readings.allowed_cpus.len()),
            change,
        ),
        Some(cpus) => Check::fit("CPU quota", format!("{cpus:.2} CPUs' worth of time")),
    })
}

fn hardware_threads(readings: &Readings) -> Option<Check> {
    let name = "hardware threads";
    let split = split(readings).ok().filter(|split| !split.is_shared())?;
    let Some(siblings) = &readings.siblings else {
        return Some(Check::fit(name, "the system does not tell which CPUs share a core"));
    };
    let core =
        |cpu: u32| siblings.iter().find(|core| core.contains(&cpu)).cloned().unwrap_or_else(|| vec![cpu]);
    let client = core(split.client[0]);
    let shared = split.contender.iter().find(|&contender| client.contains(contender));
    Some(match shared {
        None => Check::fit(name, "client and contender run on cores of their own"),
        Some(contender) => Check::warn(
            name,
            format!("CPUs {} and {contender} are threads of one core", split.client[0]),
            "allow a CPU of another core, or switch hardware threads off",
        ),
    })
}

fn frequency(readings: &Readings) -> Option<Check> {
    let name = "clock rate";
    let governor = readings.governor.as_deref();
    let turbo = readings.turbo == Some(true);
    Some(match (governor, turbo) {
        (Some(governor), _) if governor != "performance" => Check::warn(
            name,
            format!("follows the load (governor {governor:?})"),
            "cpupower frequency-set -g performance",
        ),
        (_, true) => Check::warn(
            name,
            "turbo is on: it depends on heat and on what other cores do",
            "switch turbo off (intel_pstate/no_turbo, cpufreq/boost), or expect slow drift",
        ),
        (Some(_), false) => Check::fit(name, "fixed (governor \"performance\")"),
        (None, false) => Check::fit(name, "the system does not tell its governor"),
    })
}

fn virtualisation(readings: &Readings) -> Option<Check> {
    let change =
        "for certain answers take a machine of your own; elsewhere expect \"cannot tell\" more often";
    Some(if readings.virtualised {
        Check::warn("virtual machine", "yes: neighbours may take time that is not counted as steal", change)
    } else {
        Check::fit("virtual machine", "no")
    })
}

fn steal(watch: &Watch) -> Option<Check> {
    let steal = watch.steal?;
    let found = format!("{:.1} % of CPU time in {:.1} s", steal * 100.0, watch.span.as_secs_f64());
    let change = "measure when the host is quiet, or on a host without neighbours";
    Some(match steal {
        some if some > STEAL.1 => Check::unfit("steal", found, change),
        some if some > STEAL.0 => Check::warn("steal", found, change),
        _ => Check::fit("steal", found),
    })
}

fn busy(readings: &Readings, watch: &Watch) -> Option<Check> {
    let busy = watch.busy_cpus?;
    let most = watch.busiest.as_ref().map_or_else(String::new, |busiest| {
        format!(", {:.0} % of it by {:?}", busiest.share * 100.0, busiest.name)
    });
    let found = format!("{busy:.2} CPUs used{most}");
    let allowed = readings.allowed_cpus.len() as f64;
    let left = allowed - busy;
    Some(if busy > (allowed - LEFT_CPUS).max(SPARE_CPUS) {
        Check::unfit(
            "other processes",
            format!("{found}, which leaves {:.2} of {}", left.max(0.0), readings.allowed_cpus.len()),
            "stop what else runs here, or wait until it has ended: client and contender need a CPU each",
        )
    } else if busy > BUSY_CPUS {
        Check::warn("other processes", found, "stop what else runs here, or wait until it has ended")
    } else {
        Check::fit("other processes", found)
    })
}

fn throttling(watch: &Watch) -> Option<Check> {
    let throttled = watch.throttled?;
    Some(if throttled > 0 {
        Check::warn(
            "throttling",
            format!("{} while nothing was measured", counted(throttled, "time")),
            "raise the quota of the control group (cpu.max), which this run will meet at full load",
        )
    } else {
        Check::fit("throttling", "none while watched")
    })
}

fn sleep(watch: &Watch) -> Option<Check> {
    let (median, tail) = watch.oversleep_us?;
    let found = format!("1 ms takes {median:.0} µs more at the median, {tail:.0} µs at p99");
    let change =
        "stop what else runs here; look for deep idle states, a low timer frequency or a large timer slack";
    Some(match median {
        late if late > OVERSLEEP_US.1 => Check::unfit("sleep", found, change),
        late if late > OVERSLEEP_US.0 => Check::warn("sleep", found, change),
        _ => Check::fit("sleep", found),
    })
}

fn clock(readings: &Readings) -> Option<Check> {
    let reading = readings.clock_reading_ns?;
    let source = readings.clock_source.as_deref().unwrap_or("unknown");
    let found = format!("{source}, {reading:.0} ns a reading");
    Some(if reading > CLOCK_READING_NS {
        Check::warn("clock", found, "choose a clock source that needs no system call, such as tsc")
    } else {
        Check::fit("clock", found)
    })
}

fn descriptors(readings: &Readings) -> Option<Check> {
    let limit = readings.descriptor_limit?;
    let sum = |connections| connections + OWN_DESCRIPTORS;
    let found = format!("{MANY} connections + {OWN_DESCRIPTORS} = {} of {limit}", sum(MANY));
    let change = "raise the hard limit: `ulimit -Hn`, LimitNOFILE, docker --ulimit nofile=65536";
    Some(if limit < sum(SOME) {
        Check::unfit("descriptors", found, change)
    } else if limit < sum(MANY) {
        Check::warn("descriptors", found, change)
    } else {
        Check::fit("descriptors", found)
    })
}

fn ports(readings: &Readings) -> Option<Check> {
    let (first, last) = readings.client_ports?;
    let count = u64::from((last + 1).saturating_sub(first));
    let found = format!("{first}–{last}: {count} for {MANY} connections to one port");
    let change = "sysctl -w net.ipv4.ip_local_port_range='32768 60999'";
    Some(if count < SOME {
        Check::unfit("client ports", found, change)
    } else if count < 2 * MANY {
        // Ports of connections that have just closed wait a minute before they may be used again.
        Check::warn("client ports", found, change)
    } else {
        Check::fit("client ports", found)
    })
}

fn listen_queue(readings: &Readings) -> Option<Check> {
    let length = readings.listen_queue?;
    let found = format!("up to {length}");
    Some(if length < MANY {
        Check::warn(
            "listen queue",
            found,
            "sysctl -w net.core.somaxconn=4096, or bursts of connections are dropped",
        )
    } else {
        Check::fit("listen queue", found)
    })
}

fn tcp(readings: &Readings) -> Option<Check> {
    let (control, slow_start) = readings.tcp.as_ref()?;
    let idle = if *slow_start { "start slowly again" } else { "keep their window" };
    Some(Check::fit("TCP", format!("{control}; idle connections {idle}; alike for every contender")))
}

fn disk(readings: &Readings) -> Option<Check> {
    let free = readings.free_disk_bytes?;
    let found = format!("{:.1} GB free where runs are kept", free as f64 / 1e9);
    Some(match free {
        some if some < FREE_DISK.1 => {
            Check::unfit("disk", found, "free some space, or give `run --runs` another folder")
        }
        some if some < FREE_DISK.0 => Check::warn(
            "disk",
            found,
            "free some space before a large run, or give `run --runs` another folder",
        ),
        _ => Check::fit("disk", found),
    })
}

fn kernel(readings: &Readings) -> Option<Check> {
    let slack =
        readings.timer_slack_ns.map_or_else(String::new, |ns| format!(", timer slack {} µs", ns / 1_000));
    Some(Check::fit("kernel", format!("Linux {}{slack}", readings.kernel.as_ref()?)))
}

fn join(cpus: &[u32]) -> String {
    cpus.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Busiest, Fitness, is_fit};
    use super::*;
    use crate::cgroup::Quota;

    /// A machine that leaves nothing to wish for.
    fn good() -> (Readings, Watch) {
        let readings = Readings {
            allowed_cpus: vec![0, 1, 2, 3],
            siblings: Some(vec![vec![0, 2], vec![1, 3], vec![0, 2], vec![1, 3]]),
            governor: Some("performance".to_owned()),
            turbo: Some(false),
            clock_source: Some("tsc".to_owned()),
            clock_reading_ns: Some(25.0),
            timer_slack_ns: Some(50_000),
            descriptor_limit: Some(65_536),
            client_ports: Some((32_768, 60_999)),
            listen_queue: Some(4_096),
            tcp: Some(("cubic".to_owned(), true)),
            free_disk_bytes: Some(50 << 30),
            kernel: Some("6.1.0".to_owned()),
            ..Readings::default()
        };
        let watch = Watch {
            span: Duration::from_secs(3),
            steal: Some(0.0),
            busy_cpus: Some(0.01),
            busiest: None,
            throttled: Some(0),
            oversleep_us: Some((60.0, 110.0)),
        };
        (readings, watch)
    }

    /// What is said of the one thing by this name, once `change` has been made to a good machine; all else stays fit.
    fn judged(name: &str, change: impl FnOnce(&mut Readings, &mut Watch)) -> Check {
        let (mut readings, mut watch) = good();
        change(&mut readings, &mut watch);
        let checks = judge(&readings, &watch);
        for check in checks.iter().filter(|check| check.name != name) {
            assert_eq!(check.fitness, Fitness::Fit, "{check:?}");
        }
        let check = checks.into_iter().find(|check| check.name == name).unwrap();
        assert_eq!(check.change.is_empty(), check.fitness == Fitness::Fit, "{check:?}");
        check
    }

    #[test]
    fn a_machine_whose_cpus_others_use_is_unfit() {
        let (mut readings, mut watch) = good();
        readings.allowed_cpus = vec![0, 1];
        let fitness = |readings: &Readings, watch: &Watch| {
            judge(readings, watch).into_iter().find(|check| check.name == "other processes").unwrap().fitness
        };
        for (busy, expected) in
            [(0.0, Fitness::Fit), (0.3, Fitness::Warn), (1.0, Fitness::Unfit), (2.0, Fitness::Unfit)]
        {
            watch.busy_cpus = Some(busy);
            assert_eq!(fitness(&readings, &watch), expected, "{busy}");
        }
    }

    #[test]
    fn nothing_is_to_be_changed_on_a_good_machine() {
        let (readings, watch) = good();
        let checks = judge(&readings, &watch);
        assert_eq!(checks.len(), 16);
        assert!(checks.iter().all(|check| check.fitness == Fitness::Fit), "{checks:?}");
    }

    #[test]
    fn a_system_that_says_nothing_is_judged_by_its_cpus_alone() {
        let readings = Readings { allowed_cpus: vec![0, 1], ..Readings::default() };
        let checks = judge(&readings, &Watch::default());
        assert!(is_fit(&checks), "{checks:?}");
        assert!(checks.iter().all(|check| check.fitness == Fitness::Fit), "{checks:?}");
    }

    #[test]
    fn one_cpu_is_unfit_and_says_why() {
        let check = judged("CPUs", |readings, _| readings.allowed_cpus = vec![3]);
        assert_eq!(check.fitness, Fitness::Unfit);
        assert!(check.found.contains("1 allowed (3)") && check.change.contains("two CPUs"), "{check:?}");
    }

    #[test]
    fn a_quota_below_two_cpus_is_unfit_and_one_below_what_is_allowed_is_told() {
        let quota = |cpus| {
            judged("CPU quota", |readings, _| readings.quota = Quota { cpus: Some(cpus), throttled: None })
        };
        assert_eq!(
            [1.5, 2.0, 4.0].map(|cpus| quota(cpus).fitness),
            [Fitness::Unfit, Fitness::Warn, Fitness::Fit]
        );
    }

    #[test]
    fn threads_of_one_core_are_split_only_where_there_is_no_other() {
        let check = judged("hardware threads", |readings, _| {
            readings.siblings = Some(vec![vec![0, 3], vec![1, 2], vec![1, 2], vec![0, 3]]);
        });
        assert_eq!(check.fitness, Fitness::Fit, "the other core is taken: {check:?}");
        let check = judged("hardware threads", |readings, _| {
            readings.allowed_cpus = vec![0, 1];
            readings.siblings = Some(vec![vec![0, 1], vec![0, 1]]);
        });
        assert_eq!(check.fitness, Fitness::Warn);
        assert!(check.change.contains("another core"), "{check:?}");
    }

    #[test]
    fn a_governor_and_turbo_are_told() {
        let governor = judged("clock rate", |readings, _| readings.governor = Some("powersave".to_owned()));
        assert!(governor.found.contains("powersave"), "{governor:?}");
        let turbo = judged("clock rate", |readings, _| readings.turbo = Some(true));
        assert_eq!((governor.fitness, turbo.fitness), (Fitness::Warn, Fitness::Warn));
        let untold = judged("clock rate", |readings, _| {
            (readings.governor, readings.turbo) = (None, None);
        });
        assert_eq!(untold.fitness, Fitness::Fit);
    }

    #[test]
    fn steal_is_graded_as_the_certificates_grade_it() {
        let steal = |share| judged("steal", |_, watch| watch.steal = Some(share)).fitness;
        assert_eq!([0.01, 0.02, 0.3].map(steal), [Fitness::Fit, Fitness::Warn, Fitness::Unfit]);
    }

    #[test]
    fn whoever_else_computes_is_named() {
        let check = judged("other processes", |_, watch| {
            watch.busy_cpus = Some(1.5);
            watch.busiest = Some(Busiest { name: "rustc".to_owned(), share: 0.8 });
        });
        assert_eq!(check.fitness, Fitness::Warn);
        assert_eq!(check.found, "1.50 CPUs used, 80 % of it by \"rustc\"");
    }

    #[test]
    fn late_timers_slow_clocks_and_throttling_are_told() {
        let late = |us| judged("sleep", |_, watch| watch.oversleep_us = Some((us, 2.0 * us))).fitness;
        assert_eq!([90.0, 300.0, 4_000.0].map(late), [Fitness::Fit, Fitness::Warn, Fitness::Unfit]);
        assert_eq!(
            judged("clock", |readings, _| readings.clock_reading_ns = Some(900.0)).fitness,
            Fitness::Warn
        );
        assert_eq!(judged("throttling", |_, watch| watch.throttled = Some(2)).fitness, Fitness::Warn);
    }

    #[test]
    fn limits_are_told_with_their_arithmetic() {
        let descriptors =
            |limit| judged("descriptors", |readings, _| readings.descriptor_limit = Some(limit));
        assert_eq!(
            [500, 1_024, 1_088].map(|limit| descriptors(limit).fitness),
            [Fitness::Unfit, Fitness::Warn, Fitness::Fit]
        );
        assert_eq!(descriptors(1_024).found, "1024 connections + 64 = 1088 of 1024");
        let ports = |last| judged("client ports", |readings, _| readings.client_ports = Some((50_000, last)));
        assert_eq!([50_099, 51_500].map(|last| ports(last).fitness), [Fitness::Unfit, Fitness::Warn]);
        assert_eq!(
            judged("listen queue", |readings, _| readings.listen_queue = Some(128)).fitness,
            Fitness::Warn
        );
        let disk = |bytes| judged("disk", |readings, _| readings.free_disk_bytes = Some(bytes)).fitness;
        assert_eq!([1 << 20, 1 << 30].map(disk), [Fitness::Unfit, Fitness::Warn]);
    }
}
