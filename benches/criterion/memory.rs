//! Memory of threads and tasks that wait, and of an idle connection.
//!
//! Each crowd has a process of its own, so that nothing is used twice.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{hint, thread};

use anyhow::{Context as _, bail, ensure};
use criterion::measurement::{Measurement, ValueFormatter};
use criterion::{Criterion, Throughput};
use reports_record::{BenchFigure, BenchUnit};
use reports_terminal::print;
use servers_contract::Call;

use crate::bound::Cpus;
use crate::clock::Turn;
use crate::cost::Cost;
use crate::event_loop::event_loop;
use crate::group::{Plan, Valued, group};
use crate::kept::Side;
use crate::served::{self, Served};
use crate::session::Session;

/// The argument by which this program is asked to be a crowd.
pub(crate) const CROWD: &str = "crowd";

/// Threads of a crowd: enough that a page more or less is no matter.
const THREADS: usize = 512;

/// Tasks of a crowd. More, because each is so small that what other processes do to the kernel's memory would hide it.
const TASKS: usize = 16_384;

/// Connections that are opened and left idle.
const CONNECTIONS: u32 = 256;

/// Bytes that each member of the second crowd holds.
const HELD: usize = 16 * 1024;

pub(crate) fn benches(criterion: &mut Criterion<Bytes>, session: &Session) {
    let plan = |name, so_what| Plan {
        judged: BenchFigure::Value,
        cpus: Cpus::Two,
        rounds: 10,
        balanced: false,
        ..Plan::new(name, so_what)
    };
    let sample = "one crowd in a process of its own, by its growth, per member";
    let so_what = "Thousands of waiting threads cost tens of megabytes, most of it the kernel's; tasks that hold nothing are \
        free in comparison.";
    group(criterion, session, plan("memory/parked", so_what)).pair(
        Side::new("a parked thread, with its kernel stack, page tables and kernel objects").sample(sample),
        || |iterations| crowds(iterations, "thread", 0),
        Side::new("a parked task that holds nothing").sample(sample),
        || |iterations| crowds(iterations, "task", 0),
    );
    let so_what =
        "What a request holds while it waits weighs the same in both models and soon outweighs the thread.";
    group(criterion, session, plan("memory/holding_16_kib", so_what)).pair(
        Side::new("a parked thread that holds 16 KiB on its stack").sample(sample),
        || |iterations| crowds(iterations, "thread", HELD),
        Side::new("a parked task that holds 16 KiB in its future").sample(sample),
        || |iterations| crowds(iterations, "task", HELD),
    );
    let so_what = "An idle connection costs a thread or a task, and a buffer each; the kernel's own memory of its socket, alike \
        for both, is not counted.";
    let sample = "256 connections more to a fresh process, by its growth, per connection";
    group(criterion, session, plan("memory/idle_connection", so_what)).pair(
        Side::new("an idle connection of std-threads").sample(sample),
        || idle("std-threads"),
        Side::new("an idle connection of tokio-tasks").sample(sample),
        || idle("tokio-tasks"),
    );
}

fn crowds(count: u64, member: &str, held: usize) -> Turn {
    summed((0..count).map(|_| {
        bytes_each(member, held)
            .unwrap_or_else(|error| panic!("cannot measure a crowd of {member}s: {error:#}"))
    }))
}

fn idle(name: &'static str) -> impl FnMut(u64) -> Turn {
    let or_stop = move |error: anyhow::Error| -> ! { panic!("cannot measure {name}: {error:#}") };
    served::build().unwrap_or_else(|error| or_stop(error));
    move |count| {
        summed((0..count).map(|_| {
            let served = Served::start(name, 1, &Call::Hello);
            served
                .and_then(|served| served.idle_connection_bytes(CONNECTIONS))
                .unwrap_or_else(|error| or_stop(error))
        }))
    }
}

fn summed(bytes: impl Iterator<Item = f64>) -> Turn {
    let bytes: Vec<f64> = bytes.collect();
    Turn {
        cost: Cost::of_value(bytes.iter().sum()),
        samples: bytes.iter().map(|bytes| bytes.round() as u64).collect(),
    }
}

