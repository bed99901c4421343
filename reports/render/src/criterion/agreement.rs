//! Two invocations of `cargo bench` side by side: whether they find the same.

use std::fmt::{self, Display, Formatter};

use reports_stats::verdict::Verdict;

use super::pairs::{self, PROMISED, Pair};
use super::results::Results;
use crate::{label, number};

/// What two invocations have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Groups that both have.
    groups: usize,
    /// Groups of either that the other one lacks, and files that could not be read.
    missing: Vec<String>,
    /// Groups with a winner in both.
    found_twice: usize,
    /// Groups whose winner is not the same in both.
    changed: Vec<String>,
    /// Intervals of a side against itself that hold 1, of as many, in each invocation.
    holding: [(usize, usize); 2],
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
        let opposite = found.iter().filter(|(one, other)| one.verdict() != other.verdict());
        Self {
            groups: both.len(),
            missing: lacks(&first, &second).into_iter().chain(lacks(&second, &first)).chain(unread).collect(),
            found_twice: found.len(),
            changed: opposite.map(|(pair, _)| pair.group().to_owned()).collect(),
            holding: [pairs::holding(&first), pairs::holding(&second)],
        }
    }

    /// Whether both have the same groups, no winner changes, and each invocation's intervals of a side against itself hold 1 as
    /// often as promised.
    #[must_use]
    pub fn holds(&self) -> bool {
        let often = |(holding, all): (usize, usize)| all > 0 && holding as f64 >= PROMISED * all as f64;
        self.groups > 0
            && self.missing.is_empty()
            && self.changed.is_empty()
            && self.holding.into_iter().all(often)
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
        write!(out, "{} have a winner in both; ", self.found_twice)?;
        if self.changed.is_empty() {
            writeln!(out, "no winner changes.")?;
        } else {
            writeln!(out, "the winner changes in {}: {}.", self.changed.len(), names(&self.changed))?;
        }
        for (which, (holding, all)) in ["first", "second"].into_iter().zip(self.holding) {
            let share = match all {
                0 => String::new(),
                _ => format!(" ({})", number::percent(holding as f64 / all as f64)),
            };
            writeln!(out, "The {which}: {holding} of {all} intervals of one side hold 1{share}.")?;
        }
        let promised = number::percent(PROMISED);
        let verdict = if self.holds() { "The two agree" } else { "The two do not agree" };
        write!(
            out,
            "{verdict}: expected the same groups, no changed winner, and at least {promised} of each one's intervals."
        )
    }
}
