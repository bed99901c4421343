//! A handler that panics must not take its thread along.

use std::panic::{AssertUnwindSafe, catch_unwind};

use servers_contract::{Refusal, Reply};

/// Runs a handler; a panic becomes [`Refusal::Panicked`]. The panic's message has gone to stderr by then.
pub(crate) fn guarded(handler: impl FnOnce() -> Result<Reply, Refusal>) -> Result<Reply, Refusal> {
    // Unwind safe: what outlives a handler is whole at every instant: counters, and idle connections.
    catch_unwind(AssertUnwindSafe(handler)).unwrap_or(Err(Refusal::Panicked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panicking_handler_is_answered_500_and_the_thread_lives_on() {
        assert_eq!(guarded(|| panic!("deliberate")), Err(Refusal::Panicked));
        assert_eq!(Refusal::Panicked.reply().status, 500);
        assert_eq!(guarded(|| Ok(Reply::hello())), Ok(Reply::hello()));
    }
}
