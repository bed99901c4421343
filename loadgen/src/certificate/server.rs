//! What the server did: replies, failures, connections.

use reports_record::{Check, CheckStatus, Fault, OutcomeKind};
use reports_terminal::counted;

use super::{About, connections, grade};
use crate::bystanders::Attendance;

use crate::evidence::Evidence;
use crate::expect::ExpectBody;

/// Share (0–1) of failures, or of wrong replies, beyond which the rest is not a picture of the server any more.
pub const TOLERATED_ERRORS: f64 = 0.01;

/// Whether every reply was the expected one. A wrong reply is never a measurement.
pub(super) fn replies(evidence: &Evidence<'_>) -> Check {
    let stated = evidence.load.tolerance(ERROR_RATE);
    let about = About { name: "replies", unit: "share", bound: stated.unwrap_or(0.0) };
    let count = |kind| evidence.tally.outcome(kind);
    let wrong = count(OutcomeKind::WrongStatus) + count(OutcomeKind::WrongBody);
    let all = wrong + count(OutcomeKind::Ok);
    if all == 0 {
        let account = evidence.tally.account();
        let (finding, remedy) = if account.due == 0 {
            ("no request was due in the window", "measure for longer (--duration), or at a higher rate")
        } else if account.censored == account.due {
            (
                "no request of the window was answered before the measurement ended, and none had failed",
                "wait for longer behind the window (--grace), or see whether the server answers at all",
            )
        } else {
            ("no request of the window was answered", "see which failures there were")
        };
        return about.found(CheckStatus::Fail, None, finding.into(), remedy);
    }
    let share = wrong as f64 / all as f64;
    let status = grade_share(share, stated);
    let finding = format!(
        "{wrong} of {all} replies were wrong ({} by status, expected {}{}, {} by body){}; {}",
        count(OutcomeKind::WrongStatus),
        evidence.load.expect.status,
        wrong_statuses(evidence),
        count(OutcomeKind::WrongBody),
        by_condition(stated),
        how_bodies_were_checked(evidence)
    );
    about.found(
        status,
        Some(share),
        finding,
        "mend the request or the server: only correct replies are measured",
    )
}

/// Most statuses that a finding lists; all are in `statuses`.
const LISTED: usize = 5;

/// The unexpected statuses with their counts; nothing without any.
fn wrong_statuses(evidence: &Evidence<'_>) -> String {
    let statuses = evidence.tally.statuses();
    let wrong = statuses.iter().filter(|(status, _)| !evidence.load.expect.status.contains(status.0));
    let listed: Vec<_> =
        wrong.take(LISTED).map(|(status, count)| format!("{status} {}", counted(*count, "time"))).collect();
    if listed.is_empty() { String::new() } else { format!(", found {}", listed.join(", ")) }
}

/// The figure of which a user may state how much is tolerable.
const ERROR_RATE: &str = "error_rate";

/// Beyond a bound that a condition states, the condition is the judge, and the check only warns.
fn grade_share(share: f64, stated: Option<f64>) -> CheckStatus {
    stated.map_or_else(|| grade(share, 0.0, TOLERATED_ERRORS), |bound| grade(share, bound, f64::INFINITY))
}

/// A note that a condition's bound replaces the check's own.
fn by_condition(stated: Option<f64>) -> String {
    stated.map_or_else(String::new, |bound| {
        format!(", held to the {} % of the condition on {ERROR_RATE}", (bound * 1e11).round() / 1e9)
    })
}

fn how_bodies_were_checked(evidence: &Evidence<'_>) -> String {
    let (shortest, longest) = evidence.tally.body_bytes.unwrap_or_default();
    match &evidence.load.expect.body {
        ExpectBody::Exactly(_) => {
            "the length and CRC-32 of every body were held to the expected one's".into()
        }
        ExpectBody::Same => "the length and CRC-32 of every body were held to the first one's".into(),
        ExpectBody::Sha256(digest) => format!(
            "bodies were held to {digest} until one was right, and then to the length and CRC-32 of that one"
        ),
        ExpectBody::Any if shortest == longest => {
            format!("bodies were not looked at, all had {}", counted(shortest, "byte"))
        }
        ExpectBody::Any => format!("bodies were not looked at, they had {shortest} to {longest} bytes"),
    }
}

