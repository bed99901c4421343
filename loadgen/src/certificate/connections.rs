//! Whether connections stood, how they came about, and why they ended.

use reports_record::{Check, CheckStatus, OutcomeKind};
use reports_terminal::counted;

use super::About;
use crate::evidence::Evidence;
use crate::order::ABANDON_AFTER;
use crate::{Pace, Pool};

/// Connections that may be opened anew, as a share of all requests: a server that ends each after a thousand requests, the default of
/// widespread ones, has them opened anew this often, and the figures hardly show it.
const REOPENED_SHARE: f64 = 0.001;

/// Replies that take this many times as long as the shortest one …
const FAR_LONGER: f64 = 10.0;
/// … and this long on average, seconds, waited for more than a CPU.
const LONG_S: f64 = 0.05;
/// This many times the connections that a rate needs, most of them silent at any time.
const SILENT: f64 = 4.0;

/// Whether the planned connections stood throughout, or were opened as needed.
pub(super) fn connections(evidence: &Evidence<'_>) -> Check {
    let bound = (evidence.tally.sent_in_all as f64 * REOPENED_SHARE).floor();
    let about = About { name: "connections", unit: "reopened", bound };
    let reopened = evidence.tally.reopened as f64;
    let queue = full_queue(evidence);
    let mut finding = format!("{}{}", course(evidence), queue.as_deref().unwrap_or_default());
    let given_up = evidence.given_up();
    if given_up > 0 {
        let seconds = ABANDON_AFTER.as_secs();
        finding += &format!(
            "; no connection could be opened for {seconds} s, which gave up {}",
            counted(given_up, "request")
        );
        let remedy = "see why in the server's log; the failures of `errors` say how attempts ended";
        return about.found(CheckStatus::Fail, Some(reopened), finding, remedy);
    }
    let ended = if opens_on_demand(evidence) {
        0.0
    } else {
        f64::from(evidence.crew.connections - throughout(evidence))
    };
    if evidence.standing > 0
        && let Some(needed) = needed_of_silent(evidence)
    {
        finding += &format!(
            "; at the shortest reply's time {needed} connections would carry this rate, and {} stood open: a server that keeps a worker \
             for each is full of silent ones",
            evidence.crew.connections
        );
        let remedy = "leave out --pool all, so that connections are opened as they are needed";
        return about.found(CheckStatus::Warn, Some(reopened), finding, remedy);
    }
    let status = if evidence.standing == 0 {
        CheckStatus::Fail
    } else if reopened.max(ended) <= bound && queue.is_none() {
        CheckStatus::Pass
    } else {
        CheckStatus::Warn
    };
    let remedy = match queue {
        Some(_) => longer_queue(evidence),
        None => remedy(evidence, reopened.max(ended)),
    };
    about.found(status, Some(reopened), finding, &remedy)
}

/// Whether requests may lie unanswered because the server has not accepted, or has no worker for, their connections.
pub(super) fn wait_for_the_server(evidence: &Evidence<'_>) -> bool {
    full_queue(evidence).is_some() || (evidence.standing > 0 && needed_of_silent(evidence).is_some())
}

/// Whether connections are opened for requests that find none free.
fn opens_on_demand(evidence: &Evidence<'_>) -> bool {
    evidence.crew.pool == Pool::OnDemand && matches!(evidence.load.pace, Pace::Open { .. })
}

/// Connections that the rate needs at the shortest reply's time, where replies take far longer and far more connections were opened
/// beforehand: so many silent ones may be what they wait for.
fn needed_of_silent(evidence: &Evidence<'_>) -> Option<u64> {
    let is_open = matches!(evidence.load.pace, Pace::Open { .. });
    let shortest = evidence.shortest_service().filter(|_| is_open && evidence.crew.pool == Pool::All)?;
    let shortest = shortest.as_secs_f64();
    let needed = (evidence.per_second(evidence.tally.account().due) * shortest).ceil();
    let waits = evidence.service.mean? / 1e6 > LONG_S.max(FAR_LONGER * shortest);
    (waits && needed * SILENT < f64::from(evidence.crew.connections)).then_some(needed as u64)
}

/// Connections that never ended unplanned.
fn throughout(evidence: &Evidence<'_>) -> u32 {
    let planned = evidence.crew.connections;
    evidence.standing.min(planned.saturating_sub(evidence.replaced))
}

/// How many connections there were, and how many were opened anew.
fn course(evidence: &Evidence<'_>) -> String {
    let planned = evidence.crew.connections;
    let stood = if opens_on_demand(evidence) {
        format!("{} of at most {planned} connections were needed", evidence.used)
    } else {
        format!("{} of {planned} connections stood throughout", throughout(evidence))
    };
    let tally = &evidence.tally;
    let resets = match tally.stale_resets {
        0 => String::new(),
        resets => format!(
            " ({resets} of them after a reset, which may be the server's failure: any client would repeat them)"
        ),
    };
    let crossed =
        if tally.unasked_replies > 0 { ", or bytes that no request had asked for crossed them" } else { "" };
    format!(
        "{stood}; {} were opened anew and {} requests sent again because their connection ended before the server could have \
         answered{crossed}{resets}",
        tally.reopened, tally.stale_reuse
    )
}

/// Connections that the server's kernel did not take at first; `None` without any.
fn full_queue(evidence: &Evidence<'_>) -> Option<String> {
    let (late, unopened) = (evidence.tally.late_connects, evidence.tally.unopened);
    let never = evidence.tally.outcome(OutcomeKind::ConnectTimeout);
    (late + never + unopened > 0).then(|| {
        format!(
            "; {} took a second or longer to open, {never} failed to open in time and {unopened} had been opening for that long at \
             the end: the server's queue of connections that wait to be accepted was full, or packets were lost",
            counted(late, "connection")
        )
    })
}

/// The advice for a queue that was full.
fn longer_queue(evidence: &Evidence<'_>) -> String {
    let keeps = match evidence.tally.closes_announced {
        0 => "",
        _ => ", have it keep connections, which it ends with its replies",
    };
    format!(
        "raise the server's backlog{keeps}, or use fewer connections: one that finds the queue full is tried again after a second"
    )
}

/// The advice for so many connections that `ended`, by what the server announced.
fn remedy(evidence: &Evidence<'_>, ended: f64) -> String {
    let tally = &evidence.tally;
    let lost = tally.lost_in_all;
    if evidence.announced_requests.is_none()
        && tally.closes_announced == 0
        && lost > 0
        && lost as f64 >= ended
    {
        return format!(
            "{} failed, those before and after the window included, and each ended its connection: see why in the server's log",
            counted(lost, "request")
        );
    }
    let unasked = tally.unasked_replies;
    if unasked > 0 && unasked as f64 >= ended {
        return "the client ended each connection over which bytes came that no request had asked for: see *pairing*".into();
    }
    let cause = match (evidence.announced_requests, tally.closes_announced) {
        (Some(requests), _) => format!("the server announced `keep-alive: max={requests}`: raise that bound"),
        (None, 0) => "the server ended connections without announcing it, as at its idle time-out or when it is reloaded: raise that time-out".into(),
        (None, closes) => {
            format!(
                "the server ended the connection with {closes} of its replies (`connection: close`, or HTTP/1.0): have it keep them"
            )
        }
    };
    format!("{cause}, or read the times as including connection set-up")
}
