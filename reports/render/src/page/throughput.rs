//! Throughput of every contender, and how much of its bound that is.

use maud::{Markup, html};
use reports_record::Metric;
use reports_stats::prediction::Ceiling;

use super::figure::Figure;
use super::series::{Series, chart, finding, table};
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::workload;
use crate::{label, number};

pub(super) fn markup(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Markup {
    let subject = Metric::Throughput.into();
    let figure = Figure {
        id: "throughput".into(),
        finding: finding(analysis, "Throughput", subject),
        reading:
            "Correct replies per second in a closed loop, geometric mean over blocks with its 95\u{a0}% \
                  interval, on a logarithmic axis. More is better. Times of a closed loop are this figure \
                  inverted and are not compared."
                .into(),
        folded: false,
        scene: chart(analysis, series, subject, "requests/s, more is better", number::rate).scene(),
        table: table(analysis, series, subject, "Throughput, closed loop", number::rate),
    };
    html! {
        div {
            (figure.markup())
        }
    }
}

/// Little's law against what came, a row a cell and contender.
pub(super) fn bounds(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Table {
    let head = ["combination", "contender", "set by", "bound", "observed", "share of bound", "C"];
    let mut table = Table::new("Throughput bound min(N ÷ (W + C), cores ÷ C) and what was reached", &head, 3);
    for bounded in analysis.bounds.iter() {
        if !series.iter().any(|one| one.contender == bounded.contender) {
            continue;
        }
        let ceiling = match bounded.bound.ceiling {
            Ceiling::Connections => "connections",
            Ceiling::Cores => "cores",
        };
        table.push(vec![
            workload::cell_name(&analysis.verdicts.cells[bounded.cell]),
            label::name(bounded.contender),
            ceiling.into(),
            number::rate(bounded.bound.throughput_per_s),
            number::estimate(Some(&bounded.observed), number::rate),
            number::percent(bounded.observed.middle / bounded.bound.throughput_per_s),
            number::micros(bounded.work_us),
        ]);
    }
    table
}
