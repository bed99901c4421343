//! An experiment as it was run: its cells, its contenders, its predictions.

use serde::{Deserialize, Serialize};

use crate::one_or_many::one_or_many;

/// Most rate levels of an experiment.
pub const MOST_LEVELS: usize = 4;

/// An experiment, resolved: what an experiment file says after its matrix has been multiplied out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// The experiment's name, e.g. `quick`.
    pub name: String,
    /// What it asks, in one sentence.
    pub question: String,
    /// Blocks per cell: one trial of each contender of the cell, every block.
    pub blocks: u32,
    /// Numbers of blocks after which the run is looked at, the last of them `blocks`; empty: once, after all. What is decided
    /// or hopeless at a look is measured no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<u32>,
    /// Seed of cell order, contender order and schedules.
    #[serde(with = "crate::seed")]
    pub seed: u64,
    /// CPUs a contender gets.
    pub contender_cpus: u32,
    /// CPUs the client gets, with a thread on each.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub client_cpus: u32,
    /// Whether the client spun before intended starts instead of sleeping until then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub client_spins: bool,
    /// Whether a program of idle priority kept the contender's CPUs from halting.
    #[serde(default, skip_serializing_if = "is_false")]
    pub soaker: bool,
    /// The parts of one trial.
    pub phases: Phases,
    /// Which contender is held against which.
    pub pairs: Vec<Pair>,
    /// The contender that also runs under a second name, to measure what no difference looks like.
    pub duplicate: Duplicate,
    /// Every combination of workload and load, in the order the file lists them.
    pub cells: Vec<Cell>,
    /// What was expected before the run.
    pub predictions: Vec<Prediction>,
}

impl Definition {
    /// The pairs that are compared in a cell.
    pub fn pairs_in<'a>(&'a self, cell: &'a Cell) -> impl Iterator<Item = &'a Pair> {
        self.pairs.iter().filter(|pair| pair.is_in(cell))
    }

    /// Blocks in which the duplicate is measured: all, or those up to the first look. A number that is fixed beforehand, for
    /// ended by their own outcome, copies would show less difference than there is.
    #[must_use]
    pub fn duplicate_blocks(&self) -> u32 {
        self.looks.first().copied().unwrap_or(self.blocks)
    }

    /// Rounds of slices of a pair in one block; `None` where each contender is measured alone.
    #[must_use]
    pub fn rounds(&self, role: Role) -> Option<SliceRounds> {
        let of_all = self.phases.slices?;
        let own = self.pairs.iter().find(|pair| pair.role == role).and_then(|pair| pair.slices);
        Some(own.unwrap_or(of_all))
    }

    /// Most blocks of an experiment.
    pub const MOST_BLOCKS: u32 = 1_000;

    /// Most trials of an experiment: at a second each, more would take days.
    pub const MOST_TRIALS: u64 = 500_000;

    /// By how much it is larger than any experiment may be, in words; `None` for one that is not.
    ///
    /// A record is read by loops over its plan, so that a plan without bounds would never be read to its end.
    #[must_use]
    pub fn excess(&self) -> Option<String> {
        let contenders = self.pairs.len() as u64 * 2 + 1;
        let trials =
            (self.cells.len() as u64).saturating_mul(contenders).saturating_mul(u64::from(self.blocks));
        match () {
            () if self.blocks > Self::MOST_BLOCKS => {
                Some(format!("{} blocks, expected at most {}", self.blocks, Self::MOST_BLOCKS))
            }
            () if trials > Self::MOST_TRIALS => {
                Some(format!("{trials} trials, expected at most {}", Self::MOST_TRIALS))
            }
            () => None,
        }
    }
}

/// The parts of one trial: a closed loop for throughput, then an open loop at each offered rate for costs and response times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// Closed loop: every connection sends its next request when the last one ended.
    pub closed: Phase,
    /// Each open loop.
    pub open: Phase,
    /// The rate levels: offered rates as shares of the closed throughput of the pair's weaker contender, each 0–1, in the
    /// order that they are asked, at most [`MOST_LEVELS`]. Runs before levels had one.
    #[serde(rename = "open_load", deserialize_with = "one_or_many")]
    pub open_loads: Vec<f64>,
    /// Closed loop of the calibration that fixes the offered rate, once per workload and pair.
    pub calibration: Phase,
    /// Rounds of slices in which living contenders take turns; `None`: each contender is measured alone, one after another,
    /// as sweeps always are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slices: Option<SliceRounds>,
    /// Deadline of one request, seconds.
    pub timeout_s: f64,
    /// How long requests in flight may go on after a window, seconds.
    pub grace_s: f64,
    /// Coefficient of variation of the waits that requests ask for, drawn around each cell's own (lognormal); first requests of a closed
    /// loop are then spread over one wait. At 0 all ask for the same wait, and march in step. Runs from before open loops drew asked for
    /// one wait there whatever this says.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub wait_spread: f64,
}

fn one() -> u32 {
    1
}

fn is_one(number: &u32) -> bool {
    *number == 1
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

/// Rounds of slices in one block: in each, every contender is measured twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SliceRounds {
    /// Of the closed loop.
    pub closed: u32,
    /// Of each open loop, at least.
    pub open: u32,
}

impl SliceRounds {
    /// As many of each loop as one of the two has.
    #[must_use]
    pub fn most(self, other: Self) -> Self {
        Self { closed: self.closed.max(other.closed), open: self.open.max(other.open) }
    }
}

/// One loop of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Left out at the start, seconds.
    pub warm_up_s: f64,
    /// The window, seconds.
    pub duration_s: f64,
}

