//! The path of a request, stage by stage, through each contender that was measured with probes.

use maud::{Markup, html};
use reports_record::{RequestPath, Run, Stages};

use super::figure::Figure;
use super::table::Table;
use crate::figure::ink::{Ink, Shade};
use crate::figure::stacks::{Bar, Stacks};
use crate::request_path::{doubts, load, overhead, rows, sentences};
use crate::{label, number};

/// The figure, what its probes cost, and when it was measured.
pub(super) fn markup(path: &RequestPath, run: &Run) -> Markup {
    html! {
        (figure(path).markup())
        p.note {
            (overhead(path)) " " (doubts(path)) " " (measured(path, run)) " To measure it again: " code { (label::passage(&path.command)) } "."
        }
    }
}

fn measured(path: &RequestPath, run: &Run) -> String {
    let (own, of_run) = (&path.environment, &run.environment);
    let elsewhere = if own.commit != of_run.commit || own.cpu.model != of_run.cpu.model {
        ", at another commit or on another machine than the run"
    } else {
        ""
    };
    format!("Measured {}{elsewhere}.", label::name(&path.measured_at))
}

fn figure(path: &RequestPath) -> Figure {
    let stacks = Stacks {
        write: number::micros,
        legend: Stages::NAMES.map(String::from).to_vec(),
        is_labelled: true,
        bars: path
            .contenders
            .iter()
            .map(|one| Bar {
                title: label::within(&one.contender, 24),
                parts: one.typical.in_order().into_iter().zip(inks(&one.model)).collect(),
                note: format!("in all {}", number::micros(one.typical.whole_us())),
            })
            .collect(),
    };
    Figure {
        id: "path".into(),
        finding: format!("The path of a request, {}. {}", load(path), sentences(path)),
        reading: "Mean times of the middle half of the requests, in order of the server's own time for each. Wake-up: from the \
                  arrival of a request in the kernel until its thread or task has read it. The wait itself is left out. \
                  Measured apart from the run, with probes that read the clock at the end of each stage."
            .into(),
        scene: stacks.scene(),
        folded: false,
        table: table(path),
    }
}

fn inks(model: &str) -> [Ink; 4] {
    let [faint, middle, strong] = [Shade::Faint, Shade::Middle, Shade::Strong]
        .map(|shade| if model == "sync" { Ink::SyncBetter(shade) } else { Ink::AsyncBetter(shade) });
    [strong, Ink::Hatch, middle, faint]
}

fn table(path: &RequestPath) -> Table {
    let head = ["contender", "requests", "number"].into_iter().chain(Stages::NAMES);
    let head: Vec<&str> = head
        .chain(["in all", "connection's start, median", "client saw from sending on, median less wait"])
        .collect();
    let mut table = Table::new("The path of a request, by stage", &head, 2);
    let or_none = |time: Option<f64>| time.map_or_else(|| number::NO_DATA.into(), number::micros);
    for one in &path.contenders {
        for (index, (which, stages)) in rows(one).into_iter().enumerate() {
            let seen = if index == 0 {
                [or_none(one.start_us_p50), or_none(one.client_us_p50)]
            } else {
                ["—".into(), "—".into()]
            };
            let names = [label::name(&one.contender), which.into(), number::count(stages.requests as usize)];
            let times = stages.in_order().map(number::micros);
            let whole = number::micros(stages.whole_us());
            table.push(names.into_iter().chain(times).chain([whole]).chain(seen).collect());
        }
    }
    table
}
