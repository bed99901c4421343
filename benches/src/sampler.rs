//! What a process holds, read from outside while it is measured.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use reports_record::Resources;

/// Time between two looks: each takes the client's CPU, the more so the more descriptors there are to list.
const EVERY: Duration = Duration::from_millis(100);

/// Looks at a process until it is stopped.
#[derive(Debug)]
pub struct Sampler {
    pid: u32,
    seen: Arc<Mutex<Resources>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Sampler {
    /// Starts looking at process `pid`.
    #[must_use]
    pub fn start(pid: u32) -> Self {
        let seen = Arc::new(Mutex::new(Resources::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (seen, stop) = (Arc::clone(&seen), Arc::clone(&stop));
            move || {
                while !stop.load(Ordering::Relaxed) {
                    look(pid, &seen);
                    thread::park_timeout(EVERY);
                }
            }
        });
        Self { pid, seen, stop, thread: Some(thread) }
    }

    /// Reads the proportional set size, once: walking the page tables of a process with many threads takes long
    /// and holds up the process, so it belongs between two windows.
    pub fn read_pss(&self) {
        let pss = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid))
            .ok()
            .and_then(|text| kilobytes(&text, "Pss:"));
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).pss_bytes = pss;
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

fn look(pid: u32, seen: &Mutex<Resources>) {
    let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else { return };
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).ok().map(|entries| entries.count() as u64);
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.threads_max = seen.threads_max.max(field(&status, "Threads:"));
    seen.rss_max_bytes = seen.rss_max_bytes.max(kilobytes(&status, "VmRSS:"));
    seen.descriptors_max = seen.descriptors_max.max(descriptors);
    seen.samples += 1;
}

fn kilobytes(text: &str, name: &str) -> Option<u64> {
    field(text, name).map(|kilobytes| kilobytes * 1024)
}

/// The first number on the line that begins with `name`.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Connections dropped on full accept queues since the machine started; `None` where the kernel does not say.
#[must_use]
pub fn listen_overflows() -> Option<u64> {
    overflows(&fs::read_to_string("/proc/net/netstat").ok()?)
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
    use super::*;

    #[test]
    fn this_process_has_threads_memory_and_descriptors() {
        let sampler = Sampler::start(std::process::id());
        sampler.read_pss();
        while sampler.seen.lock().unwrap().samples == 0 {
            thread::yield_now();
        }
        let seen = sampler.finish();
        assert!(seen.threads_max.unwrap() >= 2, "{seen:?}");
        assert!(seen.rss_max_bytes.unwrap() > 100_000, "{seen:?}");
        assert!(seen.pss_bytes.unwrap() > 100_000, "{seen:?}");
        assert!(seen.descriptors_max.unwrap() >= 3, "{seen:?}");
    }

    #[test]
    fn a_process_that_is_gone_leaves_no_figures() {
        let seen = Mutex::new(Resources::default());
        look(u32::MAX, &seen);
        assert_eq!(*seen.lock().unwrap(), Resources::default());
    }

    #[test]
    fn overflows_are_found_by_name() {
        let text = "TcpExt: A ListenOverflows B\nTcpExt: 1 42 3\nIpExt: A\nIpExt: 1\n";
        assert_eq!(overflows(text), Some(42));
        assert_eq!(overflows("TcpExt: A\nTcpExt: 1\n"), None);
    }
}
