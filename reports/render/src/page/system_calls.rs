//! System calls of a request, counted by a script of their own.

use maud::{Markup, html};
use reports_record::SystemCalls;

use super::table::Table;
use crate::{label, number};

/// Calls that are rarer in every row have no column: one in two hundred requests.
const RARE: f64 = 0.005;

/// A table a load, folded.
pub(super) fn markup(counted: &SystemCalls) -> Markup {
    html! {
        details #system-calls {
            summary { "System calls of a request" }
            p.note {
                "Counted apart from the run, by " (label::within(&counted.by, 24)) " over a contender's whole life less a life without \
                 requests."
            }
            @for table in tables(counted) { (table.markup()) }
        }
    }
}

fn tables(counted: &SystemCalls) -> Vec<Table> {
    let table = |load: &reports_record::CountedLoad| {
        let often = |name: &&String| {
            load.contenders.iter().any(|one| one.calls.get(*name).is_some_and(|calls| *calls >= RARE))
        };
        let mut names: Vec<&String> =
            load.contenders.iter().flat_map(|one| one.calls.keys()).filter(often).collect();
        names.sort_unstable();
        names.dedup();
        let flags: Vec<String> = load.flags.iter().map(|flag| label::within(flag, 24)).collect();
        let caption =
            format!("System calls of a request: {}, {}", label::name(&load.target), flags.join(" "));
        let mut table = Table::new(&caption, &["contender", "requests/s", "all"], 1);
        table.head.extend(names.iter().map(|name| label::within(name, 24)));
        for one in &load.contenders {
            let row =
                [label::name(&one.contender), number::plain(one.requests_per_s), format!("{:.2}", one.all())];
            let calls =
                names.iter().map(|name| format!("{:.2}", one.calls.get(*name).copied().unwrap_or(0.0)));
            table.push(row.into_iter().chain(calls).collect());
        }
        table
    };
    counted.loads.iter().map(table).collect()
}
