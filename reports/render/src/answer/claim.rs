//! The sentences' templates, a claim a question.

use reports_record::Metric;

use super::outcome::{Outcome, Wins};
use crate::number;

/// A question, and the words in which a win is told.
#[derive(Debug)]
pub(super) struct Claim {
    /// What is compared.
    pub metric: Metric,
    /// What is counted.
    pub places: Places,
    /// The winner's claim, with `{winner}`, `{loser}` and `{span}`.
    pub win: &'static str,
    /// The same once more, after the other side's.
    pub also: &'static str,
    /// The same without a size, as in "neither …".
    pub better: &'static str,
    /// What both do in a tie.
    pub alike: &'static str,
}

/// The things that verdicts are counted over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Places {
    /// A workload on a number of connections.
    Combinations,
    /// The same at one of the offered rates.
    Rates,
}

pub(super) const CAPACITY: Claim = Claim {
    metric: Metric::Throughput,
    places: Places::Combinations,
    win: "{winner} served {span} times as many requests per second as {loser}",
    also: "{winner} served {span} times as many",
    better: "served more requests per second",
    alike: "served the same within 5\u{a0}%",
};

pub(super) const COST: Claim = Claim {
    metric: Metric::CpuPerRequest,
    places: Places::Rates,
    win: "{winner} needed {span} less CPU per request than {loser}",
    also: "{winner} needed {span} less",
    better: "needed less CPU per request",
    alike: "needed the same within 5\u{a0}%",
};

pub(super) const MEDIAN_WAIT: Claim = Claim {
    metric: Metric::ResponseTimeP50,
    places: Places::Rates,
    win: "with {winner} users waited {span} less at the median than with {loser}",
    also: "with {winner} they waited {span} less",
    better: "kept users waiting less at the median",
    alike: "kept them waiting equally long within 5\u{a0}%",
};

/// The 95th percentile, told where nothing is decided about the 99th.
pub(super) const NEAR_TAIL_WAIT: Claim = Claim {
    metric: Metric::ResponseTimeP95,
    places: Places::Rates,
    win: "with {winner} users waited {span} less at the 95th percentile than with {loser}",
    also: "with {winner} they waited {span} less",
    better: "kept users waiting less at the 95th percentile",
    alike: "kept them waiting equally long within 5\u{a0}%",
};

pub(super) const TAIL_WAIT: Claim = Claim {
    metric: Metric::ResponseTimeP99,
    places: Places::Rates,
    win: "with {winner} users waited {span} less at the 99th percentile than with {loser}",
    also: "with {winner} they waited {span} less",
    better: "kept users waiting less at the 99th percentile",
    alike: "kept them waiting equally long within 5\u{a0}%",
};

pub(super) const MEMORY: Claim = Claim {
    metric: Metric::Memory,
    places: Places::Combinations,
    win: "{winner} held {span} less memory than {loser}",
    also: "{winner} held {span} less",
    better: "held less memory",
    alike: "held the same within 5\u{a0}%",
};

impl Places {
    fn name(self, number: usize) -> &'static str {
        match (self, number) {
            (Self::Combinations, 1) => "combination measured",
            (Self::Combinations, _) => "combinations measured",
            (Self::Rates, 1) => "offered rate",
            (Self::Rates, _) => "offered rates",
        }
    }

    /// Every one of `total`, after a preposition.
    pub(super) fn all(self, total: usize) -> String {
        if total == 2 { format!("both {}", self.name(total)) } else { self.of("all", total) }
    }

    /// Any one of `total`, after a preposition.
    pub(super) fn any(self, total: usize) -> String {
        self.of("any of the", total)
    }

    fn of(self, words: &str, total: usize) -> String {
        let name = self.name(total);
        if total == 1 { format!("the one {name}") } else { format!("{words} {total} {name}") }
    }

    pub(super) fn preposition(self) -> &'static str {
        match self {
            Self::Combinations => "In",
            Self::Rates => "At",
        }
    }
}

impl Wins {
    /// One side's wins as a sentence without a full stop; `None` without any.
    pub(super) fn clause(
        &self,
        claim: &Claim,
        (winner, loser): (&str, &str),
        outcome: &Outcome,
    ) -> Option<String> {
        let (total, places) = (outcome.total(), claim.places.name(outcome.total()));
        let count = if self.count() == total {
            claim.places.all(total)
        } else {
            format!("{} of the {total} {places}", number::one_or(self.count()))
        };
        self.told(claim, claim.win, (winner, loser), &count, outcome)
    }

    /// The same after the other side's sentence, in fewer words.
    pub(super) fn also(&self, claim: &Claim, winner: &str, outcome: &Outcome) -> Option<String> {
        self.told(claim, claim.also, (winner, ""), &number::one_or(self.count()), outcome)
    }

    fn told(
        &self,
        claim: &Claim,
        template: &str,
        (winner, loser): (&str, &str),
        count: &str,
        outcome: &Outcome,
    ) -> Option<String> {
        let span = if claim.metric.more_is_better() { self.factors()? } else { self.savings()? };
        let told = template.replace("{winner}", winner).replace("{loser}", loser).replace("{span}", &span);
        let told = format!("{told}{}", self.amounts());
        let preposition = claim.places.preposition().to_lowercase();
        Some(number::capitalised(&format!("{told} {preposition} {count}{}", self.bounds(claim, outcome))))
    }

    /// From where on, or up to where, all of them lie; empty where they are spread over the whole axis.
    fn bounds(&self, claim: &Claim, outcome: &Outcome) -> String {
        let Some((first, last)) = self.reach() else { return String::new() };
        let Some((least, most)) = outcome.reach() else { return String::new() };
        let place = |value: f64| match claim.places {
            Places::Combinations => number::counted(value as usize, "connection"),
            Places::Rates => number::whole_rate(value),
        };
        let (preposition, fewer) = match claim.places {
            Places::Combinations => ("with", "fewer"),
            Places::Rates => ("at", "less"),
        };
        let all = if self.count() > 1 { "all " } else { "" };
        match (first > least, last < most) {
            (true, true) if first == last => format!(", {all}{preposition} {}", place(first)),
            (true, true) => format!(", {all}between {} and {}", place(first), place(last)),
            (true, false) => format!(", {all}{preposition} {} or more", place(first)),
            (false, true) => format!(", {all}{preposition} {} or {fewer}", place(last)),
            (false, false) => String::new(),
        }
    }
}
