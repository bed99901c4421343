//! A contender as the kernel sees it: which processes are its own, where they listen, and what they have cost.
//!
//! Nothing here is asked of the contender, which may be wrong about itself, or be written in a language that cannot tell.
//! Its processes are those below its supervisor, which adopts whatever they leave behind.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use procfs::process::{FDTarget, Process};

use crate::descendants;
use crate::listening_sockets::listening_sockets;

/// CPU time and context switches of a contender until now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outside {
    /// CPU time by the processes' CPU clocks, to the nanosecond, threads that have ended included; that of collected
    /// children that have ended in whole clock ticks.
    pub cpu: Duration,
    /// The part in user mode, and the part in the kernel, in whole clock ticks: their ratio is what they are good for.
    pub ticks: (u64, u64),
    /// Threads that are there now.
    pub(crate) threads: Vec<Thread>,
}

/// A thread and what it has cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Thread {
    id: i32,
    cpu: Duration,
    voluntary_switches: u64,
    involuntary_switches: u64,
}

/// Context switches between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switches {
    /// Because a thread waited.
    pub voluntary: u64,
    /// Because a thread was made to stop.
    pub involuntary: u64,
}

/// The kernel keeps no switches of a thread that has ended. Those of the others stand for all where ended threads did less
/// than this share of the work.
const ENDED: f64 = 0.05;

impl Outside {
    /// Reads what these processes have cost, thread by thread if `threads`; `None` when there are none or the system does not say.
    #[must_use]
    pub fn read(processes: &[i32], threads: bool) -> Option<Self> {
        let mut all = Self::default();
        let tick = Duration::from_secs(1) / u32::try_from(procfs::ticks_per_second()).ok()?;
        let ended = |ticks: i64| u32::try_from(ticks).unwrap_or(0);
        let mut is_any = false;
        for process in processes.iter().filter_map(|&pid| Process::new(pid).ok()) {
            // One that has just ended is collected by another, which then has its time.
            let (Ok(stat), Ok(cpu)) = (process.stat(), cpu_clock(process.pid)) else { continue };
            let (user, system) = (ended(stat.cutime), ended(stat.cstime));
            all.cpu += cpu + tick * (user + system);
            all.ticks.0 += stat.utime + u64::from(user);
            all.ticks.1 += stat.stime + u64::from(system);
            if threads {
                all.threads.extend(threads_of(&process));
            }
            is_any = true;
        }
        is_any.then_some(all)
    }

    /// CPU time since `earlier`, in user mode and in the kernel; `None` where it seems to run backwards.
    #[must_use]
    pub fn cpu_since(&self, earlier: &Self) -> Option<(Duration, Duration)> {
        let spent = self.cpu.checked_sub(earlier.cpu)?;
        let ticks = |now: u64, then: u64| now.saturating_sub(then) as f64;
        let (user, system) = (ticks(self.ticks.0, earlier.ticks.0), ticks(self.ticks.1, earlier.ticks.1));
        // Less than a tick is not told apart, and counts as the program's own work.
        let user = if user + system > 0.0 { spent.mul_f64(user / (user + system)) } else { spent };
        Some((user, spent.saturating_sub(user)))
    }

    /// Context switches since `earlier`; `None` where threads that have ended did a part of the work.
    #[must_use]
    pub fn switches_since(&self, earlier: &Self) -> Option<Switches> {
        let (mut cpu, mut switches) = (Duration::ZERO, Switches { voluntary: 0, involuntary: 0 });
        for thread in &self.threads {
            let before = earlier.threads.iter().find(|known| known.id == thread.id);
            let before = before.copied().unwrap_or(Thread { id: thread.id, ..Thread::NEW });
            cpu += thread.cpu.saturating_sub(before.cpu);
            switches.voluntary += thread.voluntary_switches.saturating_sub(before.voluntary_switches);
            switches.involuntary += thread.involuntary_switches.saturating_sub(before.involuntary_switches);
        }
        let (user, system) = self.cpu_since(earlier)?;
        let tick = Duration::from_secs(1) / u32::try_from(procfs::ticks_per_second()).ok()?;
        // Two figures of two readings each, cut to ticks.
        (cpu + 4 * tick >= (user + system).mul_f64(1.0 - ENDED)).then_some(switches)
    }
}