/// Bytes a member, of a crowd in a process of its own.
fn bytes_each(member: &str, held: usize) -> anyhow::Result<f64> {
    let own = std::env::current_exe().context("cannot find this program to start it again")?;
    let output = Command::new(own)
        .args([CROWD, member, &held.to_string()])
        .output()
        .context("cannot start this program again")?;
    ensure!(
        output.status.success(),
        "it ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).context("it did not print text")?;
    let bytes: f64 = text.trim().parse().with_context(|| format!("it printed {text:?}, expected bytes"))?;
    ensure!(bytes > 0.0, "its parked members took no memory");
    Ok(bytes)
}

/// Parks a crowd in this process and prints by how many bytes a member that made it and its kernel memory grow.
///
/// # Errors
/// When the kind of member is unknown, threads cannot be had or the kernel does not tell sizes.
pub(crate) fn crowd(arguments: &[String]) -> anyhow::Result<()> {
    let [member, held] = arguments else {
        bail!("cannot be a crowd of {arguments:?}, expected a kind and a size")
    };
    let held = held.parse().with_context(|| format!("cannot hold {held:?}, expected bytes"))?;
    // Read once before it counts: reading allocates too.
    memory()?;
    let each = match member.as_str() {
        "thread" => threads(held)? / THREADS as f64,
        "task" => tasks(held)? / TASKS as f64,
        other => bail!("cannot be a crowd of {other:?}, expected thread or task"),
    };
    print(format!("{each}\n")).context("cannot write the size")
}

fn threads(held: usize) -> anyhow::Result<f64> {
    let before = memory()?;
    let parked = Arc::new(AtomicUsize::new(0));
    for _ in 0..THREADS {
        let parked = Arc::clone(&parked);
        // Never joined: the process ends with its threads.
        let _ = thread::Builder::new()
            .spawn(move || {
                if held == 0 {
                    park(&parked);
                } else {
                    park_holding(&parked);
                }
            })
            .context("cannot start a thread")?;
    }
    while parked.load(Ordering::Acquire) < THREADS {
        thread::yield_now();
    }
    Ok(memory()?.since(before))
}

/// Says that this thread is there, and waits for the process to end.
fn park(parked: &AtomicUsize) {
    parked.fetch_add(1, Ordering::Release);
    while parked.load(Ordering::Acquire) > 0 {
        thread::park();
    }
}

/// As [`park`] with [`HELD`] bytes on the stack. A function of its own: a large frame has all its pages touched on entry,
/// also on the way to a branch that holds nothing.
#[inline(never)]
fn park_holding(parked: &AtomicUsize) {
    let mut held = [1_u8; HELD];
    hint::black_box(&mut held);
    park(parked);
    hint::black_box(&held);
}

fn tasks(held: usize) -> anyhow::Result<f64> {
    let runtime = event_loop();
    runtime.block_on(async {
        // Also the loop's own first task.
        tokio::spawn(async {}).await.context("a task that does nothing did not end")?;
        let before = memory()?;
        let parked = Arc::new(AtomicUsize::new(0));
        for _ in 0..TASKS {
            let parked = Arc::clone(&parked);
            if held == 0 {
                tokio::spawn(async move {
                    parked.fetch_add(1, Ordering::Release);
                    std::future::pending::<()>().await;
                });
            } else {
                tokio::spawn(async move {
                    let mut held = [1_u8; HELD];
                    hint::black_box(&mut held);
                    parked.fetch_add(1, Ordering::Release);
                    std::future::pending::<()>().await;
                    hint::black_box(&held);
                });
            }
        }
        while parked.load(Ordering::Acquire) < TASKS {
            tokio::task::yield_now().await;
        }
        Ok(memory()?.since(before))
    })
}

/// Memory at one instant, bytes.
#[derive(Debug, Clone, Copy)]
struct Memory {
    /// This process's, shared pages by their share, and its page tables.
    own: f64,
    /// The machine's kernel stacks and slabs that cannot be reclaimed: of all processes, since the kernel tells no shares.
    kernel: f64,
}

impl Memory {
    /// The growth since `before`. A crowd only adds to the kernel's memory: where that has shrunk within these milliseconds,
    /// other processes ended.
    fn since(self, before: Self) -> f64 {
        self.own - before.own + (self.kernel - before.kernel).max(0.0)
    }
}

fn memory() -> anyhow::Result<Memory> {
    let own = kilobytes("/proc/self/smaps_rollup", "Pss:")? + kilobytes("/proc/self/status", "VmPTE:")?;
    let kernel = kilobytes("/proc/meminfo", "KernelStack:")? + kilobytes("/proc/meminfo", "SUnreclaim:")?;
    Ok(Memory { own: own * 1024.0, kernel: kernel * 1024.0 })
}

fn kilobytes(path: &str, name: &str) -> anyhow::Result<f64> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    value.with_context(|| format!("{path} has no line \"{name} … kB\""))
}

/// Memory as criterion measures it: bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes;

impl Valued for Bytes {
    const UNIT: BenchUnit = BenchUnit::Bytes;

    fn of(value: f64) -> f64 {
        value
    }
}

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
