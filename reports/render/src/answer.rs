//! The answer in a few sentences, derived from the verdict table and from nothing else.

use reports_record::Metric;
use reports_stats::judge::MIN_BLOCKS;
use reports_stats::verdict::Verdict;

use crate::analysis::comparison::{Comparison, Obstacle};
use crate::analysis::contrast::{Contrast, Kind};
use crate::analysis::crossovers::{by_connections, reach};
use crate::analysis::decomposition::{Decomposition, decompose};
use crate::analysis::subject::{Subject, level_name};
use crate::analysis::verdicts::{Score, Verdicts};
use crate::{label, number};

/// One part of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// What it is about.
    pub lead: String,
    /// What there is to say, in one sentence or two.
    pub text: String,
}

/// The answer: at most four parts, each true of the verdict table by construction.
#[must_use]
pub fn answer(verdicts: &Verdicts<'_>) -> Vec<Sentence> {
    if let Some(reason) = no_answer(verdicts) {
        return vec![reason];
    }
    let control = verdicts.contrast(Kind::Control);
    let stock = verdicts.contrast(Kind::Stock);
    let parts = [
        control.map(|contrast| throughput(verdicts, contrast)),
        control.or(stock).map(|contrast| cost(verdicts, contrast)),
        control.or(stock).map(|contrast| response_time(verdicts, contrast)),
        stock.map(|contrast| off_the_shelf(verdicts, contrast)),
    ];
    parts.into_iter().flatten().collect()
}

/// Why there is no answer at all, if so.
fn no_answer(verdicts: &Verdicts<'_>) -> Option<Sentence> {
    let sentence = |lead: &str, text: String| Some(Sentence { lead: lead.into(), text });
    let mut compared = 0;
    let (mut any_data, mut short) = (false, None);
    for comparison in [Kind::Control, Kind::Stock]
        .into_iter()
        .flat_map(|kind| Metric::ALL.map(|metric| (kind, metric)))
        .flat_map(|(kind, metric)| verdicts.about(kind, metric))
    {
        compared += 1;
        any_data |= comparison.ratio().is_some();
        if let Some(Obstacle::ShortPlan { planned }) = comparison.obstacle {
            short = Some(planned);
        }
    }
    if compared == 0 {
        return sentence(
            "No answer",
            "this experiment holds no pair of contenders against each other.".into(),
        );
    }
    if !any_data {
        let text =
            "no trial of any pair gave a measurement that may be believed; what failed is listed below.";
        return sentence("No answer", text.into());
    }
    let planned = short?;
    sentence(
        "Too short for verdicts",
        format!(
            "{planned} {} a cell {} measured and a verdict needs at least {MIN_BLOCKS}, so everything below \
             describes and nothing is decided: a smoke run shows that the path works, not who wins.",
            if planned == 1 { "block" } else { "blocks" },
            if planned == 1 { "was" } else { "were" },
        ),
    )
}

fn throughput(verdicts: &Verdicts<'_>, contrast: Contrast<'_>) -> Sentence {
    let found = verdicts.about(contrast.kind, Metric::Throughput);
    Sentence {
        lead: format!("The I/O model alone ({})", names(contrast)),
        text: format!(
            "In throughput {}.{}{}",
            tally(verdicts.score(contrast.kind, Metric::Throughput)),
            places(verdicts, contrast, Metric::Throughput),
            extremes(verdicts, found)
        ),
    }
}

fn cost(verdicts: &Verdicts<'_>, contrast: Contrast<'_>) -> Sentence {
    let subjects = || verdicts.subjects(Metric::CpuPerRequest);
    let at = |subject: Subject| {
        let load = level_name(verdicts.levels[subject.level]);
        format!("at {load} {}", tally(verdicts.score(contrast.kind, subject)))
    };
    let clauses: Vec<String> = subjects().map(at).collect();
    Sentence {
        lead: format!("CPU per request at the same offered rate ({})", names(contrast)),
        text: format!(
            "{}.{}",
            number::capitalised(&clauses.join("; ")),
            extremes(verdicts, subjects().flat_map(|subject| verdicts.about(contrast.kind, subject)))
        ),
    }
}

fn response_time(verdicts: &Verdicts<'_>, contrast: Contrast<'_>) -> Sentence {
    let last = |metric| verdicts.at_last_level(metric);
    let at = |metric| tally(verdicts.score(contrast.kind, last(metric)));
    let found = verdicts.about(contrast.kind, last(Metric::ResponseTimeP99));
    Sentence {
        lead: format!("Response time less the wait, at the same offered rate ({})", names(contrast)),
        text: format!(
            "At the median {}; at the 99th percentile {}.{}",
            at(Metric::ResponseTimeP50),
            at(Metric::ResponseTimeP99),
            extremes(verdicts, found)
        ),
    }
}

