//! A contender that has no descriptor left for one more connection.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Resource;

use crate::case::{Expected, Step, request};
use crate::connection::Connection;
use crate::faults::limits::Limits;
use crate::faults::staged::{Stage, Staged, until, wrong};
use crate::finding::Finding;

/// Descriptors that are left, and connections that want one each at least.
const LEFT: usize = 4;
const CONNECTIONS: usize = 16;

/// How long it is watched, and which share of that it may compute: one that spins takes all of a CPU.
const WATCH: Duration = Duration::from_millis(600);
const SHARE: u32 = 2;

/// What waits for a descriptor is not tried again at once, for ever.
pub(super) fn no_spinning(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&[])?;
    let _clients = exhaust(&staged)?;
    let (cpu, began) = (staged.limits().cpu_time()?, Instant::now());
    thread::sleep(WATCH);
    let (used, watched) = (staged.limits().cpu_time()? - cpu, began.elapsed());
    // One that has ended uses no time either, and its account can be read until its parent has seen its end.
    staged.limits().resident()?;
    if used > watched / SHARE {
        let got = format!("{used:?} of CPU time in {watched:?}");
        return Err(Finding::new("", format!("less than 1/{SHARE} of a CPU"), got));
    }
    Ok(())
}

/// Those who wait are answered as soon as others have gone, and so are those who come later.
pub(super) fn recovers(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&[])?;
    let mut clients = exhaust(&staged)?;
    let last = clients.pop();
    drop(clients);
    if let Some(mut last) = last {
        Step { pieces: Vec::new(), expected: Expected::of("GET", "/hello", b"").into_iter().collect() }
            .judge(&mut last)
            .map_err(|finding| {
                Finding::new("GET /hello before descriptors were free", finding.expected, finding.got)
            })?;
    }
    staged.answers_others()
}

/// Opens connections, each with a request, until all descriptors that are left are taken.
fn exhaust(staged: &Staged) -> Result<Vec<Connection>, Finding> {
    staged.answers_others()?;
    let process = staged.limits();
    let limit = limit(&process.descriptors()?);
    process.restrict(Resource::Nofile, Some(limit))?;
    let hello = request("GET", "/hello", &[], b"");
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = staged.connect()?;
        connection.send(&hello).map_err(wrong("GET /hello", "to be taken by the kernel"))?;
        clients.push(connection);
    }
    let left = |process: Limits| -> Result<usize, Finding> {
        // A process that has ended has none, and no memory either.
        process.resident()?;
        let taken = process.descriptors()?;
        Ok((0..limit).filter(|number| !taken.contains(number)).count())
    };
    // A stack that takes two for a connection may leave one over.
    until("all descriptors to be taken", || Ok(left(process)? <= 1), || "some are free".to_owned())?;
    Ok(clients)
}

/// The limit that leaves [`LEFT`] numbers beside those that are taken.
fn limit(taken: &[u64]) -> u64 {
    let free = (0..).filter(|number| !taken.contains(number));
    free.take(LEFT).last().map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_leaves_so_many_numbers_and_no_more() {
        assert_eq!(limit(&[0, 1, 2, 3]), 8);
        assert_eq!(limit(&[0, 1, 2, 5, 6]), 9);
    }
}
