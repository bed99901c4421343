//! What each endpoint does, awaiting.

use servers_contract::{Call, Refusal, Reply};

use crate::{
    Handlers,
    compute::compute,
    wait::{wait, wait_blocking},
};

/// Does what the call asks and gives its reply, or a refusal: the guardrail's, or one that its upstream is the reason for.
pub(crate) async fn answer(call: &Call, body: &[u8], handlers: &Handlers) -> Result<Reply, Refusal> {
    Ok(match *call {
        Call::Hello => Reply::hello(),
        Call::Wait { wait: time, blocking } => {
            if blocking {
                wait_blocking(time, &*handlers.process)?;
            } else {
                wait(time, &handlers.timer).await;
            }
            Reply::waited(time)
        }
        Call::Cpu { rounds, run } => Reply::computed(&compute(rounds, run, &handlers.single).await?),
        Call::Mixed { wait: time, rounds, run } => {
            wait(time, &handlers.timer).await;
            Reply::waited_and_computed(time, &compute(rounds, run, &handlers.single).await?)
        }
        Call::Upstream { wait: time } => {
            handlers.upstream.wait(time).await?;
            Reply::waited(time)
        }
        Call::Payload { bytes } => Reply::payload(bytes),
        Call::Echo => Reply::echo(body.to_vec()),
        Call::Health => Reply::health(&handlers.process.health()),
        Call::Stats => Reply::stats(&handlers.process.stats()),
    })
}
