//! What can be asked of a capacity search.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{ArgAction, Args};
use loadgen::capacity::{Ballot, SearchRange};
use loadgen::{Condition, Load, Rate, Url, show_span};
use reports_record::CapacityLine;

use super::crew::CrewFlags;
use super::pace::{Shape, Waiting};
use super::target::TargetFlags;
use crate::cli::capacity_plan::SearchPlan;
use crate::cli::numbers::{share, span, whole};
use crate::cli::output::{Output, ensure_apart};
use crate::cli::search_log::SearchLog;

/// Everything about one capacity search.
#[derive(Debug, Clone, Args)]
#[command(mut_arg("connections", |connections| connections.default_value("64")))]
pub(crate) struct CapacityFlags {
    /// Where to send requests: http://host[:port][/path][?query]
    #[arg(value_name = "URL")]
    url: Url,

    /// A condition that has to hold at a rate, such as 'p99 < 50ms' or 'error_rate < 0.1%'; may be given more than once
    ///
    /// The quantile, mean or maximum of a time (p99 is response_time_p99; also service_time_…, connection_wait_…),
    /// or error_rate, with < or <=. All of them have to hold, and the server has to keep up with the schedule.
    #[arg(long, short = 'o', value_name = "CONDITION", required = true, action = ArgAction::Append)]
    objective: Vec<Condition>,

    /// The lowest rate, and the first that is tried
    ///
    /// Rates are doubled from it until one fails. Low rates take long: a p99 needs 1,000 requests.
    #[arg(long, value_name = "RATE", default_value = "100/s", allow_hyphen_values = true)]
    from: Rate,

    /// The highest rate that is tried
    #[arg(long, value_name = "RATE", default_value = "1000k/s", allow_hyphen_values = true)]
    to: Rate,

    /// How close the ends of the interval have to get before the search ends
    ///
    /// As a share of the lower end, from 1% to 50%.
    #[arg(long, value_name = "SHARE", default_value = "5%", allow_hyphen_values = true,
          value_parser = share(SearchRange::PRECISION))]
    precision: f64,

    /// Trials at each rate; the majority decides, so the number is odd
    ///
    /// It is fixed beforehand, because stopping at a pleasing outcome would make that outcome a false one. Trials
    /// that can no longer change the majority are left out; trials that could not decide anything are repeated.
    #[arg(long, value_name = "N", default_value = "3", allow_hyphen_values = true, value_parser = whole(SearchRange::TRIALS))]
    trials: u32,

    /// How long to measure in each trial; longer where an objective's quantile needs more requests
    ///
    /// From 100ms to 24h.
    #[arg(long, value_name = "TIME", default_value = "5s", allow_hyphen_values = true, value_parser = span(Load::WINDOW))]
    trial: Duration,

    /// Leave out this long at the start of each trial
    #[arg(long, value_name = "TIME", default_value = "1s", allow_hyphen_values = true, value_parser = span(Load::MARGIN))]
    warm_up: Duration,

    /// How long to pause between trials, without connections, for the server to recover
    #[arg(long, value_name = "TIME", default_value = "500ms", allow_hyphen_values = true, value_parser = span(Load::MARGIN))]
    settle: Duration,

    /// Start no trial that might run past this time limit
    ///
    /// From 1s to 24h, counted from the start of the search. The answer is what is known by then.
    #[arg(long, value_name = "TIME", default_value = "10m", allow_hyphen_values = true,
          value_parser = span(Duration::from_secs(1)..=Duration::from_secs(86_400)))]
    at_most: Duration,

    /// How starts are spaced
    #[arg(long, value_enum, value_name = "SHAPE", default_value = "poisson")]
    arrivals: Shape,

    /// Seed of each rate's first trial; the next has the next one [default: 1]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = whole(0..=u64::MAX))]
    seed: Option<u64>,

    /// How starts are waited for [default: spin, or timer where there is only one CPU]
    #[arg(long, value_enum, value_name = "HOW")]
    pacing: Option<Waiting>,

    #[command(flatten)]
    target: TargetFlags,
    #[command(flatten)]
    crew: CrewFlags,

    /// Write the whole search to this file as JSON; - for stdout, where then nothing else goes
    ///
    /// A file that exists is replaced, whole or not at all.
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,

    /// Append each trial to this file as it ends; a later search with the same flags goes on from it
    ///
    /// A regular file, since it is read again: not a pipe, a device or stdout.
    #[arg(long, value_name = "PATH")]
    log: Option<PathBuf>,
}

