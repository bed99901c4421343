//! CPU time that others took while a round was measured.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use reports_record::BenchFigure;

use crate::bound::Cpus;
use crate::cost::cpu_of_all;
use crate::group::Plan;

/// Readings at the beginning of a round.
#[derive(Debug)]
pub(crate) struct Disturbance {
    cpus: Vec<u32>,
    used: Used,
    own: Option<Own>,
}

/// CPU time that this process used, and that it waited for.
#[derive(Debug)]
struct Own {
    cpu_ms: f64,
    delays: BTreeMap<String, u64>,
}

/// Disturbances of a round.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Disturbed {
    /// CPU time that the hypervisor gave to others, ms.
    pub(crate) steal_ms: u64,
    /// Time that threads which are still there were ready without a CPU, ns.
    pub(crate) run_delay_ns: u64,
    /// CPU time that other processes took, ms; `None` where it was not read. It may be negative by a tick.
    pub(crate) foreign_ms: Option<f64>,
}

impl Disturbed {
    /// Time that threads waited for a CPU which others had, ns; those that ended waited for `ended_ns`. Of a crowded group that is not
    /// known, and 0: what other processes took over all of its rounds tells of them.
    pub(crate) fn run_delay_ns(self, plan: Plan, ended_ns: u64) -> u64 {
        if plan.crowded { 0 } else { self.run_delay_ns + ended_ns }
    }
}

impl Disturbance {
    /// Reads what a round by `plan` must be held to.
    ///
    /// Others' CPU time, and waiting for a CPU, are read where all that serves is in this process and the clock is judged,
    /// which both would lengthen.
    pub(crate) fn begin(plan: Plan) -> Self {
        let cpus = plan.cpus.used();
        let is_held_to_it = plan.cpus == Cpus::Two || plan.judged == BenchFigure::Value;
        let own =
            is_held_to_it.then(|| Own { cpu_ms: cpu_of_all().as_secs_f64() * 1e3, delays: run_delays() });
        Self { used: Used::of(&cpus), cpus, own }
    }

    /// Everything since the beginning.
    pub(crate) fn end(self) -> Disturbed {
        let since = self.used.until(Used::of(&self.cpus));
        let Some(own) = self.own else {
            return Disturbed { steal_ms: since.steal_ms, ..Disturbed::default() };
        };
        let own_ms = cpu_of_all().as_secs_f64() * 1e3 - own.cpu_ms;
        let delayed = |(thread, now): (&String, &u64)| {
            // A thread that is new has waited for as long as it says.
            now.saturating_sub(own.delays.get(thread).copied().unwrap_or(0))
        };
        Disturbed {
            steal_ms: since.steal_ms,
            run_delay_ns: run_delays().iter().map(delayed).sum(),
            foreign_ms: Some(since.busy_ms as f64 - own_ms),
        }
    }
}

/// Time that each thread of this process has been ready without running, ns; empty where the kernel does not tell.
fn run_delays() -> BTreeMap<String, u64> {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return BTreeMap::new() };
    let delay = |thread: fs::DirEntry| {
        Some((thread.file_name().to_string_lossy().into_owned(), run_delay(&thread.path())?))
    };
    threads.flatten().filter_map(delay).collect()
}

/// The same of the calling thread, for one that is about to end; 0 where the kernel does not tell.
pub(crate) fn own_run_delay() -> u64 {
    run_delay(Path::new("/proc/thread-self")).unwrap_or(0)
}

fn run_delay(thread: &Path) -> Option<u64> {
    fs::read_to_string(thread.join("schedstat")).ok()?.split_whitespace().nth(1)?.parse().ok()
}

/// How some CPUs were used so far, ms; 0 where the kernel does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Used {
    busy_ms: u64,
    steal_ms: u64,
}

/// Milliseconds in a tick of `/proc/stat`: `USER_HZ` is 100 on every architecture that Rust's std runs on.
const TICK_MS: u64 = 10;

impl Used {
    fn of(cpus: &[u32]) -> Self {
        fs::read_to_string("/proc/stat").map_or(Self::default(), |stat| Self::read(&stat, cpus))
    }

    fn read(stat: &str, cpus: &[u32]) -> Self {
        let of = |line: &str| -> Option<Self> {
            let mut fields = line.strip_prefix("cpu")?.split_whitespace();
            let cpu: u32 = fields.next()?.parse().ok()?;
            cpus.contains(&cpu).then_some(())?;
            let ticks: Vec<u64> = fields.map_while(|field| field.parse().ok()).collect();
            let [user, nice, system, _idle, _io_wait, interrupts, soft_interrupts, steal, ..] = ticks[..]
            else {
                return None;
            };
            let busy = user + nice + system + interrupts + soft_interrupts;
            Some(Self { busy_ms: busy * TICK_MS, steal_ms: steal * TICK_MS })
        };
        stat.lines().filter_map(of).fold(Self::default(), |sum, one| Self {
            busy_ms: sum.busy_ms + one.busy_ms,
            steal_ms: sum.steal_ms + one.steal_ms,
        })
    }

    fn until(self, later: Self) -> Self {
        Self {
            busy_ms: later.busy_ms.saturating_sub(self.busy_ms),
            steal_ms: later.steal_ms.saturating_sub(self.steal_ms),
        }
    }
}

/// Holds the reading of `/proc/stat` to lines as the kernel writes them, and waits to whose they are.
///
/// # Errors
/// When a figure is another one.
pub(crate) fn test() -> anyhow::Result<()> {
    let stat = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1 2 3 400 5 6 7 8 9 10\ncpu1 10 0 0 400 0 0 0 1 0 0\nintr 5\n";
    let found = [&[0][..], &[0, 1], &[7]].map(|cpus| Used::read(stat, cpus));
    let expected = [(190, 80), (290, 90), (0, 0)].map(|(busy_ms, steal_ms)| Used { busy_ms, steal_ms });
    anyhow::ensure!(found == expected, "read {found:?}, expected {expected:?}");
    let disturbed = Disturbed { run_delay_ns: 5, ..Disturbed::default() };
    let plan = Plan::new("group", "");
    let waited = [plan, Plan { crowded: true, ..plan }].map(|plan| disturbed.run_delay_ns(plan, 2));
    anyhow::ensure!(waited == [7, 0], "read {waited:?} of 7 ns, expected none of them in a crowded group");
    Ok(())
}
