//! CPU per request, tasks ÷ threads: of one block, and over blocks. Pure.

use benches::slices;
use reports_record::{Certificate, Check, CheckStatus};
use reports_stats::effect::{Interval, Pair, effect};
use reports_stats::verdict::Verdict;

/// Whether one block's figure may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fitness {
    Fit,
    /// The machine took CPU time from all of it.
    Disturbed,
    /// A contender did not keep up with what was offered.
    Overloaded,
}

/// CPU time of the server for a request, microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cost {
    pub(crate) threads_us: f64,
    pub(crate) tasks_us: f64,
}

/// One block's ratio under one load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratio {
    /// CPU time of either side.
    pub(crate) cost: Cost,
    /// Replies per second of the slower one.
    pub(crate) rate: f64,
    pub(crate) fitness: Fitness,
}

impl Fitness {
    /// Of the contenders' `certificates`. Where a queue grew, a contender reached less than was offered: the check *achieved*.
    pub(crate) fn of<'a>(certificates: impl Iterator<Item = &'a Certificate> + Clone) -> Self {
        let grew = |check: &Check| {
            check.name == "achieved" && matches!(check.status, CheckStatus::Fail | CheckStatus::Warn)
        };
        if certificates.clone().any(slices::is_beyond_contenders) {
            Self::Disturbed
        } else if certificates.flat_map(|certificate| &certificate.checks).any(grew) {
            Self::Overloaded
        } else {
            Self::Fit
        }
    }
}

impl Ratio {
    /// CPU time, tasks ÷ threads.
    pub(crate) fn cpu(&self) -> f64 {
        self.cost.tasks_us / self.cost.threads_us
    }

    pub(crate) fn is_fit(&self) -> bool {
        self.fitness == Fitness::Fit
    }
}

/// Quotients of two figures over blocks, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Quotient {
    Told { ratio: f64, interval: Interval },
    Untold(String),
}

impl Quotient {
    /// Of the blocks' ratios.
    pub(crate) fn of(blocks: &[Ratio]) -> Self {
        let one = Ratio { cost: Cost { threads_us: 1.0, tasks_us: 1.0 }, rate: 0.0, fitness: Fitness::Fit };
        Self::between(&blocks.iter().map(|&block| (block, one)).collect::<Vec<_>>())
    }

    /// Of ratios ÷ others, block by block.
    pub(crate) fn between(blocks: &[(Ratio, Ratio)]) -> Self {
        let is_fit = |(one, other): &&(Ratio, Ratio)| one.is_fit() && other.is_fit();
        let pair = |(one, other): &(Ratio, Ratio)| Pair { sync: other.cpu(), r#async: one.cpu() };
        let pairs: Vec<Pair> = blocks.iter().filter(is_fit).map(pair).collect();
        let told = effect(&pairs).ok().and_then(|effect| Some((effect.ratio(), effect.ratio_interval()?)));
        match told {
            Some((ratio, interval)) => Self::Told { ratio, interval },
            None => Self::Untold(untold(blocks, pairs.len())),
        }
    }

    /// Which one costs less: whether its interval lies above or below 1. Invalid where there is none.
    pub(crate) fn verdict(&self) -> Verdict {
        let Self::Told { interval, .. } = self else { return Verdict::Invalid };
        match interval {
            interval if interval.lo > 1.0 => Verdict::SyncWins,
            interval if interval.hi < 1.0 => Verdict::AsyncWins,
            _ => Verdict::CannotTell,
        }
    }

    /// Whether 1 lies in its interval, in a word.
    pub(crate) fn agrees(&self) -> &'static str {
        match self.verdict() {
            Verdict::Invalid => "",
            Verdict::CannotTell | Verdict::Tie => "yes",
            Verdict::SyncWins | Verdict::AsyncWins => "no",
        }
    }
}

impl std::fmt::Display for Quotient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Untold(why) => formatter.write_str(why),
            Self::Told { ratio, interval } => {
                write!(formatter, "{ratio:.2} ({:.2}–{:.2})", interval.lo, interval.hi)
            }
        }
    }
}

fn untold(blocks: &[(Ratio, Ratio)], fit: usize) -> String {
    if blocks.is_empty() {
        return "not reached".to_owned();
    }
    let is = |fitness, (one, other): &(Ratio, Ratio)| one.fitness == fitness || other.fitness == fitness;
    let count = |fitness| blocks.iter().filter(|block| is(fitness, block)).count();
    let told = [(Fitness::Disturbed, "disturbed"), (Fitness::Overloaded, "overloaded")].map(|(of, name)| {
        let count = count(of);
        if count == 0 { String::new() } else { format!(", {count} {name}") }
    });
    format!("cannot be judged: {fit} of {} blocks fit{}", blocks.len(), told.concat())
}
