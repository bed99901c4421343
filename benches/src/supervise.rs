//! `crossover supervise`: starts a contender on a leash, so that nothing outlives the run.
//!
//! It stands between runner and contender as a process of its own, because only a process that is still
//! there can clean up after a runner that was killed. Its stdin is the leash: a byte [`TERMINATE`] asks the
//! contender to end, and the end of the leash, which the kernel closes with the runner, kills it and all of
//! its process group. A contender's children that have left that group are killed with it.

use std::io::{self, Read as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use anyhow::Context as _;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use reports_terminal::talk;

use crate::{cpus, descendants};

/// Written on the leash to send the contender's process group a SIGTERM.
pub const TERMINATE: u8 = b't';

/// Exit code when the contender ended and left processes behind; they are killed.
pub const LEFT_PROCESSES: i32 = 98;

/// Runs `command` on `cpus` in a process group of its own until it ends or the leash does; gives the exit
/// code to end with: the contender's own, 128 + its signal, or [`LEFT_PROCESSES`].
///
/// `executable` is the file to execute in place of what the command's first word finds; stdout and stderr are the
/// contender's.
///
/// # Errors
/// When the CPUs cannot be bound or the program cannot be started.
pub fn supervise(cpus: &[u32], executable: Option<&Path>, command: &[String]) -> anyhow::Result<i32> {
    cpus::bind(cpus)?;
    descendants::adopt().context("cannot become the parent of whatever a contender leaves behind")?;
    let (program, arguments) = command.split_first().context("no program to supervise")?;
    let mut child = Command::new(executable.map_or(program.as_ref(), Path::as_os_str))
        .arg0(program)
        .args(arguments)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    let group = Pid::from_raw(i32::try_from(child.id()).context("process ids fit 32 bits")?);
    thread::spawn(move || hold_leash(group));
    let status = child.wait().with_context(|| format!("cannot wait for {program}"))?;
    if descendants::kill_all(group) > 0 {
        talk!("crossover: {program} ended and left processes behind; they were killed");
        return Ok(LEFT_PROCESSES);
    }
    Ok(code(status))
}

/// As [`supervise`], for a program other than `crossover` that starts contenders and so is started as their supervisor:
/// the arguments behind `supervise`, `--cpus LIST [--executable FILE] -- PROGRAM ARGUMENTS`.
///
/// # Errors
/// When the arguments are not these; otherwise as [`supervise`].
pub fn from_arguments(arguments: &[String]) -> anyhow::Result<i32> {
    let split = arguments.iter().position(|argument| argument == "--").map(|at| arguments.split_at(at));
    let (cpus, executable, command) = match split {
        Some(([_, cpus], [_, command @ ..])) => (cpus, None, command),
        Some(([_, cpus, _, executable], [_, command @ ..])) => (cpus, Some(Path::new(executable)), command),
        _ => anyhow::bail!("cannot supervise {arguments:?}, expected --cpus LIST -- PROGRAM"),
    };
    let cpus = cpus.split(',').map(str::parse).collect::<Result<Vec<u32>, _>>();
    supervise(&cpus.context("cannot read the list of CPUs")?, executable, command)
}

/// Passes on what comes through the leash. A group that is already gone answers ESRCH, which is what was wanted.
fn hold_leash(group: Pid) {
    let mut stdin = io::stdin().lock();
    let mut byte = [0];
    loop {
        match stdin.read(&mut byte) {
            Ok(1) if byte[0] == TERMINATE => drop(killpg(group, Signal::SIGTERM)),
            Ok(1) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => {
                let _ = killpg(group, Signal::SIGKILL);
                return;
            }
        }
    }
}

fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1)
}
