//! Computing on the event loop, or handing it to threads.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use servers_contract::{
    Refusal, Run,
    work::{self, Digest},
};

use crate::Single;

/// The chain of `rounds` hashes, computed where `run` says. A panic there is a panic here.
///
/// No thread to be had is [`Refusal::Busy`], as where a connection gets none. Both queues of offloaded work are as long as there are connections: each connection has one request in progress.
pub(crate) async fn compute(rounds: u32, run: Run, single: &Single) -> Result<Digest, Refusal> {
    match run {
        Run::Inline => Ok(work::chain(rounds)),
        Run::Pool => pool(move || work::chain(rounds)).await,
        Run::Single => single.run(move || work::chain(rounds)).await,
    }
}

async fn pool<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    // tokio panics when it can start not even the pool's first thread; the work, already queued, is then run for
    // nobody by the first one that starts.
    let spawned = catch_unwind(AssertUnwindSafe(|| tokio::task::spawn_blocking(work)));
    match spawned.map_err(|_| Refusal::Busy)?.await {
        Ok(result) => Ok(result),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(cancelled) => panic!("the runtime ended before its pool took the work up: {cancelled}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::caught;

    #[tokio::test]
    async fn the_result_is_the_same_wherever_it_is_computed() {
        let single = Single::default();
        for run in [Run::Inline, Run::Pool, Run::Single] {
            assert_eq!(compute(3, run, &single).await, Ok(work::chain(3)), "{run:?}");
        }
    }

    #[tokio::test]
    async fn a_panic_on_the_pool_reaches_the_handler() {
        assert!(caught(pool(|| panic!("deliberate"))).await.is_none());
        assert_eq!(caught(pool(|| 7)).await, Some(Ok(7)));
    }
}
