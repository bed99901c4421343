//! One line of a result file: something that happened, never rewritten.

use serde::{Deserialize, Serialize};

use crate::one_or_many::one_or_many;
use crate::{Look, MOST_LEVELS, Measurement, Slice};

/// The names of a trial's loops: the closed one, then the open ones by rate level.
pub const LOOPS: [&str; MOST_LEVELS + 1] = ["closed", "open", "open2", "open3", "open4"];

/// One line of `trials.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Line {
    /// A runner began, or went on with the run.
    Beginning(Beginning),
    /// How much longer than asked a contender waits, before anything is measured.
    Overshoot(Overshoot),
    /// What a contender reached in a cell's calibration.
    Calibration(Calibration),
    /// One measurement of one contender in one cell, or the reason there is none.
    Trial(Box<Trial>),
    /// A look at the run after some of its blocks.
    Look(Look),
    /// The runner ended in order.
    Ending(Ending),
}

/// How much longer than asked a contender's `/wait` takes at one connection, on an idle machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overshoot {
    /// The contender.
    pub contender: String,
    /// The wait asked for, milliseconds.
    pub wait_ms: f64,
    /// Median service time at one connection, microseconds.
    pub service_time_us_p50: f64,
    /// Median service time of `/hello` at one connection, microseconds: the part that is not the wait.
    pub floor_us_p50: f64,
}

impl Measured {
    /// The loops that were measured, with their names ([`LOOPS`]).
    pub fn loops(&self) -> impl Iterator<Item = (&'static str, &Loop)> {
        let closed = self.closed.iter().map(|closed| (LOOPS[0], closed));
        closed
            .chain(self.open.iter().enumerate().map(|(index, open)| (LOOPS[1 + self.level_of(index)], open)))
    }

    /// The open loop at a rate level, from 0; `None` where it was not measured.
    #[must_use]
    pub fn open_at(&self, level: usize) -> Option<&Loop> {
        (0..self.open.len()).find(|&index| self.level_of(index) == level).map(|index| &self.open[index])
    }

    /// The rate level of the open loop at `index`.
    fn level_of(&self, index: usize) -> usize {
        self.levels.get(index).copied().unwrap_or(index).min(MOST_LEVELS - 1)
    }

    /// Whether every loop may feed a verdict.
    #[must_use]
    pub fn is_believable(&self) -> bool {
        self.loops().all(|(_, one)| one.measurement.is_believable())
    }
}

impl Overshoot {
    /// Time beyond the wait and the floor, microseconds; may be slightly negative from noise.
    #[must_use]
    pub fn overshoot_us(&self) -> f64 {
        self.service_time_us_p50 - self.floor_us_p50 - self.wait_ms * 1e3
    }
}

/// What a contender reached in short closed loops, from which its pair's offered rate in the cell follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The cell's workload: its name, less the offered load of a sweep.
    pub cell: String,
    /// The contender.
    pub contender: String,
    /// Correct replies per second, the best of a few loops; `None` when it could not be measured.
    pub goodput_per_s: Option<f64>,
    /// What a request took of both sides in these loops; `None` where it is not known, and in older runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<RequestCpu>,
    /// Why it could not be measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// CPU time of one request, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RequestCpu {
    /// The server's.
    pub server_us: f64,
    /// The client's.
    pub client_us: f64,
}

/// One measurement of one contender in one cell, or the reason there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The cell's name.
    pub cell: String,
    /// The block, from 0.
    pub block: u32,
    /// The contender's name.
    pub contender: String,
    /// Its place in the block's order, from 0.
    pub position: u32,
    /// Attempts before this one that the machine or the client spoilt, each with a line of its own; the last counts.
    #[serde(default)]
    pub attempt: u32,
    /// Seed of the schedules, alike for all contenders of a block.
    #[serde(with = "crate::seed")]
    pub seed: u64,
    /// When it began, RFC 3339, UTC. For reading, and for the rest of a budget after a kill; no figure is computed from it.
    pub started_at: String,
    /// Rounds of a fixed loop of instructions per microsecond on the client's CPU just before: how fast the machine ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_speed: Option<f64>,
    /// What came of it.
    pub outcome: TrialOutcome,
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialOutcome {
    /// It was measured; whether that may be believed is for its certificates to say.
    Measured(Box<Measured>),
    /// It could not be measured.
    Failed {
        /// How far it came.
        stage: Stage,
        /// What went wrong, with every cause.
        reason: String,
        /// The last lines the contender wrote to stderr.
        stderr_tail: Vec<String>,
    },
}

/// The stages of a trial, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Find the offered rate of the pair in the cell, once, before any trial.
    Calibrate,
    /// Start the process and wait for its ready line.
    Start,
    /// Hold the cell's endpoint to the contract.
    Verify,
    /// Open connections and prove each.
    Prime,
    /// Warm up, measure, drain.
    Measure,
    /// Read counters and memory.
    Account,
    /// Stop the process.
    Stop,
    /// None of these: the machine stood still meanwhile, and what failed after it says nothing about the contender.
    Standstill,
}

