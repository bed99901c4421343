//! A handler that panics must not take its loop along, and one that holds it must not do so unseen.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
    time::Instant,
};

use servers_contract::{Endpoint, Process, Refusal, Reply};

/// Awaits a handler; a panic becomes [`Refusal::Panicked`], and a poll longer than the limit is reported.
///
/// Polls are timed, not requests: a handler may await for a minute, but not compute for one. Costs two readings of
/// the clock a poll, about 50 ns together.
pub(crate) async fn guarded(
    handler: impl Future<Output = Result<Reply, Refusal>>,
    endpoint: Endpoint,
    process: &dyn Process,
) -> Result<Reply, Refusal> {
    let mut handler = pin!(handler);
    let limit = process.slow_poll();
    let timed = poll_fn(|context| {
        let started = Instant::now();
        let polled = handler.as_mut().poll(context);
        let held = started.elapsed();
        if held > limit {
            process.count_slow_poll(endpoint, held);
        }
        polled
    });
    caught(timed).await.unwrap_or(Err(Refusal::Panicked))
}

/// Awaits a future; `None` if it panicked. The panic's message has gone to stderr by then.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // Unwind safe: it is not polled again after a panic, and owns nothing that outlives it but counters.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(polled) => polled.map(Some),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_after_an_await_is_caught_and_the_loop_lives_on() {
        let panics = async {
            tokio::task::yield_now().await;
            panic!("deliberate")
        };
        assert_eq!(caught::<()>(panics).await, None);
        assert_eq!(caught(async { 7 }).await, Some(7));
    }
}
