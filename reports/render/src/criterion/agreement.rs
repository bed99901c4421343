//! Two invocations of `cargo bench` side by side: whether they find the same.

use std::fmt::{self, Display, Formatter};

use reports_record::BenchUnit;
use reports_stats::two_samples::{Ratio, ratio_of_evidence};
use reports_stats::verdict::Verdict;

use super::pairs::{self, COPIES_ALPHA, PROMISED, Pair};
use super::quantity;
use super::results::Results;
use crate::{label, number};

/// What two invocations have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Groups that both have.
    groups: usize,
    /// Groups of either that the other one lacks, and files that could not be read.
    missing: Vec<String>,
    /// Groups with a winner in both.
    found_twice: usize,
    /// Groups with a winner in one of them alone.
    found_once: usize,
    /// Groups whose winner is not the same in both.
    changed: Vec<String>,
    /// By how much all times are longer in the second, the median of all sides; `None` without a time in both.
    pace: Option<f64>,
    /// Intervals of a side in the second ÷ the same side in the first that hold the change of pace.
    sides: Holding,
    /// Sides whose intervals do not.
    moved: Vec<String>,
    /// How far the interval of a time reaches to either side, as a ratio above 1, the median of all sides: what is nearer than that would not
    /// be seen; `None` without a time in both.
    reach: Option<f64>,
    /// Intervals of a group's ratio in the second ÷ its ratio in the first that hold 1.
    ratios: Holding,
    /// Intervals of a side against itself that hold 1, in each invocation.
    within: [Holding; 2],
}

/// Intervals that hold what they should, of all that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Holding {
    holding: usize,
    all: usize,
}

impl Holding {
    fn of(which: impl IntoIterator<Item = bool>) -> Self {
        which.into_iter().fold(Self { holding: 0, all: 0 }, |sum, holds| Self {
            holding: sum.holding + usize::from(holds),
            all: sum.all + 1,
        })
    }

    fn is_as_promised(self) -> bool {
        self.all > 0 && self.holding as f64 >= PROMISED * self.all as f64
    }
}

impl Display for Holding {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { holding, all } = *self;
        write!(out, "{holding} of {all} intervals hold 1")?;
        if all > 0 { write!(out, " ({})", number::percent(holding as f64 / all as f64)) } else { Ok(()) }
    }
}

/// A side in both invocations.
struct SideTwice {
    name: String,
    is_time: bool,
    /// The second ÷ the first.
    ratio: Ratio,
}

impl SideTwice {
    /// Both sides of a group, where both invocations have enough processes of them.
    fn both(first: &Pair<'_>, second: &Pair<'_>) -> Vec<Self> {
        let costs = first.costs.iter().zip(&second.costs);
        let sides = ["sync", "async"].into_iter().zip(costs);
        let twice = |(side, (before, after)): (&str, (&Option<_>, &Option<_>))| {
            let (before, after) = before.as_ref().zip(after.as_ref())?;
            Some(Self {
                name: format!("{}/{side}", first.group()),
                is_time: first.rounds.unit == BenchUnit::Nanoseconds,
                ratio: ratio_of_evidence(after, before, COPIES_ALPHA),
            })
        };
        sides.filter_map(twice).collect()
    }

    /// Whether it changed as all times did, as far as its interval tells.
    fn holds(&self, pace: Option<f64>) -> bool {
        self.ratio.interval.holds(if self.is_time { pace.unwrap_or(1.0) } else { 1.0 })
    }
}

/// The median over the sides that are times.
fn median_of_times(sides: &[SideTwice], of: impl Fn(Ratio) -> f64) -> Option<f64> {
    let mut ratios: Vec<f64> = sides.iter().filter(|side| side.is_time).map(|side| of(side.ratio)).collect();
    ratios.sort_by(f64::total_cmp);
    let last = ratios.len().checked_sub(1)?;
    Some((ratios[last / 2] * ratios[last.div_ceil(2)]).sqrt())
}