impl CapacityFlags {
    /// Where the JSON goes, checked.
    pub(crate) fn json(&self) -> anyhow::Result<Option<Output>> {
        let open =
            |flag, path: &Option<PathBuf>| path.as_deref().map(|path| Output::open(flag, path)).transpose();
        let (json, log) = (open("--json", &self.json)?, open("--log", &self.log)?);
        let outputs: Vec<_> = [&log, &json].into_iter().flatten().collect();
        ensure_apart(&outputs, &self.target.inputs().collect::<Vec<_>>())?;
        Ok(json)
    }

    /// The log and what it holds, if one is kept.
    pub(crate) fn log(&self) -> anyhow::Result<(SearchLog, Vec<CapacityLine>)> {
        SearchLog::take_up(self.log.as_deref())
    }

    /// What to search, each part within its range, and possible at all.
    pub(crate) fn plan(&self) -> anyhow::Result<SearchPlan> {
        let url = &self.url;
        let arrivals = self.arrivals.arrivals();
        if self.seed.is_some() && self.arrivals == Shape::Constant {
            bail!(
                "--seed: constant arrivals are the same with any (leave it out, or take --arrivals poisson)"
            );
        }
        let range =
            SearchRange { from: self.from, to: self.to, precision: self.precision, trials: self.trials };
        range.validate()?;
        let template = Load {
            expect: self.target.expect(),
            churn: self.crew.churn(),
            warm_up: self.warm_up,
            timeout: self.target.timeout(),
            pacing: Waiting::pacing(self.pacing),
            fail_if: self.objective.iter().map(|objective| objective.negated()).collect(),
            ..Load::closed(self.target.request(url)?, self.trial)
        };
        let plan = SearchPlan {
            objectives: self.objectives()?,
            range,
            crew: self.crew.crew(self.target.has_priming())?,
            template,
            priming: self.target.priming(url)?,
            arrivals,
            seed: self.seed.unwrap_or(1),
            shortest: self.trial,
            settle: self.settle,
            at_most: self.at_most,
        };
        self.refuse_what_is_too_long(&plan)?;
        Ok(plan)
    }

    fn objectives(&self) -> anyhow::Result<Vec<Condition>> {
        let timeout = self.target.timeout();
        for objective in &self.objective {
            if !objective.is_upper_bound() || (objective.time().is_none() && objective.share().is_none()) {
                bail!(
                    "--objective '{objective}': expected a time or error_rate with < or <=, since more load makes them worse"
                );
            }
            if objective.is_impossible() {
                bail!(
                    "--objective '{objective}': no server meets it at any rate; give a higher bound, or <="
                );
            }
            if let Some(bound) = objective.time().filter(|bound| *bound >= timeout) {
                bail!(
                    "--objective '{objective}': no request is waited for beyond --timeout {}; give one above {}",
                    show_span(timeout),
                    show_span(bound)
                );
            }
        }
        Ok(self.objective.clone())
    }

    /// The lowest rate has the longest trials.
    fn refuse_what_is_too_long(&self, plan: &SearchPlan) -> anyhow::Result<()> {
        plan.load(self.from, 0).validate().context("a trial at the lowest rate")?;
        let (first, agreeing) = (plan.longest(self.from), Ballot::agreeing(self.trials));
        let needed = first * agreeing;
        if needed > self.at_most {
            bail!(
                "--at-most {}: at {} a trial takes up to {} for {:.0} requests, and {agreeing} of them decide the first rate: \
                 {}; raise --at-most or --from",
                show_span(self.at_most),
                self.from,
                show_span(first),
                plan.requests().max(1.0),
                show_span(needed)
            );
        }
        Ok(())
    }
}
