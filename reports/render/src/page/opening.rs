//! The first screen: the answer, what the run can see, and the contents; further down the scope and the count of verdicts.

use maud::{Markup, html};
use reports_record::{Metric, SCHEMA};

use super::sight;
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::contrast::Kind;
use crate::analysis::subject::Subject;
use crate::answer::answer;
use crate::{label, number};

/// The parts of the page that its reader may want to go to, by their ids.
const CONTENTS: [(&str, &str); 7] = [
    ("case", "My case"),
    ("map", "Map"),
    ("crossovers", "Crossover"),
    ("why", "Why"),
    ("times", "Waiting"),
    ("trust", "Can you trust this?"),
    ("data", "All data"),
];

pub(super) fn markup(analysis: &Analysis<'_>, case: Option<&Markup>, map: &Markup, rest: &Markup) -> Markup {
    let parts = html! { @if let Some(case) = case { (case) } (map) (rest) }.into_string();
    let definition = &analysis.run.definition;
    html! {
        header {
            div.top {
                h1 { "Threads or async?" }
                p.eyebrow { "Crossover · " bdi { (label::name(&definition.name)) } " · "
                    bdi { (label::within(analysis.run.started_at.split('T').next().unwrap_or_default(), 24)) } " · " (place(analysis)) }
                nav aria-label="Contents" {
                    @for (id, title) in CONTENTS {
                        @if parts.contains(&format!("id=\"{id}\"")) { a href={ "#" (id) } { (title) } " " }
                    }
                }
            }
        }
        (incomplete(analysis))
        (earlier_rules(analysis))
        div.first {
            section #answer aria-label="The answer" {
                @for sentence in answer(analysis) {
                    p { strong { (sentence.lead) ". " } bdi { (sentence.text) } }
                }
            }
            (sight::markup(analysis))
            @if let Some(case) = case { (case) }
            (map)
        }
    }
}

/// Where the answer holds, in a few words.
fn place(analysis: &Analysis<'_>) -> String {
    let cores = match analysis.run.definition.contender_cpus {
        1 => "one core".into(),
        cores => format!("{cores} cores"),
    };
    let machine = if analysis.run.environment.cpu.virtualised { ", a virtual machine" } else { "" };
    format!("{cores}, loopback{machine}")
}

/// What the answer holds for, and how often each verdict fell.
pub(super) fn scope_and_scores(analysis: &Analysis<'_>) -> Markup {
    html! {
        div {
            p.note { "Asked: " bdi { (label::passage(&analysis.run.definition.question)) } }
            p.note { (scope(analysis)) }
            details { summary { "How often each verdict was reached" } (scores(analysis).markup()) }
        }
    }
}

/// What the reader must know before the answer, where the run is not what was planned.
fn incomplete(analysis: &Analysis<'_>) -> Markup {
    if analysis.is_complete() {
        return html! {};
    }
    let (made, planned) = (analysis.grid.made(), analysis.grid.planned());
    let how = match analysis.ending {
        Some(ending) if ending.complete => "The runner ended in order, but not every trial is on record",
        Some(_) => "The run was interrupted",
        None => "The run was killed or still goes on",
    };
    html! {
        p.banner role="note" {
            strong { "Incomplete. " }
            (how) ": " (number::count(made)) " of " (number::count(planned))
            " planned trials. Combinations that lack blocks get no verdict."
        }
    }
}

/// The rules by which a run of an old schema was measured and is judged, and what is withdrawn.
fn earlier_rules(analysis: &Analysis<'_>) -> Markup {
    let schema = analysis.run.schema;
    html! {
        @if schema < SCHEMA {
            p.banner role="note" {
                strong { "Measured by the rules of schema " (schema) ", judged by today's. " }
                "Costs and waits were asked at one offered rate. Withdrawn: the earlier reading that async needs less CPU nearly \
                 everywhere. It judged the saturated closed loop, whose connections march in step."
            }
        }
    }
}

fn scope(analysis: &Analysis<'_>) -> String {
    let cpus = analysis.run.definition.contender_cpus;
    let cores = if cpus == 1 { "a one-core server".into() } else { format!("a server on {cpus} cores") };
    format!(
        "Verdicts hold for {cores} over loopback on this machine, and say nothing of other hardware, other networks or more \
         cores. A ratio is async ÷ sync. A win means that such data would be rare if the true difference were 5\u{a0}% or less. A \
         tie means the same of a true difference of 5\u{a0}% or more. A load of 10\u{a0}% is a tenth of what the weaker contender of \
         the pair can serve."
    )
}

/// How often each verdict fell, a row a pair and metric.
fn scores(analysis: &Analysis<'_>) -> Table {
    let head = [
        "pair",
        "metric",
        "async wins",
        "sync wins",
        "tie",
        "cannot tell",
        "too little sound data",
        "connections the limit",
    ];
    let mut table = Table::new("Verdicts, by number of combinations", &head, 2);
    for kind in Kind::OF_PAIRS {
        if analysis.verdicts.contrast(kind).is_none() {
            continue;
        }
        for subject in Metric::ALL.into_iter().flat_map(|metric| analysis.verdicts.subjects(metric)) {
            let score = analysis.verdicts.score(kind, subject);
            let counts = [
                score.async_wins,
                score.sync_wins,
                score.ties,
                score.cannot_tell,
                score.lacking,
                score.by_construction,
            ];
            let names = [kind.title().to_owned(), better(analysis, subject)];
            table.push(names.into_iter().chain(counts.map(|count| count.to_string())).collect());
        }
    }
    table
}

/// A subject and which way it improves.
pub(super) fn better(analysis: &Analysis<'_>, subject: Subject) -> String {
    let arrow = if subject.metric.more_is_better() { "more is better" } else { "less is better" };
    format!("{} ({arrow})", subject.title(analysis.verdicts.levels))
}
