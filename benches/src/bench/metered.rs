//! A program run for what it costs: its CPU time and its peak memory, as the kernel counts them for it alone.

use std::io::{self, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use loadgen::Interrupt;
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

use crate::supervise;

/// The first argument of a program that is to [meter another](be_meter).
pub const METERED: &str = "metered";

/// What the meter writes before its reading, on the last line of stdout.
const READING: &str = "metered ";

/// How often a running program is looked at.
const TICK: Duration = Duration::from_millis(20);

/// What a program used from its start to its end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// CPU time in user mode, microseconds.
    pub user_us: u64,
    /// CPU time in the kernel, microseconds.
    pub system_us: u64,
    /// Most memory that was resident at a time, KiB.
    pub peak_kib: u64,
    /// Times the kernel took the CPU away from it.
    pub involuntary_switches: u64,
}

/// A program that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Metered {
    /// What it used.
    pub cost: Cost,
    /// What it wrote to stdout.
    pub output: String,
    /// What it ended with.
    pub code: i32,
    /// The last line of its stderr.
    pub last_said: String,
}

impl Metered {
    /// Itself, if it ended in success.
    ///
    /// # Errors
    /// When it did not, with what it last said.
    pub fn successful(self) -> anyhow::Result<Self> {
        ensure!(self.code == 0, "it ended with exit code {} (it last said: {})", self.code, self.last_said);
        Ok(self)
    }
}

/// Runs `command` on `cpus` until it ends, at most for `limit`.
///
/// A process of this program stands between: resource use is counted for children as a whole, and it has but one. It
/// also ends the program when this process is gone.
///
/// # Errors
/// When it cannot be started, takes longer, or `interrupt` is raised meanwhile; it is killed then.
pub fn run(
    command: &[String],
    cpus: &[u32],
    limit: Duration,
    interrupt: &Interrupt,
) -> anyhow::Result<Metered> {
    let shown = command.join(" ");
    let own = std::env::current_exe().context("cannot find this program to meter with")?;
    let cpus: Vec<String> = cpus.iter().map(u32::to_string).collect();
    let mut meter = Command::new(own)
        .args([METERED, &cpus.join(",")])
        .args(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A Ctrl-C at the terminal is for this process, which then ends the program.
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot meter {shown:?}"))?;
    let leash = meter.stdin.take();
    let output = read_to_end(meter.stdout.take());
    let said = read_to_end(meter.stderr.take());
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = meter.try_wait().with_context(|| format!("cannot wait for {shown:?}"))? {
            break status;
        }
        if interrupt.is_raised() || begin.elapsed() > limit {
            // Its end makes the meter kill the program.
            drop(leash);
            meter.wait().with_context(|| format!("cannot wait for {shown:?}"))?;
            ensure!(!interrupt.is_raised(), "interrupted while {shown:?} was running");
            bail!("{shown:?} did not end within {}s and was killed", limit.as_secs());
        }
        thread::sleep(TICK);
    };
    let (output, said) = (output.recv().unwrap_or_default(), said.recv().unwrap_or_default());
    let last_said = said.trim().lines().last().unwrap_or("nothing").to_owned();
    // The meter writes a reading however the program ended, and none when it could not be started.
    let Some((output, reading)) = output.rsplit_once(READING) else {
        bail!("cannot run {shown:?} (it last said: {last_said})");
    };
    let cost =
        serde_json::from_str(reading).with_context(|| format!("cannot read the meter: {reading:?}"))?;
    let code = status.code().context("the meter was killed")?;
    Ok(Metered { cost, output: output.trim_end().to_owned(), code, last_said })
}

/// All that `pipe` gives, on a thread, so that the program never blocks on a full pipe.
fn read_to_end(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (whole, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came before an error is all there is.
            let _ = pipe.read_to_end(&mut bytes);
        }
        let _ = whole.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// This program as the meter: `CPUS PROGRAM ARGUMENTS`. Gives the program's exit code, after writing its cost.
///
/// # Errors
/// When the arguments are not these, or the program cannot be started.
pub fn be_meter(arguments: &[String]) -> anyhow::Result<i32> {
    let [cpus, command @ ..] = arguments else {
        bail!("cannot meter {arguments:?}, expected CPUs and a program");
    };
    let cpus = cpus.split(',').map(str::parse).collect::<Result<Vec<u32>, _>>();
    let code = supervise::supervise(&cpus.context("cannot read the list of CPUs")?, None, command)?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("cannot read what the program used")?;
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    let micros = |time: nix::sys::time::TimeVal| count(time.tv_sec() * 1_000_000 + time.tv_usec());
    let cost = Cost {
        user_us: micros(usage.user_time()),
        system_us: micros(usage.system_time()),
        peak_kib: count(usage.max_rss()),
        involuntary_switches: count(usage.involuntary_context_switches()),
    };
    let mut stdout = io::stdout().lock();
    write!(stdout, "\n{READING}{}", serde_json::to_string(&cost)?).context("cannot write the reading")?;
    stdout.flush().context("cannot write the reading")?;
    Ok(code)
}
