//! How long each part of an exchange may take.

use std::time::Duration;

use servers_contract::limits::BODY_LIMIT;

use crate::Progress;

/// Time-outs of a connection. Each is for the whole of its part, however many reads or writes that takes.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// From the last reply, or from the connection's start, to the first byte of a request.
    pub keep_alive: Duration,
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// From the end of the head to the end of the body.
    pub body: Duration,
    /// From a batch of replies to the kernel having taken all of it.
    pub write: Duration,
}

impl Timeouts {
    /// How long the connection may stay in this state.
    pub fn of(&self, progress: Progress) -> Duration {
        match progress {
            Progress::Idle => self.keep_alive,
            Progress::Head => self.head,
            Progress::Body => self.body,
        }
    }
}

/// How long a connection is still read from after its last reply, so that this is not lost to a reset: bytes that come to a
/// closed socket, or are unread when it is closed, reset it (RFC 9112 §9.6). A client that has the reply hangs up within a round
/// trip.
pub const LINGER: Duration = Duration::from_secs(1);

/// How much is read in that time: four bodies of the largest size, after which the reset is deserved.
pub const LINGER_BYTES: usize = 4 * BODY_LIMIT;

#[cfg(test)]
mod tests {
    use servers_contract::limits::HEAD_LIMIT;

    use super::*;

    #[test]
    fn a_client_that_sends_the_largest_request_can_end_it_before_the_connection_closes() {
        let (largest, read) = (HEAD_LIMIT + BODY_LIMIT, LINGER_BYTES);
        assert!(read > largest, "{read} bytes are read of {largest}");
    }

    #[test]
    fn each_part_has_its_own_time() {
        let [keep_alive, head, body, write] = [1, 2, 3, 4].map(Duration::from_secs);
        let timeouts = Timeouts { keep_alive, head, body, write };
        let of = [Progress::Idle, Progress::Head, Progress::Body].map(|progress| timeouts.of(progress));
        assert_eq!(of, [keep_alive, head, body]);
    }
}
