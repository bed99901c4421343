//! The experiment file's own shape, as it is written in TOML. Unknown keys are refused.

use std::time::Duration;

use reports_record::{Cell, Expectation, Metric, Role, SliceRounds};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExperimentFile {
    pub(super) question: Spanned<String>,
    pub(super) blocks: Spanned<u32>,
    /// Numbers of blocks after which the run is looked at.
    #[serde(default = "no_looks")]
    pub(super) looks: Spanned<Vec<u32>>,
    pub(super) seed: u64,
    pub(super) contender_cpus: Spanned<u32>,
    #[serde(default = "one_cpu")]
    pub(super) client_cpus: Spanned<u32>,
    #[serde(default)]
    pub(super) client_spins: bool,
    #[serde(default)]
    pub(super) soaker: bool,
    pub(super) phases: PhasesTable,
    // A file without any is told so in its own words.
    #[serde(default)]
    pub(super) pair: Vec<PairTable>,
    pub(super) duplicate: DuplicateTable,
    #[serde(default)]
    pub(super) workload: Vec<Spanned<WorkloadTable>>,
    #[serde(default)]
    pub(super) prediction: Vec<Spanned<PredictionTable>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhasesTable {
    pub(super) closed: PhaseTable,
    pub(super) open: PhaseTable,
    pub(super) calibration: PhaseTable,
    /// One share, or one for each rate level.
    pub(super) open_load: Spanned<Shares>,
    pub(super) timeout: Spanned<Span>,
    pub(super) grace: Spanned<Span>,
    /// Coefficient of variation of the waits in closed loops.
    #[serde(default = "lock_step")]
    pub(super) wait_spread: Spanned<f64>,
    /// Rounds of slices; without, each contender is measured alone.
    pub(super) slices: Option<Spanned<SliceRounds>>,
}

fn no_looks() -> Spanned<Vec<u32>> {
    Spanned::new(0..0, Vec::new())
}

fn one_cpu() -> Spanned<u32> {
    Spanned::new(0..0, 1)
}

fn lock_step() -> Spanned<f64> {
    Spanned::new(0..0, 0.0)
}

/// One number or several.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a number, or a list of numbers")]
pub(super) enum Shares {
    One(f64),
    Many(Vec<f64>),
}

impl Shares {
    pub(super) fn all(&self) -> &[f64] {
        match self {
            Self::One(share) => std::slice::from_ref(share),
            Self::Many(shares) => shares,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhaseTable {
    pub(super) warm_up: Spanned<Span>,
    pub(super) duration: Spanned<Span>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PairTable {
    pub(super) role: Spanned<Role>,
    pub(super) sync: Spanned<String>,
    #[serde(rename = "async")]
    pub(super) awaiting: Spanned<String>,
    /// The cells in which they are compared; without, all.
    #[serde(rename = "where")]
    pub(super) selection: Option<Spanned<Selection>>,
    /// Rounds of slices of this pair, in the place of those of all.
    pub(super) slices: Option<Spanned<SliceRounds>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DuplicateTable {
    pub(super) of: Spanned<String>,
    pub(super) name: Spanned<String>,
}

/// A workload's endpoint; which parameters it needs is for the matrix to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Endpoint {
    Wait,
    Cpu,
    Mixed,
    Upstream,
    Payload,
    Echo,
}

impl Endpoint {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Cpu => "cpu",
            Self::Mixed => "mixed",
            Self::Upstream => "upstream",
            Self::Payload => "payload",
            Self::Echo => "echo",
        }
    }
}

/// A matrix: every listed wait × rounds × bytes × flags × connections × load is one cell.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkloadTable {
    pub(super) endpoint: Endpoint,
    #[serde(default)]
    pub(super) wait_ms: Vec<f64>,
    #[serde(default)]
    pub(super) rounds: Vec<u32>,
    #[serde(default)]
    pub(super) bytes: Vec<u32>,
    /// Each is one or more flags, separated by blanks.
    #[serde(default)]
    pub(super) flags: Vec<String>,
    pub(super) connections: Vec<u32>,
    /// Makes a sweep of it: each is a share of the stronger contender's closed throughput.
    #[serde(default)]
    pub(super) load: Vec<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PredictionTable {
    pub(super) claim: String,
    pub(super) pair: Role,
    pub(super) metric: Metric,
    #[serde(rename = "where")]
    pub(super) selection: Selection,
    pub(super) expects: Expectation,
}

/// Cells that a prediction or a pair is about; what is left out selects all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selection {
    endpoint: Option<Endpoint>,
    wait_ms: Option<Vec<f64>>,
    rounds: Option<Vec<u32>>,
    bytes: Option<Vec<u32>>,
    flags: Option<Vec<String>>,
    connections: Option<Vec<u32>>,
}

impl Selection {
    /// The names of the cells that it selects.
    pub(super) fn names(&self, cells: &[Cell]) -> Vec<String> {
        cells.iter().filter(|cell| self.selects(cell)).map(|cell| cell.name.clone()).collect()
    }

    fn selects(&self, cell: &Cell) -> bool {
        fn has<T: PartialEq>(listed: Option<&Vec<T>>, value: &T) -> bool {
            listed.is_none_or(|values| values.contains(value))
        }
        // A sweep gets no verdict, so nothing about one can be predicted, and no pair needs to be in one.
        !cell.is_sweep()
            && self.endpoint.is_none_or(|endpoint| endpoint.name() == cell.family)
            && has(self.wait_ms.as_ref(), &cell.wait_ms)
            && has(self.rounds.as_ref(), &cell.rounds)
            && has(self.bytes.as_ref(), &cell.bytes)
            && has(self.flags.as_ref(), &cell.flags.join(" "))
            && has(self.connections.as_ref(), &cell.connections)
    }
}

/// Longest span that a phase may take: a trial of an hour is a typing error.
const LONGEST: Duration = Duration::from_secs(3600);

/// A duration as people write it, such as `350ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span(pub(super) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = humantime::parse_duration(&text).map_err(|error| {
            serde::de::Error::custom(format!("{text:?} is not a duration such as \"350ms\": {error}"))
        })?;
        if parsed > LONGEST {
            return Err(serde::de::Error::custom(format!("{text:?} is longer than an hour")));
        }
        Ok(Self(parsed))
    }
}
