//! Clients that ask for much and read little of it.

use std::time::Duration;

use servers_contract::limits::PAYLOAD_MAX;

use crate::case::request;
use crate::connection::Connection;
use crate::faults::staged::{Stage, Staged, until, wrong};
use crate::finding::Finding;

/// Clients at a time, and what each asks for: far more than both sockets' buffers hold.
const CLIENTS: usize = 4;
const REQUESTS: usize = 64;

/// Memory that the process may take beyond what it had: a few of the largest replies for each client, where all that
/// was asked for would be 256 MiB.
const MEMORY: u64 = (CLIENTS * 6 * PAYLOAD_MAX + 16 * 1024 * 1024) as u64;

/// Nothing at all: the peer's closed window is what ends it, in every stack that listens on a socket of ours.
pub(super) fn takes_nothing(stage: &Stage) -> Result<(), Finding> {
    cut_off(&stage.start(&["--user-timeout", "500ms"])?, |_| Ok(()))
}

/// Enough to keep the window open now and then: only a time-out for the whole of a reply ends that.
pub(super) fn takes_a_little(stage: &Stage) -> Result<(), Finding> {
    let staged = stage.start(&["--write-timeout", "300ms", "--user-timeout", "1m", "--keep-alive", "1m"])?;
    cut_off(&staged, |connection| {
        connection.take_a_little(Duration::from_millis(5)).map_err(wrong("", "something to read"))
    })
}

/// Asks for much on several connections; they must be closed although nobody reads, in bounded memory.
fn cut_off(
    staged: &Staged,
    mut meanwhile: impl FnMut(&mut Connection) -> Result<(), Finding>,
) -> Result<(), Finding> {
    staged.answers_others()?;
    let process = staged.limits();
    let (before, memory) = (process.descriptors()?.len(), process.resident()?);
    let asked = request("GET", &format!("/payload?bytes={PAYLOAD_MAX}"), &[], b"").repeat(REQUESTS);
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut connection = staged.connect()?;
        connection.send(&asked).map_err(wrong("GET /payload", "to be read"))?;
        clients.push(connection);
    }
    let begun = || Ok(staged.stats()?.requests.get("payload").is_some_and(|begun| *begun >= CLIENTS as u64));
    until("the first replies of all to be begun", begun, || "too few requests counted".to_owned())?;
    let mut most = memory;
    // Connections are what holds descriptors; a client cannot see that it was given up.
    let closed = || {
        most = most.max(process.resident()?);
        clients.iter_mut().try_for_each(&mut meanwhile)?;
        Ok(process.descriptors()?.len() <= before)
    };
    until("their connections to be closed", closed, || "connections still open".to_owned())?;
    if most - memory > MEMORY {
        let got = format!("{} KiB more than the {} KiB before", (most - memory) / 1024, memory / 1024);
        return Err(Finding::new("", format!("at most {} KiB more", MEMORY / 1024), got));
    }
    let taken = staged.stats()?.requests.get("payload").copied().unwrap_or_default();
    if taken >= (CLIENTS * REQUESTS) as u64 {
        return Err(Finding::new("", "replies that were not taken not to be made", format!("{taken} made")));
    }
    staged.answers_others()
}