fn off_the_shelf(verdicts: &Verdicts<'_>, contrast: Contrast<'_>) -> Sentence {
    let mut text = format!(
        "In throughput {}.{}",
        tally(verdicts.score(contrast.kind, Metric::Throughput)),
        places(verdicts, contrast, Metric::Throughput)
    );
    if let Some(comparison) = largest(verdicts.about(contrast.kind, Metric::Throughput)) {
        text.push_str(&format!(" The largest difference is {}", written(verdicts, comparison)));
        let parts = decompose(verdicts, Metric::Throughput);
        if let Some(split) = parts.iter().find(|part| part.cell == comparison.cell).and_then(split) {
            text.push_str(&format!(", {split}"));
        }
        text.push('.');
    }
    Sentence { lead: format!("Off the shelf ({})", names(contrast)), text }
}

/// How much of a stock difference is the model's.
fn split(part: &Decomposition) -> Option<String> {
    let (model, implementation) = (part.model?, part.implementation?);
    Some(format!(
        "of which the model makes {} and the implementation {}",
        number::change(model.middle),
        number::change(implementation.middle)
    ))
}

fn names(contrast: Contrast<'_>) -> String {
    format!("{} against {}", label::name(contrast.sync), label::name(contrast.awaiting))
}

/// Connections along a row from which on an answer names places rather than leaving them to the map.
const AXIS: usize = 3;

/// From how many connections on who wins, as a sentence with a blank before it; nothing where there is no axis.
fn places(verdicts: &Verdicts<'_>, contrast: Contrast<'_>, metric: Metric) -> String {
    let mut rows = by_connections(verdicts, contrast.kind, metric);
    rows.retain(|row| row.points.len() >= AXIS);
    if rows.is_empty() {
        return String::new();
    }
    let nowhere = || "nowhere in range".to_owned();
    match (reach(&rows, Verdict::AsyncWins), reach(&rows, Verdict::SyncWins)) {
        (None, None) => " At no number of connections is there a winner.".into(),
        (by_async, by_sync) => format!(
            " By connections async wins {}; sync wins {}.",
            by_async.unwrap_or_else(nowhere),
            by_sync.unwrap_or_else(nowhere)
        ),
    }
}

/// The score as a clause: every count of it, and nothing else.
fn tally(score: Score) -> String {
    let of = score.cells();
    let aside = match score.by_construction {
        0 => String::new(),
        1 => " (1 more is bound by connections ÷ wait and counts for neither)".into(),
        more => format!(" ({more} more are bound by connections ÷ wait and count for neither)"),
    };
    if of == 0 {
        return format!("no cell can differ{aside}");
    }
    let cells = if of == 1 { "cell" } else { "cells" };
    let parts = [
        (score.async_wins, "async wins in"),
        (score.sync_wins, "sync wins in"),
        (score.ties, "they tie in"),
        (score.cannot_tell, "the data cannot tell in"),
        (score.invalid, "there are too few valid data in"),
    ];
    let mut clauses =
        parts.iter().filter(|(count, _)| *count > 0).enumerate().map(|(index, (count, what))| match index {
            0 if *count == of && of > 1 => format!("{what} all {of} {cells}"),
            0 => format!("{what} {count} of {of} {cells}"),
            _ => format!("{what} {count}"),
        });
    let first = clauses.next().unwrap_or_default();
    let rest: Vec<String> = clauses.collect();
    match rest.split_last() {
        None => format!("{first}{aside}"),
        Some((last, [])) => format!("{first} and {last}{aside}"),
        Some((last, middle)) => format!("{first}, {} and {last}{aside}", middle.join(", ")),
    }
}

/// The clearest win of each side, as sentences with a blank before them; nothing if nobody wins.
fn extremes<'v, 'a: 'v>(
    verdicts: &Verdicts<'_>,
    comparisons: impl Iterator<Item = &'v Comparison<'a>>,
) -> String {
    let all: Vec<_> = comparisons.collect();
    let mut text = String::new();
    for (verdict, whose) in [(Verdict::AsyncWins, "Async"), (Verdict::SyncWins, "Sync")] {
        let wins = all.iter().copied().filter(|comparison| comparison.verdict == verdict);
        if let Some(comparison) = largest(wins) {
            text.push_str(&format!(" {whose} gains most {}.", written(verdicts, comparison)));
        }
    }
    text
}

/// The win with the largest effect.
fn largest<'v, 'a: 'v>(comparisons: impl Iterator<Item = &'v Comparison<'a>>) -> Option<&'v Comparison<'a>> {
    let size =
        |comparison: &Comparison<'_>| comparison.effect().map_or(0.0, |effect| effect.log_ratio().abs());
    comparisons
        .filter(|comparison| comparison.verdict.is_win())
        .max_by(|one, other| size(one).total_cmp(&size(other)))
}

/// Where, by how much, and how sure.
fn written(verdicts: &Verdicts<'_>, comparison: &Comparison<'_>) -> String {
    let mut cell = label::name(&verdicts.cells[comparison.cell].name);
    if comparison.subject.metric.is_at_a_rate() && verdicts.levels.len() > 1 {
        cell.push_str(&format!(" and {}", level_name(verdicts.levels[comparison.subject.level])));
    }
    let ratio = comparison.ratio().map_or_else(|| number::NO_DATA.into(), number::change);
    match comparison.interval() {
        Some(interval) => {
            format!("at {cell}: {ratio} (async ÷ sync, 95\u{a0}% interval {})", number::interval(interval))
        }
        None => format!("at {cell}: {ratio} (async ÷ sync)"),
    }
}
