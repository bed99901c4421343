//! One slice of a loop that was measured in turns with other contenders' loops.

use serde::{Deserialize, Serialize};

/// Raw figures of one slice. A loop's measurement is the sum of those that are not left out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// The round, from 0: in each, every contender has one slice there and one on the way back.
    pub round: u32,
    /// Its place among all slices of the phase, those of other contenders included, from 1.
    pub number: u32,
    /// Correct replies per second of its window.
    pub goodput_per_s: f64,
    /// Requests that were answered, lead-in and drain included.
    pub answered: u64,
    /// CPU time of the contender, lead-in and drain included, microseconds; `None` where it is not known.
    pub cpu_us: Option<u64>,
    /// Median response time (closed loop: service time), microseconds; `None` with too few requests.
    pub time_us_p50: Option<f64>,
    /// Whether its round was left out for all contenders, because the machine disturbed it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_left_out: bool,
}

impl Slice {
    /// CPU time per answered request, microseconds.
    #[must_use]
    pub fn cpu_per_request_us(&self) -> Option<f64> {
        self.cpu_us.filter(|_| self.answered > 0).map(|cpu| cpu as f64 / self.answered as f64)
    }
}
