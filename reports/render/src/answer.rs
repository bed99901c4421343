//! The answer in a few plain sentences, derived from the verdict table and from nothing else.

mod claim;
mod outcome;

use reports_record::Metric;
use reports_stats::effect::MIN_BLOCKS;
use reports_stats::verdict::Verdict;

use crate::analysis::Analysis;
use crate::analysis::comparison::{Comparison, Obstacle};
use crate::analysis::contrast::{Contrast, Kind};
use crate::analysis::verdicts::Verdicts;
use crate::{label, number};
use claim::Claim;
use outcome::Outcome;

/// One part of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// The question that it answers, in a word or two.
    pub lead: String,
    /// The answer, in one to three sentences.
    pub text: String,
}

/// The names of the two sides in a sentence.
#[derive(Debug, Clone)]
struct Names {
    sync: String,
    awaiting: String,
}

/// The answer: at most five parts, each true of the verdict table by construction.
#[must_use]
pub fn answer(analysis: &Analysis<'_>) -> Vec<Sentence> {
    let verdicts = &analysis.verdicts;
    if let Some(reason) = no_answer(verdicts) {
        return vec![reason];
    }
    let control = verdicts.contrast(Kind::Control);
    let stock = verdicts.contrast(Kind::Stock);
    // A sentence about a library rests on the form that its documentation shows.
    let library = verdicts.contrast(Kind::Documented).or(stock);
    let mut parts = Vec::new();
    if let Some(contrast) = control.or(stock) {
        parts.push(part("Capacity", told(analysis, contrast, &claim::CAPACITY)));
        parts.push(part("Cost at a rate", told(analysis, contrast, &claim::COST)));
        let median = told(analysis, contrast, &claim::MEDIAN_WAIT);
        let tail = tail(analysis, contrast);
        parts.push(part("Waiting at a rate", format!("{median} {tail}{}", left_out(verdicts))));
        parts.push(part("Memory", told(analysis, contrast, &claim::MEMORY)));
    }
    if let (Some(_), Some(contrast)) = (control, library) {
        parts.push(part("Off the shelf", told(analysis, contrast, &claim::CAPACITY)));
    }
    parts
}

/// The answer in a few words, for a window's title.
#[must_use]
pub fn headline(analysis: &Analysis<'_>) -> String {
    let verdicts = &analysis.verdicts;
    if let Some(reason) = no_answer(verdicts) {
        return reason.lead.to_lowercase();
    }
    let Some(contrast) = verdicts.contrast(Kind::Control).or(verdicts.contrast(Kind::Stock)) else {
        return "no answer".into();
    };
    let names = names(contrast);
    let outcome = Outcome::of(analysis, contrast.kind, Metric::Throughput);
    // A round trip is no capacity, and serves nothing up to a multiple.
    let most = |winner: Verdict| {
        let won = verdicts
            .about(contrast.kind, Metric::Throughput)
            .filter(|comparison| comparison.verdict == winner && !comparison.is_round_trip);
        won.filter_map(Comparison::ratio).map(|ratio| ratio.max(1.0 / ratio)).reduce(f64::max)
    };
    match (most(Verdict::AsyncWins), most(Verdict::SyncWins)) {
        (Some(ratio), None) => {
            format!("{} serves up to {} times as many requests", names.awaiting, number::plain(ratio))
        }
        (None, Some(ratio)) => {
            format!("{} serve up to {} times as many requests", names.sync, number::plain(ratio))
        }
        (Some(by_async), Some(by_sync)) => format!(
            "it depends: {} serves up to {} times as many requests, {} up to {}",
            names.awaiting,
            number::plain(by_async),
            names.sync,
            number::plain(by_sync)
        ),
        (None, None) if outcome.round_trips == outcome.total() => {
            "a round trip, not a capacity, was compared".into()
        }
        (None, None) if outcome.undecided() == 0 => "both serve the same".into(),
        (None, None) if outcome.lacking == outcome.total() => "this run had too little sound data".into(),
        (None, None) => "this run could not tell".into(),
    }
}

fn part(lead: &str, text: String) -> Sentence {
    Sentence { lead: lead.into(), text }
}

/// Reasons why there is no answer at all, if so.
fn no_answer(verdicts: &Verdicts<'_>) -> Option<Sentence> {
    let sentence = |lead: &str, text: String| Some(Sentence { lead: lead.into(), text });
    let mut compared = 0;
    let (mut any_data, mut short) = (false, None);
    for comparison in Kind::OF_PAIRS
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
        return sentence("No answer", "This experiment compares no pair of contenders.".into());
    }
    if !any_data {
        let text =
            "No trial of any pair gave a measurement that can be trusted. The failures are listed below.";
        return sentence("No answer", text.into());
    }
    let planned = short?;
    sentence(
        "Too short for verdicts",
        format!(
            "Each combination was measured in {}, and a verdict needs {MIN_BLOCKS}. The figures below describe this run and \
             decide nothing.",
            number::counted(planned, "block"),
        ),
    )
}

/// The sides as a reader knows them: the control pair by its models, others by their names.
fn names(contrast: Contrast<'_>) -> Names {
    match contrast.kind {
        Kind::Control => Names { sync: "threads".into(), awaiting: "async".into() },
        Kind::Stock | Kind::Documented | Kind::Repeat => {
            Names { sync: label::within(contrast.sync, 24), awaiting: label::within(contrast.awaiting, 24) }
        }
    }
}