impl Thread {
    const NEW: Self = Self { id: 0, cpu: Duration::ZERO, voluntary_switches: 0, involuntary_switches: 0 };
}

/// CPU time of processes that are known, read again and again: finding them takes a hundred times as long as reading their clocks.
#[derive(Debug, Clone, Default)]
pub(crate) struct CpuLaps {
    processes: Vec<i32>,
    last: Duration,
}

impl CpuLaps {
    /// Of these processes.
    pub(crate) fn of(processes: Vec<i32>) -> Self {
        let last = all_clocks(&processes).unwrap_or_default();
        Self { processes, last }
    }

    /// CPU time since the reading before, that of children collected meanwhile included; `None`, from then on, once one of the
    /// processes has ended.
    pub(crate) fn lap(&mut self) -> Option<Duration> {
        let spent = all_clocks(&self.processes)
            .and_then(|now| now.checked_sub(std::mem::replace(&mut self.last, now)));
        if spent.is_none() {
            self.processes.clear();
        }
        spent
    }
}

/// CPU time of all of `processes`; `None` without any, or where one of them is gone.
fn all_clocks(processes: &[i32]) -> Option<Duration> {
    let tick = Duration::from_secs(1) / u32::try_from(procfs::ticks_per_second()).ok()?;
    let of_one = |&pid: &i32| {
        let stat = Process::new(pid).ok()?.stat().ok()?;
        let ended = u32::try_from(stat.cutime + stat.cstime).ok()?;
        Some(cpu_clock(pid).ok()? + tick * ended)
    };
    let all: Option<Duration> = processes.iter().map(of_one).sum();
    all.filter(|_| !processes.is_empty())
}

/// What all threads of a process have used, those that have ended included, by the process's own CPU clock.
fn cpu_clock(pid: i32) -> nix::Result<Duration> {
    Ok(Duration::from(clock_gettime(clock_getcpuclockid(Pid::from_raw(pid))?)?))
}

/// The threads of a process; those that end meanwhile are left out.
fn threads_of(process: &Process) -> Vec<Thread> {
    let Ok(tasks) = process.tasks() else { return Vec::new() };
    let thread = |task: procfs::process::Task| {
        let (status, scheduled) = (task.status().ok()?, task.schedstat().ok()?);
        Some(Thread {
            id: task.tid,
            cpu: Duration::from_nanos(scheduled.sum_exec_runtime),
            voluntary_switches: status.voluntary_ctxt_switches?,
            involuntary_switches: status.nonvoluntary_ctxt_switches?,
        })
    };
    tasks.filter_map(|task| thread(task.ok()?)).collect()
}

/// Whether a process below process `supervisor` listens at `address`; `None` where the system does not say.
#[must_use]
pub fn listens(supervisor: u32, address: SocketAddr) -> Option<bool> {
    let sockets: HashSet<u64> = listening_sockets()
        .into_iter()
        .filter(|socket| serves(socket.local_address, address))
        .map(|socket| socket.inode)
        .collect();
    // Whoever answers there listens there, so no such socket means that not all are shown.
    if sockets.is_empty() {
        return None;
    }
    let (mut has_any, mut all_shown) = (false, true);
    for process in descendants::below(supervisor).into_iter().filter_map(|pid| Process::new(pid).ok()) {
        let Ok(descriptors) = process.fd() else {
            all_shown = false;
            continue;
        };
        for descriptor in descriptors.flatten() {
            has_any = true;
            if matches!(descriptor.target, FDTarget::Socket(inode) if sockets.contains(&inode)) {
                return Some(true);
            }
        }
    }
    // A contender that has just ended holds nothing more; that is found out elsewhere.
    (has_any && all_shown).then_some(false)
}

