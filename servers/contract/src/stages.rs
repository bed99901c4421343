//! The times of requests' stages, as a contender with probes writes them at its end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Most requests whose stages one process keeps: 32 MB. It counts further ones among those left out.
pub const MOST_REQUESTS: usize = 1_000_000;

/// The file that `--stages` names: one JSON object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageTimes {
    /// Least time between two readings of the clock, in nanoseconds: what a stage's time is uncertain by.
    pub reading_ns: u64,
    /// By connection: the time from `accept`'s return until the connection's thread or task ran, in nanoseconds.
    pub starts_ns: Vec<u64>,
    /// Requests that had a read and a write to themselves, by endpoint name without its slash.
    pub requests: BTreeMap<String, Vec<RequestStages>>,
    /// Requests that shared a read or a write with another, came in pieces or without an arrival time, or were too many.
    pub left_out: u64,
}

/// The stages of one request in a server, in nanoseconds and in this order; in JSON an array of the four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u64; 4]", into = "[u64; 4]")]
pub struct RequestStages {
    /// From the arrival of its bytes in the kernel until the connection's thread or task had read them.
    pub wake_ns: u64,
    /// Until it was decoded.
    pub parse_ns: u64,
    /// Until its handler had answered, whatever it waits for included.
    pub handle_ns: u64,
    /// Until the reply was encoded and the kernel had taken it.
    pub write_ns: u64,
}

impl RequestStages {
    /// From the arrival of the request until the kernel had taken the reply: the sum of the stages.
    pub fn whole_ns(self) -> u64 {
        <[u64; 4]>::from(self).iter().sum()
    }
}

impl From<[u64; 4]> for RequestStages {
    fn from([wake_ns, parse_ns, handle_ns, write_ns]: [u64; 4]) -> Self {
        RequestStages { wake_ns, parse_ns, handle_ns, write_ns }
    }
}

impl From<RequestStages> for [u64; 4] {
    fn from(stages: RequestStages) -> Self {
        [stages.wake_ns, stages.parse_ns, stages.handle_ns, stages.write_ns]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_an_array_in_order_and_add_up_to_the_whole() {
        let stages = RequestStages { wake_ns: 1, parse_ns: 20, handle_ns: 300, write_ns: 4000 };
        assert_eq!(serde_json::to_string(&stages).unwrap(), "[1,20,300,4000]");
        assert_eq!(serde_json::from_str::<RequestStages>("[1,20,300,4000]").unwrap(), stages);
        assert_eq!(stages.whole_ns(), 4321);
    }
}
