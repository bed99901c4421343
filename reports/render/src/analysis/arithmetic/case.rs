//! A service that was not measured, by the figures that its owner knows.

use serde::Serialize;

/// A service that was not measured, by the figures that its owner knows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Case {
    /// Connections that are open at once, each with one request at a time.
    pub connections: u32,
    /// How long a request waits for something else, milliseconds.
    pub wait_ms: f64,
    /// CPU time that the service's own code takes for a request, milliseconds.
    pub cpu_ms: f64,
    /// The rate that it has to serve, requests per second; `None` where it is not known.
    pub rate_per_s: Option<f64>,
    /// Cores that it may use.
    pub cores: u32,
}

impl Case {
    /// Whether every figure lies in a range that arithmetic makes sense of.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let is_time = |ms: f64| ms.is_finite() && ms >= 0.0;
        let is_rate = |rate: f64| rate.is_finite() && rate > 0.0;
        self.connections > 0
            && self.cores > 0
            && is_time(self.wait_ms)
            && is_time(self.cpu_ms)
            && self.rate_per_s.is_none_or(is_rate)
    }
}
