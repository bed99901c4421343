//! Why one is slower: what a request costs, in parts, in one cell that no noise chose.

use maud::{Markup, html};
use reports_record::Metric;

use super::drawer::switches;
use super::figure::Figure;
use super::series::{Series, series};
use super::table::Table;
use super::{profile, request_path, system_calls};
use crate::Beside;
use crate::analysis::Analysis;
use crate::analysis::contrast::Kind;
use crate::analysis::parts::{Load, Parts};
use crate::analysis::subject::level_name;
use crate::analysis::telling::typical;
use crate::analysis::usage::Usage;
use crate::analysis::workload;
use crate::figure::ink::{Ink, Shade};
use crate::figure::stacks::{Bar, Stacks};
use crate::{COSTS_PAGE, label, number};

/// One contender under one load.
struct Row<'s, 'a> {
    series: &'s Series<'a>,
    load: Load,
    load_name: String,
    parts: Parts,
}

/// Nothing where no request of the cell has a cost and nothing beside the record explains one.
pub(super) fn markup(analysis: &Analysis<'_>, beside: &Beside) -> Markup {
    let parts = parts(analysis, beside.has_costs);
    let path = beside.path.as_ref().map(|path| request_path::markup(path, analysis.run));
    let calls = beside.system_calls.as_ref().map(system_calls::markup);
    let profile = beside.profile.as_ref().map(|profile| profile::markup(profile, analysis.verdicts.cells));
    let all = [parts, path, calls, profile];
    if all.iter().all(Option::is_none) {
        return html! {};
    }
    html! {
        section #why aria-labelledby="why-title" {
            h2 id="why-title" { "Why?" }
            @for part in all.iter().flatten() { (part) }
        }
    }
}

/// The parts of a request's cost in one cell.
fn parts(analysis: &Analysis<'_>, has_costs: bool) -> Option<Markup> {
    let series = series(analysis);
    let cell = typical(&analysis.verdicts)?;
    let rows = rows(analysis, &series, cell);
    if rows.is_empty() {
        return None;
    }
    Some(html! {
        p { (sentence(analysis, &rows, cell)) }
        (figure(analysis, &rows, cell).markup())
        p.note {
            "Loopback charges part of the server's work to the client, so the client's CPU stands beside the server's. Every \
             field of the map opens the same figures. " code { "cargo bench" } " measures the pieces: a switch, a \
             timer, a spawned thread or task."
            @if has_costs {
                " " a href={ (COSTS_PAGE) "#model" } { "A request, explained by its parts" } " adds such pieces up."
            }
        }
    })
}

