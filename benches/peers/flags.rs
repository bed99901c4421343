//! What can be asked for.

use std::time::Duration;

use clap::Parser;
use loadgen::Rate;

/// Connections of each comparison: what others publish, many, and where memory shows.
const CONNECTIONS: [u32; 3] = [64, 1000, 2000];

/// Rounds unless told otherwise: the median of four, and their extremes.
const ROUNDS: u32 = 4;

/// Seconds of each client's turn unless told otherwise.
const SECONDS: u32 = 5;

/// Compare what load generators cost, in one run against one server
///
/// Runs wrk, h2load, ab, hey and oha, those that are installed, and loadgen with histograms, certificate and
/// --expect-same-body, one thread each, and prints a table in Markdown: client CPU per request, rate and peak memory, as the
/// kernel counts them for the whole process, and their ratios to wrk's in the same round (median, least and most over
/// rounds). About seven minutes.
#[derive(Debug, Parser)]
#[command(name = "peers", max_term_width = 80)]
pub(crate) struct Flags {
    /// Compare pacing instead: response times of an open loop at this rate, such as 1000/s, of oha and loadgen
    #[arg(long, value_name = "RATE", allow_hyphen_values = true)]
    pub(crate) open: Option<Rate>,

    /// How often each client has its turn, 1 to 50 [default: 4]
    #[arg(long, value_name = "N", conflicts_with = "quick", value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: Option<u32>,

    /// How long a turn is, 1 to 60 seconds [default: 5]
    #[arg(long, value_name = "SECONDS", conflicts_with = "quick", value_parser = clap::value_parser!(u32).range(1..=60))]
    seconds: Option<u32>,

    /// See it work: one round of a second each, too short to judge by
    #[arg(long)]
    pub(crate) quick: bool,

    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

impl Flags {
    pub(crate) fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { 1 } else { ROUNDS })
    }

    pub(crate) fn turn(&self) -> Duration {
        Duration::from_secs(u64::from(self.seconds.unwrap_or(if self.quick { 1 } else { SECONDS })))
    }

    pub(crate) fn connections(&self) -> &'static [u32] {
        if self.quick { &CONNECTIONS[..1] } else { &CONNECTIONS }
    }
}
