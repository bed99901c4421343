//! What the contenders used: CPU, switches, threads, memory.

use maud::{Markup, html};
use reports_record::Metric;

use super::figure::Figure;
use super::footprint;
use super::series::{Series, chart, finding, table};
use crate::analysis::Analysis;
use crate::analysis::subject::Subject;
use crate::number;

pub(super) fn markup(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Markup {
    html! {
        div {
            @for subject in analysis.verdicts.subjects(Metric::CpuPerRequest) { (cpu(analysis, series, subject).markup()) }
            (memory(analysis, series).markup())
            (footprint::markup(analysis, series))
        }
    }
}

fn cpu(analysis: &Analysis<'_>, series: &[Series<'_>], subject: Subject) -> Figure {
    let what = number::capitalised(&subject.title(analysis.verdicts.levels));
    Figure {
        id: format!("cpu-{}", subject.level + 1).into(),
        finding: finding(analysis, &what, subject),
        reading:
            "User and kernel time of the whole process ÷ requests it counted, at the rate that both contenders of a \
                  pair were offered; geometric mean over blocks with its 95\u{a0}% interval. Less is better."
                .into(),
        folded: false,
        scene: chart(analysis, series, subject, "CPU time per request, less is better", number::micros)
            .scene(),
        table: table(analysis, series, subject, &what, number::micros),
    }
}

fn memory(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Figure {
    let metric = Metric::Memory.into();
    Figure {
        id: "memory".into(),
        finding: finding(analysis, "Server memory", metric),
        reading: "Proportional set size of the whole process with all connections open, with its page tables and \
                  the kernel stacks of its threads; geometric mean over blocks with its 95\u{a0}% interval. Less is \
                  better. Memory of sockets is not in it, and in runs of schema 2 none of the kernel's."
            .into(),
        folded: false,
        scene: chart(analysis, series, metric, "memory, less is better", number::mebibytes)
            .scene(),
        table: table(analysis, series, metric, "Server memory", number::mebibytes),
    }
}
