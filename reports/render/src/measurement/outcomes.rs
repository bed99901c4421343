//! Where every due request went, and whose fault it was.

use maud::{Markup, html};
use reports_record::{Measurement, OutcomeKind, WrongReply};

use super::{count, share};
use crate::page::table::Table;
use crate::{label, number};

/// Most headers of a wrong reply that are shown; loadgen keeps fewer.
const HEADERS: usize = 20;
/// Most wrong replies that are shown; likewise.
const REPLIES: usize = 20;

pub(super) fn markup(measurement: &Measurement) -> Markup {
    html! {
        section #outcomes {
            h2 { "What became of the requests" }
            p { (summary(measurement)) }
            @if measurement.account.due > 0 { (table(measurement).markup()) }
            @if !measurement.statuses.is_empty() { (statuses(measurement).markup()) }
            @for reply in measurement.wrong_replies.iter().take(REPLIES) { (wrong(reply)) }
        }
    }
}

fn statuses(measurement: &Measurement) -> Table {
    let replies = measurement.statuses.values().sum();
    let mut table =
        Table::new("Requests answered in time, by the reply's status", &["status", "requests", "share"], 1);
    for (status, number) in &measurement.statuses {
        table.push(vec![status.to_string(), count(*number), share(*number, replies)]);
    }
    table
}

/// The first wrong reply of a kind in brief; a file may say anything in its place.
fn wrong(reply: &WrongReply) -> Markup {
    let lines = reply.status_line.iter().chain(reply.headers.iter().take(HEADERS)).chain([&reply.body]);
    let lines: Vec<_> = lines.map(|line| label::passage(line)).collect();
    html! {
        p { "The first reply that ended as " code { (reply.kind.name()) } " (" (label::passage(&reply.finding)) ") began:" }
        pre { (lines.join("\n")) }
    }
}

fn summary(measurement: &Measurement) -> String {
    let account = measurement.account;
    if account.due == 0 {
        return format!("No request was due in the window: {}.", number::NO_DATA);
    }
    let closes =
        if account.closes() { "" } else { " These do not add up, so that requests were lost count of." };
    format!(
        "Of {} requests due in the window {} ({}) were answered correctly, {} failed and {} were not seen to end.{closes}",
        count(account.due),
        count(account.finished),
        share(account.finished, account.due),
        count(account.failed),
        count(account.censored)
    )
}

fn table(measurement: &Measurement) -> Table {
    let due = measurement.account.due;
    let head = ["outcome", "whose fault", "requests", "share of those due"];
    let mut table = Table::new("Requests due in the window, by how they ended", &head, 2);
    for kind in OutcomeKind::ALL {
        let Some(number) = measurement.outcomes.get(&kind) else { continue };
        let name = if kind == OutcomeKind::Ok { "correct reply" } else { kind.name() };
        let fault = kind.fault().map_or("nobody's", |fault| fault.name());
        table.push(vec![name.into(), fault.into(), count(*number), share(*number, due)]);
    }
    if measurement.censored > 0 {
        let censored = measurement.censored;
        let name = "not seen to end (censored)".to_owned();
        table.push(vec![name, "not known".into(), count(censored), share(censored, due)]);
    }
    table
}