/// Whether a socket that listens at `local` takes connections to `address`.
fn serves(local: SocketAddr, address: SocketAddr) -> bool {
    let plain = |ip: IpAddr| ip.to_canonical();
    local.port() == address.port()
        && (local.ip().is_unspecified() || plain(local.ip()) == plain(address.ip()))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// A child that has worked and collected a child that worked, then says so and waits.
    fn worker() -> Child {
        let busy = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
        let mut child = Command::new("sh")
            .args(["-c", &format!("sh -c '{busy}'; {busy}; echo done; read line")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = [0; 5];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        child
    }

    #[test]
    fn what_children_have_cost_is_read_with_those_that_have_ended() {
        let mut child = worker();
        let read = Outside::read(&descendants::below(std::process::id()), true).unwrap();
        let own = read.threads.iter().find(|thread| thread.id == i32::try_from(child.id()).unwrap()).unwrap();
        // The child's child did as much as the child itself, and is in the sum alone.
        assert!(read.cpu > own.cpu.mul_f64(1.3), "{read:?}");
        assert!(own.voluntary_switches + own.involuntary_switches > 0, "{own:?}");
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(Outside::read(&[], true), None);
    }

    #[test]
    fn laps_add_up_to_what_a_process_and_its_children_spent_and_end_with_it() {
        let mut child = Command::new("sh")
            .args(["-c", "while read line; do sh -c 'i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done'; echo done; done"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut laps = CpuLaps { processes: vec![i32::try_from(child.id()).unwrap()], last: Duration::ZERO };
        laps.lap().unwrap();
        let mut said = [0; 5];
        for _ in 0..2 {
            std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"\n").unwrap();
            std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
            // A loop of a child that has ended and been collected: tens of milliseconds, in whole ticks of ten.
            assert!(laps.lap().unwrap() >= Duration::from_millis(10));
        }
        assert!(laps.lap().unwrap() < Duration::from_millis(10), "nothing ran");
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!((laps.lap(), laps.lap()), (None, None));
    }

    fn reading(cpu_ms: u64, threads: &[(i32, u64, u64)]) -> Outside {
        let thread = |&(id, cpu_ms, switches)| Thread {
            id,
            cpu: Duration::from_millis(cpu_ms),
            voluntary_switches: switches,
            involuntary_switches: 1,
        };
        Outside {
            cpu: Duration::from_millis(cpu_ms),
            ticks: (0, 0),
            threads: threads.iter().map(thread).collect(),
        }
    }

    #[test]
    fn switches_are_told_only_where_the_threads_that_are_there_did_the_work() {
        let before = reading(1_000, &[(1, 500, 10), (2, 500, 10)]);
        let alive = reading(2_000, &[(1, 1_000, 30), (3, 500, 5)]);
        assert_eq!(alive.switches_since(&before), Some(Switches { voluntary: 25, involuntary: 1 }));
        let ended = reading(2_000, &[(1, 1_000, 30)]);
        assert_eq!(ended.switches_since(&before), None);
        assert_eq!(ended.cpu_since(&before), Some((Duration::from_secs(1), Duration::ZERO)));
        assert_eq!(before.cpu_since(&ended), None);
        let ticked = Outside { ticks: (3, 1), ..ended };
        assert_eq!(ticked.cpu_since(&before), Some((Duration::from_millis(750), Duration::from_millis(250))));
    }

    #[test]
    fn whose_socket_listens_is_known() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut child = worker();
        // Descriptors are closed when a program is started, so that only the parent listens.
        assert_ne!(listens(std::process::id(), address), Some(true));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(serves("0.0.0.0:80".parse().unwrap(), "127.0.0.1:80".parse().unwrap()));
        assert!(serves("[::ffff:127.0.0.1]:80".parse().unwrap(), "127.0.0.1:80".parse().unwrap()));
        assert!(!serves("127.0.0.2:80".parse().unwrap(), "127.0.0.1:80".parse().unwrap()));
        assert!(!serves("0.0.0.0:81".parse().unwrap(), "127.0.0.1:80".parse().unwrap()));
    }
}