/// What a pair is held against each other for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Differs in nothing but the I/O model: what the model costs.
    Control,
    /// What a user would pick off the shelf: model and implementation together.
    Stock,
    /// The same with a library used as its documentation shows.
    Documented,
}

impl Role {
    /// The name used in files and on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Stock => "stock",
            Self::Documented => "documented",
        }
    }
}

/// Two contenders held against each other; a ratio is always async ÷ sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// What the pair is for.
    pub role: Role,
    /// The contender that blocks.
    pub sync: String,
    /// The contender that awaits.
    #[serde(rename = "async")]
    pub awaiting: String,
    /// Rounds of slices where they are not those of all pairs: small differences take more of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slices: Option<SliceRounds>,
    /// The cells in which they are compared, by name; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<String>,
}

impl Pair {
    /// Whether the two are compared in a cell.
    #[must_use]
    pub fn is_in(&self, cell: &Cell) -> bool {
        self.cells.is_empty() || self.cells.contains(&cell.name)
    }
}

/// A contender measured as if it were two: any win between them is a false one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// The contender that is doubled.
    pub of: String,
    /// The name its double runs under.
    pub name: String,
}

/// One combination of workload and load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Unique name, e.g. `wait=10ms/c=64`.
    pub name: String,
    /// The workload's family: cells that differ only along an axis share it, e.g. `wait`.
    pub family: String,
    /// The request's method, e.g. `GET`.
    pub method: String,
    /// Path and query asked, e.g. `/wait?ms=10`.
    pub target: String,
    /// W: how long the handler waits, milliseconds.
    pub wait_ms: f64,
    /// Rounds of CPU work that the handler computes; 0 when none.
    pub rounds: u32,
    /// Size of the body that the handler sends, or takes and sends back; 0 when it is a fixed short one.
    pub bytes: u32,
    /// Flags that every contender of the cell is started with, besides its own command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// Connections held open; in the closed loop this is the concurrency.
    pub connections: u32,
    /// Makes the cell a step of a *sweep*: only an open loop, offered this share of the closed throughput of the
    /// pair's stronger contender. Above 1 nobody keeps up. A sweep describes; it gets no verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
}

impl Cell {
    /// The name without the offered load: what cells of one sweep share, and a calibration is made for.
    #[must_use]
    pub fn workload(&self) -> &str {
        match self.load {
            Some(_) => self.name.rsplit_once('/').map_or(&self.name, |(workload, _)| workload),
            None => &self.name,
        }
    }

    /// Whether its wait is for the answer of another server, on a socket, rather than for a timer.
    #[must_use]
    pub fn waits_on_a_socket(&self) -> bool {
        self.family == "upstream"
    }

    /// Whether the cell is a step of a sweep, which gets no verdict.
    #[must_use]
    pub fn is_sweep(&self) -> bool {
        self.load.is_some()
    }
}

/// What gets a verdict. All are compared as async ÷ sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Correct replies per second in the closed loop. More is better.
    Throughput,
    /// Median response time at an offered rate, less the wait asked for. Less is better.
    ResponseTimeP50,
    /// 95th percentile of the response time at an offered rate, less the wait asked for. Less is better.
    ResponseTimeP95,
    /// 99th percentile of the response time at an offered rate, less the wait asked for. Less is better.
    ResponseTimeP99,
    /// Server CPU time per request at an offered rate. Less is better.
    CpuPerRequest,
    /// Memory after the closed loop: proportional set size, page tables and kernel stacks. Less is better.
    Memory,
}

impl Metric {
    /// Every metric, in the order that reports list them.
    pub const ALL: [Self; 6] = [
        Self::Throughput,
        Self::ResponseTimeP50,
        Self::ResponseTimeP95,
        Self::ResponseTimeP99,
        Self::CpuPerRequest,
        Self::Memory,
    ];

    /// Whether it is asked at each offered rate; the others are asked of the closed loop.
    #[must_use]
    pub fn is_at_a_rate(self) -> bool {
        self.is_response_time() || self == Self::CpuPerRequest
    }

    /// Whether it is a quantile of the response time, less the wait asked for.
    #[must_use]
    pub fn is_response_time(self) -> bool {
        matches!(self, Self::ResponseTimeP50 | Self::ResponseTimeP95 | Self::ResponseTimeP99)
    }

    /// Whether a higher figure is better.
    #[must_use]
    pub fn more_is_better(self) -> bool {
        self == Self::Throughput
    }

    /// The name used on screen.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::ResponseTimeP50 => "response − wait, p50",
            Self::ResponseTimeP95 => "response − wait, p95",
            Self::ResponseTimeP99 => "response − wait, p99",
            Self::CpuPerRequest => "server CPU per request",
            Self::Memory => "server memory",
        }
    }

    /// The unit of its figures.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Throughput => "requests/s",
            Self::ResponseTimeP50 | Self::ResponseTimeP95 | Self::ResponseTimeP99 | Self::CpuPerRequest => {
                "µs"
            }
            Self::Memory => "MiB",
        }
    }
}

/// What was expected of one pair, metric and set of cells, written down before the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// The expectation and its reason, in one sentence.
    pub claim: String,
    /// The pair it is about.
    pub pair: Role,
    /// The metric it is about.
    pub metric: Metric,
    /// The cells it is about, by name.
    pub cells: Vec<String>,
    /// What was expected there.
    pub expects: Expectation,
}

/// What a [`Prediction`] expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// Async is better by more than the margin.
    AsyncWins,
    /// Sync is better by more than the margin.
    SyncWins,
    /// Neither is better by more than the margin.
    Tie,
}
