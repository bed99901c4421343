//! The path of a request through each contender of the control pair: the times of its stages, from a measurement of their own.

use serde::{Deserialize, Serialize};

use crate::Environment;

/// Name of the file in a run's folder.
pub const REQUEST_PATH: &str = "path.json";

/// Everything that `crossover path` measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestPath {
    /// [`SCHEMA`](crate::SCHEMA) at the time of writing.
    pub schema: u32,
    /// The command that measures it again.
    pub command: String,
    /// When it began, RFC 3339, UTC.
    pub measured_at: String,
    /// The machine and the checkout.
    pub environment: Environment,
    /// Path and query asked, such as `/wait?ms=10`.
    pub target: String,
    /// The wait that a request asks for, microseconds.
    pub wait_us: f64,
    /// Connections held open.
    pub connections: u32,
    /// The offered rate, per second, with exponential gaps.
    pub rate_per_s: f64,
    /// Times that each contender was measured with probes, and as often without.
    pub turns: u32,
    /// How long each of these measurements took, seconds.
    pub span_s: f64,
    /// The contenders, the blocking one first.
    pub contenders: Vec<ContenderPath>,
}

/// The path of a request through one contender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContenderPath {
    /// The contender.
    pub contender: String,
    /// `sync` or `async`.
    pub model: String,
    /// Requests whose stages were timed.
    pub requests: u64,
    /// Requests that were not: several in one read or write, or without an arrival time.
    pub left_out: u64,
    /// Measurements, with probes and without, whose certificate is invalid; their figures are among the others.
    pub invalid: u32,
    /// Least time between two readings of the clock, microseconds: what a stage is uncertain by.
    pub reading_us: f64,
    /// Mean stages of the middle half of the requests, in order of their own time ([`Stages::whole_us`]).
    pub typical: Stages,
    /// Mean stages of the slowest hundredth; `None` with fewer than ten requests in it.
    pub slowest: Option<Stages>,
    /// Median time from `accept`'s return until the connection's thread or task ran, microseconds; `None` with fewer than 20.
    pub start_us_p50: Option<f64>,
    /// Median service time that the client saw less the wait, microseconds: the server's stages and loopback.
    pub client_us_p50: Option<f64>,
    /// Costs while no probe was there.
    pub without_probes: ProbedCost,
    /// The same with probes.
    pub with_probes: ProbedCost,
}

/// Mean times of a request's stages in the server, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// Requests behind the means.
    pub requests: u64,
    /// From the arrival in the kernel until the connection's thread or task had read the request.
    pub wake_us: f64,
    /// Until it was decoded.
    pub parse_us: f64,
    /// Until its handler had answered, beyond the wait that it asked for.
    pub overdue_us: f64,
    /// Until the reply was encoded and the kernel had taken it.
    pub reply_us: f64,
}

impl Stages {
    /// Names of the stages, in order.
    pub const NAMES: [&str; 4] = ["wake-up", "parsing", "handler beyond its wait", "reply"];

    /// The stages in order, microseconds.
    #[must_use]
    pub fn in_order(&self) -> [f64; 4] {
        [self.wake_us, self.parse_us, self.overdue_us, self.reply_us]
    }

    /// The server's own time for a request: all stages, without the wait, microseconds.
    #[must_use]
    pub fn whole_us(&self) -> f64 {
        self.in_order().iter().sum()
    }
}

/// What requests cost and took, with probes or without: means over turns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProbedCost {
    /// CPU time of the contender, microseconds per request.
    pub cpu_us: f64,
    /// Median response time less the wait, microseconds; `None` where a measurement has too few requests for one.
    pub response_time_us_p50: Option<f64>,
}
