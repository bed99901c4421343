//! What a contender and its upstream say to each other: four bytes there, and after the wait the same four bytes back.
//!
//! A question is the wait in microseconds, most significant byte first. A connection carries one question at a time, and as many
//! after one another as its asker likes.

use std::{net::SocketAddr, time::Duration};

use crate::limits;

/// Bytes of a question, and of its answer.
pub const LENGTH: usize = 4;

/// How long a contender waits for an answer: the longest wait, and ten seconds for everything else.
pub const TIMEOUT: Duration = Duration::from_secs(70);

/// The server that `/upstream` asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    /// How long an answer may take; [`TIMEOUT`] but in tests.
    pub timeout: Duration,
}

/// The question that is answered after `wait`, which is a call's: [`limits::WAIT_MAX`] at most, in whole microseconds.
pub fn question(wait: Duration) -> [u8; LENGTH] {
    u32::try_from(wait.as_micros()).unwrap_or(u32::MAX).to_be_bytes()
}

/// The wait that a question asks for; `None` beyond [`limits::WAIT_MAX`].
pub fn wait(question: [u8; LENGTH]) -> Option<Duration> {
    let wait = Duration::from_micros(u32::from_be_bytes(question).into());
    (wait <= limits::WAIT_MAX).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wait_of_the_contract_can_be_asked_for_and_none_beyond() {
        for micros in [0, 1, 200, 10_000, 60_000_000] {
            let asked = Duration::from_micros(micros);
            assert_eq!(wait(question(asked)), Some(asked));
        }
        assert_eq!(wait(question(limits::WAIT_MAX + Duration::from_micros(1))), None);
        assert_eq!(wait(question(Duration::MAX)), None);
        assert!(TIMEOUT > limits::WAIT_MAX);
    }
}
