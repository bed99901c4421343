//! The rounds in which a bench measured both sides of a pair, kept beside criterion's own files.

use serde::{Deserialize, Serialize};

use crate::{BenchUnit, Environment};

/// Name of the file in the folder of a group's results.
pub const BENCH_ROUNDS: &str = "rounds.json";

/// Every measured round of one group, warm-up left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenchRounds {
    /// Version of this format; a reader refuses a higher one.
    pub schema: u32,
    /// The group's name, such as `channel/bounded/one_cpu`.
    pub group: String,
    /// One operation of the blocking side, in words.
    pub sync: String,
    /// One operation of the awaiting side, in words.
    pub r#async: String,
    /// The consequence for a server, in a sentence.
    pub so_what: String,
    /// The unit of [`BenchSlice::value`].
    pub unit: BenchUnit,
    /// The figure that the sides are judged by.
    pub judged: BenchFigure,
    /// CPUs that the serving threads of both sides may use.
    pub cpus: u32,
    /// Seconds since 1970 at which the program began that measured this group; the same for all groups of one invocation.
    pub began_unix_s: u64,
    /// The machine and the checkout.
    pub environment: Environment,
    /// The rounds, in the order measured.
    pub rounds: Vec<BenchRound>,
}

/// A figure of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BenchFigure {
    /// [`BenchSlice::value`]: time on the clock, or bytes.
    Value,
    /// [`BenchSlice::cpu_ns`].
    Cpu,
}

/// Two slices of each side, in the order A B B A or B A A B.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenchRound {
    /// The blocking side's slices, in the order measured.
    pub sync: [BenchSlice; 2],
    /// The awaiting side's slices, likewise.
    pub r#async: [BenchSlice; 2],
    /// CPU time that the hypervisor gave to others during the round, on the CPUs in use, ms.
    pub steal_ms: u64,
    /// Time that threads of this round were ready and waited for a CPU, ns, those that ended included where they told it
    /// themselves; 0 where the threads of one side wait for each other's CPU by design.
    pub run_delay_ns: u64,
    /// CPU time that other processes took on the CPUs in use, ms, by ticks of 10 ms: only a sum over many rounds says
    /// something, and a single one may be negative. `None` where it was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_ms: Option<f64>,
    /// Time that the round took on the clock, ns.
    pub wall_ns: u64,
    /// Whether the load generator's certificate held; `true` where none was needed.
    pub certified: bool,
    /// The process that measured it, by number within its group, in the order of their beginning; 0 for all in older files,
    /// where one process measured everything.
    #[serde(default)]
    pub process: u32,
}

/// Operations of one side, one after another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenchSlice {
    /// Operations done.
    pub operations: u64,
    /// Their sum: nanoseconds on the clock, or bytes.
    pub value: f64,
    /// CPU time that the serving threads took, ns; `None` where it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ns: Option<f64>,
    /// Context switches of the serving threads, voluntary and not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switches: Option<u64>,
    /// Times that an event loop asked the kernel for events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loop_waits: Option<u64>,
    /// Times that the client on another CPU slept until an answer woke it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_wakes: Option<u64>,
    /// Times that the timer of the serving threads' CPU interrupted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer_interrupts: Option<u64>,
}

impl BenchSlice {
    /// `figure` of one operation; `None` where it was not measured or nothing was done.
    #[must_use]
    pub fn each(&self, figure: BenchFigure) -> Option<f64> {
        let sum = match figure {
            BenchFigure::Value => Some(self.value),
            BenchFigure::Cpu => self.cpu_ns,
        };
        sum.filter(|_| self.operations > 0).map(|sum| sum / self.operations as f64)
    }
}
