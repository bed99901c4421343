//! `/stats`: counters since the process started.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The reply of `/stats`. Counters never go down; a reader takes differences and tolerates fields it does not know.
///
/// `null`, or a missing field, means: not applicable, or (in a foreign contender) unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stats {
    /// Requests that reached a handler, by endpoint name without its slash; counted before the handler runs, so the
    /// request for these figures is among them.
    pub requests: BTreeMap<String, u64>,
    /// Requests that were answered with a refusal, whoever noticed.
    pub refusals: Option<u64>,
    /// Connections accepted, those answered 503 included.
    pub connections_accepted: Option<u64>,
    /// Connections open now.
    pub connections_open: Option<u64>,
    /// The same by event loop; `null` where there is none, or where it is the stack's secret.
    pub connections_by_loop: Option<Vec<u64>>,
    /// Requests that each event loop has taken, in the same order; `null` where connections do not stay on one.
    pub requests_by_loop: Option<Vec<u64>>,
    /// Blocking calls that the guardrail stopped.
    pub guardrail_trips: Option<u64>,
    /// Polls that held an event loop for longer than the stated limit.
    pub slow_polls: Option<u64>,
    /// Threads of the process now.
    pub threads: Option<u64>,
    /// Tasks of the runtimes now; `null` in a sync contender.
    pub tasks: Option<u64>,
    /// Times that the event loops asked the kernel for events with nothing else to do; `null` in a sync contender.
    pub loop_waits: Option<u64>,
    /// CPU time in user mode, in µs, of the whole process with the threads that have ended (`getrusage`).
    pub cpu_user_us: Option<u64>,
    /// The same in the kernel.
    pub cpu_system_us: Option<u64>,
    /// Context switches because a thread waited, ended threads included.
    pub voluntary_switches: Option<u64>,
    /// Context switches because a thread was made to stop, ended threads included.
    pub involuntary_switches: Option<u64>,
    /// Largest resident set so far, in bytes.
    pub max_rss_bytes: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_contender_may_know_nothing_but_its_requests() {
        let stats: Stats = serde_json::from_str(r#"{"requests":{"hello":3},"tasks":null,"z":{}}"#).unwrap();
        assert_eq!(stats.requests["hello"], 3);
        assert_eq!(stats.cpu_user_us, None);
    }
}
