//! All data: parts without a counterpart, every bench's quantiles, and how to measure again.

use maud::{Markup, html};

use crate::criterion::quantity::written;
use crate::criterion::results::{Bench, Results};
use crate::page::table::Table;
use crate::{label, number};

/// Left-out benches named in full; beyond, they are counted.
const LISTED: usize = 20;

pub(super) fn markup(results: &Results, single: &[&Bench]) -> Markup {
    html! {
        section #data aria-labelledby="data-title" {
            h2 id="data-title" { "All data" }
            @if !single.is_empty() {
                details {
                    summary { "Parts without a counterpart" }
                    (alone(single).markup())
                }
            }
            @if !results.benches.is_empty() {
                details {
                    summary { "Quantiles of every bench" }
                    p {
                        "From the histogram that each bench keeps, on the clock: one value an operation, or the mean of a batch \
                         where an operation is too short for the clock. A quantile with fewer than ten samples beyond it is not \
                         printed."
                    }
                    (quantiles(&results.benches).markup())
                }
            }
            (again(results))
        }
    }
}

fn quantiles(benches: &[Bench]) -> Table {
    let head = ["bench", "samples", "p50", "p99", "p99.9", "longest", "operation, and what a sample is"];
    let mut table = Table::new("Quantiles of single operations", &head, 1);
    table.prose = true;
    for bench in benches {
        let write =
            |value: Option<f64>| value.map_or(number::NO_DATA.into(), |value| written(value, bench.unit));
        let quantiles = &bench.quantiles;
        let what = match &bench.sample {
            Some(sample) => format!("{}; {}", label::passage(&bench.operation), label::passage(sample)),
            None => label::passage(&bench.operation),
        };
        table.push(vec![
            name(bench),
            number::count(usize::try_from(quantiles.samples).unwrap_or(usize::MAX)),
            write(quantiles.p50),
            write(quantiles.p99),
            write(quantiles.p99_9),
            write((quantiles.samples > 0).then_some(quantiles.max)),
            what,
        ]);
    }
    table
}

fn alone(benches: &[&Bench]) -> Table {
    let head = ["bench", "one operation", "samples", "operation"];
    let mut table = Table::new("CPU time: criterion's estimates with their 95 % intervals", &head, 1);
    table.prose = true;
    for bench in benches {
        let write = |value| written(value, bench.unit);
        table.push(vec![
            name(bench),
            format!("{} ({}–{})", write(bench.estimate), write(bench.interval.lo), write(bench.interval.hi)),
            number::count(bench.estimated_from),
            label::passage(&bench.operation),
        ]);
    }
    table
}

fn name(bench: &Bench) -> String {
    label::name(&format!("{}/{}", bench.group, bench.name))
}

fn again(results: &Results) -> Markup {
    html! {
        h3 { "Again" }
        pre { code { "cargo bench\ncargo run --release --bin report -- criterion" } }
        p {
            "The page follows from criterion's files and those beside them. A bench that was not run again keeps its older \
             results."
        }
        @if !results.skipped.is_empty() {
            p { (number::count(results.skipped.len())) " folders could not be read as benches and were left out:" }
            ul {
                @for skipped in results.skipped.iter().take(LISTED) {
                    li { bdi { (label::name(&skipped.name)) } ": " (label::passage(&skipped.reason)) }
                }
                @if results.skipped.len() > LISTED { li { "and " (results.skipped.len() - LISTED) " more" } }
            }
        }
    }
}
