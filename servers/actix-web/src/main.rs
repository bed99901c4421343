//! Front: actix-web 4, over the async handlers.
//!
//! Each worker is a thread with an event loop of its own; connections are dealt out to them in turn and stay where
//! they are. The framework routes nothing and extracts nothing here: one default service hands the raw method, target
//! and body to the contract's parser, so that refusals read alike in every contender ([`answer`]).
//!
//! What the framework does that a measurement must know, and what is done about it here:
//!
//! - **No stealing.** Workers share nothing, so a worker may idle while another queues: use many more connections than
//!   workers.
//! - **Its own defaults** (5 s of keep-alive, 25,600 connections and a share of 512 blocking threads per worker, up to
//!   30 s for a graceful stop, signals) are replaced by the flags that all contenders share ([`server`]).
//! - **Nagle.** It leaves sockets as they are; accepted ones inherit `TCP_NODELAY` from the listener.
//! - **Connections past the limit wait** in the listen queue instead of being answered 503.
//! - **Its time-outs are coarse.** They start from a clock that is read twice a second, so each may come half a second
//!   early, and the one for heads covers only the first head of a connection. There is none for bodies: here is one.
//!   There is none for writes: the listener's `TCP_USER_TIMEOUT` ends a reader that acknowledges nothing, and
//!   `--write-timeout` is refused.
//! - **Fixed limits of a head**, 128 KiB and 96 fields: the contract's, which are lower, are applied to the parsed
//!   head; beyond the fixed ones it answers 431 or 400 without a body.
//! - **A handler that panics** would take its connection along, not its worker; the handlers answer 500 before that.
//! - **A graceful stop takes a second** or more when connections are open: it looks once a second.

mod answer;
mod connections;
mod head;
mod server;

use std::process::ExitCode;

use servers_contract::Model;
use servers_front::{Flag, Front};

const FRONT: Front = Front {
    name: "actix-web",
    version: "actix-web 4.18.1",
    model: Model::Async,
    honours: &[
        Flag::Workers,
        Flag::Threads,
        Flag::MaxConnections,
        Flag::KeepAlive,
        Flag::HeadTimeout,
        Flag::BodyTimeout,
        Flag::AllowBlocking,
        Flag::SlowPoll,
    ],
};

fn main() -> ExitCode {
    servers_front::run(&FRONT, server::serve)
}
