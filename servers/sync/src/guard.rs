//! A handler that panics must not take its thread along.

use std::panic::{AssertUnwindSafe, catch_unwind};

use servers_contract::{Refusal, Reply};

/// Runs a handler; a panic becomes [`Refusal::Panicked`]. The panic's message has gone to stderr by then.
pub(crate) fn guarded(handler: impl FnOnce() -> Reply) -> Result<Reply, Refusal> {
    // Unwind safe: a handler owns nothing that outlives it but counters, which are whole at every instant.
    catch_unwind(AssertUnwindSafe(handler)).map_err(|_| Refusal::Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panicking_handler_is_answered_500_and_the_thread_lives_on() {
        assert_eq!(guarded(|| panic!("deliberate")), Err(Refusal::Panicked));
        assert_eq!(Refusal::Panicked.reply().status, 500);
        assert_eq!(guarded(Reply::hello), Ok(Reply::hello()));
    }
}
