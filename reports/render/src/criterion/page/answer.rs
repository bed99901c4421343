//! The answer: whole requests first, then how many pairs each verdict has.

use maud::{Markup, html};
use reports_record::{BenchRounds, BenchUnit};
use reports_stats::verdict::Verdict;

use super::date;
use crate::criterion::model::Explained;
use crate::criterion::pairs::Pair;
use crate::criterion::quantity::{ratio, written};
use crate::criterion::results::Results;
use crate::{label, number};

/// Pairs that a sentence names; beyond, they are counted.
const NAMED: usize = 6;

/// Names of groups whose operation is a whole request begin so.
const WHOLE: &str = "request/";

/// A sentence and its first words, which stand out.
#[derive(Debug)]
struct Sentence {
    lead: &'static str,
    text: String,
}

pub(super) fn markup(results: &Results, pairs: &[Pair<'_>], requests: &[Explained<'_>]) -> Markup {
    html! {
        section #answer aria-label="The answer" {
            @for sentence in whole_requests(pairs, requests).into_iter().chain(verdicts(pairs)) {
                p { strong { (sentence.lead) } " " bdi { (sentence.text) } }
            }
        }
        (mixture(&results.groups))
        (invalid(pairs))
        p.note {
            "A ratio is async ÷ sync, less is better. These pairs explain the decision map; they are not verdicts about a server."
        }
    }
}

/// What a whole request costs, and how much of it the parts explain.
fn whole_requests(pairs: &[Pair<'_>], requests: &[Explained<'_>]) -> Option<Sentence> {
    let wholes: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.group().starts_with(WHOLE)).collect();
    if wholes.is_empty() {
        return None;
    }
    let each = |pair: &&Pair<'_>| {
        let of = pair.ratio().map_or_else(String::new, |found| format!("{}, ", ratio(found)));
        format!("{} ({of}{})", label::name(&pair.group()[WHOLE.len()..]), pair.verdict())
    };
    let mut text = format!("{}.", wholes.iter().map(each).collect::<Vec<_>>().join(", "));
    let shares = || requests.iter().map(Explained::share);
    if !requests.is_empty() {
        text.push_str(&format!(
            " Its parts explain {} to {} of the CPU time of the control pair.",
            number::percent(shares().fold(f64::INFINITY, f64::min)),
            number::percent(shares().fold(0.0, f64::max))
        ));
    }
    Some(Sentence { lead: "A whole request, async ÷ sync:", text })
}

/// Pairs without a verdict that more rounds or a calmer machine would give one.
fn invalid(pairs: &[Pair<'_>]) -> Markup {
    let few = pairs.iter().filter(|pair| pair.verdict() == Verdict::Invalid).count();
    html! {
        @if few > 0 {
            p.banner role="note" {
                (number::count(few)) " of " (number::count(pairs.len())) " pairs have too few rounds that count, as "
                code { "--quick" } " or a busy machine leaves them. They decide nothing. "
                a href="#trust" { "The reasons" } "."
            }
        }
    }
}

/// Results of several invocations on one page were measured under conditions of their own.
fn mixture(groups: &[BenchRounds]) -> Markup {
    let mut began: Vec<u64> = groups.iter().map(|group| group.began_unix_s).collect();
    began.sort_unstable();
    began.dedup();
    html! {
        @if began.len() > 1 {
            p.banner role="note" {
                "Mixed: these results are of " (number::count(began.len())) " invocations, from " (date(began[0])) " to "
                (date(began[began.len() - 1])) ". Compare sides within a group, and not groups with each other."
            }
        }
    }
}

/// One sentence for each verdict that there is, times apart from sizes, the largest differences first.
fn verdicts(pairs: &[Pair<'_>]) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for (verdict, says) in [
        (Verdict::AsyncWins, "Async wins"),
        (Verdict::SyncWins, "Sync wins"),
        (Verdict::Tie, "The two tie"),
        (Verdict::CannotTell, "The data cannot tell"),
        (Verdict::Invalid, "There are too few valid data"),
    ] {
        for (unit, what) in [(BenchUnit::Nanoseconds, "time"), (BenchUnit::Bytes, "memory")] {
            let of_unit: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.rounds.unit == unit).collect();
            let mut those: Vec<&Pair<'_>> =
                of_unit.iter().copied().filter(|pair| pair.verdict() == verdict).collect();
            by_difference(&mut those);
            if !those.is_empty() {
                let (found, all) = (those.len(), of_unit.len());
                let text = format!("in {found} of {all} pairs of {what}: {}.", named(&those));
                sentences.push(Sentence { lead: says, text });
            }
        }
    }
    if sentences.is_empty() {
        let text = "no group has rounds of both sides.".to_owned();
        sentences.push(Sentence { lead: "There is nothing to compare:", text });
    }
    sentences
}

/// Sorts by what the difference amounts to, not by its ratio: half of 48 ns is not half of 22 µs.
pub(super) fn by_difference(pairs: &mut [&Pair<'_>]) {
    let size = |pair: &Pair<'_>| pair.difference().map_or(0.0, f64::abs);
    pairs.sort_by(|one, other| size(other).total_cmp(&size(one)));
}

fn named(pairs: &[&Pair<'_>]) -> String {
    let each = |pair: &&Pair<'_>| {
        let how = pair.ratio().zip(pair.difference()).map(|(found, difference)| {
            format!(" ({}, {})", ratio(found), signed(difference, pair.rounds.unit))
        });
        format!("{}{}", label::name(pair.group()), how.unwrap_or_default())
    };
    let mut text = pairs.iter().take(NAMED).map(each).collect::<Vec<_>>().join(", ");
    if pairs.len() > NAMED {
        text.push_str(&format!(" and {} more", pairs.len() - NAMED));
    }
    text
}

/// A difference with its sign.
pub(super) fn signed(difference: f64, unit: BenchUnit) -> String {
    let sign = if difference < 0.0 { '−' } else { '+' };
    format!("{sign}{}", written(difference.abs(), unit))
}
