//! What the flags of a capacity search come to.

use std::time::Duration;

use loadgen::capacity::{Ballot, SearchRange, longest_bound, window};
use loadgen::{Condition, Crew, Load, Pace, Pacing, Rate, Request, Stop, show_span};
use reports_record::{Arrivals, CapacityPlan};

/// Censored times have to reach the bound that they are held to, and this much more.
const BEYOND_BOUND: f64 = 1.1;
/// A fast server's requests in flight end well within it.
const SHORTEST_GRACE: Duration = Duration::from_secs(1);
/// A trial with more wrong replies than this is short of samples, and says so.
const MOST_WRONG: f64 = 0.5;
/// What a trial that errs now and then is taken to err by when the plan says what a majority makes of it.
const TRIAL_ERROR: f64 = 0.05;

/// A search as it will be made.
pub(crate) struct SearchPlan {
    pub(crate) objectives: Vec<Condition>,
    pub(crate) range: SearchRange,
    pub(crate) crew: Crew,
    /// Every trial's load but for its schedule, its window and its grace.
    pub(crate) template: Load,
    pub(crate) priming: Option<Request>,
    pub(crate) arrivals: Arrivals,
    pub(crate) seed: u64,
    /// Shortest window of a trial.
    pub(crate) shortest: Duration,
    pub(crate) settle: Duration,
    pub(crate) at_most: Duration,
}

impl SearchPlan {
    /// The load of a rate's trial (from 0).
    pub(crate) fn load(&self, rate: Rate, trial: u32) -> Load {
        Load {
            pace: Pace::open(rate, self.arrivals, self.seed.wrapping_add(trial.into())),
            stop: Stop::After(window::window(rate, self.requests(), self.shortest, self.arrivals)),
            grace: self.grace(),
            ..self.template.clone()
        }
    }

    /// Requests that a trial needs for the most demanding objective.
    pub(crate) fn requests(&self) -> f64 {
        let quantiles = self.objectives.iter().filter_map(Condition::quantile).map(window::for_quantile);
        let shares = self.objectives.iter().filter_map(Condition::share).map(window::for_share);
        // Wrong replies have no response time: room for as many as the trial may have and still pass.
        let quantiles = quantiles.map(|requests| requests / (1.0 - self.wrong_share()));
        quantiles.chain(shares).fold(0.0, f64::max)
    }

    /// The largest share of wrong replies with which a trial can pass.
    fn wrong_share(&self) -> f64 {
        let stated = self.objectives.iter().filter_map(Condition::share).reduce(f64::min);
        stated.unwrap_or(loadgen::capacity::TOLERATED_ERRORS).min(MOST_WRONG)
    }

    /// Longest time that a trial at `rate` takes, the pause after it included.
    pub(crate) fn longest(&self, rate: Rate) -> Duration {
        let length = window::window(rate, self.requests(), self.shortest, self.arrivals);
        self.template.warm_up + length + self.grace() + self.settle
    }

    fn grace(&self) -> Duration {
        let bound = longest_bound(&self.objectives).unwrap_or_default();
        bound.mul_f64(BEYOND_BOUND).clamp(SHORTEST_GRACE, *Load::MARGIN.end())
    }

    /// All objectives in a line.
    pub(crate) fn asked(&self) -> String {
        self.objectives.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
    }

    /// What will run, how long it takes, and the seed.
    pub(crate) fn announcement(&self) -> String {
        let Self { range, crew, template, .. } = self;
        let arrivals = match self.arrivals {
            Arrivals::Constant => "constant".into(),
            _ => format!("Poisson, seeds from {}", self.seed),
        };
        let agreeing = Ballot::agreeing(range.trials);
        let limit = longest_bound(&self.objectives).map_or_else(String::new, |bound| {
            let rate = f64::from(crew.connections) / bound.as_secs_f64();
            format!(
                "; beyond {rate:.0}/s they may be the limit ({} ÷ {})",
                crew.connections,
                show_span(bound)
            )
        });
        format!(
            "{} {}: the highest rate with {}, from {} to {} to {} %, at most {} in all\n\
             open loops, {arrivals}, each {} or longer for {:.0} requests, after {} of warm-up; {} between them\n\
             connections: {}, opened anew for each trial{limit}; threads: {}\n\
             {agreeing} trials alike of {} decide a rate: if one in {:.0} erred, a rate in {:.0} would",
            template.request.method(),
            template.request.url(),
            self.asked(),
            range.from,
            range.to,
            range.precision * 100.0,
            show_span(self.at_most),
            show_span(self.shortest),
            self.requests(),
            show_span(template.warm_up),
            show_span(self.settle),
            crew.connections,
            crew.threads,
            range.trials,
            1.0 / TRIAL_ERROR,
            1.0 / Ballot::error(range.trials, TRIAL_ERROR),
        )
    }

    /// As the record keeps it.
    pub(crate) fn record(&self) -> CapacityPlan {
        let Self { range, crew, template, .. } = self;
        CapacityPlan {
            url: template.request.url().to_string(),
            method: template.request.method().to_owned(),
            request_crc32: crc32fast::hash(template.request.bytes()),
            expect: template.expect.to_string(),
            objectives: self.objectives.iter().map(ToString::to_string).collect(),
            from_per_s: range.from.get(),
            to_per_s: range.to.get(),
            precision: range.precision,
            trials: range.trials,
            trial_s: self.shortest.as_secs_f64(),
            warm_up_s: template.warm_up.as_secs_f64(),
            settle_s: self.settle.as_secs_f64(),
            timeout_s: template.timeout.as_secs_f64(),
            arrivals: self.arrivals,
            seed: self.seed,
            pacing: if template.pacing == Pacing::Spin { "spin" } else { "timer" }.into(),
            connections: crew.connections,
            idle: crew.idle,
            slow: crew.slow,
            churn: template.churn,
            threads: crew.threads,
            pins: crew.pins.clone(),
        }
    }
}
