//! What speaks for the verdicts and against them.

use maud::{Markup, html};
use reports_stats::verdict::Verdict;

use crate::criterion::pairs::{PROMISED, Pair, Unrest, copies_interval, holding};
use crate::criterion::quantity::ratio;
use crate::page::table::Table;
use crate::{label, number};

pub(super) fn markup(pairs: &[Pair<'_>]) -> Markup {
    html! {
        section #trust aria-labelledby="trust-title" {
            h2 id="trust-title" { "Can you trust this?" }
            p {
                "Both sides of a pair take turns in rounds. The rounds of a group come from " (processes(pairs)) ", spread over \
                 the whole session. Each process is a block: what differs from process to process is in every interval. \
                 The margin is 5\u{a0}%. The pairs of time are one family, those of memory another."
            }
            (left_out(pairs))
            (withheld(pairs))
            (themselves(pairs))
        }
    }
}

/// How many processes a group has.
fn processes(pairs: &[Pair<'_>]) -> String {
    let counts = || pairs.iter().map(|pair| pair.processes).filter(|count| *count > 0);
    match (counts().min(), counts().max()) {
        (Some(1), Some(1)) => "one process".to_owned(),
        (Some(least), Some(most)) if least == most => format!("{most} processes"),
        (Some(least), Some(most)) => format!("{least} to {most} processes"),
        _ => "several processes".to_owned(),
    }
}

fn left_out(pairs: &[Pair<'_>]) -> Markup {
    let calm = || pairs.iter().filter(|pair| pair.unrest.is_none());
    let all: usize = calm().map(|pair| pair.rounds.rounds.len()).sum();
    let left_out: usize = calm().map(|pair| pair.left_out).sum();
    html! {
        @if left_out > 0 {
            p {
                (number::count(left_out)) " of " (number::count(all)) " rounds are left out, on both sides alike: others took \
                 the CPU, or the load generator's certificate failed."
            }
        }
    }
}

/// Groups without a verdict, each with its reason.
fn withheld(pairs: &[Pair<'_>]) -> Markup {
    let invalid: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.verdict() == Verdict::Invalid).collect();
    html! {
        @if !invalid.is_empty() {
            p { "These pairs have no verdict:" }
            ul { @for pair in invalid { li { bdi { (label::name(pair.group())) } ": " (reason(pair)) } } }
        }
    }
}

fn reason(pair: &Pair<'_>) -> String {
    match pair.unrest {
        Some(Unrest::Others(share)) => format!(
            "other programs took {} of its CPUs, which lengthens times on the clock; measure again on a calm machine.",
            number::percent(share)
        ),
        Some(Unrest::Rounds(share)) => format!(
            "{} of its rounds were disturbed, and the clock judges it; measure again on a calm machine.",
            number::percent(share)
        ),
        None => format!(
            "its {} rounds that count are of {} {}, which is too few; measure both of its sides again, without --quick.",
            number::count(pair.rounds.rounds.len() - pair.left_out),
            number::count(pair.processes),
            if pair.processes == 1 { "process" } else { "processes" },
        ),
    }
}

/// Each side against itself: a difference there is none of the model's.
fn themselves(pairs: &[Pair<'_>]) -> Markup {
    let mut table = Table::new(
        "The later processes ÷ the earlier ones, of one side, with 98 % intervals",
        &["side", "ratio", "holds 1"],
        1,
    );
    for pair in pairs {
        for (name, judgement) in ["sync", "async"].into_iter().zip(&pair.itself) {
            let Ok(evidence) = judgement.evidence else { continue };
            let interval = copies_interval(evidence);
            table.push(vec![
                format!("{}/{name}", label::name(pair.group())),
                format!("{} ({})", ratio(evidence.effect.ratio()), number::interval(interval)),
                if interval.holds(1.0) { "yes" } else { "no" }.into(),
            ]);
        }
    }
    let (holding, all) = holding(pairs);
    let too_few = (holding as f64) < PROMISED * all as f64;
    html! {
        h3 { "Each side against itself" }
        @if all == 0 {
            p { "No side has enough processes to be compared with itself." }
        } @else {
            p {
                "The earlier half of a side's processes is held against the later half. " (holding) " of " (all) " intervals hold 1 \
                 (" (number::percent(holding as f64 / all as f64)) "); each is a 98\u{a0}% interval, and 95\u{a0}% are promised. A \
                 drift that lasts longer than one process widens every interval above, and each of these by the drift of the other \
                 sides."
            }
            @if too_few { p.banner { "Fewer than promised: take the intervals of this session as too narrow." } }
            details {
                summary { "Every side" }
                (table.markup())
            }
        }
    }
}