fn rows<'s, 'a>(analysis: &Analysis<'_>, series: &'s [Series<'a>], cell: usize) -> Vec<Row<'s, 'a>> {
    let levels = analysis.verdicts.levels.iter().enumerate();
    let loads: Vec<(Load, String)> = levels
        .map(|(level, load)| (Load::Rate(level), level_name(*load)))
        .chain([(Load::Saturated, "saturated".to_owned())])
        .collect();
    let each = series.iter().flat_map(|one| loads.iter().map(move |(load, name)| (one, *load, name)));
    each.filter_map(|(series, load, name)| {
        let parts = Parts::of(&analysis.grid, cell, series.contender, load)?;
        Some(Row { series, load, load_name: name.clone(), parts })
    })
    .collect()
}

/// What both sides of the first pair pay for a request at the highest offered rate.
fn sentence(analysis: &Analysis<'_>, rows: &[Row<'_, '_>], cell: usize) -> String {
    let last = Load::Rate(analysis.verdicts.levels.len().saturating_sub(1));
    let kind = if analysis.verdicts.contrast(Kind::Control).is_some() { Kind::Control } else { Kind::Stock };
    let of = |model: &str| {
        rows.iter().find(|row| row.load == last && row.series.kind == kind && row.series.model == model)
    };
    let asked = &analysis.verdicts.cells[cell];
    let place =
        format!("{} on {} connections", workload::name(asked), number::count(asked.connections as usize));
    let (Some(sync), Some(awaiting)) = (of("sync"), of("async")) else {
        return format!("The parts of a request's cost: {place}.");
    };
    let pays = |row: &Row<'_, '_>| {
        let switched = row.parts.switches().map(|count| format!(" and {} context switches", switches(count)));
        format!(
            "{} of kernel time, {} of its own code{}",
            number::micros(row.parts.kernel_us),
            number::micros(row.parts.user_us),
            switched.unwrap_or_default()
        )
    };
    let names = [sync, awaiting].map(|row| label::within(row.series.contender, 24));
    format!(
        "{}, {}: a request costs {} {}. It costs {} {}.{}",
        number::capitalised(&place),
        sync.load_name,
        names[0],
        pays(sync),
        names[1],
        pays(awaiting),
        memory(analysis, [sync, awaiting], cell).unwrap_or_default()
    )
}

/// All memory of both sides divided by their connections, and the kernel's part of it; `None` where a side's is not known.
///
/// The program itself is in it, so that one more connection takes less.
fn memory(analysis: &Analysis<'_>, sides: [&Row<'_, '_>; 2], cell: usize) -> Option<String> {
    let connections = f64::from(analysis.verdicts.cells[cell].connections);
    let held = |row: &Row<'_, '_>| {
        let used = Usage::of(&analysis.grid, cell, row.series.contender);
        let of_kernel = used.kernel_mib.map_or_else(String::new, |kernel| {
            format!(", {} of it the kernel's", number::mebibytes(kernel / connections))
        });
        let all = number::mebibytes(used.memory_mib?.middle / connections);
        Some(format!("{all} in {}{of_kernel}", label::within(row.series.contender, 24)))
    };
    Some(format!(
        " All memory divided by the connections is {}, and {}; the program itself is in it, so one more connection takes less.",
        held(sides[0])?,
        held(sides[1])?
    ))
}

fn inks(model: &str) -> [Ink; 2] {
    if model == "sync" {
        [Ink::SyncBetter(Shade::Faint), Ink::SyncBetter(Shade::Strong)]
    } else {
        [Ink::AsyncBetter(Shade::Faint), Ink::AsyncBetter(Shade::Strong)]
    }
}

fn figure(analysis: &Analysis<'_>, rows: &[Row<'_, '_>], cell: usize) -> Figure {
    let bars = rows.iter().map(|row| {
        let [user, kernel] = inks(row.series.model);
        let client = row.parts.client_us.unwrap_or(0.0);
        let switched =
            row.parts.switches().map_or_else(String::new, |count| format!(", {} switches", switches(count)));
        Bar {
            title: format!("{}, {}", label::within(row.series.contender, 16), row.load_name),
            parts: vec![(row.parts.user_us, user), (row.parts.kernel_us, kernel), (client, Ink::Hatch)],
            note: format!("server {}{switched}", number::micros(row.parts.server_us())),
        }
    });
    let stacks = Stacks {
        write: number::micros,
        legend: vec!["user (pale)".into(), "kernel (strong)".into(), "the client's (grey)".into()],
        is_labelled: false,
        bars: bars.collect(),
    };
    Figure {
        id: "why-parts".into(),
        finding: format!(
            "CPU time per request at {}, in parts",
            workload::cell_name(&analysis.verdicts.cells[cell])
        ),
        reading: "Means over believable blocks, from 0 on. The combination is the measured one nearest to a wait of 1 ms on 128 \
                  connections."
            .into(),
        scene: stacks.scene(),
        folded: false,
        table: table(analysis, rows, cell),
    }
}

fn table(analysis: &Analysis<'_>, rows: &[Row<'_, '_>], cell: usize) -> Table {
    let head = [
        "contender",
        "load",
        "user",
        "kernel",
        "client",
        "switches asked for",
        "switches forced",
        "client busy",
        "so a core can serve",
        "measured",
        "timer late by",
        "memory ÷ connections",
        "of it the kernel's",
    ];
    let mut table = Table::new("The parts of a request's cost", &head, 2);
    let asked = &analysis.verdicts.cells[cell];
    let each = |mebibytes: f64| number::mebibytes(mebibytes / f64::from(asked.connections));
    for row in rows {
        let contender = row.series.contender;
        let or_none = |text: Option<String>| text.unwrap_or_else(|| number::NO_DATA.into());
        let used = Usage::of(&analysis.grid, cell, contender);
        let late = analysis
            .overshoots
            .iter()
            .find(|one| one.contender == contender && one.wait_ms == asked.wait_ms)
            .map(|one| number::micros(one.overshoot_us()));
        let closed = |text: String| if row.load == Load::Saturated { text } else { "—".into() };
        let throughput = analysis.estimate(Metric::Throughput, cell, contender);
        table.push(vec![
            label::name(contender),
            row.load_name.clone(),
            number::micros(row.parts.user_us),
            number::micros(row.parts.kernel_us),
            or_none(row.parts.client_us.map(number::micros)),
            or_none(row.parts.voluntary.map(switches)),
            or_none(row.parts.involuntary.map(switches)),
            number::percent(row.parts.client_busy),
            closed(number::rate(1e6 / row.parts.server_us())),
            closed(or_none(throughput.map(|estimate| number::rate(estimate.middle)))),
            or_none(late),
            or_none(used.memory_mib.map(|memory| each(memory.middle))),
            or_none(used.kernel_mib.map(each)),
        ]);
    }
    table
}
