//! Clients that take their time: a byte now and then, or none at all.

use std::time::Duration;

use crate::connection::{Connection, Trouble};
use crate::faults::staged::{BOUND, SHORT, Stage, Staged, hello};
use crate::finding::Finding;
use crate::reply::Received;

/// Between two bytes: well below the time-outs, which must hold for the whole part and not for each read.
const PAUSE: Duration = Duration::from_millis(30);

/// Time-outs that must not pass.
const LONG: &str = "1m";

const HALF_A_HEAD: &[u8] = b"GET /hello HTTP/1.1\r\nhost: conformance\r\nx-slow: ";

pub(super) fn head(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&["--head-timeout", SHORT, "--body-timeout", LONG, "--keep-alive", LONG])?;
    drip(&staged, false, HALF_A_HEAD)
}

/// The same after a request that was answered: some stacks time the first head only.
pub(super) fn second_head(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&["--head-timeout", SHORT, "--body-timeout", LONG, "--keep-alive", LONG])?;
    drip(&staged, true, HALF_A_HEAD)
}

pub(super) fn body(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&["--body-timeout", SHORT, "--head-timeout", LONG, "--keep-alive", LONG])?;
    drip(&staged, false, b"POST /echo HTTP/1.1\r\nhost: conformance\r\ncontent-length: 100000\r\n\r\n")
}

/// The same in chunks, whose end a stack may go on waiting for after its reply.
pub(super) fn chunks(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&["--body-timeout", SHORT, "--head-timeout", LONG, "--keep-alive", LONG])?;
    let start = b"POST /echo HTTP/1.1\r\nhost: conformance\r\ntransfer-encoding: chunked\r\n\r\nfffff\r\n";
    drip(&staged, false, start)
}

/// From its first moment; some stacks count that as a head that does not come.
pub(super) fn silence(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&["--keep-alive", SHORT, "--head-timeout", SHORT])?;
    let mut connection = staged.connect_within(BOUND)?;
    let outcome = connection.outlast(PAUSE, |_| Ok(true));
    ended(&mut connection, "nothing", outcome)?;
    staged.answers_others()
}

/// After a request that was answered.
pub(super) fn idleness(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&["--keep-alive", SHORT])?;
    let mut connection = staged.connect_within(BOUND)?;
    hello(&mut connection)?;
    let outcome = connection.outlast(PAUSE, |_| Ok(true));
    ended(&mut connection, "nothing after an answered request", outcome)?;
    staged.answers_others()
}

/// Sends `start` at once and then a byte at a time until the contender has had enough.
fn drip(staged: &Staged, after_another: bool, start: &[u8]) -> Result<(), Finding> {
    let mut connection = staged.connect_within(BOUND)?;
    if after_another {
        hello(&mut connection)?;
    }
    let sent = format!("{}… a byte every {PAUSE:?}", start.escape_ascii());
    let outcome = connection
        .send(start)
        .and_then(|()| connection.outlast(PAUSE, |connection| connection.send(b"x").map(|()| true)));
    ended(&mut connection, &sent, outcome)?;
    staged.answers_others()
}

/// Without a word, or after 408.
fn ended(
    connection: &mut Connection,
    sent: &str,
    outcome: Result<Option<Received>, Trouble>,
) -> Result<(), Finding> {
    let expected = format!("the end of the connection within {BOUND:?}, with 408 or without");
    match outcome {
        Ok(None) => Ok(()),
        Ok(Some(received)) if received.status == 408 => connection
            .ends()
            .map_err(|trouble| Finding::new(sent, "the end of the connection after 408", trouble)),
        Ok(Some(received)) => Err(Finding::new(sent, expected, format!("status {}", received.status))),
        Err(trouble) => Err(Finding::new(sent, expected, trouble)),
    }
}
