//! System calls of a request, as `scripts/system-calls --keep` counts them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Name of the file in a run's folder.
pub const SYSTEM_CALLS: &str = "system-calls.json";

/// Counts under a few loads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemCalls {
    /// [`SCHEMA`](crate::SCHEMA) at the time of writing.
    pub schema: u32,
    /// What counted them: `perf` or `strace`.
    pub by: String,
    /// The loads.
    pub loads: Vec<CountedLoad>,
}

/// Counts under one load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountedLoad {
    /// Its name, such as `busy`.
    pub name: String,
    /// Path and query asked.
    pub target: String,
    /// Flags of `loadgen`.
    pub flags: Vec<String>,
    /// The contenders.
    pub contenders: Vec<CountedCalls>,
}

/// Counts of one contender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountedCalls {
    /// The contender.
    pub contender: String,
    /// Requests that it answered per second meanwhile.
    pub requests_per_s: f64,
    /// Calls per request by name.
    pub calls: BTreeMap<String, f64>,
}

impl CountedCalls {
    /// All calls of a request.
    #[must_use]
    pub fn all(&self) -> f64 {
        self.calls.values().sum()
    }
}
