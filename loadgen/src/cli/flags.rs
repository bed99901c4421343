//! What can be asked of a measurement, and what follows when it is not.

pub(crate) mod capacity;
pub(crate) mod crew;
pub(crate) mod fail_if;
pub(crate) mod merge;
pub(crate) mod output;
pub(crate) mod pace;
pub(crate) mod target;
pub(crate) mod window;

use anyhow::{Context as _, bail};
use clap::Args;
use loadgen::{Load, Pace, Stop, Url};

use self::crew::CrewFlags;
use self::fail_if::FailIfFlags;
use self::output::OutputFlags;
use self::pace::PaceFlags;
use self::target::TargetFlags;
use self::window::WindowFlags;
use super::outputs::Outputs;
use super::plan::Plan;

/// Everything about one measurement.
#[derive(Debug, Clone, Args)]
pub(crate) struct MeasureFlags {
    /// Where to send requests: http://host[:port][/path][?query]
    // Required unless a command stands in its place, which clap cannot say of a plain `Url`.
    #[arg(value_name = "URL", required = true)]
    url: Option<Url>,

    #[command(flatten)]
    target: TargetFlags,
    #[command(flatten)]
    crew: CrewFlags,
    #[command(flatten)]
    pace: PaceFlags,
    #[command(flatten)]
    window: WindowFlags,
    #[command(flatten)]
    fail_if: FailIfFlags,
    #[command(flatten)]
    output: OutputFlags,
}

impl MeasureFlags {
    /// Where results go, checked.
    pub(crate) fn outputs(&self) -> anyhow::Result<Outputs> {
        self.output.outputs(self.target.inputs().chain(self.pace.inputs()).collect())
    }

    /// What to measure, each part within its range.
    pub(crate) fn plan(&self) -> anyhow::Result<Plan> {
        let url = self.url.as_ref().context("expected a URL to measure")?;
        let (pace, warm_up) = (self.pace.pace()?, self.window.warm_up());
        let stop = match pace.end(warm_up) {
            Some(end) => Stop::After(end.saturating_sub(warm_up)),
            None => self.window.stop(),
        };
        let is_closed = matches!(pace, Pace::Closed { .. });
        if is_closed && self.crew.chooses_pool() {
            bail!("--pool: every connection of a closed loop is in use (leave it out, or give a --rate)");
        }
        let thinks = matches!(pace, Pace::Closed { think } if !think.is_zero());
        let mut load = Load {
            request: self.target.request(url)?,
            draws: None,
            expect: self.target.expect(),
            settle: self.window.settle().filter(|_| is_closed && !thinks),
            grace: self.window.grace(is_closed, self.target.timeout()),
            grace_at_least: self.window.grace_at_least(is_closed),
            stands_alone: true,
            pace,
            churn: self.crew.churn(),
            warm_up,
            stop,
            timeout: self.target.timeout(),
            lingers: true,
            pacing: self.pace.pacing()?,
            fail_if: Vec::new(),
        };
        load.validate()?;
        let priming = self.target.priming(url)?;
        if priming.is_some() && self.crew.chooses_on_demand() {
            bail!("--prime opens all connections beforehand: leave it out, or --pool on-demand");
        }
        let crew = self.crew.crew(priming.is_some())?;
        load.fail_if = self.fail_if.conditions(&load)?;
        Ok(Plan { crew, priming, load })
    }
}
