//! Who decides when a request starts.

use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::bail;
use clap::{Args, ValueEnum};
use loadgen::{Load, Pace, Pacing, Rate};
use reports_record::Arrivals;

use crate::cli::numbers::{span, whole};

/// Who decides when a request starts.
#[derive(Debug, Clone, Args)]
pub(crate) struct PaceFlags {
    /// Open loop: start so many requests per second, such as 500/s, 2k/s or 30/m
    ///
    /// From 0.01/s to 1000k/s. Intended starts never shift to follow a slow server: times are counted from them.
    #[arg(long, short = 'r', value_name = "RATE", allow_hyphen_values = true)]
    rate: Option<Rate>,

    /// How the open loop spaces its starts [default: constant]
    ///
    /// Constant: equal gaps, the least queueing a rate can cause. Poisson: independent gaps, as of many users who do
    /// not know of each other.
    #[arg(long, value_enum, value_name = "SHAPE", requires = "rate")]
    arrivals: Option<Shape>,

    /// Seed of Poisson arrivals [default: 1]
    ///
    /// The same seed gives the same starts, so that two servers can be given the very same load.
    #[arg(long, value_name = "N", requires = "arrivals", allow_hyphen_values = true, value_parser = whole(0..=u64::MAX))]
    seed: Option<u64>,

    /// Closed loop: pause so long between a reply and the next request of its connection
    ///
    /// As a user does who reads before the next click. First requests are spread over one such pause. Up to 1h.
    #[arg(long, value_name = "TIME", conflicts_with = "rate", allow_hyphen_values = true, value_parser = span(Load::MARGIN))]
    think: Option<Duration>,

    /// How the open loop waits for a start [default: spin, or timer where there is only one CPU]
    ///
    /// timer: asleep; requests leave tens of microseconds late, since that is what waking up takes. spin: asleep until
    /// up to 0.5ms before, then looking at the clock and the sockets in turn; requests leave a few microseconds late, at
    /// up to one CPU a thread, which the summary tells apart from the work.
    #[arg(long, value_enum, value_name = "HOW")]
    pacing: Option<Waiting>,
}

/// How an open loop spaces its starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// Equal gaps
    Constant,
    /// Independent exponential gaps
    Poisson,
}

/// How starts are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Waiting {
    /// Asleep
    Timer,
    /// Asleep, then awake just before
    Spin,
}

impl PaceFlags {
    /// How starts are waited for: spinning needs a CPU that the server can do without.
    pub(crate) fn pacing(&self) -> anyhow::Result<Pacing> {
        if self.pacing.is_some() && self.rate.is_none() && self.think.is_none() {
            bail!("--pacing: this closed loop has no starts to wait for (leave it out, or give a --rate)");
        }
        let one_cpu = available_parallelism().is_ok_and(|cpus| cpus.get() == 1);
        Ok(match self.pacing {
            Some(Waiting::Timer) => Pacing::Timer,
            Some(Waiting::Spin) => Pacing::Spin,
            None if one_cpu => Pacing::Timer,
            None => Pacing::Spin,
        })
    }

    /// Closed without a rate, open with one.
    pub(crate) fn pace(&self) -> anyhow::Result<Pace> {
        let Some(rate) = self.rate else { return Ok(Pace::Closed { think: self.think.unwrap_or_default() }) };
        let arrivals = match self.arrivals {
            None | Some(Shape::Constant) => Arrivals::Constant,
            Some(Shape::Poisson) => Arrivals::Poisson,
        };
        if self.seed.is_some() && arrivals == Arrivals::Constant {
            bail!(
                "--seed: constant arrivals are the same with any (leave it out, or ask for --arrivals poisson)"
            );
        }
        Ok(Pace::Open { rate, arrivals, seed: self.seed.unwrap_or(1) })
    }
}
