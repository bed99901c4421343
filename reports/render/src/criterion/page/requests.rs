//! Requests as the sum of their parts, and beside what a run measured of them.

use maud::{Markup, html};
use reports_record::{BenchUnit, ModelledRequest};

use super::answer::signed;
use crate::criterion::model::Explained;
use crate::criterion::nearest::{MeasuredRun, Nearest};
use crate::criterion::quantity::written;
use crate::page::table::Table;
use crate::{PAGE, label, number};

pub(super) fn markup(requests: &[Explained<'_>], run: Option<&MeasuredRun>) -> Markup {
    let shares = || requests.iter().map(Explained::share);
    html! {
        section #model aria-labelledby="model-title" {
            h2 id="model-title" { "A request, explained by its parts" }
            p {
                "Counts of switches and waits were taken while the whole request was measured; the cost of one of each stands \
                 under the groups below. The parts explain " (number::percent(shares().fold(f64::INFINITY, f64::min))) " to "
                (number::percent(shares().fold(0.0, f64::max))) " of the CPU time. The rest is in no part: caches that other \
                 connections have filled with their own data, packets that the kernel handles on this CPU, and the handler \
                 itself."
            }
            p {
                "A second sum shows where the rest lies. It takes reading, waiting, switching and answering from one bare loop over \
                 as many connections, and adds the codec. The share of the rest that the loop has as well is the price of \
                 many connections. The remainder is the price of HTTP and of the handler."
            }
            (sums(requests).bare())
            details {
                summary { "Part by part" }
                (parts(requests).markup())
            }
            @if let Some(run) = run { (beside(requests, run)) }
        }
    }
}

fn nanoseconds(value: f64) -> String {
    written(value, BenchUnit::Nanoseconds)
}

/// In sentences, which a narrow screen can wrap.
fn sums(requests: &[Explained<'_>]) -> Table {
    let head = ["request", "the sum of its parts, and its CPU time"];
    let mut table =
        Table::new("CPU time of a request of the control pair, and the sum of its parts", &head, 2);
    table.prose = true;
    for request in requests {
        let bare = request.bare_sum().map(|sum| {
            let share = number::percent(sum / request.measured);
            format!(" With the bare loop {}: {share}.", nanoseconds(sum))
        });
        table.push(vec![
            name_of(request),
            format!(
                "Parts {}, measured {}: {} explained, {} left.{}",
                nanoseconds(request.sum()),
                nanoseconds(request.measured),
                number::percent(request.share()),
                signed(request.measured - request.sum(), BenchUnit::Nanoseconds),
                bare.unwrap_or_default()
            ),
        ]);
    }
    table
}

fn parts(requests: &[Explained<'_>]) -> Table {
    let head = ["request", "part", "times a request", "one costs", "together"];
    let mut table = Table::new("CPU time of a request, part by part", &head, 2);
    for request in requests {
        for part in &request.parts {
            table.push(vec![
                name_of(request),
                label::passage(part.part),
                number::plain(part.count),
                nanoseconds(part.each_ns),
                nanoseconds(part.count * part.each_ns),
            ]);
        }
    }
    table
}

/// The same requests in the nearest cells of a run.
fn beside(requests: &[Explained<'_>], run: &MeasuredRun) -> Markup {
    let modelled: Vec<&ModelledRequest> = requests.iter().map(|request| request.request).collect();
    let found = run.nearest_to(&modelled);
    let (name, day) = run.name();
    let (name, day) = (label::name(name), label::within(day, 24));
    html! {
        h3 { "Beside the map" }
        @if found.iter().all(Option::is_none) {
            p { "The run " bdi { (name) } " of " bdi { (day) } " measured no request to these contenders." }
        } @else {
            p {
                "The run " bdi { (name) } " of " bdi { (day) } " measured whole requests on its own. Beside each request stands the \
                 nearest combination of that run, in a closed loop as here. The rest is the CPU time there less the parts here."
                @if run.is_beside { " " a href={ (PAGE) "#why" } { "That run's own figures of why" } "." }
            }
            (cells(requests, &found).bare())
        }
    }
}

fn cells(requests: &[Explained<'_>], found: &[Option<Nearest>]) -> Table {
    let head = ["request", "its nearest combination"];
    let mut table = Table::new("CPU time of a request in the nearest combination of the run", &head, 2);
    table.prose = true;
    for (request, nearest) in requests.iter().zip(found) {
        let told = nearest.as_ref().map(|nearest| there(request, nearest));
        table.push(vec![name_of(request), told.unwrap_or_else(|| number::NO_DATA.into())]);
    }
    table
}

fn there(request: &Explained<'_>, nearest: &Nearest) -> String {
    let Nearest { cell, is_alike, saturated_ns, at_rate } = nearest;
    let at_rate = at_rate
        .as_ref()
        .map(|(rate, cost)| format!(" At {} it cost {}.", label::passage(rate), nanoseconds(*cost)));
    let at_rate = at_rate.unwrap_or_default();
    let measured = format!("{}: {} measured there", label::name(cell), nanoseconds(*saturated_ns));
    if !is_alike {
        return format!(
            "{measured}, with a wait or connections that differ by more than a factor of two: a request there has other \
             parts.{at_rate}"
        );
    }
    let bare = request.bare_sum().map(|sum| {
        let share = number::percent(sum / saturated_ns);
        let left = signed(saturated_ns - sum, BenchUnit::Nanoseconds);
        format!(" The bare loop explains {share}; {left} left.")
    });
    format!(
        "{measured}, of which the parts explain {}; {} left.{}{at_rate}",
        number::percent(request.sum() / saturated_ns),
        signed(saturated_ns - request.sum(), BenchUnit::Nanoseconds),
        bare.unwrap_or_default()
    )
}

fn name_of(request: &Explained<'_>) -> String {
    format!("{}, {}", label::name(&request.request.contender), label::name(&request.request.load))
}
