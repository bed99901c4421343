//! Where and with what a run was made. Neither host nor user is named.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Definition;

/// `environment.json`: everything a run is, before its first trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// [`SCHEMA`](crate::SCHEMA) at the time of writing.
    pub schema: u32,
    /// The run's name, also its folder's: start time and experiment.
    pub id: String,
    /// The command that makes such a run again.
    pub command: String,
    /// When it began, RFC 3339, UTC.
    pub started_at: String,
    /// What was asked.
    pub definition: Definition,
    /// Of whom.
    pub contenders: Vec<ContenderRecord>,
    /// Where.
    pub environment: Environment,
}

/// A contender as it was built for this run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContenderRecord {
    /// Its name in the definition.
    pub name: String,
    /// `sync` or `async`.
    pub model: String,
    /// The library under test with its version, e.g. `actix-web 4.11.0`.
    pub version: String,
    /// The command that started it.
    pub command: Vec<String>,
    /// SHA-256 of its program file, hex.
    pub sha256: String,
    /// Effective settings as its `/health` told them.
    pub settings: serde_json::Value,
    /// The same under the flags of every cell that has any, by those flags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings_with: BTreeMap<String, serde_json::Value>,
}

/// The machine and the build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Version of this project.
    pub crossover: String,
    /// Commit of the checkout; `None` outside one.
    pub commit: Option<String>,
    /// Whether the checkout had uncommitted changes; `None` outside one.
    pub dirty: Option<bool>,
    /// Compiler that built contenders and client.
    pub rustc: String,
    /// Kernel name and release.
    pub kernel: String,
    /// The processor.
    pub cpu: Cpu,
    /// Memory of the machine, bytes.
    pub memory_bytes: Option<u64>,
    /// CPUs that ran client and runner.
    pub client_cpus: Vec<u32>,
    /// CPUs that ran contenders.
    pub contender_cpus: Vec<u32>,
    /// Descriptor limit of the client.
    pub descriptor_limit: u64,
    /// Times this control group was throttled before the run; `None` where the kernel does not say.
    pub throttled_before: Option<u64>,
    /// What is unusual here and may bias the answer, each in one sentence.
    pub remarks: Vec<String>,
}

/// The processor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cpu {
    /// Model as the kernel names it.
    pub model: String,
    /// CPUs online.
    pub online: u32,
    /// Hardware threads that share a core; `None` where the kernel does not say.
    pub threads_per_core: Option<u32>,
    /// Frequency governor; `None` in most virtual machines.
    pub governor: Option<String>,
    /// Whether a hypervisor runs below.
    pub virtualised: bool,
    /// The kernel's clock source.
    pub clock_source: Option<String>,
}
