//! A request made of its parts: counts times costs, beside the cost that was measured of the whole.

use serde::{Deserialize, Serialize};

/// Name of the file in the folder of results.
pub const BENCH_MODEL: &str = "model.json";

/// Requests explained by their parts, one entry for each contender and cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenchModel {
    /// Version of this format; a reader refuses a higher one.
    pub schema: u32,
    /// The requests.
    pub requests: Vec<ModelledRequest>,
}

/// One kind of request to one contender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelledRequest {
    /// The contender.
    pub contender: String,
    /// The name of the same cell in an experiment, such as `wait=1ms/c=64`.
    pub cell: String,
    /// The load in words.
    pub load: String,
    /// The bench whose CPU time is the measured cost, as group and side.
    pub measured: BenchName,
    /// The parts, the largest usually first.
    pub parts: Vec<ModelPart>,
    /// The same request once more, with reading, switching and answering as one bare loop over as many connections, where
    /// such a loop was measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bare_loop: Vec<ModelPart>,
}

/// A bench by its group and its own name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenchName {
    /// The group.
    pub group: String,
    /// The name within it; `sync` or `async` in a pair.
    pub bench: String,
}

/// Something that a request needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPart {
    /// The part in words.
    pub part: String,
    /// How often a request needs it.
    pub count: ModelCount,
    /// The bench that says what one costs.
    pub cost: BenchName,
}

/// A number of times per request.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelCount {
    /// As the program is written, and as a trace of its system calls shows.
    Fixed(f64),
    /// Context switches, counted while the whole was measured, without this many that another part has in its cost.
    SwitchesBeyond(f64),
    /// Times that an answer woke a client that slept, counted while the whole was measured; at most 1.
    Wakes,
    /// Times that it did not: 1 less those.
    WithoutWake,
    /// Waits of the event loop in which it did not sleep: all that were counted less the context switches.
    LoopWaitsAwake,
    /// Events that such a wait found beyond its first one, when a request is one event.
    EventsBeyondWaits,
    /// Interrupts by the timer of the contender's CPU.
    TimerInterrupts,
}
