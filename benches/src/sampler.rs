//! The resources that a contender's processes hold, read from outside while they are measured.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use procfs::process::{MMapPath, MemoryMap, Process};
use procfs::{Current as _, LoadAverage, Meminfo};
use reports_record::Resources;

use crate::descendants;

/// Time between two looks: each takes the client's CPU, the more so the more descriptors there are to list.
const EVERY: Duration = Duration::from_millis(100);

/// From the moment that looking goes on to the first look: by then requests are under way.
const UNDER_LOAD: Duration = Duration::from_millis(15);

/// Looks between two searches for processes: each goes through all that the machine has.
const SEARCH_EVERY: u32 = 10;

/// Looks at the processes below one until it is stopped.
#[derive(Debug)]
pub struct Sampler {
    supervisor: u32,
    seen: Arc<Mutex<Resources>>,
    is_paused: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Sampler {
    /// Starts looking at the processes below process `supervisor`.
    #[must_use]
    pub fn start(supervisor: u32) -> Self {
        let seen = Arc::new(Mutex::new(Resources::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let is_paused = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (seen, stop, is_paused) = (Arc::clone(&seen), Arc::clone(&stop), Arc::clone(&is_paused));
            move || {
                let (mut processes, mut looks, mut due) = (Vec::new(), 0_u32, Instant::now());
                while !stop.load(Ordering::Relaxed) {
                    if is_paused.load(Ordering::Relaxed) {
                        thread::park();
                        // Short turns are looked at under load, and not all of them.
                        due = due.max(Instant::now() + UNDER_LOAD);
                        continue;
                    }
                    let left = due.saturating_duration_since(Instant::now());
                    if !left.is_zero() {
                        thread::park_timeout(left);
                        continue;
                    }
                    if processes.is_empty() || looks.is_multiple_of(SEARCH_EVERY) {
                        processes = descendants::below(supervisor);
                    }
                    look(&processes, &seen);
                    looks += 1;
                    due = Instant::now() + EVERY;
                }
            }
        });
        Self { supervisor, seen, is_paused, stop, thread: Some(thread) }
    }

    /// Looks no more until [`Sampler::resume`]: others are measured meanwhile.
    pub fn pause(&self) {
        self.is_paused.store(true, Ordering::Relaxed);
    }

    /// Goes on looking.
    pub fn resume(&self) {
        self.is_paused.store(false, Ordering::Relaxed);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// Reads the memory that is held before the first loop.
    pub fn read_idle_memory(&self) {
        let (pss_bytes, kernel_bytes) = self.memory();
        let idle = Resources { pss_bytes, kernel_bytes, ..Resources::default() };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).idle_memory_bytes = idle.memory_bytes();
    }

    /// Reads the memory that is held after a loop.
    pub fn read_memory(&self) {
        let memory = self.memory();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.pss_bytes, seen.kernel_bytes) = memory;
    }

    /// The proportional set size and what the kernel holds. Walking the page tables of a process with many threads takes long and holds
    /// up the process, so it belongs between two windows.
    fn memory(&self) -> (Option<u64>, Option<u64>) {
        let stack = kernel_stack_bytes();
        let (mut pss, mut kernel) = (None, None);
        for process in
            descendants::below(self.supervisor).into_iter().filter_map(|pid| Process::new(pid).ok())
        {
            pss = sum(pss, pss_bytes(&process));
            kernel = sum(kernel, stack.and_then(|stack| kernel_bytes(&process, stack)));
        }
        (pss, kernel)
    }

    /// Stops looking and gives what was seen.
    #[must_use]
    pub fn finish(mut self) -> Resources {
        self.end();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A look has nothing that panics; if it does, what was seen until then stands.
            let _ = thread.join();
        }
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.end();
    }
}

/// The proportional set size, but pages of its own program in full: a copy of it that is alive beside it, as in an A/A
/// comparison, must not make it look smaller.
fn pss_bytes(process: &Process) -> Option<u64> {
    let program = process.exe().ok()?;
    let maps = process.smaps().ok()?;
    let of_map = |map: &MemoryMap| {
        let is_own = matches!(&map.pathname, MMapPath::Path(path) if *path == program);
        map.extension.map.get(if is_own { "Rss" } else { "Pss" }).copied()
    };
    let sizes: Vec<u64> = maps.iter().filter_map(of_map).collect();
    (!sizes.is_empty()).then(|| sizes.iter().sum())
}

