//! CPU time that others took while a round was measured.

use std::collections::BTreeMap;
use std::fs;

use reports_record::BenchFigure;

use crate::bound::Cpus;
use crate::group::Plan;

/// Readings at the beginning of a round.
#[derive(Debug)]
pub(crate) struct Disturbance {
    cpus: Vec<u32>,
    steal_ms: u64,
    delays: Option<BTreeMap<String, u64>>,
}

impl Disturbance {
    /// Reads what a round by `plan` must be held to.
    ///
    /// Waiting for a CPU is read where the threads of one side do not wait for each other's: on two CPUs, and when a
    /// value is judged that a delay would lengthen.
    pub(crate) fn begin(plan: Plan) -> Self {
        let delays = (plan.cpus == Cpus::Two || plan.judged == BenchFigure::Value).then(run_delays);
        let cpus = plan.cpus.used();
        Self { steal_ms: steal_ms(&cpus), cpus, delays }
    }

    /// Stolen time in ms, and run delay in ns, since the beginning.
    pub(crate) fn end(self) -> (u64, u64) {
        let stolen = steal_ms(&self.cpus).saturating_sub(self.steal_ms);
        let delayed = self.delays.map_or(0, |before| {
            let since = |(thread, now): (&String, &u64)| {
                // A thread that is new has waited for as long as it says.
                now.saturating_sub(before.get(thread).copied().unwrap_or(0))
            };
            run_delays().iter().map(since).sum()
        });
        (stolen, delayed)
    }
}

/// Time that each thread of this process has been ready without running, ns; empty where the kernel does not tell.
fn run_delays() -> BTreeMap<String, u64> {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return BTreeMap::new() };
    let delay = |thread: fs::DirEntry| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        let delay = text.split_whitespace().nth(1)?.parse().ok()?;
        Some((thread.file_name().to_string_lossy().into_owned(), delay))
    };
    threads.flatten().filter_map(delay).collect()
}

/// Time stolen from `cpus` so far; 0 where the kernel does not tell.
fn steal_ms(cpus: &[u32]) -> u64 {
    fs::read_to_string("/proc/stat").map_or(0, |stat| stolen(&stat, cpus))
}

/// Milliseconds in a tick of `/proc/stat`: `USER_HZ` is 100 on every architecture that Rust's std runs on.
const TICK_MS: u64 = 10;

fn stolen(stat: &str, cpus: &[u32]) -> u64 {
    let of = |line: &str| -> Option<u64> {
        let mut fields = line.strip_prefix("cpu")?.split_whitespace();
        let cpu: u32 = fields.next()?.parse().ok()?;
        cpus.contains(&cpu).then_some(())?;
        fields.nth(7)?.parse().ok()
    };
    stat.lines().filter_map(of).sum::<u64>() * TICK_MS
}