impl Agreement {
    pub(super) fn of(one: &Results, other: &Results) -> Self {
        let (first, second) = (pairs::judged(&one.groups), pairs::judged(&other.groups));
        let twin = |pair: &Pair<'_>, of: &[Pair<'_>]| of.iter().position(|twin| twin.group() == pair.group());
        let both: Vec<(&Pair<'_>, &Pair<'_>)> =
            first.iter().filter_map(|pair| Some((pair, &second[twin(pair, &second)?]))).collect();
        let lacks = |all: &[Pair<'_>], of: &[Pair<'_>]| {
            let alone = all.iter().filter(|pair| twin(pair, of).is_none());
            alone.map(|pair| pair.group().to_owned()).collect::<Vec<_>>()
        };
        let unread = one.skipped.iter().chain(&other.skipped).map(|skipped| skipped.name.clone());
        let decided = |pair: &Pair<'_>| matches!(pair.verdict(), Verdict::AsyncWins | Verdict::SyncWins);
        let found: Vec<_> = both.iter().filter(|(one, other)| decided(one) && decided(other)).collect();
        let found_once = both.iter().filter(|(one, other)| decided(one) != decided(other)).count();
        let opposite = found.iter().filter(|(one, other)| one.verdict() != other.verdict());
        let sides: Vec<SideTwice> =
            both.iter().flat_map(|(one, other)| SideTwice::both(one, other)).collect();
        let pace = median_of_times(&sides, |found| found.ratio);
        let reach = median_of_times(&sides, |found| (found.interval.hi / found.interval.lo).sqrt());
        let ratios = both.iter().filter_map(|(one, other)| {
            let (before, after) = one.judgement.evidence.ok().zip(other.judgement.evidence.ok())?;
            Some(ratio_of_evidence(&after, &before, COPIES_ALPHA).interval.holds(1.0))
        });
        let within = |pairs: &[Pair<'_>]| {
            let (holding, all) = pairs::holding(pairs);
            Holding { holding, all }
        };
        Self {
            groups: both.len(),
            missing: lacks(&first, &second).into_iter().chain(lacks(&second, &first)).chain(unread).collect(),
            found_twice: found.len(),
            found_once,
            changed: opposite.map(|(pair, _)| pair.group().to_owned()).collect(),
            sides: Holding::of(sides.iter().map(|side| side.holds(pace))),
            moved: sides.iter().filter(|side| !side.holds(pace)).map(|side| side.name.clone()).collect(),
            pace,
            reach,
            ratios: Holding::of(ratios),
            within: [within(&first), within(&second)],
        }
    }

    /// Whether both have the same groups, no winner changes, and intervals of one side hold 1 as often as promised: between the two
    /// invocations, and within each of them.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.groups > 0
            && self.missing.is_empty()
            && self.changed.is_empty()
            && self.sides.is_as_promised()
            && self.within.into_iter().all(Holding::is_as_promised)
    }
}

impl Display for Agreement {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let names =
            |names: &[String]| names.iter().map(|name| label::passage(name)).collect::<Vec<_>>().join(", ");
        writeln!(out, "{} groups stand in both invocations.", self.groups)?;
        if !self.missing.is_empty() {
            writeln!(out, "Not compared: {}.", names(&self.missing))?;
        }
        write!(out, "Winners: {} in both, {} in one alone; ", self.found_twice, self.found_once)?;
        if self.changed.is_empty() {
            writeln!(out, "no winner changes.")?;
        } else {
            writeln!(out, "the winner changes in {}: {}.", self.changed.len(), names(&self.changed))?;
        }
        if let Some(pace) = self.pace {
            let pace = quantity::ratio(pace);
            writeln!(
                out,
                "Times of the second ÷ the first: {pace} in the median of all sides. It is taken out below, for a slower machine \
                 lengthens all times; code that lengthens all alike does not show there."
            )?;
        }
        writeln!(out, "One side, the second ÷ the first: {}.", self.sides)?;
        if let Some(reach) = self.reach {
            let reach = number::percent(reach - 1.0);
            writeln!(out, "In the median such an interval reaches {reach} to either side.")?;
        }
        if !self.moved.is_empty() {
            writeln!(out, "Those that do not: {}.", names(&self.moved))?;
        }
        writeln!(out, "Ratios async ÷ sync, the second ÷ the first: {}.", self.ratios)?;
        for (which, within) in ["first", "second"].into_iter().zip(self.within) {
            writeln!(out, "One side within the {which}, later processes ÷ earlier ones: {within}.")?;
        }
        let promised = number::percent(PROMISED);
        let verdict = if self.holds() { "The two agree" } else { "The two do not agree" };
        write!(
            out,
            "{verdict}: expected the same groups, no changed winner, and at least {promised} of one side's intervals, between the two and \
             within each."
        )
    }
}

#[cfg(test)]
mod coverage;
