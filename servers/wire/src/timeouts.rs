//! How long each part of an exchange may take.

use std::time::Duration;

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
