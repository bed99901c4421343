//! What the contenders used: CPU, switches, threads, memory.

use maud::{Markup, html};
use reports_record::Metric;

use super::figure::{Figure, is_long};
use super::footprint;
use super::series::{Series, chart, finding, table};
use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::subject::Subject;
use crate::analysis::usage::Usage;
use crate::{label, number};

pub(super) fn markup(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Markup {
    html! {
        section {
            h2 { "What it cost the server" }
            @for subject in analysis.verdicts.subjects(Metric::CpuPerRequest) { (cpu(analysis, series, subject).markup()) }
            (memory(analysis, series).markup())
            (footprint::markup(analysis, series))
            details {
                summary { "Context switches, threads and memory per connection" }
                (usage(analysis, series).markup())
            }
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
        folded: is_long(analysis),
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
        folded: is_long(analysis),
        scene: chart(analysis, series, metric, "memory, less is better", number::mebibytes)
            .scene(),
        table: table(analysis, series, metric, "Server memory", number::mebibytes),
    }
}

fn usage(analysis: &Analysis<'_>, series: &[Series<'_>]) -> Table {
    let head = [
        "cell",
        "contender",
        "CPU per request",
        "with the client's",
        "saturated",
        "switches, saturated",
        "threads, most",
        "memory",
        "of it the kernel's",
        "memory per connection",
        "accept queue overflows",
    ];
    let mut table =
        Table::new("Means over blocks; the whole process ÷ connections, its base included", &head, 2);
    let last = analysis.verdicts.levels.len().saturating_sub(1);
    for (index, cell) in analysis.verdicts.judged_cells() {
        for one in series {
            let used = Usage::of(&analysis.grid, index, one.contender, last);
            let or_none = |text: Option<String>| text.unwrap_or_else(|| number::NO_DATA.into());
            let per_connection = |mib: f64| mib / f64::from(cell.connections);
            table.push(vec![
                label::name(&cell.name),
                label::name(one.contender),
                number::estimate(used.cpu_us.as_ref(), number::micros),
                or_none(
                    used.cpu_us
                        .zip(used.client_cpu_us)
                        .map(|(server, client)| number::micros(server.middle + client.middle)),
                ),
                number::estimate(used.saturated_cpu_us.as_ref(), number::micros),
                or_none(used.switches_per_request.map(number::plain)),
                or_none(used.threads_max.map(|threads| number::plain(threads as f64))),
                number::estimate(used.memory_mib.as_ref(), number::mebibytes),
                or_none(used.kernel_mib.map(number::mebibytes)),
                or_none(used.memory_mib.map(|memory| number::mebibytes(per_connection(memory.middle)))),
                or_none(used.listen_overflows.map(|dropped| dropped.to_string())),
            ]);
        }
    }
    table
}
