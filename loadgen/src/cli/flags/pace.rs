//! Who decides when a request starts.

use std::fs::File;
use std::io::{BufReader, stdin};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use loadgen::{Bursts, Course, Load, Pace, Pacing, Rate, Replay, Stages};
use nix::unistd::{SysconfVar, sysconf};
use reports_record::Arrivals;

use crate::cli::numbers::{span, whole};

/// Who decides when a request starts.
#[derive(Debug, Clone, Args)]
pub(crate) struct PaceFlags {
    /// Open loop: requests to start per second, such as 500/s, 2k/s or 30/m
    ///
    /// From 0.01/s to 1000k/s. Intended starts never shift to follow a slow server: times are counted from them.
    #[arg(long, short = 'r', value_name = "RATE", allow_hyphen_values = true)]
    rate: Option<Rate>,

    /// Open loop: rates that step and ramp, such as '500/s:10s, 500/s..2k/s:30s, 2k/s:10s'
    ///
    /// RATE:TIME holds a rate, RATE..RATE:TIME goes in a straight line from one to the other, and 0/s pauses. The window is
    /// as long as all stages; warm-up comes before, at the first rate.
    #[arg(long, value_name = "STAGES", allow_hyphen_values = true, conflicts_with_all = ["rate", "duration", "requests"])]
    stages: Option<Stages>,

    /// Open loop: bursts of requests, such as 64/1s: 64 at once, every second
    ///
    /// All requests of a burst are due at the same moment; the first burst is due when the schedule begins. Give as
    /// many --connections as a burst has requests, or requests wait for one.
    #[arg(long, value_name = "N/TIME", allow_hyphen_values = true, conflicts_with_all = ["rate", "stages"])]
    bursts: Option<Bursts>,

    /// Open loop: start requests at the offsets in this file, one per line; - for stdin
    ///
    /// Seconds, or any time with its unit, in order; # begins a comment. The window ends with the last of them, and
    /// --warm-up leaves out the beginning.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rate", "stages", "bursts", "duration", "requests"])]
    replay: Option<PathBuf>,

    /// How --rate and --stages space their starts [default: constant]
    ///
    /// constant: equal gaps, which cause the least queueing at a rate. poisson: independent gaps, as from many
    /// independent users.
    #[arg(long, value_enum, value_name = "SHAPE", conflicts_with_all = ["bursts", "replay"])]
    arrivals: Option<Shape>,

    /// Seed of Poisson arrivals [default: 1]
    ///
    /// The same seed gives the same starts, so that two servers can be given exactly the same load.
    #[arg(long, value_name = "N", requires = "arrivals", allow_hyphen_values = true, value_parser = whole(0..=u64::MAX))]
    seed: Option<u64>,

    /// Closed loop: how long a connection pauses between a reply and its next request
    ///
    /// Like a user who reads before the next click. First requests are spread over one such pause. Up to 1h.
    #[arg(long, value_name = "TIME", conflicts_with_all = ["rate", "stages", "bursts", "replay"], allow_hyphen_values = true,
          value_parser = span(Load::MARGIN))]
    think: Option<Duration>,

    /// How the open loop waits for a start [default: spin, or timer where there is only one CPU]
    ///
    /// timer: asleep; requests leave tens of microseconds late, because waking up takes that long. spin: asleep until
    /// up to 0.5ms before, then looking at the clock and the sockets in turn; requests leave a few microseconds late, at
    /// up to one CPU a thread, which the summary tells apart from the work. On a CPU that others use it gives way to the
    /// timer, and the summary says so.
    #[arg(long, value_enum, value_name = "HOW")]
    pacing: Option<Waiting>,
}

/// How an open loop spaces its starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// Equal gaps
    Constant,
    /// Independent exponential gaps
    Poisson,
}

/// How starts are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Waiting {
    /// Asleep
    Timer,
    /// Asleep, then awake just before
    Spin,
}

impl Shape {
    pub(crate) fn arrivals(self) -> Arrivals {
        match self {
            Self::Constant => Arrivals::Constant,
            Self::Poisson => Arrivals::Poisson,
        }
    }
}

impl Waiting {
    /// What was asked for, or what this machine has room for.
    pub(crate) fn pacing(asked: Option<Self>) -> Pacing {
        // The machine's, not this process's: who gave the client one CPU of several gave the server others.
        let one_cpu = sysconf(SysconfVar::_NPROCESSORS_ONLN).is_ok_and(|cpus| cpus == Some(1));
        match asked {
            Some(Self::Timer) => Pacing::Timer,
            Some(Self::Spin) => Pacing::Spin,
            None if one_cpu => Pacing::Timer,
            None => Pacing::Spin,
        }
    }
}

impl PaceFlags {
    /// The files that are read, with their flags.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.replay.as_deref().map(|path| ("--replay", path)).into_iter()
    }

    /// How starts are waited for: spinning needs a CPU that the server can do without.
    pub(crate) fn pacing(&self) -> anyhow::Result<Pacing> {
        if self.pacing.is_some() && self.is_closed() && self.think.is_none() {
            bail!("--pacing: this closed loop has no starts to wait for (leave it out, or give a --rate)");
        }
        Ok(Waiting::pacing(self.pacing))
    }

    /// Open with a schedule, closed without.
    pub(crate) fn pace(&self) -> anyhow::Result<Pace> {
        let arrivals = self.arrivals.unwrap_or(Shape::Constant).arrivals();
        if self.seed.is_some() && arrivals == Arrivals::Constant {
            bail!(
                "--seed: constant arrivals are the same with any (leave it out, or ask for --arrivals poisson)"
            );
        }
        match self.course()? {
            Some(course) => Ok(Pace::Open { course, arrivals, seed: self.seed.unwrap_or(1) }),
            None if self.arrivals.is_some() => {
                bail!("--arrivals: a closed loop spaces nothing (leave it out, or give a --rate or --stages)")
            }
            None => Ok(Pace::Closed { think: self.think.unwrap_or_default() }),
        }
    }

    fn is_closed(&self) -> bool {
        self.rate.is_none() && self.stages.is_none() && self.bursts.is_none() && self.replay.is_none()
    }

    fn course(&self) -> anyhow::Result<Option<Course>> {
        let typed = self.rate.map(Course::Steady);
        let typed = typed.or_else(|| self.stages.clone().map(Course::Stages));
        let typed = typed.or_else(|| self.bursts.map(Course::Bursts));
        match &self.replay {
            None => Ok(typed),
            Some(path) => {
                let what = || format!("--replay {}", path.display());
                let replay = if path == Path::new("-") {
                    Replay::read(stdin().lock())
                } else {
                    Replay::read(BufReader::new(File::open(path).with_context(what)?))
                };
                Ok(Some(Course::Replay(replay.with_context(what)?)))
            }
        }
    }
}
