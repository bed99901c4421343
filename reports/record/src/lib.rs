//! The result file's types, versioned: what the load generator and the runner write, and the report reads.
//!
//! A run is a folder. [`Run`] (`environment.json`) says what was asked, of whom and where; every
//! [`Line`] of `trials.jsonl` is one thing that happened, appended and never rewritten. This crate
//! gives types, their serialised form and the one place that reads and writes the two files; it judges
//! nothing and measures nothing.
//!
//! Units stand in names: `_us` microseconds, `_s` seconds, `_per_s` a rate, `_bytes` bytes.

mod bench_model;
mod bench_rounds;
mod bench_samples;
mod bounded_lines;
mod capacity;
mod certificate;
mod contradiction;
mod definition;
#[cfg(unix)]
mod destination;
mod distribution;
mod environment;
mod folder;
#[cfg(unix)]
mod full_files;
mod hgrm;
mod histogram;
mod interval_log;
mod log_file;
mod look;
mod measurement;
mod measurement_file;
mod measurement_times;
mod one_or_many;
mod outcome;
mod profile;
pub mod rank;
mod record_files;
mod regular_file;
mod request_path;
mod seal;
mod seed;
mod shell;
mod shown;
mod slice;
mod status;
#[cfg(unix)]
mod stream;
mod system_calls;
mod times;
mod trial;
mod trial_log;
mod whole_file;
mod wrong_reply;

pub use bench_model::{BENCH_MODEL, BenchModel, BenchName, ModelCount, ModelPart, ModelledRequest};
pub use bench_rounds::{BENCH_ROUNDS, BenchFigure, BenchRound, BenchRounds, BenchSlice};
pub use bench_samples::{BENCH_SAMPLES, BenchSamples, BenchUnit};
pub use capacity::{
    CapacityDoubt, CapacityFinding, CapacityLine, CapacityLog, CapacityPlan, CapacityReport, CapacityTrial,
    CapacityVerdict,
};
pub use certificate::{BOTTLENECK, Certificate, CertificateVerdict, Check, CheckStatus};
pub use contradiction::replies_in;
pub use definition::{
    Cell, Definition, Duplicate, Expectation, MOST_LEVELS, Metric, Pair, Phase, Phases, Prediction, Role,
    SliceRounds,
};
#[cfg(unix)]
pub use destination::Destination;
pub use distribution::Distribution;
pub use environment::{ContenderRecord, Cpu, Environment, Run};
pub use folder::{Folder, FolderError, Skipped};
#[cfg(unix)]
pub use full_files::outlive_full_files;
pub use hgrm::percentile_table;
pub use histogram::{EncodedHistogram, HistogramError, TOP};
pub use interval_log::IntervalLog;
pub use look::{Look, StopReason, Stopped, Stops};
pub use measurement::{
    Account, Arrivals, ClientCost, Histograms, Measurement, MergedPart, Mode, Plan, SubWindow,
};
pub use measurement_file::{MeasurementFileError, read_measurement};
pub use outcome::{Fault, OutcomeKind};
pub use profile::{ContenderProfile, OffCpu, OnCpu, PROFILE, Profile, SampledFunction};
pub use record_files::CONTEST;
pub use regular_file::open_regular;
pub use request_path::{ContenderPath, ProbedCost, REQUEST_PATH, RequestPath, Stages};
pub use shell::shell_word;
pub use shown::shown;
pub use slice::Slice;
pub use status::Status;
#[cfg(unix)]
pub use stream::Stream;
pub use system_calls::{CountedCalls, CountedLoad, SYSTEM_CALLS, SystemCalls};
pub use times::{Margin, Times};
pub use trial::{
    Beginning, Calibration, CostSource, Ending, LOOPS, Line, Loop, Measured, Overshoot, RequestCpu,
    Resources, ServerCost, Stage, Trial, TrialOutcome,
};
pub use trial_log::TrialLog;
pub use wrong_reply::WrongReply;

/// Version of every file this crate writes.
pub const SCHEMA: u32 = 3;

/// The oldest version that a reader still takes; it refuses any other and says so.
///
/// Schema 2 had one open loop a trial where schema 3 has one for each rate level.
pub const OLDEST_SCHEMA: u32 = 2;
