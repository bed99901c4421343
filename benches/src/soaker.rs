//! A program of idle priority that keeps CPUs from halting.
//!
//! A halted CPU has to be woken, by the hypervisor in a virtual machine, and what that costs falls on whoever waits for little work at
//! a time. With a soaker the CPU never halts; it takes none that a contender wants.

use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::process::{Launch, Process, Tail};
use crate::root;

/// Spins at the scheduling policy "idle", once it has said that it does.
const SPIN: &str = "echo soaking; while :; do :; done";

/// How long it may take to begin.
const BEGIN: Duration = Duration::from_secs(30);

/// A soaker on each CPU; they end when it is dropped.
#[derive(Debug)]
pub struct Soaker {
    _processes: Vec<Process>,
}

impl Soaker {
    /// Starts one on each of `cpus`, and returns once all of them run.
    ///
    /// # Errors
    /// When `chrt` (util-linux) is not there or may not set the policy.
    pub fn start(cpus: &[u32]) -> anyhow::Result<Self> {
        let processes = cpus.iter().map(|&cpu| start(cpu)).collect::<anyhow::Result<_>>()?;
        Ok(Self { _processes: processes })
    }
}

fn start(cpu: u32) -> anyhow::Result<Process> {
    let command = ["chrt", "--idle", "0", "/bin/sh", "-c", SPIN].map(str::to_owned).to_vec();
    let launch = Launch { cpus: vec![cpu], ..Launch::of(command, root::find()?) };
    let tail = Tail::default();
    let (process, first_line) = Process::start(&launch, &tail)?;
    match first_line.recv_timeout(BEGIN) {
        Ok(_) => Ok(process),
        Err(RecvTimeoutError::Timeout) => {
            bail!("a soaker on CPU {cpu} did not begin within {}s", BEGIN.as_secs())
        }
        Err(RecvTimeoutError::Disconnected) => Err(tail.explain(anyhow::anyhow!("it ended at once")))
            .with_context(|| format!("cannot start a soaker on CPU {cpu} by `chrt --idle` (util-linux)")),
    }
}