/// Everything one trial measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Closed loop: throughput. `None` in a sweep, and where it was decided before.
    pub closed: Option<Loop>,
    /// Open loops at the pair's offered rates, in the order of the rate levels: costs and response times. One in a sweep.
    #[serde(deserialize_with = "one_or_many")]
    pub open: Vec<Loop>,
    /// The rate level of each open loop, from 0; empty where no level was left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<usize>,
    /// What the contender held meanwhile.
    pub resources: Resources,
}

/// One loop of a trial, from both ends of the connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loop {
    /// What the client saw.
    pub measurement: Measurement,
    /// What it cost the contender.
    pub cost: ServerCost,
    /// The slices that it was measured in, in order; none of a loop that was measured in one piece.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<Slice>,
}

/// Where a figure about a contender comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostSource {
    /// The contender's own `/stats`.
    #[default]
    Contender,
    /// The kernel, of all the contender's processes.
    Kernel,
}

impl CostSource {
    fn is_contender(&self) -> bool {
        *self == Self::Contender
    }
}

/// CPU time and switches of the contender between two readings, taken just before and just after a loop, or each of its
/// slices that count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ServerCost {
    /// Requests the contender counted, warm-up and drain included; the replies that came, where it does not count.
    pub requests: u64,
    /// CPU time in user mode, microseconds.
    pub cpu_user_us: u64,
    /// CPU time in the kernel, microseconds.
    pub cpu_system_us: u64,
    /// Context switches it asked for; `None` where neither it nor the kernel tells.
    pub voluntary_switches: Option<u64>,
    /// Context switches forced on it; likewise.
    pub involuntary_switches: Option<u64>,
    /// Where its CPU time comes from.
    #[serde(default, skip_serializing_if = "CostSource::is_contender")]
    pub cpu_source: CostSource,
    /// Where its switches come from.
    #[serde(default, skip_serializing_if = "CostSource::is_contender")]
    pub switches_source: CostSource,
}

impl ServerCost {
    /// CPU time per request, microseconds; `None` without requests.
    #[must_use]
    pub fn cpu_per_request_us(&self) -> Option<f64> {
        (self.requests > 0)
            .then(|| (self.cpu_user_us as f64 + self.cpu_system_us as f64) / self.requests as f64)
    }

    /// Context switches per request; `None` without requests, or where they are not known.
    #[must_use]
    pub fn switches_per_request(&self) -> Option<f64> {
        let switches = self.voluntary_switches? as f64 + self.involuntary_switches? as f64;
        (self.requests > 0).then(|| switches / self.requests as f64)
    }
}

impl Resources {
    /// Memory as a machine sees it, bytes: the proportional set size and what the kernel holds, where that is known.
    #[must_use]
    pub fn memory_bytes(&self) -> Option<u64> {
        Some(self.pss_bytes? + self.kernel_bytes.unwrap_or(0))
    }
}

/// What the contender held while it was measured. `None` where the system does not say.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Resources {
    /// Most threads seen by the sampler.
    pub threads_max: Option<u64>,
    /// Largest resident set seen by the sampler, bytes.
    pub rss_max_bytes: Option<u64>,
    /// Most descriptors seen by the sampler.
    pub descriptors_max: Option<u64>,
    /// Proportional set size, once, after the first loop with its connections still open, bytes. Pages of its own program
    /// count in full, as if no copy of it were alive.
    pub pss_bytes: Option<u64>,
    /// What the kernel holds for it, once, together with `pss_bytes`, bytes: page tables and the stacks of its threads.
    /// Memory of sockets is in no process's account and is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_bytes: Option<u64>,
    /// Memory before the first loop, bytes: proportional set size and what the kernel holds, as above, with every connection open and
    /// proven by one request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_memory_bytes: Option<u64>,
    /// How often the sampler looked.
    pub samples: u32,
    /// Connections the kernel dropped on full accept queues during the trial, machine-wide.
    pub listen_overflows: Option<u64>,
}

/// A runner began, or went on with the run: what follows until its [`Ending`] is one session. One that was killed has no
/// ending.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beginning {
    /// When, RFC 3339, UTC.
    pub began_at: String,
    /// SHA-256 of the runner's own program, hex.
    pub runner_sha256: String,
    /// Time that the run may still take, seconds; `None` without a budget, and in older runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_s: Option<f64>,
}

/// The runner ended in order: complete, or interrupted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// When, RFC 3339, UTC.
    pub ended_at: String,
    /// Whether every planned trial has its line.
    pub complete: bool,
    /// Share of CPU time that the hypervisor gave to others in this session, 0–1.
    pub steal: Option<f64>,
    /// Times this control group was throttled in this session.
    pub throttled: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Schema 2 wrote the only open loop in no list.
    #[test]
    fn a_trial_of_schema_2_has_one_rate_level() {
        #[derive(Deserialize)]
        struct Opens {
            #[serde(deserialize_with = "one_or_many")]
            open: Vec<ServerCost>,
        }
        let cost = r#"{"requests":3,"cpu_user_us":4,"cpu_system_us":5,"voluntary_switches":6,"involuntary_switches":7}"#;
        for text in [format!(r#"{{"open":{cost}}}"#), format!(r#"{{"open":[{cost}]}}"#)] {
            let opens: Opens = serde_json::from_str(&text).unwrap();
            assert_eq!(opens.open.len(), 1);
            assert_eq!(opens.open[0].requests, 3);
        }
    }
}