/// That times are those beyond a request's own wait, of which they may be a small part; nothing where none waits.
fn left_out(verdicts: &Verdicts<'_>) -> &'static str {
    if verdicts.judged_cells().any(|(_, cell)| cell.wait_ms > 0.0) {
        " The wait that a request asks for is left out."
    } else {
        ""
    }
}

/// The tail after the median: the highest percentile of which the run decides something; in few words where there is none.
fn tail(analysis: &Analysis<'_>, contrast: Contrast<'_>) -> String {
    let is_decided = |claim: &&&Claim| Outcome::of(analysis, contrast.kind, claim.metric).decided() > 0;
    match [&claim::TAIL_WAIT, &claim::NEAR_TAIL_WAIT].iter().find(is_decided) {
        Some(claim) => told(analysis, contrast, claim),
        None => undecided_tail(analysis, contrast),
    }
}

/// A tail of which nothing is decided, and for want of what.
fn undecided_tail(analysis: &Analysis<'_>, contrast: Contrast<'_>) -> String {
    let (lacking, total) = [&claim::NEAR_TAIL_WAIT, &claim::TAIL_WAIT]
        .map(|claim| Outcome::of(analysis, contrast.kind, claim.metric))
        .iter()
        .fold((0, 0), |(lacking, total), outcome| (lacking + outcome.lacking, total + outcome.total()));
    if lacking == total {
        return "At the 95th and the 99th percentile the run had too little sound data.".into();
    }
    let nothing = "At the 95th and the 99th percentile the run could tell nothing";
    if lacking == 0 {
        return format!("{nothing}.");
    }
    let lacking = number::one_or(lacking);
    format!(
        "{nothing}. In {lacking} of these {} comparisons it had too little sound data.",
        number::count(total)
    )
}

fn told(analysis: &Analysis<'_>, contrast: Contrast<'_>, claim: &Claim) -> String {
    let names = names(contrast);
    let outcome = Outcome::of(analysis, contrast.kind, claim.metric);
    if outcome.total() == 0 {
        return number::NO_DATA.into();
    }
    let by_async = outcome.wins_async.clause(claim, (&names.awaiting, &names.sync), &outcome);
    let by_sync = || outcome.wins_sync.clause(claim, (&names.sync, &names.awaiting), &outcome);
    let also = outcome.wins_sync.also(claim, &names.sync, &outcome);
    let wins = match (by_async, also) {
        (Some(one), Some(other)) => format!("{one}. {other}."),
        (Some(only), None) => format!("{only}."),
        (None, _) => by_sync().map_or_else(|| nobody(claim, &outcome), |only| format!("{only}.")),
    };
    let rest = rest(claim, &outcome);
    number::capitalised(
        &[wins, rest].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" "),
    )
}

/// The first sentence where nobody wins.
fn nobody(claim: &Claim, outcome: &Outcome) -> String {
    let total = outcome.total();
    let (all, any) = (claim.places.all(total), claim.places.any(total));
    let preposition = claim.places.preposition().to_lowercase();
    if outcome.lacking == total {
        return format!(
            "The run had too little sound data to tell who {} {preposition} {any}.",
            claim.better
        );
    }
    if outcome.undecided() == total {
        let nothing = format!("The run could not tell who {} {preposition} {any}.", claim.better);
        let lacking = number::one_or(outcome.lacking);
        return match outcome.lacking {
            0 => nothing,
            _ => format!(
                "{nothing} {} {lacking} of them it had too little sound data.",
                claim.places.preposition()
            ),
        };
    }
    if outcome.ties == total {
        return format!("Both {} {preposition} {all}.", claim.alike);
    }
    if outcome.undecided() > 0 {
        return format!("The run saw no difference {preposition} {any}.");
    }
    format!("Neither {} {preposition} {any}.", claim.better)
}

/// The places without a winner, so that all counts add up.
fn rest(claim: &Claim, outcome: &Outcome) -> String {
    let preposition = claim.places.preposition();
    let total = outcome.total();
    let mut sentences = Vec::new();
    if outcome.limited > 0 {
        let there = if total == 1 {
            "There".into()
        } else {
            format!("{preposition} {}", number::one_or(outcome.limited))
        };
        sentences.push(format!("{there} the connections were the limit, not the server."));
    }
    if outcome.ties > 0 && outcome.ties < total {
        sentences.push(format!("{preposition} {} both {}.", number::one_or(outcome.ties), claim.alike));
    }
    if outcome.undecided() < total {
        sentences.extend(undecided(preposition, outcome));
    }
    if outcome.round_trips > 0 {
        let whose = if outcome.round_trips == 1 { "One combination" } else { "Some combinations" };
        sentences
            .push(format!("{whose} of one connection without a wait measured a round trip, not a capacity."));
    }
    sentences.join(" ")
}

/// The places of which nothing is known, and for want of what: of clarity, or of sound data.
fn undecided(preposition: &str, outcome: &Outcome) -> Option<String> {
    let (unclear, lacking) = (number::one_or(outcome.cannot_tell), number::one_or(outcome.lacking));
    match (outcome.cannot_tell, outcome.lacking) {
        (0, 0) => None,
        (_, 0) => Some(format!("{preposition} the other {unclear} the run could not tell.")),
        (0, _) => Some(format!("{preposition} the other {lacking} the run had too little sound data.")),
        _ => Some(format!(
            "{preposition} {unclear} the run could not tell, and {} the other {lacking} it had too little sound data.",
            preposition.to_lowercase()
        )),
    }
}
