//! What can be asked for.

use std::time::Duration;

use clap::Parser;

/// Requests per second: few, and as many as leave a client thread time to be punctual.
const RATES: [u32; 3] = [1_000, 5_000, 20_000];

/// Compare how late requests start: loadgen, spinning and by a timer, a millisecond timer, oha
///
/// Prints one table from one run, at 1,000, 5,000 and 20,000 requests per second: lateness at the median and the 99th
/// percentile, what kept the client from running meanwhile, and what waiting cost. About a minute.
#[derive(Debug, Parser)]
#[command(name = "pacing", max_term_width = 80)]
pub(crate) struct Flags {
    /// How long each is measured, 1 to 60 seconds [default: 5]
    #[arg(long, value_name = "SECONDS", conflicts_with = "quick", value_parser = clap::value_parser!(u32).range(1..=60))]
    seconds: Option<u32>,

    /// See it work: one rate for a second, too short to judge by
    #[arg(long)]
    quick: bool,

    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

impl Flags {
    pub(crate) fn rates(&self) -> Vec<u32> {
        if self.quick { RATES[..1].to_vec() } else { RATES.to_vec() }
    }

    pub(crate) fn window(&self) -> Duration {
        Duration::from_secs(u64::from(self.seconds.unwrap_or(if self.quick { 1 } else { 5 })))
    }
}
