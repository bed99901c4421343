//! A supervised process: its pipes drained for ever, gone with all of its group when it is dropped.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use reports_record::shown;
use servers_conformance::Patience;
use servers_contract::Model;

use crate::starvation::Starvation;
use crate::supervise::{LEFT_PROCESSES, TERMINATE};

/// How long a process may take to end after SIGTERM, before its group is killed.
const STOP: Duration = Duration::from_secs(5);

/// The program that runs here, even when a build has put another one in its place.
const OWN: &str = "/proc/self/exe";

/// Lines of stderr that are kept for the record of a failure, and characters of each.
const TAIL_LINES: usize = 20;
const TAIL_CHARACTERS: usize = 500;

/// Bytes of one line of stderr that are read to be kept: as many characters, and a note if there are more.
const TAIL_BYTES: u64 = 4 << 10;

/// Longest first line on stdout that is passed on: a ready line takes less than a hundredth of it.
pub const FIRST_LINE: u64 = 16 << 10;

/// How to start a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// Program and arguments, ready to run.
    pub command: Vec<String>,
    /// CPUs it may use.
    pub cpus: Vec<u32>,
    /// The folder it is started in: the project's root.
    pub folder: PathBuf,
    /// The file to execute, where that is not what the command's first word finds.
    pub executable: Option<PathBuf>,
    /// The contender that has to answer there; `None` accepts any.
    pub identity: Option<Identity>,
}

/// The name and model that a contender has to give in its `/health`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// Its model.
    pub model: Model,
}

impl Launch {
    /// A start of `command` in `folder`, of whoever it is, on no CPU yet.
    #[must_use]
    pub fn of(command: Vec<String>, folder: PathBuf) -> Self {
        Self { command, cpus: Vec::new(), folder, executable: None, identity: None }
    }
}

/// The last lines of a process's stderr, escaped and cut; readable while the process runs and after it ended.
#[derive(Debug, Clone, Default)]
pub struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    /// The lines kept, oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// `error`, and behind it what the process last said, if it said anything.
    #[must_use]
    pub fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        match self.lines() {
            lines if lines.is_empty() => error,
            lines => anyhow!("{error:#} (its last lines on stderr: {})", lines.join(" | ")),
        }
    }

    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == TAIL_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// A process under [`supervise`](crate::supervise). Dropping it kills it and all of its group.
#[derive(Debug)]
pub struct Process {
    supervisor: Child,
    leash: Option<ChildStdin>,
    starvation: Arc<Starvation>,
    pipes: Vec<JoinHandle<()>>,
    /// Closes with its stdout, which the supervisor holds to its own end.
    ending: Receiver<Infallible>,
}

impl Process {
    /// Starts it. Gives the process and a channel that gets its first line on stdout, at most [`FIRST_LINE`] bytes and
    /// one more where it is longer, or closes without one.
    ///
    /// # Errors
    /// When the supervisor cannot be started; a program that cannot be started ends the supervisor instead.
    pub fn start(launch: &Launch, tail: &Tail) -> anyhow::Result<(Self, Receiver<Vec<u8>>)> {
        let cpus: Vec<_> = launch.cpus.iter().map(u32::to_string).collect();
        let executable =
            launch.executable.iter().flat_map(|file| ["--executable".as_ref(), file.as_os_str()]);
        let mut supervisor = Command::new(OWN)
            .arg0("crossover")
            .args(["supervise", "--cpus", &cpus.join(",")])
            .args(executable)
            .arg("--")
            .args(&launch.command)
            .current_dir(&launch.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C at the terminal is for the runner, which then stops its contenders in order.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", launch.command.join(" ")))?;
        let (first_line, received) = mpsc::channel();
        let (runs, ending) = mpsc::channel();
        let mut pipes = Vec::new();
        if let Some(stdout) = supervisor.stdout.take() {
            pipes.push(thread::spawn(move || {
                drain_stdout(stdout, &first_line);
                drop(runs);
            }));
        }
        if let Some(stderr) = supervisor.stderr.take() {
            let tail = tail.clone();
            pipes.push(thread::spawn(move || drain_stderr(stderr, &tail)));
        }
        let leash = supervisor.stdin.take();
        let starvation = Arc::new(Starvation::of(supervisor.id()));
        Ok((Self { supervisor, leash, starvation, pipes, ending }, received))
    }

    /// Process id of its supervisor, below which it is.
    #[must_use]
    pub fn supervisor(&self) -> u32 {
        self.supervisor.id()
    }

    /// What knows when it could not run.
    #[must_use]
    pub fn starvation(&self) -> Arc<Starvation> {
        Arc::clone(&self.starvation)
    }

    /// Waits until it has ended and everything it wrote has been read.
    ///
    /// # Errors
    /// When the kernel does not let us wait.
    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        let status = self.supervisor.wait().context("cannot wait for it")?;
        self.pipes.drain(..).for_each(|pipe| drop(pipe.join()));
        Ok(status)
    }

