//! What was found where a contender does not answer as the contract says.

use std::fmt;

/// What was sent, what the contract expects, and what came instead; each escaped and shortened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was sent last; empty if nothing could be.
    pub sent: String,
    /// What the contract expects.
    pub expected: String,
    /// What came.
    pub got: String,
}

impl Finding {
    pub(crate) fn new(sent: impl ToString, expected: impl ToString, got: impl ToString) -> Self {
        Self { sent: sent.to_string(), expected: expected.to_string(), got: got.to_string() }
    }

    /// Says that it was found after the case's own requests had been answered.
    pub(crate) fn on_the_same_connection(mut self) -> Self {
        self.sent = format!("{} (then, on the same connection)", self.sent);
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sent \"{}\", expected {}, got {}", self.sent, self.expected, self.got)
    }
}

impl std::error::Error for Finding {}
