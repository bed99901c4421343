//! Heads, targets and bodies that never end. One byte too many is the suite's; this is about memory.

use std::time::Duration;

use crate::faults::staged::{Stage, wrong};
use crate::finding::Finding;

/// What is sent at most, in pieces: a thousand times the limit of a head, sixteen times that of a body.
const FLOOD: usize = 16 * 1024 * 1024;
const PIECE: usize = 64 * 1024;

/// Memory that the process may take beyond what it had.
const MEMORY: u64 = 8 * 1024 * 1024;

pub(super) fn head(stage: &Stage) -> Result<(), Finding> {
    let line = format!("x-padding: {}\r\n", "a".repeat(PIECE));
    flood(stage, b"GET /hello HTTP/1.1\r\nhost: conformance\r\n", line.as_bytes(), &[431])
}

pub(super) fn target(stage: &Stage) -> Result<(), Finding> {
    // Where the end of a line is not found within the limit of a head, both are true.
    flood(stage, b"GET /", &vec![b'a'; PIECE], &[414, 431])
}

pub(super) fn body(stage: &Stage) -> Result<(), Finding> {
    let head = b"POST /echo HTTP/1.1\r\nhost: conformance\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("{PIECE:x}\r\n{}\r\n", "a".repeat(PIECE));
    flood(stage, head, chunk.as_bytes(), &[413])
}

/// Sends `start` and then `piece` over and over: refused with one of `statuses`, or cut off, long before the end.
///
/// Cut off, because a reply to somebody who is still sending can be lost to the reset that follows it.
fn flood(stage: &Stage, start: &[u8], piece: &[u8], statuses: &[u16]) -> Result<(), Finding> {
    let staged = stage.start(&[])?;
    staged.answers_others()?;
    let before = staged.limits().resident()?;
    let expected = format!("{statuses:?} or the end of the connection before {FLOOD} bytes");
    let sent = format!("{}… without end", start.escape_ascii());
    let mut connection = staged.connect()?;
    let mut left = FLOOD / PIECE;
    let refused = connection.send(start).and_then(|()| {
        connection.outlast(Duration::from_millis(1), |connection| {
            left = left.saturating_sub(1);
            connection.send(piece).map(|()| left > 0)
        })
    });
    let more = staged.limits().resident()?.saturating_sub(before);
    match refused.map_err(wrong(&sent, &expected))? {
        Some(received) if !statuses.contains(&received.status) => {
            return Err(Finding::new(sent, expected, format!("status {}", received.status)));
        }
        _ => {}
    }
    if more > MEMORY {
        let limit = format!("at most {} KiB more memory", MEMORY / 1024);
        return Err(Finding::new(sent, limit, format!("{} KiB", more / 1024)));
    }
    staged.answers_others()
}
