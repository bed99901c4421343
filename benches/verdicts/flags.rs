//! What is asked on the command line.

use std::time::Duration;

use clap::Parser;

/// Known differences, measured in slices and one after another, and what the rules make of them.
///
/// One server is held against itself with more hash rounds a request. The true ratio of each difference is the mean over all
/// of its cells; the planted share is an upper bound of it, since requests cost more than their rounds.
#[derive(Debug, Parser)]
#[command(name = "verdicts", max_term_width = 80)]
pub(crate) struct Flags {
    /// Cells of each difference
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) cells: u32,
    /// Blocks of a cell, each with fresh processes
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(6..=100))]
    pub(crate) blocks: u32,
    /// Turns of each server in a block, each with two slices of 25 ms; the more, the longer a block
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) turns: u32,
    /// Hash rounds of a request
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rounds: u32,
    /// Connections
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) connections: u32,
    /// Planted differences, % more hash rounds; 0, the A/A cells, is always among them
    #[arg(long, value_delimiter = ',', default_value = "5,10,20,30", value_parser = clap::value_parser!(u32).range(0..=1_000))]
    more: Vec<u32>,
    /// Seed of all orders
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

impl Flags {
    /// The differences, % more hash rounds, A/A first.
    pub(crate) fn planted(&self) -> Vec<u32> {
        let mut all = vec![0];
        all.extend(self.more.iter().copied().filter(|&more| more > 0));
        all.dedup();
        all
    }

    /// About how long it takes: four starts a block, and eight slices a turn.
    pub(crate) fn length(&self) -> Duration {
        let block = Duration::from_millis(100) + Duration::from_millis(280) * self.turns;
        block * self.cells * self.blocks * self.planted().len() as u32
    }
}
