//! A single request as it was measured, for `--raw`.

use reports_record::OutcomeKind;

/// A request of the window; or one of the warm-up whose reply ended in the window, which counts in rates alone. In a closed loop one
/// that was under way from before the window to its end is of the window.
///
/// Moments are nanoseconds since the window's start, negative in the warm-up. Times are nanoseconds and exact; the histograms have
/// them to three digits. `None`: there is no such figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawRequest {
    /// When the schedule wanted it to start; in a closed loop, when its connection was ready.
    pub intended: i64,
    /// When its first byte was handed to the kernel (again, where it was sent a second time); `None` if it never was.
    pub started: Option<i64>,
    /// When it ended, or measuring stopped.
    pub ended: i64,
    /// Time by which the client alone was late; `None` in a closed loop, as the connection wait and the response time.
    pub lateness: Option<u64>,
    /// Time that it waited because every connection was busy. A lower bound where it found none: it has no `connect` then.
    pub connection_wait: Option<u64>,
    /// What opening a connection for it took; 0 where one stood, a lower bound where it was not opened.
    pub connect: Option<u64>,
    /// From its start to the first byte of its reply.
    pub first_byte: Option<u64>,
    /// From its start to its end.
    pub service: Option<u64>,
    /// From its intended start to its end.
    pub response: Option<u64>,
    /// The status of its whole reply, in time or late.
    pub status: Option<u16>,
    /// How it ended; `None` if it was not seen to end.
    pub outcome: Option<OutcomeKind>,
    /// How many requests this is: 1, or the starts of one moment, or of a stretch that ends with it, that were never sent.
    pub requests: u64,
}

impl RawRequest {
    /// Whether its times are lower bounds: it failed without a whole reply in time, or was not seen to end.
    #[must_use]
    pub fn is_censored(&self) -> bool {
        self.outcome.is_none_or(|kind| !kind.is_reply())
    }
}
