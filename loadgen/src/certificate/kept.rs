//! Whether the books were kept: the instrument held against itself.

use reports_record::{Check, CheckStatus};

use super::{About, grade, percent, percent_beside};
use crate::evidence::Evidence;

/// Both sides are counted to the nanosecond, from different events; 2 % is far more than rounding and far less than
/// any request counted twice or lost under load.
const LITTLE_BOUND: f64 = 0.02;
/// Beyond this the figures contradict each other.
const LITTLE_TOO_FAR: f64 = 0.10;

/// Little's law: mean requests in flight against throughput times mean time in flight.
///
/// The left side integrates a count over time; the right adds up the times of single requests. Each request's time is
/// clipped to the window, so that those across its edges, which weigh much when there are few, fall out.
///
/// Source: Little, "A proof for the queuing formula L = λW", Operations Research 9 (1961); its form for a finite window,
/// Little, Operations Research 59 (2011), §3.
pub(super) fn little(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "little", unit: "ratio", bound: LITTLE_BOUND };
    let mean = evidence.tally.in_flight_mean();
    let length = evidence.tally.window.length();
    if mean == 0.0 || length.is_zero() {
        return about.not_applicable("nothing was in flight in the window");
    }
    let product = evidence.tally.flown.as_secs_f64() / length.as_secs_f64();
    let deviation = (mean - product).abs() / mean;
    let finding = format!(
        "{mean:.2} requests were in flight on average, throughput times mean time gives {product:.2}: {} apart",
        percent_beside(deviation, &[LITTLE_BOUND, LITTLE_TOO_FAR])
    );
    about.found(
        grade(deviation, LITTLE_BOUND, LITTLE_TOO_FAR),
        Some(deviation),
        finding,
        "do not use this measurement: report it as a bug of the load generator",
    )
}

/// Whether response times are what they are made of: lateness, connection wait, connect and service time.
pub(super) fn parts(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "parts", unit: "ns", bound: 0.0 };
    let sums = evidence.tally.sums;
    if sums.response == 0 {
        return about.not_applicable("there were no response times");
    }
    let gap = sums.gap();
    let share = |part: u128| percent(part as f64 / sums.response as f64);
    let finding = format!(
        "response times are {} lateness, {} connection wait, {} connect and {} service time; {gap} ns are missing",
        share(sums.lateness),
        share(sums.connection_wait),
        share(sums.connect),
        share(sums.service)
    );
    let status = if gap == 0 { CheckStatus::Pass } else { CheckStatus::Fail };
    let remedy = "do not use this measurement: report it as a bug of the load generator";
    about.found(status, Some(gap as f64), finding, remedy)
}

/// Whether every request that was due is accounted for.
pub(super) fn account(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "account", unit: "requests", bound: 0.0 };
    let account = evidence.tally.account();
    let lost = account.due.abs_diff(account.finished + account.failed + account.censored);
    let finding = format!(
        "requests due: {}, of these finished {}, failed {}, censored {}",
        account.due, account.finished, account.failed, account.censored
    );
    let status = if account.closes() { CheckStatus::Pass } else { CheckStatus::Fail };
    let remedy = "do not use this measurement: report it as a bug of the load generator";
    about.found(status, Some(lost as f64), finding, remedy)
}
