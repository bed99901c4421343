//! Where the contenders of a pair spend their CPU time and their waiting in one cell, from a measurement of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Environment;

/// Name of the file in a run's folder.
pub const PROFILE: &str = "profile.json";

/// Everything that `crossover profile` saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// [`SCHEMA`](crate::SCHEMA) at the time of writing.
    pub schema: u32,
    /// The command that looks again, the run's folder as `RUN`.
    pub command: String,
    /// When it began, RFC 3339, UTC.
    pub measured_at: String,
    /// The machine and the checkout.
    pub environment: Environment,
    /// The cell's name in the run's experiment.
    pub cell: String,
    /// How long each contender was looked at, seconds.
    pub span_s: f64,
    /// The contenders, the blocking one first.
    pub contenders: Vec<ContenderProfile>,
}

/// Where one contender spends its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContenderProfile {
    /// The contender.
    pub contender: String,
    /// `sync` or `async`.
    pub model: String,
    /// Correct replies per second while it was looked at, which costs some of them.
    pub throughput_per_s: f64,
    /// Where its CPU time goes; `None` where no sampler works here.
    pub on_cpu: Option<OnCpu>,
    /// Why not, where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_cpu_missing: Option<String>,
    /// Where its threads wait.
    pub off_cpu: OffCpu,
}

/// Functions by the share of CPU time that was sampled in them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OnCpu {
    /// What took the samples, in words.
    pub sampler: String,
    /// Samples taken.
    pub samples: u64,
    /// Share of them in the kernel, 0–1.
    pub kernel_share: f64,
    /// The functions with most samples, the first with the most; at most 20.
    pub functions: Vec<SampledFunction>,
}

/// A function that was running when samples were taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampledFunction {
    /// Its name as the program or the kernel has it.
    pub name: String,
    /// Whether it is the kernel's.
    pub is_kernel: bool,
    /// Samples in it, not in what it calls.
    pub samples: u64,
}

/// Threads by what they wait for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OffCpu {
    /// Looks at all threads.
    pub looks: u64,
    /// Threads at a look, mean.
    pub threads: f64,
    /// Threads that ran or were ready to, mean.
    pub running: f64,
    /// Threads that waited, mean, by the kernel's function that they waited in; an empty name where the kernel does not say.
    pub waiting: BTreeMap<String, f64>,
}
