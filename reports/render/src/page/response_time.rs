//! Response times at the same offered rate.

use maud::{Markup, html};
use reports_record::{Metric, TrialOutcome};

use super::figure::{Figure, is_long};
use super::series::{Series, chart, finding};
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::estimate::Estimate;
use crate::analysis::observation::is_usable;
use crate::{label, number};

pub(super) fn markup(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Markup {
    html! {
        section {
            h2 { "How long do users wait at the same offered rate?" }
            p { "An open loop: requests start when the schedule says so, at one rate for both \
                 contenders of a pair, and times run from the intended start. The two pairs may differ in their rate. \
                 The wait that the workload asks for is left out, since every server must wait it." }
            @for (metric, id) in [(Metric::ResponseTimeP50, "response-p50"), (Metric::ResponseTimeP99, "response-p99")] {
                (figure(analysis, series, metric, id).markup())
            }
        }
    }
}

fn figure(analysis: &Analysis<'_>, series: &[Series<'_>], metric: Metric, id: &'static str) -> Figure {
    let what = if metric == Metric::ResponseTimeP50 {
        "Median response time less the wait"
    } else {
        "99th percentile of the response time less the wait"
    };
    Figure {
        id: id.into(),
        finding: finding(analysis, what, metric),
        reading: format!(
            "{what}, geometric mean over blocks with its 95\u{a0}% interval, on a logarithmic axis. Less is better. \
             “≥”: requests were still unfinished, so that only a lower bound is known."
        ),
        folded: is_long(analysis),
        scene: chart(analysis, series, metric, "response time − wait, less is better", number::micros)
            .scene(),
        table: table(analysis, series, metric, what),
    }
}

fn table(analysis: &Analysis<'_>, series: &[Series<'_>], metric: Metric, what: &str) -> Table {
    let head = ["cell", "contender", "offered rate", "response − wait", "wait", "together"];
    let mut table = Table::new(what, &head, 2);
    for (index, cell) in analysis.verdicts.judged_cells() {
        let wait_us = cell.wait_ms * 1e3;
        for one in series {
            let estimate = analysis.estimate(metric, index, one.contender);
            let whole = estimate.map(|estimate| with_wait(estimate, wait_us));
            table.push(vec![
                label::name(&cell.name),
                label::name(one.contender),
                offered(analysis, index, one.contender).map_or_else(|| number::NO_DATA.into(), number::rate),
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

/// The rate that a contender was offered in a cell: its first usable trial's, since all are alike.
fn offered(analysis: &Analysis<'_>, cell: usize, contender: &str) -> Option<f64> {
    analysis.grid.blocks(cell, contender).find_map(|trial| match &trial.outcome {
        TrialOutcome::Measured(measured) if is_usable(&measured.open.measurement) => {
            measured.open.measurement.offered_rate_per_s
        }
        _ => None,
    })
}
