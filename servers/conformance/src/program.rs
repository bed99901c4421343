//! A contender as a program: started, ready, judged, asked to stop.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use servers_contract::Ready;
use thiserror::Error;

use crate::connection::shortened;
use crate::contenders::Contender;
use crate::report::Report;

/// How long a program may take to get ready, and to end after SIGTERM: above the 10 s that a contender may drain.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often the end of a program is looked for: the standard library cannot wait with a limit.
const LOOK: Duration = Duration::from_millis(5);

/// A running contender. Dropping it kills it.
#[derive(Debug)]
pub struct Program {
    child: Child,
    ready: Ready,
}

/// Why a program is no contender, whatever it answers.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// It cannot be started.
    #[error("could not start {command:?}: {source}")]
    Start {
        /// The command.
        command: Vec<String>,
        /// The reason.
        source: io::Error,
    },
    /// It said nothing, or not that it is ready.
    #[error("{command:?} was not ready: expected one line of JSON on stdout within {PATIENCE:?}, got {got}")]
    NotReady {
        /// The command.
        command: Vec<String>,
        /// Its first line, or what happened instead.
        got: String,
    },
    /// It cannot be signalled or waited for.
    #[error("could not stop the contender: {0}")]
    Stop(#[source] io::Error),
    /// It is still there.
    #[error("the contender did not end within {PATIENCE:?} of SIGTERM; it was killed")]
    Unending,
    /// It ended as if something had failed.
    #[error("the contender ended with {0} on SIGTERM: expected exit code 0")]
    Ended(ExitStatus),
}

impl Program {
    /// Starts `command` (a program and its arguments) and waits for its ready line. Its stderr is left alone.
    ///
    /// # Errors
    /// When it does not start or does not get ready within 15 s.
    pub fn start(command: &[String]) -> Result<Self, ProgramError> {
        Self::start_with(command, Stdio::inherit())
    }

    /// [`Program::start`], whose stderr is read and dropped: what goes wrong on purpose is no news. Its first line is
    /// told when the program does not get ready.
    pub(crate) fn start_quietly(command: &[String]) -> Result<Self, ProgramError> {
        Self::start_with(command, Stdio::piped())
    }

    fn start_with(command: &[String], stderr: Stdio) -> Result<Self, ProgramError> {
        let start = |source| ProgramError::Start { command: command.to_vec(), source };
        let (program, arguments) = command
            .split_first()
            .ok_or_else(|| start(io::Error::new(io::ErrorKind::InvalidInput, "an empty command")))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .map_err(start)?;
        let complaint = child.stderr.take().map(first_line);
        let line = child.stdout.take().map(first_line);
        let line = line.and_then(|line| line.recv_timeout(PATIENCE).ok());
        match line.as_deref().map(serde_json::from_slice) {
            Some(Ok(ready)) => Ok(Self { child, ready }),
            wrong => {
                end(&mut child);
                let complaint = complaint.and_then(|complaint| complaint.recv_timeout(PATIENCE).ok());
                let complaint = complaint
                    .map(|line| format!(" (and \"{}\" on stderr)", shortened(line.trim_ascii_end())));
                let got = wrong.map_or("nothing".to_owned(), |_| {
                    format!("\"{}\"", shortened(&line.unwrap_or_default()))
                });
                let got = got + &complaint.unwrap_or_default();
                Err(ProgramError::NotReady { command: command.to_vec(), got })
            }
        }
    }

    /// Its ready line.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Asks it to end, by SIGTERM, and waits until it has.
    ///
    /// # Errors
    /// When it is still there after 15 s, or ends with another code than 0.
    pub fn stop(self) -> Result<(), ProgramError> {
        self.terminate()?;
        self.ended()
    }

    /// Sends SIGTERM and does not wait.
    pub(crate) fn terminate(&self) -> Result<(), ProgramError> {
        let pid =
            i32::try_from(self.child.id()).map_err(|error| ProgramError::Stop(io::Error::other(error)))?;
        kill(Pid::from_raw(pid), Signal::SIGTERM).map_err(|errno| ProgramError::Stop(errno.into()))
    }

    /// Waits until it has ended after [`Program::terminate`].
    pub(crate) fn ended(mut self) -> Result<(), ProgramError> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.child.try_wait().map_err(ProgramError::Stop)? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(ProgramError::Ended(status)),
                None => thread::sleep(LOOK),
            }
        }
        Err(ProgramError::Unending)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Starts `command`, judges it as `contender` with its known exceptions, and stops it.
///
/// # Errors
/// When it does not get ready or does not end as it should; wrong replies are in the report.
pub fn check_program(contender: &Contender, command: &[String]) -> Result<Report, ProgramError> {
    let program = Program::start(command)?;
    let ready = program.ready();
    let report = crate::check(ready.address, &contender.options(&ready.nonce));
    program.stop()?;
    Ok(report)
}

/// Longest first line that is kept: a ready line takes less than a hundredth of it.
const LINE_LIMIT: u64 = 16 << 10;

/// The first line of `output`, or as much of it as is kept. The rest is read and dropped until it ends: a full pipe would block the program.
fn first_line(output: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        if output.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            // Nobody waits any more if the line came too late.
            let _ = sender.send(line);
        }
        drop(sender);
        let _ = io::copy(&mut output, &mut io::sink());
    });
    receiver
}

/// Kills the child, unless it has ended, and takes its status so that no zombie stays.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}
