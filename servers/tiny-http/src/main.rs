//! Front: tiny_http 0.12, over the sync handlers.
//!
//! By default a thread per request, as the library's own example does it; `--threads n` makes that a bounded pool of
//! n threads that take requests from the library's queue. Every request passes that queue and at least two threads:
//! the library keeps a thread per connection, which parses, and hands the parsed request on.
//!
//! What the library does that a measurement must know, and what is done about it here:
//!
//! - **Bursts starve.** Its pool of connection threads trusts a stale count of idle ones, so of many keep-alive
//!   connections that open at once some are not read until another one closes. Nothing here can mend that: open
//!   connections one after another, each proven by a request.
//! - **Small writes.** It buffers 1,024 bytes and never sets `TCP_NODELAY`, so a longer reply waits 40 ms for an
//!   acknowledgement. The listener carries the option and accepted sockets inherit it.
//! - **Chunks.** Replies from 32,768 bytes on would be sent in chunks; the threshold is raised out of reach.
//! - **Its accept loop dies for good** at the first error, such as a lack of descriptors, and at a panic. The
//!   descriptor limit is raised at the start; should it happen nevertheless, the process ends with an error
//!   instead of listening without accepting ([`acceptor`]).
//! - **A dropped request answers 500 without a body.** Handlers' panics are caught before that, and a thread that
//!   cannot be spawned answers 503 ([`dispatch`]).
//! - **Lenient framing.** Of two lengths it takes the first, of `+5` it takes 5, it ignores a length beside a coding.
//!   What can be seen in the parsed head is checked here ([`framing`]); what cannot is listed in
//!   `servers/contenders.toml`.
//! - **It cannot hang up.** A refusal that should end the connection does not; also listed there.
//! - **It allocates what a head announces** when it drops a request whose body was not read, and the process aborts
//!   if that is more than there is ([`body`]).
//! - **No limits.** It has no time-outs, no limit on connections and none on a head while it reads it, so those flags
//!   are refused; head and target are measured once they are read. The number of connections is its secret: `/stats`
//!   says `null`.
//! - **`respond` succeeds on a reset connection**, so a reply that nobody got is not counted as an error.

mod acceptor;
mod body;
mod dispatch;
mod exchange;
mod framing;
mod in_flight;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use servers_contract::Model;
use servers_front::{Flag, Front, Start, notice};
use servers_sync::Handlers;
use tiny_http::Server;

use crate::acceptor::Acceptor;
use crate::dispatch::Dispatch;

const FRONT: Front =
    Front { name: "tiny-http", version: "tiny_http 0.12.0", model: Model::Sync, honours: &[Flag::Threads] };

fn main() -> ExitCode {
    servers_front::run(&FRONT, serve)
}

/// Serves until there is a reason to stop, then answers what the library had queued by then.
fn serve(start: Start) -> anyhow::Result<()> {
    let acceptor = Acceptor::of(&start.listener).context("could not find the listener in /proc/self/fd")?;
    let server = Server::from_listener(start.listener, None)
        .map_err(|error| anyhow!("tiny_http does not take the listener: {error}"))?;
    let handlers = Handlers::new(start.contender.clone());
    let dispatch = Dispatch::start(Arc::new(server), handlers, start.flags.threads, start.stop.failure())?;
    acceptor.watch(start.stop.failure())?;
    start.contender.ready();
    start.stop.wait()?;
    let left = dispatch.drain(start.flags.grace);
    if left > 0 {
        notice(format_args!("{left} threads were still busy after {:?}", start.flags.grace));
    }
    Ok(())
}
