//! Memory of a parked thread and of a parked task: each crowd in a fresh process, so that nothing is reused.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, bail, ensure};
use criterion::measurement::{Measurement, ValueFormatter};
use criterion::{Criterion, Throughput};
use reports_record::BenchUnit;
use reports_terminal::print;

use crate::event_loop::event_loop;
use crate::kept::{Side, group};

/// The argument by which this program is asked to be a crowd.
pub(crate) const CROWD: &str = "crowd";

/// Threads or tasks of a crowd: so many that a page more or less is no matter.
const MEMBERS: usize = 512;

pub(crate) fn benches(criterion: &mut Criterion<Bytes>, results: &Path) {
    let mut group = group(criterion, results, "memory", BenchUnit::Bytes);
    let sample =
        "one crowd of 512 in a process of its own, by the growth of its proportional set size, per member";
    for (name, operation) in [
        ("sync", "a parked thread, without what the kernel keeps for it"),
        ("async", "a parked task that keeps nothing"),
    ] {
        let side = Side { sample: Some(sample), ..Side::new(name, operation) };
        group.side(side, |iterations, samples| {
            let bytes = (0..iterations).map(|_| {
                let bytes = bytes_each(name).unwrap_or_else(|error| panic!("no crowd of {name}: {error:#}"));
                samples.value(bytes.round() as u64);
                bytes
            });
            bytes.sum()
        });
    }
}

/// Bytes a member, of a crowd in a process of its own.
fn bytes_each(model: &str) -> anyhow::Result<f64> {
    let own = std::env::current_exe().context("cannot find this program to start it again")?;
    let output =
        Command::new(own).args([CROWD, model]).output().context("cannot start this program again")?;
    ensure!(
        output.status.success(),
        "it ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).context("it did not print text")?;
    let bytes: u64 = text.trim().parse().with_context(|| format!("it printed {text:?}, expected bytes"))?;
    ensure!(bytes > 0, "{MEMBERS} parked members took no memory");
    Ok(bytes as f64 / MEMBERS as f64)
}

/// Parks a crowd in this process and prints by how many bytes that made it grow.
///
/// # Errors
/// When the model is unknown, threads cannot be had or the kernel does not tell sizes.
pub(crate) fn crowd(arguments: &[String]) -> anyhow::Result<()> {
    // Read once before it counts: reading allocates too.
    proportional_set()?;
    let grown = match arguments.first().map(String::as_str) {
        Some("sync") => threads()?,
        Some("async") => tasks()?,
        other => bail!("cannot be a crowd of {other:?}, expected sync or async"),
    };
    print(format!("{grown}\n")).context("cannot write the size")
}

fn threads() -> anyhow::Result<u64> {
    let before = proportional_set()?;
    let parked = Arc::new(AtomicUsize::new(0));
    for _ in 0..MEMBERS {
        let parked = Arc::clone(&parked);
        // Never joined: the process ends with its threads.
        let _ = thread::Builder::new()
            .spawn(move || {
                parked.fetch_add(1, Ordering::Release);
                loop {
                    thread::park();
                }
            })
            .context("cannot start a thread")?;
    }
    while parked.load(Ordering::Acquire) < MEMBERS {
        thread::yield_now();
    }
    Ok(proportional_set()?.saturating_sub(before))
}

fn tasks() -> anyhow::Result<u64> {
    let runtime = event_loop();
    runtime.block_on(async {
        // Also the loop's own first task.
        tokio::spawn(async {}).await.context("a task that does nothing did not end")?;
        let before = proportional_set()?;
        let parked = Arc::new(AtomicUsize::new(0));
        for _ in 0..MEMBERS {
            let parked = Arc::clone(&parked);
            tokio::spawn(async move {
                parked.fetch_add(1, Ordering::Release);
                std::future::pending::<()>().await;
            });
        }
        while parked.load(Ordering::Acquire) < MEMBERS {
            tokio::task::yield_now().await;
        }
        Ok(proportional_set()?.saturating_sub(before))
    })
}

/// Bytes of this process's memory, shared pages by their share.
fn proportional_set() -> anyhow::Result<u64> {
    const PATH: &str = "/proc/self/smaps_rollup";
    let text = fs::read_to_string(PATH).with_context(|| format!("cannot read {PATH}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.map(|kilobytes| kilobytes * 1024).with_context(|| format!("{PATH} has no line \"Pss: … kB\""))
}

/// Memory as criterion measures it: bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes;

impl Measurement for Bytes {
    type Intermediate = ();
    type Value = f64;

    fn start(&self) {}

    /// Nothing: only the benches know what they took, and tell by `iter_custom`.
    fn end(&self, (): ()) -> f64 {
        0.0
    }

    fn add(&self, one: &f64, other: &f64) -> f64 {
        one + other
    }

    fn zero(&self) -> f64 {
        0.0
    }

    fn to_f64(&self, value: &f64) -> f64 {
        *value
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        self
    }
}

impl ValueFormatter for Bytes {
    fn format_value(&self, value: f64) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = if value < 10_240.0 {
            write!(text, "{value:.0} B")
        } else {
            write!(text, "{:.1} KiB", value / 1024.0)
        };
        text
    }

    fn format_throughput(&self, _: &Throughput, value: f64) -> String {
        self.format_value(value)
    }

    fn scale_values(&self, _: f64, _: &mut [f64]) -> &'static str {
        "B"
    }

    fn scale_throughputs(&self, _: f64, _: &Throughput, _: &mut [f64]) -> &'static str {
        "B"
    }

    fn scale_for_machines(&self, _: &mut [f64]) -> &'static str {
        "B"
    }
}
