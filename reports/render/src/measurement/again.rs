//! How to make such a measurement again.

use maud::{Markup, html};
use reports_record::Measurement;

use super::command::{Gap, command};
use crate::label;

/// Longest command that is shown in full, characters: a URL has its limit far below.
const COMMAND: usize = 16_000;

pub(super) fn markup(measurement: &Measurement) -> Markup {
    let (line, gap) = command(&measurement.plan, measurement.warmed_up_s.is_some());
    html! {
        section #again {
            h2 { "Run it yourself" }
            pre { code { (label::within(&line, COMMAND)) } }
            @match gap {
                Some(Gap::Replay) => p { code { "FILE" } " stands for the file of starts, which the record does not keep." },
                Some(Gap::Rate) => p { code { "RATE" } " stands for the schedule, which this record does not keep." },
                None => {},
            }
            p.note {
                "The record keeps neither headers nor a body, nor what counted as a correct reply, how connections were opened, nor \
                 the CPUs that threads were bound to: where such flags were given, they have to be given again. " code { "report FILE" }
                " renders this page again from what " code { "loadgen --json FILE" } " wrote."
            }
        }
    }
}
