//! What measuring cost the client, and what it noticed on its way.

use maud::{Markup, html};
use reports_record::Measurement;
use reports_terminal::counted;

use super::{count, seconds};
use crate::number;

pub(super) fn markup(measurement: &Measurement) -> Markup {
    html! {
        section #cost {
            h2 { "What the measurement cost the client" }
            dl { @for (what, figure) in rows(measurement) { dt { (what) } dd { (figure) } } }
        }
    }
}

fn rows(measurement: &Measurement) -> Vec<(&'static str, String)> {
    let client = &measurement.client;
    let micros = |value: u64| number::micros(value as f64);
    let or_none = |text: Option<String>| text.unwrap_or_else(|| number::NO_DATA.into());
    let of_window = |share: Option<f64>| {
        share.map_or_else(
            || number::NO_DATA.into(),
            |share| format!("{} of the window", number::percent(share)),
        )
    };
    let mut rows = vec![
        ("CPU per reply", or_none(client.cpu_per_request_us.map(number::micros))),
        ("CPU in user mode", micros(client.cpu_user_us)),
        ("CPU in the kernel", micros(client.cpu_system_us)),
    ];
    if client.cpu_spin_us > 0 {
        rows.push(("of both, spinning before starts", micros(client.cpu_spin_us)));
        let interrupted =
            format!("{}, for {} in all", count(client.interruptions), micros(client.interrupted_us));
        rows.push(("times spinning was interrupted", interrupted));
    }
    rows.extend([
        ("busiest thread", format!("{} of a CPU", number::percent(client.busiest_thread))),
        ("times preempted", count(client.involuntary_switches)),
        ("ready without a CPU, at most", of_window(client.cpu_wait)),
        ("CPU time stolen by other machines", or_none(client.steal.map(number::percent))),
        ("requests in flight, mean", number::plain(measurement.in_flight_mean)),
        ("received in the window", counted(measurement.received_bytes, "byte")),
        ("connections opened again", count(measurement.reopened)),
        ("requests sent again on a fresh connection", count(measurement.stale_reuse)),
    ]);
    if measurement.unasked_replies > 0 {
        rows.push(("times that bytes came unasked", count(measurement.unasked_replies)));
    }
    if measurement.plan.slow > 0 {
        rows.push(("replies to the slow connections", count(measurement.slow_replies)));
    }
    rows.push(("window measured", seconds(measurement.window_s)));
    rows
}
