//! One timer for all the deadlines of a connection, cheap and coarse.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that is set again only for an earlier deadline, or once it rang too early.
///
/// A busy connection's deadline moves away with each request; the timer stays where it is and catches up when it
/// rings: once in a keep-alive time instead of once a request. Millisecond ticks are precise enough for time-outs.
#[derive(Debug)]
pub struct Patience {
    timer: Pin<Box<Sleep>>,
}

impl Patience {
    /// Set for a first deadline.
    pub fn until(deadline: Instant) -> Patience {
        Patience { timer: Box::pin(sleep_until(deadline)) }
    }

    /// Ready once `deadline` has passed; otherwise wakes the task then.
    pub fn poll(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        if deadline < self.timer.deadline() {
            self.timer.as_mut().reset(deadline);
        }
        loop {
            ready!(self.timer.as_mut().poll(context));
            if self.timer.deadline() >= deadline {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::poll_fn, time::Duration};

    #[tokio::test]
    async fn a_deadline_that_moved_is_waited_for_and_an_earlier_one_too() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut patience = Patience::until(at(5));
        poll_fn(|context| patience.poll(at(20), context)).await;
        assert!(Instant::now() >= at(20));
        let mut patience = Patience::until(at(3_600_000));
        poll_fn(|context| patience.poll(at(30), context)).await;
        assert!(Instant::now() >= at(30));
    }
}
