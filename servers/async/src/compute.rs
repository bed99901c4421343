//! Computing on the event loop, or handing it to threads.

use std::panic::resume_unwind;

use servers_contract::{
    Run,
    work::{self, Digest},
};

use crate::Single;

/// The chain of `rounds` hashes, computed where `run` says. A panic there is a panic here.
///
/// Both queues of offloaded work are as long as there are connections: each connection has one request in progress.
pub(crate) async fn compute(rounds: u32, run: Run, single: &Single) -> Digest {
    match run {
        Run::Inline => work::chain(rounds),
        Run::Pool => pool(move || work::chain(rounds)).await,
        Run::Single => single.run(move || work::chain(rounds)).await,
    }
}

async fn pool<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
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
            assert_eq!(compute(3, run, &single).await, work::chain(3), "{run:?}");
        }
    }

    #[tokio::test]
    async fn a_panic_on_the_pool_reaches_the_handler() {
        assert!(caught(pool(|| panic!("deliberate"))).await.is_none());
        assert_eq!(caught(pool(|| 7)).await, Some(7));
    }
}
