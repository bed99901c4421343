//! Whether all contenders wait equally long when asked to.

use maud::{Markup, html};

use super::table::Table;
use crate::analysis::Analysis;
use crate::analysis::overshoot::unequal;
use crate::{label, number};

pub(super) fn markup(analysis: &Analysis<'_>) -> Markup {
    let unequal = unequal(&analysis.overshoots, &analysis.verdicts.contrasts);
    html! {
        div {
            h3 { "Do both wait equally long?" }
            @if analysis.overshoots.is_empty() {
                p { "Timer overshoot was not measured in this run." }
            } @else {
                @if unequal.is_empty() {
                    p { "At one connection, the overshoots of each pair differ by less than 5\u{a0}% of the wait." }
                }
                @for one in &unequal {
                    p.banner role="note" {
                        strong { "Unequal waits. " }
                        "Asked to wait " (one.wait_ms) " ms, " bdi { (label::name(one.contrast.awaiting)) }
                        " waits " (number::micros(one.difference_us.abs()))
                        @if one.difference_us < 0.0 { " less than " } @else { " longer than " }
                        bdi { (label::name(one.contrast.sync)) } " ("
                        (number::percent(one.difference_us.abs() / (one.wait_ms * 1e3)))
                        "). Part of any difference at this wait is the timer's."
                    }
                }
                details { summary { "How long each waits" } (table(analysis).markup()) }
            }
        }
    }
}

fn table(analysis: &Analysis<'_>) -> Table {
    let head = ["contender", "wait asked", "overshoot", "share of W", "floor (/hello)"];
    let mut table = Table::new("Timer overshoot at one connection, medians", &head, 1);
    for one in &analysis.overshoots {
        let overshoot = one.overshoot_us();
        table.push(vec![
            label::name(&one.contender),
            format!("{} ms", one.wait_ms),
            number::micros(overshoot),
            number::percent(overshoot / (one.wait_ms * 1e3)),
            number::micros(one.floor_us_p50),
        ]);
    }
    table
}
