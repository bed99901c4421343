//! Waiting by awaiting, and the deliberate mistake.

use std::{
    thread,
    time::{Duration, Instant},
};

use servers_contract::{Endpoint, Process, Refusal};

use crate::Timer;

/// Awaits for at least `time`; the event loop goes on with other requests.
pub(crate) async fn wait(time: Duration, timer: &Timer) {
    timer.wait_until(Instant::now() + time).await;
}

/// The guardrail: refuses to hold the event loop, unless the process was told to let it happen.
pub(crate) fn wait_blocking(time: Duration, process: &dyn Process) -> Result<(), Refusal> {
    if !process.allow_blocking() {
        process.count_guardrail_trip();
        return Err(Refusal::Guardrail(Endpoint::Wait));
    }
    #[expect(clippy::disallowed_methods, reason = "the mistake whose cost is to be measured")]
    thread::sleep(time);
    Ok(())
}