    /// Its exit status if it has ended, without waiting for it.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.supervisor.try_wait().context("cannot wait for it")
    }

    /// Its exit status once it has ended and everything it wrote has been read; `None` where it still runs after this much time in which
    /// it could run.
    ///
    /// Woken by the event itself: how fast this machine is does not matter, as long as the process is about to end.
    ///
    /// # Errors
    /// When the kernel does not let us wait.
    pub fn ended_within(&mut self, limit: Duration) -> anyhow::Result<Option<ExitStatus>> {
        let mut patience = Patience::with_stalls(limit, self.starvation());
        while let Some(turn) = patience.turn() {
            // A stray process that holds its stdout hides its end, which is looked for as well.
            let is_closed = self.ending.recv_timeout(turn) == Err(RecvTimeoutError::Disconnected);
            if is_closed || self.ended()?.is_some() {
                return self.wait().map(Some);
            }
        }
        Ok(None)
    }

    /// Sends SIGTERM and waits for it to end.
    ///
    /// # Errors
    /// When it does not end in time (it is killed then), ends with an error, or leaves processes behind.
    pub fn stop(self) -> anyhow::Result<()> {
        match self.terminate()? {
            None => bail!("did not end within {}s of SIGTERM and was killed", STOP.as_secs()),
            Some(status) => match status.code() {
                Some(0) => Ok(()),
                Some(LEFT_PROCESSES) => bail!("ended and left processes behind; they were killed"),
                _ => bail!("ended with {status}, expected exit code 0 after SIGTERM"),
            },
        }
    }

    /// Sends SIGTERM and waits for it to end, with whatever exit status; `None` when it did not end in time and was killed.
    ///
    /// # Errors
    /// When the kernel does not let us wait.
    pub fn terminate(mut self) -> anyhow::Result<Option<ExitStatus>> {
        if let Some(leash) = &mut self.leash {
            // One that is already gone has closed the leash; its exit code tells.
            let _ = leash.write_all(&[TERMINATE]);
        }
        let mut patience = Patience::with_stalls(STOP, self.starvation());
        loop {
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            if patience.turn().is_none() {
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of the leash makes the supervisor kill the whole process group.
        self.leash.take();
        // Nothing can be done about a failure here, and there is nobody to tell.
        let _ = self.wait();
    }
}

/// Passes the first line on, or as much of it as may be, and reads the rest away: a contender must never block on a full
/// pipe.
fn drain_stdout(stdout: impl Read, first_line: &Sender<Vec<u8>>) {
    let mut stdout = BufReader::new(stdout);
    let mut line = Vec::new();
    let read = stdout.by_ref().take(FIRST_LINE + 1).read_until(b'\n', &mut line);
    if read.is_ok_and(|length| length > 0) {
        // Nobody listens any more when the wait for the line was given up.
        let _ = first_line.send(line);
    }
    let _ = std::io::copy(&mut stdout, &mut std::io::sink());
}

/// Keeps the begin of each line as soon as it is there, and reads the rest of it away.
fn drain_stderr(stderr: impl Read, tail: &Tail) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    while stderr.by_ref().take(TAIL_BYTES).read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        tail.push(shown(line.trim_ascii_end(), TAIL_CHARACTERS));
        if !line.ends_with(b"\n") && stderr.skip_until(b'\n').is_err() {
            return;
        }
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_keeps_the_last_lines_and_cuts_long_ones() {
        let tail = Tail::default();
        let text = (0..30).map(|line| format!("{line}\n")).collect::<String>();
        drain_stderr((text + &"x".repeat(10_000) + "\nlast\n").as_bytes(), &tail);
        let lines = tail.lines();
        assert_eq!((lines.len(), lines[0].as_str()), (TAIL_LINES, "12"));
        assert_eq!(lines[TAIL_LINES - 1], "last");
        assert!(lines[TAIL_LINES - 2].starts_with(&"x".repeat(TAIL_CHARACTERS)), "{lines:?}");
        assert!(lines[TAIL_LINES - 2].len() < TAIL_CHARACTERS + 50, "{lines:?}");
    }

    #[test]
    fn what_is_said_on_stderr_is_kept_escaped() {
        let tail = Tail::default();
        drain_stderr(&b"\x1b[2Jgone\x07\xff\r\n"[..], &tail);
        assert_eq!(tail.lines(), [r"\u{1b}[2Jgone\u{7}\xff"]);
    }

    #[test]
    fn a_line_without_end_is_bounded_wherever_it_is_said() {
        // More than any memory holds, were it kept.
        let endless = || std::io::repeat(b'x').take(1 << 28);
        let (sender, receiver) = mpsc::channel();
        drain_stdout(endless(), &sender);
        assert_eq!(receiver.recv().unwrap().len() as u64, FIRST_LINE + 1);
        let tail = Tail::default();
        drain_stderr(endless(), &tail);
        assert_eq!(tail.lines().len(), 1);
    }

    #[test]
    fn a_cause_comes_before_what_was_said_and_alone_if_nothing_was() {
        let tail = Tail::default();
        assert_eq!(tail.explain(anyhow!("not ready")).to_string(), "not ready");
        tail.push("port busy".to_owned());
        assert_eq!(
            tail.explain(anyhow!("not ready")).to_string(),
            "not ready (its last lines on stderr: port busy)"
        );
    }

    #[test]
    fn only_the_first_line_of_stdout_is_passed_on() {
        let (sender, receiver) = mpsc::channel();
        drain_stdout(&b"ready\nnoise\nnoise\n"[..], &sender);
        drop(sender);
        assert_eq!(receiver.iter().collect::<Vec<_>>(), [b"ready\n"]);
    }
}
