//! A contender's process on which a fault is staged.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use servers_contract::Stats;

use crate::ask::ask_within;
use crate::case::{Step, request};
use crate::connection::{Connection, Trouble};
use crate::faults::limits::Limits;
use crate::finding::Finding;
use crate::program::{Program, ProgramError};

/// What starts the contender.
pub(super) struct Stage {
    command: Vec<String>,
}

/// A running contender; killed when it is dropped.
pub(super) struct Staged {
    program: Program,
}

/// For what must come: ample for a contender on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// For what a time-out of [`SHORT`] must end: above it by more than any machine is slow, and below the defaults of
/// 5 s and more, so that a flag without effect is noticed.
pub(super) const BOUND: Duration = Duration::from_secs(4);

/// A time-out that is to pass. Not shorter, since some stacks read their clock twice a second, and end what has just
/// begun if it may last no longer.
pub(super) const SHORT: &str = "1s";

/// How often is looked for what has no other sign.
const LOOK: Duration = Duration::from_millis(10);

impl Stage {
    pub(super) fn new(command: &[String]) -> Self {
        Self { command: command.to_vec() }
    }

    /// A fresh process, with these flags besides its own.
    pub(super) fn start(&self, flags: &[&str]) -> Result<Staged, Finding> {
        let command: Vec<String> =
            self.command.iter().map(String::as_str).chain(flags.iter().copied()).map(str::to_owned).collect();
        let program = Program::start_quietly(&command)
            .map_err(|error| Finding::new(flags.join(" "), "a contender that gets ready", error))?;
        Ok(Staged { program })
    }
}

impl Staged {
    pub(super) fn address(&self) -> SocketAddr {
        self.program.ready().address
    }

    /// A connection on which nothing takes longer than `patience`.
    pub(super) fn connect_within(&self, patience: Duration) -> Result<Connection, Finding> {
        Connection::open(self.address(), patience)
            .map_err(|trouble| Finding::new("", "a connection", trouble))
    }

    pub(super) fn connect(&self) -> Result<Connection, Finding> {
        self.connect_within(PATIENCE)
    }

    /// A new client is answered.
    pub(super) fn answers_others(&self) -> Result<(), Finding> {
        hello(&mut self.connect()?).map_err(|mut finding| {
            finding.sent = format!("{} (by another client, after the fault)", finding.sent);
            finding
        })
    }

    /// Its counters.
    pub(super) fn stats(&self) -> Result<Stats, Finding> {
        ask_within(self.address(), "/stats", PATIENCE)
    }

    /// A connection that has been answered once: some stacks do not read those that open in a burst.
    pub(super) fn proven(&self) -> Result<Connection, Finding> {
        let mut connection = self.connect()?;
        hello(&mut connection).map(|()| connection)
    }

    /// What the kernel knows about it.
    pub(super) fn limits(&self) -> Limits {
        Limits::of(self.program.ready().pid)
    }

    /// Sends SIGTERM and does not wait.
    pub(super) fn terminate(&self) -> Result<(), Finding> {
        self.program.terminate().map_err(|error| ended_wrongly(&error))
    }

    /// It ends with code 0.
    pub(super) fn ended(self) -> Result<(), Finding> {
        self.program.ended().map_err(|error| ended_wrongly(&error))
    }
}

fn ended_wrongly(error: &ProgramError) -> Finding {
    Finding::new("SIGTERM", "exit code 0 within the grace", error)
}

/// One `GET /hello`, answered.
pub(super) fn hello(connection: &mut Connection) -> Result<(), Finding> {
    Step::hello().judge(connection)
}

/// Its count of requests for an endpoint, asked over an open connection.
pub(super) fn counted(connection: &mut Connection, endpoint: &str) -> Result<u64, Finding> {
    let wrong = wrong("GET /stats", "its counters");
    let sent = connection.send(&request("GET", "/stats", &[], b""));
    let received = sent.and_then(|()| connection.receive()).map_err(wrong)?;
    let stats: Stats = serde_json::from_slice(&received.body)
        .map_err(|error| Finding::new("GET /stats", "its counters", error))?;
    Ok(stats.requests.get(endpoint).copied().unwrap_or_default())
}

/// A finding of a connection.
pub(super) fn wrong(sent: &str, expected: &str) -> impl FnOnce(Trouble) -> Finding {
    let (sent, expected) = (sent.to_owned(), expected.to_owned());
    move |trouble| Finding::new(sent, expected, trouble)
}

/// Looks again and again until `is_so`.
///
/// # Errors
/// It is not within [`PATIENCE`]; `state` says what is instead.
pub(super) fn until(
    expected: &str,
    mut is_so: impl FnMut() -> Result<bool, Finding>,
    state: impl FnOnce() -> String,
) -> Result<(), Finding> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so()? {
        if Instant::now() > deadline {
            return Err(Finding::new("", format!("{expected}, within {PATIENCE:?}"), state()));
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}
