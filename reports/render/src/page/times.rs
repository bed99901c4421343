//! Response times at the same offered rate.

use maud::{Markup, html};
use reports_record::{Metric, TrialOutcome, rank};

use super::figure::Figure;
use super::nines;
use super::series::{Series, chart, finding};
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::comparison::{Comparison, Obstacle};
use crate::analysis::contrast::Kind;
use crate::analysis::estimate::Estimate;
use crate::analysis::subject::Subject;
use crate::analysis::workload;
use crate::{label, number};

pub(super) fn markup(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Markup {
    html! {
        section #times aria-labelledby="times-title" {
            h2 id="times-title" { "How long do users wait at the same offered rate?" }
            p { "Requests start by a schedule, at the same rate for both contenders of a pair, and times run from the planned \
                 start. Pairs may differ in their rate. The wait that a request asks for is left out: every server has to wait \
                 that long."
                @if analysis.draws_open_waits() {
                    " Each request has a wait of its own, drawn around that of its combination, and its own is left out of its time. \
                     “Together” is the time of a request that waits as long as its combination says."
                }
            }
            @for metric in [Metric::ResponseTimeP50, Metric::ResponseTimeP99] {
                @for subject in analysis.verdicts.subjects(metric) {
                    @let figure = figure(analysis, series, subject);
                    @if is_decided(analysis, subject) {
                        (figure.markup())
                    } @else {
                        details { summary { (figure.finding) } (figure.markup()) }
                    }
                }
            }
            (nines::markup(analysis, series))
        }
    }
}

/// Whether any cell of any pair has a winner; what has none is folded, for its figure shows noise.
fn is_decided(analysis: &Analysis<'_>, subject: Subject) -> bool {
    let decided = |kind| analysis.verdicts.about(kind, subject).any(|comparison| comparison.verdict.is_win());
    Kind::OF_PAIRS.into_iter().any(decided)
}

fn figure(analysis: &Analysis<'_>, series: &[Series<'_>], subject: Subject) -> Figure {
    let name = if subject.metric == Metric::ResponseTimeP50 { "p50" } else { "p99" };
    let what = number::capitalised(&subject.title(analysis.verdicts.levels));
    Figure {
        id: format!("response-{name}-{}", subject.level + 1).into(),
        finding: finding(analysis, &what, subject),
        reading: format!(
            "{what}, geometric mean over blocks with its 95\u{a0}% interval, on a logarithmic axis. Less is better. \
             “≥”: requests were still unfinished, so that only a lower bound is known.{}",
            promise(analysis, subject)
        ),
        folded: false,
        scene: chart(analysis, series, subject, "response time − wait, less is better", number::micros)
            .scene(),
        table: table(analysis, series, subject, &what),
    }
}

/// How many comparisons have requests enough for a quantile, and how much longer the others' blocks would have to be; empty where
/// all have.
fn promise(analysis: &Analysis<'_>, subject: Subject) -> String {
    let all: Vec<&Comparison<'_>> =
        Kind::OF_PAIRS.into_iter().flat_map(|kind| analysis.verdicts.about(kind, subject)).collect();
    let short: Vec<&&Comparison<'_>> =
        all.iter().filter(|comparison| comparison.obstacle == Some(Obstacle::TooFewRequests)).collect();
    let q = if subject.metric == Metric::ResponseTimeP50 { 0.5 } else { 0.99 };
    let fewest = short.iter().filter_map(|comparison| fewest_requests(analysis, comparison)).min();
    let Some((needed, fewest)) = rank::needed(q).zip(fewest.filter(|fewest| *fewest > 0)) else {
        return String::new();
    };
    format!(
        " This quantile takes {} requests of each contender in every block, which {} of {} comparisons have. The others need \
         blocks that are up to {} times as long; more blocks, or a longer --budget, do not help.",
        number::count(needed as usize),
        all.len() - short.len(),
        all.len(),
        needed.div_ceil(fewest)
    )
}

/// The fewest requests of a block of either contender.
fn fewest_requests(analysis: &Analysis<'_>, comparison: &Comparison<'_>) -> Option<u64> {
    let names = [comparison.contrast.sync, comparison.contrast.awaiting];
    let trials = names.into_iter().flat_map(|name| analysis.grid.blocks(comparison.cell, name));
    let requests = trials.filter_map(|trial| match &trial.outcome {
        TrialOutcome::Measured(measured) => {
            let open = measured.open_at(comparison.subject.level)?;
            Some(open.measurement.response_time_us.as_ref()?.count)
        }
        TrialOutcome::Failed { .. } => None,
    });
    requests.min()
}

fn table(analysis: &Analysis<'_>, series: &[Series<'_>], subject: Subject, what: &str) -> Table {
    let head = ["combination", "contender", "offered rate", "response − wait", "wait", "together"];
    let mut table = Table::new(what, &head, 2);
    for (index, cell) in analysis.verdicts.judged_cells() {
        let wait_us = cell.wait_ms * 1e3;
        for one in series {
            let estimate = analysis.estimate(subject, index, one.contender);
            let whole = estimate.map(|estimate| with_wait(estimate, wait_us));
            table.push(vec![
                workload::cell_name(cell),
                label::name(one.contender),
                analysis
                    .grid
                    .offered(index, one.contender, subject.level)
                    .map_or_else(|| number::NO_DATA.into(), number::rate),
                number::estimate(estimate.as_ref(), number::micros),
                if wait_us > 0.0 { number::micros(wait_us) } else { "—".into() },
                number::estimate(whole.as_ref(), number::micros),
            ]);
        }
    }
    table
}

/// A time with the wait that was asked for, as a user sees it.
fn with_wait(estimate: Estimate, wait_us: f64) -> Estimate {
    let mut whole = estimate;
    whole.middle += wait_us;
    if let Some(interval) = &mut whole.interval {
        interval.lo += wait_us;
        interval.hi += wait_us;
    }
    whole
}
