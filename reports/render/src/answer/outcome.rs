//! The verdicts on one question, sorted by how they fell.

use reports_record::Metric;
use reports_stats::verdict::Verdict;

use crate::analysis::Analysis;
use crate::analysis::amount::Amount;
use crate::analysis::contrast::Kind;
use crate::number;

/// How the verdicts of one pair on one metric fell, over all its rate levels.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Async's wins.
    pub wins_async: Wins,
    /// Sync's wins.
    pub wins_sync: Wins,
    /// Ties.
    pub ties: usize,
    /// Places where connections ÷ wait is the limit and nobody wins.
    pub limited: usize,
    /// Places where one connection measures a round trip, whatever their verdict.
    pub round_trips: usize,
    /// Places that were judged and not decided.
    pub cannot_tell: usize,
    /// Places that were not judged, because too little of their data is sound.
    pub lacking: usize,
    /// Every place on the axis that the sentences name.
    places: Vec<f64>,
}

/// One side's wins.
#[derive(Debug, Default)]
pub(super) struct Wins {
    /// The ratios async ÷ sync.
    ratios: Vec<f64>,
    /// Their places: connections, or requests per second offered.
    places: Vec<f64>,
    /// What they amount to, where asked at a rate.
    amounts: Vec<Amount>,
}

impl Outcome {
    /// The verdicts of a pair on a metric.
    pub(super) fn of(analysis: &Analysis<'_>, kind: Kind, metric: Metric) -> Self {
        let mut outcome = Self::default();
        let verdicts = &analysis.verdicts;
        for comparison in verdicts.subjects(metric).flat_map(|subject| verdicts.about(kind, subject)) {
            let cell = &verdicts.cells[comparison.cell];
            let place = if metric.is_at_a_rate() {
                analysis.grid.offered(comparison.cell, comparison.contrast.sync, comparison.subject.level)
            } else {
                Some(f64::from(cell.connections))
            };
            outcome.places.extend(place);
            outcome.round_trips += usize::from(comparison.is_round_trip);
            let amount = Amount::of(&analysis.grid, comparison);
            match comparison.verdict {
                _ if comparison.is_by_construction() => outcome.limited += 1,
                _ if comparison.lacks_data() => outcome.lacking += 1,
                Verdict::AsyncWins => outcome.wins_async.push(comparison.ratio(), place, amount),
                Verdict::SyncWins => outcome.wins_sync.push(comparison.ratio(), place, amount),
                Verdict::Tie => outcome.ties += 1,
                Verdict::CannotTell | Verdict::Invalid => outcome.cannot_tell += 1,
            }
        }
        outcome
    }

    pub(super) fn total(&self) -> usize {
        self.decided() + self.limited + self.undecided()
    }

    pub(super) fn decided(&self) -> usize {
        self.wins_async.count() + self.wins_sync.count() + self.ties
    }

    /// Places of which nothing is known, for want of data or of clarity.
    pub(super) fn undecided(&self) -> usize {
        self.cannot_tell + self.lacking
    }

    /// The first and the last place on the axis.
    pub(super) fn reach(&self) -> Option<(f64, f64)> {
        ends(self.places.iter().copied())
    }
}

impl Wins {
    fn push(&mut self, ratio: Option<f64>, place: Option<f64>, amount: Option<Amount>) {
        self.amounts.extend(amount);
        self.ratios.extend(ratio);
        self.places.extend(place);
    }

    pub(super) fn count(&self) -> usize {
        self.ratios.len()
    }

    pub(super) fn reach(&self) -> Option<(f64, f64)> {
        ends(self.places.iter().copied())
    }

    /// What the wins save at their rates, in brackets: ` (0.30 to 12 % of a core less)`; empty of what is asked at no rate. Without the
    /// last word the brackets, which follow the loser's name, read as what the loser needs.
    pub(super) fn amounts(&self) -> String {
        let by_size = |one: &&Amount, other: &&Amount| one.size().total_cmp(&other.size());
        let ends = self.amounts.iter().min_by(by_size).zip(self.amounts.iter().max_by(by_size));
        let Some((least, most)) = ends else { return String::new() };
        let little = if most.is_little() { ", which hardly matters" } else { "" };
        format!(" ({} less{little})", Amount::span(*least, *most))
    }

    /// How many times as much the winner has, from the least to the most: `1.29 to 3.30`.
    pub(super) fn factors(&self) -> Option<String> {
        let (least, most) = ends(self.ratios.iter().map(|ratio| ratio.max(1.0 / ratio)))?;
        Some(span(number::plain(least), number::plain(most), ""))
    }

    /// What the winner saves, from the least to the most: `15 to 31 %`.
    pub(super) fn savings(&self) -> Option<String> {
        let (least, most) = ends(self.ratios.iter().map(|ratio| 1.0 - ratio.min(1.0 / ratio)))?;
        let written = |share: f64| number::percent(share).trim_end_matches("\u{a0}%").to_owned();
        Some(span(written(least), written(most), "\u{a0}%"))
    }
}

fn span(least: String, most: String, unit: &str) -> String {
    if least == most { format!("{least}{unit}") } else { format!("{least} to {most}{unit}") }
}

fn ends(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    values.clone().reduce(f64::min).zip(values.reduce(f64::max))
}
