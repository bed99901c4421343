//! A process of its own for a bench's share of one pass.
//!
//! Where memory lies, how hashes are seeded and which thread came first is decided once in a process and alike in all of its
//! rounds: one process knows nothing of how far another one would differ.

use std::io::{self, BufRead as _, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, bail};
use benches::artifacts::Built;
use reports_record::{BenchRound, BenchUnit};
use reports_terminal::talk;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::served;
use crate::session::{Driver, Invocation};

/// The argument by which this program is asked to be such a process.
pub(crate) const PROCESS: &str = "process";

/// Everything about one call of a bench by criterion.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Call {
    /// Nanoseconds or bytes of all iterations.
    pub(crate) value: f64,
    /// Samples in the bench's own unit.
    pub(crate) samples: Vec<u64>,
    /// The round, where the bench is a side of a pair.
    pub(crate) round: Option<BenchRound>,
}

/// Answers the process that started this one, call by call, until it wants no more.
///
/// A line each way: first, once both sides are made, the contenders that were built for them; then iterations, and what they measured.
///
/// # Errors
/// When it cannot be understood or answered.
pub(crate) fn answer(mut call: impl FnMut(u64) -> Call) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    tell(&mut out, &served::built())?;
    for line in io::stdin().lock().lines() {
        let line = line.context("cannot read how many iterations are wanted")?;
        let iterations = line.parse().with_context(|| format!("cannot do {line:?} iterations"))?;
        tell(&mut out, &call(iterations))?;
    }
    Ok(())
}

fn tell(out: &mut impl Write, what: &impl Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(what).context("cannot write down a measurement")?;
    line.push(b'\n');
    out.write_all(&line).and_then(|()| out.flush()).context("cannot tell a measurement")
}

/// A process that measures one bench. Dropped, it ends, and is waited for.
#[derive(Debug)]
struct Process {
    child: Child,
    /// `None` once it is to end.
    wanted: Option<ChildStdin>,
    told: BufReader<ChildStdout>,
}

impl Process {
    fn start(bench: &str, invocation: &Invocation) -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("cannot find this program to start it again")?;
        let mut child = Command::new(own)
            .args([PROCESS, bench, &serde_json::to_string(&invocation.built.get())?])
            // Otherwise criterion asks cargo for it, which takes longer than a round.
            .env("CRITERION_HOME", &invocation.results)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start this program again")?;
        let (wanted, told) = (child.stdin.take(), child.stdout.take().context("its stdout is a pipe")?);
        let mut process = Self { child, wanted, told: BufReader::new(told) };
        if let Some(built) = process.line::<Option<Built>>()? {
            invocation.built.get_or_init(|| built);
        }
        Ok(process)
    }

    fn call(&mut self, iterations: u64) -> anyhow::Result<Call> {
        let wanted = self.wanted.as_mut().context("it was told to end")?;
        writeln!(wanted, "{iterations}").context("it takes no more calls; its messages are above")?;
        self.line()
    }

    fn line<T: DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        let mut line = String::new();
        if self.told.read_line(&mut line).context("cannot read what it says")? == 0 {
            let status = self.child.wait().context("cannot wait for it")?;
            bail!("it ended with {status} before it answered; its messages are above");
        }
        serde_json::from_str(&line).with_context(|| {
            let start: String = line.chars().take(80).collect();
            format!("cannot understand what it says: {start:?}")
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.wanted = None;
        // It was asked for nothing that could be missing: how it ended is in its own messages.
        let _ = self.child.wait();
    }
}

/// The processes of one bench, one for each pass.
#[derive(Debug)]
pub(crate) struct Processes<'a> {
    driver: &'a Driver,
    calls: Calls,
    /// Whether a process that takes over does one call that does not count.
    warms: bool,
    /// The one that is alive.
    process: Option<Process>,
    /// The pass that it belongs to, from 0.
    pass: usize,
}

impl<'a> Processes<'a> {
    /// None of them is started yet; criterion will ask for this number of rounds. Times need warm caches, bytes do not.
    pub(crate) fn new(driver: &'a Driver, rounds: usize, unit: BenchUnit) -> Self {
        let calls = Calls { rounds, passes: driver.invocation.passes, warm_up: 1, last: None, measured: 0 };
        Self { driver, calls, warms: unit == BenchUnit::Nanoseconds, process: None, pass: 0 }
    }

    /// Sees to it that the process of the next call is alive, and gives its pass, counted from 0; waits for that pass if it has to.
    ///
    /// A process that takes over in the middle finds every cache filled by others, and may have to warm up.
    pub(crate) fn next(&mut self) -> usize {
        let pass = self.calls.pass_of_next();
        if self.process.is_none() || pass > self.pass {
            if self.process.take().is_some() {
                self.driver.place.wait_for_next_pass();
            }
            self.pass = pass;
            self.process = Some(self.or_stop(Process::start(&self.driver.bench, &self.driver.invocation)));
            if let Some(last) = self.calls.last.filter(|_| self.warms) {
                self.ask(last);
            }
        }
        self.pass
    }

    /// Has criterion's call measured by the process that is alive.
    pub(crate) fn call(&mut self, iterations: u64) -> Call {
        let call = self.ask(iterations);
        self.calls.count(iterations);
        call
    }

    fn ask(&mut self, iterations: u64) -> Call {
        let call = match &mut self.process {
            Some(process) => process.call(iterations),
            None => Err(anyhow::anyhow!("it was not started")),
        };
        self.or_stop(call)
    }

    /// Criterion's calls cannot fail.
    fn or_stop<T>(&self, result: anyhow::Result<T>) -> T {
        result.unwrap_or_else(|error| {
            talk!("costs: cannot measure {} in a process of its own: {error:#}", self.driver.bench);
            std::process::exit(2)
        })
    }
}

/// Criterion's calls of one bench so far.
#[derive(Debug, Clone, Copy)]
struct Calls {
    /// Calls that it will measure.
    rounds: usize,
    passes: usize,
    /// Iterations that its next call has if it still warms up: it doubles them from call to call.
    warm_up: u64,
    /// Iterations of the last call.
    last: Option<u64>,
    /// Measured calls. One too few where the first happens to have twice as many iterations as the last of the warm-up.
    measured: usize,
}

impl Calls {
    fn count(&mut self, iterations: u64) {
        if self.measured == 0 && iterations == self.warm_up {
            self.warm_up = self.warm_up.wrapping_mul(2);
        } else {
            self.measured += 1;
        }
        self.last = Some(iterations);
    }

    /// Spreads the measured calls over all passes; the warm-up is in the first one.
    fn pass_of_next(&self) -> usize {
        (self.measured * self.passes / self.rounds).min(self.passes - 1)
    }
}

/// Holds the calls of a bench to being spread evenly over the passes, whatever the warm-up did.
///
/// # Errors
/// When a pass has another number of them.
pub(crate) fn test() -> anyhow::Result<()> {
    for (rounds, warm_up, each, expected) in [
        (10, 3, 5, [2, 2, 1, 2, 2, 1]),
        (12, 0, 7, [2; 6]),
        // As many iterations as a fourth call of the warm-up would have.
        (12, 3, 8, [3, 2, 2, 2, 2, 1]),
    ] {
        let mut calls = Calls { rounds, passes: 6, warm_up: 1, last: None, measured: 0 };
        let mut found = [0; 6];
        (0..warm_up).for_each(|call| calls.count(1 << call));
        for _ in 0..rounds {
            found[calls.pass_of_next()] += 1;
            calls.count(each);
        }
        anyhow::ensure!(found == expected, "{rounds} rounds were spread {found:?}, expected {expected:?}");
    }
    Ok(())
}
