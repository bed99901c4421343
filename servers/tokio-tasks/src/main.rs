//! Front: a tokio task per connection, over the async handlers.
//!
//! The control of `std-threads`: both read, decode, answer and write alike, with the same codec, buffers, limits and
//! time-outs; this one awaits where that one blocks.
//!
//! - One thread accepts; `--workers` event loops, each a runtime on a thread of its own, serve. A connection goes to the
//!   loop that has the fewest and stays there; no work moves between loops, as in actix-web.
//! - With `--stealing` there is one runtime instead, whose `--workers` threads take work from each other: tokio's own default,
//!   listed as `tokio-stealing`. Its waits share one timer, as those of a loop do.
//! - One timer a connection, which is left alone as long as deadlines only move away: a request costs no
//!   registration of a time-out.
//! - `--threads` bounds the pool for offloaded work (`run=pool`), shared out evenly among the loops.

mod accept;
mod connection;
mod loops;
mod socket;
mod worker;

use std::{
    net::Shutdown,
    num::NonZeroUsize,
    process::ExitCode,
    sync::{Arc, mpsc},
    thread,
};

use anyhow::{Context, anyhow};
use servers_async::Single;
use servers_contract::Model;
use servers_front::{Clock, Connections, Contender, Flag, Front, Start, drain};
use servers_wire::Timeouts;
use socket2::SockRef;

use crate::{loops::Loops, socket::Outside, worker::Worker};

const FRONT: Front = Front {
    name: "tokio-tasks",
    // A test of the conformance suite holds it to Cargo.lock.
    version: "tokio 1.54.1",
    model: Model::Async,
    honours: &[
        Flag::Workers,
        Flag::Stealing,
        Flag::Threads,
        Flag::MaxConnections,
        Flag::KeepAlive,
        Flag::HeadTimeout,
        Flag::BodyTimeout,
        Flag::WriteTimeout,
        Flag::AllowBlocking,
        Flag::SlowPoll,
        Flag::Stages,
    ],
};

/// Threads for offloaded work in all loops together: tokio's own default for one runtime.
const POOL: usize = 512;

/// What all workers share.
struct Service {
    contender: Arc<Contender>,
    single: Single,
    timeouts: Timeouts,
    clock: Clock,
    connections: Arc<Connections<Outside>>,
}

fn main() -> ExitCode {
    servers_front::run(&FRONT, serve)
}

fn serve(start: Start) -> anyhow::Result<()> {
    let connections = Connections::new(start.max_connections);
    let open = Arc::clone(&connections);
    start.contender.report_open_connections(move || open.count() as u64);
    let service = Arc::new(Service {
        contender: Arc::clone(&start.contender),
        single: Single::default(),
        timeouts: Timeouts {
            keep_alive: start.flags.keep_alive,
            head: start.flags.head_timeout,
            body: start.flags.body_timeout,
            write: start.flags.write_timeout,
        },
        clock: Clock::start().context("could not start the thread that reads the clock")?,
        connections: Arc::clone(&connections),
    });
    let loops = start_workers(&start, &service)?;
    let (listener, stages) = (Arc::new(start.listener), start.stages);
    let (accepts, contender) = (Arc::clone(&listener), Arc::clone(&start.contender));
    thread::Builder::new()
        .name("accept".to_owned())
        .spawn(move || accept::accept(&accepts, &contender, loops, stages.as_ref()))
        .context("could not start the thread that accepts")?;
    start.contender.ready();
    let cause = start.stop.wait();
    // What has arrived is still read and answered after that; an idle connection's read returns.
    let end = |outside: &Outside| drop(SockRef::from(outside.stream()).shutdown(Shutdown::Read));
    drain(&*listener, &connections, end, start.flags.grace);
    cause
}

/// Starts the runtimes, one for each event loop or a single one that steals, and waits until each of them serves.
fn start_workers(start: &Start, service: &Arc<Service>) -> anyhow::Result<Loops> {
    let workers = start.flags.workers();
    let stealing = NonZeroUsize::new(workers).filter(|_| start.flags.stealing);
    let runtimes = if stealing.is_some() { 1 } else { workers };
    let pool = start.flags.threads.map_or(POOL, |threads| threads.get()).div_ceil(runtimes);
    start.contender.adjust_settings(|settings| settings.threads = Some((pool * runtimes) as u64));
    let mut loops = Loops::default();
    let (started, starts) = mpsc::channel();
    for number in 0..runtimes {
        let (handed_out, share) = loops.add();
        if stealing.is_none() {
            let requests = Arc::clone(&share);
            start.contender.report_loop_connections(move || share.open());
            start.contender.report_loop_requests(move || requests.requests());
        }
        let worker = Worker { handed_out, service: Arc::clone(service), pool, stealing };
        let started = started.clone();
        thread::Builder::new()
            .name(format!("loop-{number}"))
            .spawn(move || worker.run(&started))
            .with_context(|| format!("could not start the thread of event loop {number}"))?;
    }
    for _ in 0..runtimes {
        starts
            .recv()
            .unwrap_or_else(|_| Err(anyhow!("it ended early")))
            .context("could not start an event loop")?;
    }
    Ok(loops)
}
