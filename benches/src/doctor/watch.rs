//! What the machine does while this process only sleeps.

use std::collections::HashMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use loadgen::Interrupt;

use crate::cgroup::Quota;
use crate::machine;

/// Each sleep asks for so long.
const SLEEP: Duration = Duration::from_millis(1);

/// What was seen over a few seconds. `None` where the system does not say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Watch {
    /// How long was watched.
    pub span: Duration,
    /// Share of all CPUs' time that the hypervisor gave to others, 0–1.
    pub steal: Option<f64>,
    /// CPUs' worth of time that other processes used.
    pub busy_cpus: Option<f64>,
    /// The process that used most of it.
    pub busiest: Option<Busiest>,
    /// Times that a control group ran into its quota meanwhile.
    pub throttled: Option<u64>,
    /// How much later than asked a sleep of 1 ms ended, microseconds: median and 99th percentile.
    pub oversleep_us: Option<(f64, f64)>,
}

/// A process that uses CPU time.
#[derive(Debug, Clone, PartialEq)]
pub struct Busiest {
    /// Its program's name, as the kernel keeps it.
    pub name: String,
    /// Its share of the time that all processes used, 0–1.
    pub share: f64,
}

impl Watch {
    /// Watches for `span`, or until `interrupt`.
    #[must_use]
    pub fn over(span: Duration, interrupt: &Interrupt) -> Self {
        let root = std::path::Path::new("/");
        let (time, processes, quota) = (machine::cpu_time(), process_ticks(), Quota::read(root));
        let begun = Instant::now();
        let mut oversleeps = Vec::new();
        while begun.elapsed() < span && !interrupt.is_raised() {
            let asked = Instant::now();
            thread::sleep(SLEEP);
            oversleeps.push((asked.elapsed() - SLEEP).as_secs_f64() * 1e6);
        }
        let span = begun.elapsed();
        let since = machine::cpu_time().zip(time).map(|(now, then)| now.since(then));
        let used = used_since(&processes, process_ticks());
        let own = used.get(&std::process::id()).map_or(0, |(_, ticks)| *ticks);
        let busy_cpus = since.filter(|since| since.all > 0).map(|since| {
            since.busy.saturating_sub(own) as f64 / since.all as f64 * f64::from(machine::online())
        });
        Self {
            span,
            steal: since.filter(|since| since.all > 0).map(|since| since.stolen as f64 / since.all as f64),
            busy_cpus,
            busiest: busiest(used),
            throttled: Quota::read(root).throttled.zip(quota.throttled).map(|(now, then)| now - then),
            oversleep_us: middle_and_tail(oversleeps),
        }
    }
}

/// CPU time by process: name and clock ticks so far, children that ended aside.
type Ticks = HashMap<u32, (String, u64)>;

fn process_ticks() -> Ticks {
    let Ok(entries) = fs::read_dir("/proc") else { return Ticks::new() };
    entries
        .filter_map(|entry| {
            let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            Some((pid, ticks_of(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?))
        })
        .collect()
}

/// Name and ticks (user and system: fields 14 and 15) of a `stat`; the name stands in parentheses and may hold some.
fn ticks_of(stat: &str) -> Option<(String, u64)> {
    let (head, rest) = stat.rsplit_once(") ")?;
    let name = head.split_once('(')?.1.to_owned();
    let mut ticks = rest.split_whitespace().skip(11).map(str::parse::<u64>);
    Some((name, ticks.next()?.ok()? + ticks.next()?.ok()?))
}

fn used_since(before: &Ticks, now: Ticks) -> Ticks {
    let used = |(pid, (name, ticks)): (u32, (String, u64))| {
        let then = before.get(&pid).map_or(0, |(_, ticks)| *ticks);
        (pid, (name, ticks.saturating_sub(then)))
    };
    now.into_iter().map(used).collect()
}

fn busiest(used: Ticks) -> Option<Busiest> {
    let all: u64 = used.values().map(|(_, ticks)| ticks).sum();
    let others = used.into_iter().filter(|(pid, _)| *pid != std::process::id());
    let (_, (name, ticks)) =
        others.max_by_key(|(_, (_, ticks))| *ticks).filter(|(_, (_, ticks))| *ticks > 0)?;
    Some(Busiest { name, share: ticks as f64 / all as f64 })
}

fn middle_and_tail(mut values: Vec<f64>) -> Option<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get((values.len() as f64 * share) as usize).copied();
    at(0.5).zip(at(0.99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 30 12 0 0 20 0 1 0";
        assert_eq!(ticks_of(stat), Some(("a) b".to_owned(), 42)));
        assert_eq!(ticks_of("7 (cut) S 1"), None);
    }

    #[test]
    fn a_process_that_began_meanwhile_counts_from_zero() {
        let before = Ticks::from([(1, ("old".to_owned(), 100))]);
        let now = Ticks::from([(1, ("old".to_owned(), 110)), (2, ("new".to_owned(), 30))]);
        assert_eq!(busiest(used_since(&before, now)), Some(Busiest { name: "new".to_owned(), share: 0.75 }));
        assert_eq!(busiest(Ticks::from([(1, ("idle".to_owned(), 0))])), None);
    }

    #[test]
    fn this_machine_oversleeps_by_something() {
        let watch = Watch::over(Duration::from_millis(50), &Interrupt::default());
        let (median, tail) = watch.oversleep_us.unwrap();
        assert!(median >= 0.0 && tail >= median, "{median} {tail}");
        assert!(watch.span >= Duration::from_millis(50));
    }
}
