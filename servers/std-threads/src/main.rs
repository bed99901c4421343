//! Front: a blocking thread per connection, over the sync handlers.
//!
//! The control of `tokio-tasks`: both read, decode, answer and write alike, with the same codec, buffers, limits and
//! time-outs; this one blocks where that one awaits.
//!
//! - One thread accepts; each connection gets a thread of its own for as long as it lasts. `--max-connections`
//!   bounds them, and one more is answered 503, as it is when no thread can be started.
//! - Time-outs are the kernel's, on each accepted socket, and usually set once: only a request that arrives in
//!   pieces costs a system call for what is left of its time.

mod accept;
mod connection;
mod socket;

use std::{
    net::{Shutdown, TcpStream},
    process::ExitCode,
    sync::Arc,
    thread,
};

use anyhow::Context;
use servers_contract::Model;
use servers_front::{Clock, Connections, Flag, Front, StageLog, Start, drain};
use servers_sync::Handlers;
use servers_wire::Timeouts;

const FRONT: Front = Front {
    name: "std-threads",
    version: concat!("std-threads ", env!("CARGO_PKG_VERSION")),
    model: Model::Sync,
    honours: &[
        Flag::MaxConnections,
        Flag::KeepAlive,
        Flag::HeadTimeout,
        Flag::BodyTimeout,
        Flag::WriteTimeout,
        Flag::Stages,
    ],
};

/// Stack of a connection's thread: 256 KiB. Address space, not memory: a thread touches about 12 KiB of it, and a
/// panic that prints its backtrace still fits. With the usual 8 MiB, 16,384 threads would reserve 128 GiB.
const THREAD_STACK: usize = 256 * 1024;

/// What all connections share.
struct Service {
    handlers: Handlers,
    timeouts: Timeouts,
    clock: Clock,
    connections: Arc<Connections<Arc<TcpStream>>>,
    stages: Option<Arc<StageLog>>,
}

fn main() -> ExitCode {
    servers_front::run(&FRONT, serve)
}

fn serve(start: Start) -> anyhow::Result<()> {
    let connections = Connections::new(start.max_connections);
    let open = Arc::clone(&connections);
    start.contender.report_open_connections(move || open.count() as u64);
    start.contender.adjust_settings(|settings| settings.thread_stack_bytes = Some(THREAD_STACK as u64));
    let service = Arc::new(Service {
        handlers: Handlers::new(start.contender.clone()),
        timeouts: Timeouts {
            keep_alive: start.flags.keep_alive,
            head: start.flags.head_timeout,
            body: start.flags.body_timeout,
            write: start.flags.write_timeout,
        },
        clock: Clock::start().context("could not start the thread that reads the clock")?,
        connections: Arc::clone(&connections),
        stages: start.stages,
    });
    let listener = Arc::new(start.listener);
    let (accepts, contender) = (Arc::clone(&listener), Arc::clone(&start.contender));
    thread::Builder::new()
        .name("accept".to_owned())
        .spawn(move || accept::accept(&accepts, &contender, &service))
        .context("could not start the thread that accepts")?;
    start.contender.ready();
    let cause = start.stop.wait();
    // What has arrived is still read and answered after that; an idle connection's read returns.
    let end = |stream: &Arc<TcpStream>| drop(stream.shutdown(Shutdown::Read));
    drain(&*listener, &connections, end, start.flags.grace);
    cause
}
