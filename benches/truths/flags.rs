//! What can be asked for.

use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::{delay, evenly, queue, stall};

/// Hold the load generator to servers whose behaviour is known exactly
///
/// Prints, from one run, what each server does and what was measured of it. "Away" is the share of the time in which
/// the client or the server was kept from running, "late" by how much the server's replies missed its script, mean and most:
/// where they are large, something else took the CPUs, and the measurement shows that.
#[derive(Debug, Parser)]
#[command(name = "truths", max_term_width = 80)]
pub(crate) struct Flags {
    /// Which of them [default: all]
    #[arg(value_enum, value_name = "TRUTH")]
    chosen: Vec<Truth>,

    /// See it work: a few seconds, too short to judge by
    #[arg(long)]
    pub(crate) quick: bool,

    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// A server of which the truth is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Truth {
    /// Silent for 400 ms every 4 s, at a constant rate: p95, p99 and p99.9 of the response time
    Stall,
    /// Answers 0.5 ms after each request: p50 of the service time
    Delay,
    /// One after another, 0.5 ms each, at a constant 1,400/s (D/D/1 at 70 %): nobody waits; beside oha
    Evenly,
    /// One after another, 5 ms each, at random (M/D/1, M/M/1 at 50, 70, 90 %): mean wait; thirteen minutes
    Queue,
}

impl Flags {
    /// The chosen ones, each once; all where none was.
    pub(crate) fn truths(&self) -> Vec<Truth> {
        let all = Truth::value_variants().iter().copied();
        all.filter(|truth| self.chosen.is_empty() || self.chosen.contains(truth)).collect()
    }

    /// How long they take together.
    pub(crate) fn length(&self) -> Duration {
        let length = |truth| match truth {
            Truth::Stall => stall::length(self.quick),
            Truth::Delay => delay::length(self.quick),
            Truth::Evenly => evenly::length(self.quick),
            Truth::Queue => queue::length(self.quick),
        };
        self.truths().into_iter().map(length).sum()
    }
}
