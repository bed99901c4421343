//! SIGTERM while clients are at it.

use std::thread;

use crate::case::{Expected, Step, request};
use crate::connection::{Connection, Trouble};
use crate::faults::staged::{Stage, Staged, counted, until, wrong};
use crate::finding::Finding;

/// Clients whose request is in its handler when the signal comes, and clients that ask on and on.
const IN_FLIGHT: usize = 8;
const BUSY: usize = 4;

const WAIT: &str = "/wait?ms=500";

/// What is in its handler is answered, no reply is cut short, and it ends with code 0.
pub(super) fn under_load(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&["--grace", "10s"])?;
    let busy: Vec<Connection> = (0..BUSY).map(|_| staged.proven()).collect::<Result<_, _>>()?;
    thread::scope(|scope| {
        let busy: Vec<_> = busy.into_iter().map(|client| scope.spawn(|| until_the_end(client))).collect();
        let mut waiting = in_flight(&staged)?;
        staged.terminate()?;
        waiting.iter_mut().try_for_each(answered)?;
        staged.ended()?;
        busy.into_iter().try_for_each(|client| client.join().unwrap_or(Ok(())))
    })
}

/// Idle connections do not keep it from ending.
pub(super) fn with_idle_connections(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&["--grace", "1h"])?;
    let _idle: Vec<Connection> = (0..BUSY).map(|_| staged.proven()).collect::<Result<_, _>>()?;
    let _silent = staged.connect()?;
    staged.terminate()?;
    staged.ended()
}

/// Requests that have reached their handlers.
fn in_flight(staged: &Staged) -> Result<Vec<Connection>, Finding> {
    let mut asking = staged.proven()?;
    let mut waiting: Vec<Connection> = (0..IN_FLIGHT).map(|_| staged.proven()).collect::<Result<_, _>>()?;
    for connection in &mut waiting {
        connection.send(&request("GET", WAIT, &[], b"")).map_err(wrong(WAIT, "to be read"))?;
    }
    let begun = || Ok(counted(&mut asking, "wait")? == IN_FLIGHT as u64);
    until("all waits to have begun", begun, || "fewer were counted".to_owned())?;
    Ok(waiting)
}

fn answered(connection: &mut Connection) -> Result<(), Finding> {
    Step { pieces: Vec::new(), expected: Expected::of("GET", WAIT, b"").into_iter().collect() }
        .judge(connection)
        .map_err(|finding| Finding::new(format!("{WAIT} before SIGTERM"), finding.expected, finding.got))
}

/// Asks on and on. A connection may end between two replies, and never within one.
fn until_the_end(mut connection: Connection) -> Result<(), Finding> {
    loop {
        let sent = connection.send(&request("GET", "/hello", &[], b""));
        match sent.and_then(|()| connection.receive()) {
            Ok(_) => {}
            Err(Trouble::Closed { so_far }) if so_far.is_empty() => return Ok(()),
            Err(trouble) => return Err(Finding::new("GET /hello on SIGTERM", "a reply or the end", trouble)),
        }
    }
}
