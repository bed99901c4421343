//! A contender that can start no thread.

use rustix::process::Resource;

use crate::case::request;
use crate::faults::staged::{Stage, until, wrong};
use crate::finding::Finding;

/// Requests, each on a connection that stays open: threads that have ended may lend their stacks to a few.
const CONNECTIONS: usize = 16;

/// Address space that is left: less than the smallest stack of a thread, more than a request needs. The limit on
/// processes would not do, since it does not bind the superuser.
const LEFT: u64 = 128 * 1024;

/// Work that wants a thread in every model: of the connection, of the request, or of the pool.
const TARGET: &str = "/cpu?rounds=10&run=pool";

pub(super) fn none_left(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&[])?;
    staged.answers_others()?;
    let process = staged.limits();
    process.restrict(Resource::As, Some(process.reserved()? + LEFT))?;
    let (mut held, mut refused) = (Vec::new(), 0);
    for _ in 0..CONNECTIONS {
        let mut connection = staged.connect()?;
        let expected = "200, or 503 where a thread is needed";
        connection.send(&request("GET", TARGET, &[], b"")).map_err(wrong(TARGET, expected))?;
        match connection.receive().map_err(wrong(TARGET, expected))?.status {
            200 => {}
            503 => refused += 1,
            status => return Err(Finding::new(TARGET, expected, format!("status {status}"))),
        }
        held.push(connection);
    }
    if refused == 0 {
        return Err(Finding::new(TARGET, "503 at least once, or nothing was staged", "200 each time"));
    }
    process.restrict(Resource::As, None)?;
    let answered = || {
        let mut connection = staged.connect()?;
        let answer = connection.send(&request("GET", TARGET, &[], b"")).and_then(|()| connection.receive());
        Ok(answer.is_ok_and(|received| received.status == 200))
    };
    until("answers once there are threads again", answered, || "none".to_owned())
}