/// Page tables and kernel stacks of a process whose threads have `stack` bytes each.
fn kernel_bytes(process: &Process, stack: u64) -> Option<u64> {
    let status = process.status().ok()?;
    Some(status.vmpte? * 1024 + status.threads * stack)
}

/// Sizes that a kernel stack can have, bytes; anything else means that the two counts are of different sets of threads.
const KERNEL_STACK: RangeInclusive<u64> = 4 * 1024..=64 * 1024;

/// The kernel stack of one thread, bytes: all of the machine's over all of its threads, as a power of two.
fn kernel_stack_bytes() -> Option<u64> {
    let (all, threads) = (Meminfo::current().ok()?.kernel_stack?, LoadAverage::current().ok()?.max);
    let one = all as f64 / f64::from(threads.max(1));
    Some(2_u64.pow(one.max(1.0).log2().round() as u32)).filter(|stack| KERNEL_STACK.contains(stack))
}

/// Adds up what `processes` hold, and keeps the most of it; one that has ended holds nothing.
fn look(processes: &[i32], seen: &Mutex<Resources>) {
    let mut now = Resources::default();
    for process in processes.iter().filter_map(|&pid| Process::new(pid).ok()) {
        let Ok(status) = process.status() else { continue };
        now.threads_max = sum(now.threads_max, Some(status.threads));
        now.rss_max_bytes = sum(now.rss_max_bytes, status.vmrss.map(|kilobytes| kilobytes * 1024));
        now.descriptors_max = sum(now.descriptors_max, process.fd_count().ok().map(|count| count as u64));
        now.samples = 1;
    }
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.threads_max = seen.threads_max.max(now.threads_max);
    seen.rss_max_bytes = seen.rss_max_bytes.max(now.rss_max_bytes);
    seen.descriptors_max = seen.descriptors_max.max(now.descriptors_max);
    seen.samples += now.samples;
}

/// The sum of two readings.
fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).reduce(|one, other| one + other)
}

/// Connections dropped on full accept queues since the machine started; `None` where the kernel does not say.
#[must_use]
pub fn listen_overflows() -> Option<u64> {
    overflows(&std::fs::read_to_string("/proc/net/netstat").ok()?)
}

/// `/proc/net/netstat` has pairs of lines: names, then values.
fn overflows(netstat: &str) -> Option<u64> {
    let mut lines = netstat.lines().filter_map(|line| line.strip_prefix("TcpExt:"));
    let (names, values) = (lines.next()?, lines.next()?);
    let at = names.split_whitespace().position(|name| name == "ListenOverflows")?;
    values.split_whitespace().nth(at)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn what_the_processes_below_one_hold_is_added_up() {
        let child = || Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let mut children = [child(), child()];
        let sampler = Sampler::start(std::process::id());
        sampler.read_idle_memory();
        sampler.read_memory();
        while sampler.seen.lock().unwrap().samples == 0 {
            thread::yield_now();
        }
        let seen = sampler.finish();
        assert!(seen.threads_max.unwrap() >= 2, "{seen:?}");
        assert!(seen.rss_max_bytes.unwrap() > 200_000, "{seen:?}");
        assert!(seen.pss_bytes.unwrap() > 20_000, "{seen:?}");
        // Two threads of a page table and a stack each; far below what the processes hold themselves.
        assert!((2 * 8_192..4_000_000).contains(&seen.kernel_bytes.unwrap()), "{seen:?}");
        assert!(seen.memory_bytes() > seen.pss_bytes, "{seen:?}");
        // Nothing happens to them between the two readings.
        let (idle, loaded) = (seen.idle_memory_bytes.unwrap(), seen.memory_bytes().unwrap());
        assert!((loaded / 2..loaded * 2).contains(&idle), "{seen:?}");
        assert!(seen.descriptors_max.unwrap() >= 6, "{seen:?}");
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    #[test]
    fn processes_that_are_gone_leave_no_figures() {
        let seen = Mutex::new(Resources::default());
        look(&[i32::MAX], &seen);
        assert_eq!(*seen.lock().unwrap(), Resources::default());
    }

    #[test]
    fn overflows_are_found_by_name() {
        let text = "TcpExt: A ListenOverflows B\nTcpExt: 1 42 3\nIpExt: A\nIpExt: 1\n";
        assert_eq!(overflows(text), Some(42));
        assert_eq!(overflows("TcpExt: A\nTcpExt: 1\n"), None);
    }
}
