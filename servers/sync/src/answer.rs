//! What each endpoint does, blocking.

use servers_contract::{Call, Refusal, Reply};

use crate::{Handlers, compute::compute, wait::wait};

/// Does what the call asks and gives its reply, or the refusal that its upstream is the reason for.
pub(crate) fn answer(call: &Call, body: &[u8], handlers: &Handlers) -> Result<Reply, Refusal> {
    Ok(match *call {
        Call::Hello => Reply::hello(),
        // `blocking` and `run` say how an event loop is to be treated: there is none here.
        Call::Wait { wait: time, blocking: _ } => {
            wait(time);
            Reply::waited(time)
        }
        Call::Cpu { rounds, run: _ } => Reply::computed(&compute(rounds)),
        Call::Mixed { wait: time, rounds, run: _ } => {
            wait(time);
            Reply::waited_and_computed(time, &compute(rounds))
        }
        Call::Upstream { wait: time } => {
            handlers.upstream.wait(time)?;
            Reply::waited(time)
        }
        Call::Payload { bytes } => Reply::payload(bytes),
        Call::Echo => Reply::echo(body.to_vec()),
        Call::Health => Reply::health(&handlers.process.health()),
        Call::Stats => Reply::stats(&handlers.process.stats()),
    })
}