/// Requests that ended without a whole reply, and whose fault that is.
pub(super) fn errors(evidence: &Evidence<'_>) -> Check {
    let stated = evidence.load.tolerance(ERROR_RATE);
    let about = About { name: "errors", unit: "share", bound: stated.unwrap_or(0.0) };
    let failed: Vec<_> = evidence
        .tally
        .outcomes
        .iter()
        .filter(|(kind, _)| **kind != OutcomeKind::Ok && !kind.is_reply())
        .collect();
    let count: u64 = failed.iter().map(|(_, count)| **count).sum();
    let due = evidence.tally.account().due;
    if due == 0 {
        return about.not_applicable("no request was due");
    }
    let overdue = overdue(evidence);
    let is_overdue = if overdue.is_empty() { CheckStatus::Pass } else { CheckStatus::Warn };
    if count == 0 {
        let remedy =
            "see in the server's log what became of them, or wait for longer behind the window (--grace)";
        return about.found(is_overdue, Some(0.0), format!("no request failed{overdue}"), remedy);
    }
    let share = count as f64 / due as f64;
    let of_client = failed.iter().any(|(kind, _)| kind.fault() == Some(Fault::Client));
    let status = if of_client { CheckStatus::Fail } else { grade_share(share, stated).max(is_overdue) };
    let kinds: Vec<_> = failed
        .iter()
        .filter_map(|(kind, count)| Some(format!("{count} {kind} ({}'s fault)", kind.fault()?)))
        .collect();
    let mut replies = evidence.tally.wrong_replies.iter();
    let first = replies.find(|reply| !reply.kind.is_reply());
    let first =
        first.map_or_else(String::new, |reply| format!("; the first reply that did: {}", reply.finding));
    let finding = format!(
        "{count} of {due} requests failed{}: {}{first}{overdue}",
        by_condition(stated),
        kinds.join(", ")
    );
    let occurred = |kind| failed.iter().any(|(other, _)| **other == kind);
    let remedy = if occurred(OutcomeKind::LocalFd) || occurred(OutcomeKind::LocalPort) {
        "client-limited: raise the limits on descriptors and local ports, or use fewer connections"
    } else if of_client {
        "check this machine's firewall and its limits on sockets and memory"
    } else if occurred(OutcomeKind::ConnectTimeout) {
        "the server accepts connections more slowly than they come, so that its queue of them is full, or packets are lost: raise its \
         backlog, use fewer connections, or wait for longer (--connect-timeout)"
    } else if occurred(OutcomeKind::Unreachable) {
        "check the route to the server (ip route get ADDRESS) and the firewalls between"
    } else {
        "see why in the server's log; with a time-out, lower the load or raise --timeout"
    };
    about.found(status, Some(share), finding, remedy)
}

/// So many times the longest reply, a request without one is not merely slow …
const OVERDUE: u32 = 2;
/// … where at least this many replies show how long they take.
const FEWEST_REPLIES: u64 = 20;

/// The words for requests that were in flight for far longer than any reply took when measuring stopped; nothing without any, and where
/// *connections* tells why.
fn overdue(evidence: &Evidence<'_>) -> String {
    let overdue = evidence.tally.overdue(OVERDUE, FEWEST_REPLIES);
    overdue.filter(|_| !connections::wait_for_the_server(evidence)).map_or_else(String::new, |(overdue, longest)| {
        format!(
            "; {} had no reply when measuring stopped, in flight for more than {OVERDUE} times the {:.1} ms of the longest reply",
            counted(overdue, "request"),
            longest.as_secs_f64() * 1e3
        )
    })
}

/// Whether idle and slow connections stood beside the measured ones.
pub(super) fn bystanders(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "bystanders", unit: "closed", bound: 0.0 };
    let planned = u64::from(evidence.crew.idle) + u64::from(evidence.crew.slow);
    if planned == 0 {
        return about.not_applicable("no idle or slow connections were asked for");
    }
    let Attendance { standing, closed, slow_replies } = evidence.attendance;
    let finding = format!(
        "{standing} of {planned} idle and slow connections stood at the end; the server closed, or did not take back, \
         one {}; slow requests were answered {}",
        counted(closed, "time"),
        counted(slow_replies, "time")
    );
    let status = if closed == 0 && standing == planned { CheckStatus::Pass } else { CheckStatus::Warn };
    let remedy = "raise the server's time-outs and its bound on connections, or read the figures as those of fewer bystanders";
    about.found(status, Some(closed as f64), finding, remedy)
}

/// Whether every reply came after a request for it. One that did not may have been taken for the answer to the next
/// request, and so may every reply after it on that connection: no time of it can be told from a right one.
pub(super) fn pairing(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "pairing", unit: "replies", bound: 0.0 };
    let unasked = evidence.tally.unasked_replies;
    let (status, finding) = match unasked {
        0 => (CheckStatus::Pass, "no bytes came over a connection without a request".into()),
        _ => (
            CheckStatus::Fail,
            format!("{}, bytes came that no request had asked for", counted(unasked, "time")),
        ),
    };
    let remedy =
        "mend the server: it answers more than it is asked, and replies may belong to other requests";
    about.found(status, Some(unasked as f64), finding, remedy)
}
