//! What a trial's measurement says of its rate.

use std::time::Duration;

use reports_record::{Check, CheckStatus, Fault, Measurement, OutcomeKind};
use reports_terminal::counted;

use crate::capacity::{Doubt, Verdict};
use crate::certificate::ACHIEVED_BOUND;
use crate::{Condition, Crew};

/// Checks that fail by the server's doing: a finding about its rate rather than a spoilt measurement.
const SERVERS: [&str; 4] = ["errors", "replies", "connections", "stationarity"];
/// Checks of the time that the client lacked, because others on the machine took it or it was stopped.
const MACHINES: [&str; 3] = ["steal", "cpu_wait", "gap"];
/// Checks that fail because the client is late or busy.
const CLIENTS: [&str; 4] = ["pace", "achieved", "arrivals", "headroom"];

/// What `measurement`, an open loop, says of its rate under all `objectives`, and why.
///
/// Strict both ways. A pass needs every objective met by a server that kept up with the schedule: in a longer trial its queue
/// would otherwise outgrow any objective. A fail needs that neither the client nor the machine can have made the difference: where
/// service times, which begin when the request is sent, meet the objectives that response times miss, a client that was late or had
/// too few connections did.
#[must_use]
pub fn judge(objectives: &[Condition], measurement: &Measurement) -> (Verdict, String) {
    let checks = &measurement.certificate.checks;
    let spoilt = checks.iter().find(|check| {
        check.status == CheckStatus::Fail
            && (!SERVERS.contains(&check.name.as_str()) || is_clients(measurement, &check.name))
    });
    if let Some(check) = spoilt {
        let is_clients = CLIENTS.contains(&check.name.as_str()) || SERVERS.contains(&check.name.as_str());
        let doubt = if is_clients { Doubt::Client } else { Doubt::Noise };
        return (Verdict::Unsure(doubt), check.finding.clone());
    }
    if let Some(shortfall) = shortfall(objectives, measurement) {
        return match doubt(objectives, measurement) {
            None => (Verdict::Fail, shortfall),
            Some((doubt, why)) => (Verdict::Unsure(doubt), format!("{shortfall}; but {why}")),
        };
    }
    let judged: Vec<_> = objectives.iter().map(|objective| objective.judge(measurement)).collect();
    if let Some(unknown) = judged.iter().find(|judged| judged.holds().is_none()) {
        return (Verdict::Unsure(Doubt::Samples), unknown.to_string());
    }
    let untold = |check: &&Check| check.name == "achieved" && check.status == CheckStatus::NotApplicable;
    if let Some(untold) = checks.iter().find(untold) {
        // A queue may grow behind a window that is too short to see it.
        return (
            Verdict::Unsure(Doubt::Samples),
            format!("whether the server kept up is not known: {}", untold.finding),
        );
    }
    if let Some(behind) = growth_in_doubt(objectives, measurement) {
        return (
            Verdict::Unsure(Doubt::Samples),
            format!("whether the server kept up or its queue grew by chance is not known: {behind}"),
        );
    }
    match finding(measurement, "stationarity", CheckStatus::Fail) {
        Some(drift) => (Verdict::Unsure(Doubt::Noise), drift.into()),
        None => (Verdict::Pass, judged.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
    }
}

/// What the rate falls short of, whoever is to blame; `None` when of nothing that is known.
fn shortfall(objectives: &[Condition], measurement: &Measurement) -> Option<String> {
    let allows_errors = objectives.iter().any(|objective| objective.share().is_some());
    // A share of wrong and failed requests that is asked about is judged by what was asked.
    let broken = ["errors", "replies", "connections"]
        .into_iter()
        .filter(|name| !allows_errors || *name == "connections");
    let broken = broken.filter_map(|name| finding(measurement, name, CheckStatus::Fail)).map(String::from);
    let missed = objectives.iter().map(|objective| objective.judge(measurement)).filter_map(|judged| {
        // What may be longer than the bound, because so many requests failed or did not end, is not met.
        let is_missed =
            judged.holds() == Some(false) || (judged.holds().is_none() && !judged.is_without_figure());
        is_missed.then(|| judged.to_string())
    });
    let behind = finding(measurement, "achieved", CheckStatus::Warn).map(String::from);
    broken.chain(missed).chain(behind).next()
}

/// A growth of the queue that chance may have made, and that is more than half of what it makes of a server at the edge of its capacity.
///
/// *achieved* lets it pass, for it is no proof that the server fell behind. It is no sign either that the server kept up: of 226 requests
/// a server of 100/s leaves 26 behind at 113/s, and chance 25.
fn growth_in_doubt<'a>(objectives: &[Condition], measurement: &'a Measurement) -> Option<&'a str> {
    let check = measurement.certificate.checks.iter().find(|check| check.name == "achieved")?;
    let stated = objectives.iter().filter(|objective| objective.figure() == "achieved_of_offered");
    let stated = stated.filter_map(|objective| objective.negated().tolerated()).reduce(f64::max);
    let expected = stated.unwrap_or(ACHIEVED_BOUND);
    (check.figure? < (expected + check.bound) / 2.0).then_some(check.finding.as_str())
}

/// Why a shortfall need not be the server's.
fn doubt(objectives: &[Condition], measurement: &Measurement) -> Option<(Doubt, String)> {
    let warned = |name| finding(measurement, name, CheckStatus::Warn);
    if let Some(busy) = warned("headroom") {
        return Some((Doubt::Client, format!("{busy} (add --threads on CPUs of their own)")));
    }
    if is_met_once_sent(objectives, measurement)
        && let Some(late) = warned("pace")
    {
        return Some((Doubt::Client, format!("once sent, requests met it, and {late}")));
    }
    if let Some(needed) = connections_missing(objectives, measurement) {
        let held = measurement.plan.connections;
        return Some((
            Doubt::Client,
            format!(
                "once sent, requests met it: {} did not suffice, add up to {needed}",
                counted(held.into(), "connection")
            ),
        ));
    }
    if let Some(cause) = machines_doing(measurement) {
        return Some((Doubt::Noise, cause.finding.clone()));
    }
    // A server that falls behind by more than a warning's worth of disturbance has a queue of its own making.
    let kept_up = warned("achieved").is_none();
    let disturbed = warned("steal").or(warned("gap")).filter(|_| kept_up);
    disturbed.map(|disturbed| (Doubt::Noise, disturbed.into()))
}

/// How many connections might have met the objectives, where nothing but their number is in doubt.
fn connections_missing(objectives: &[Condition], measurement: &Measurement) -> Option<u64> {
    let at_ease =
        ["headroom", "pace"].iter().all(|name| finding(measurement, name, CheckStatus::Warn).is_none());
    let is_in_doubt = at_ease && is_met_once_sent(objectives, measurement);
    is_in_doubt.then(|| connections_needed(objectives, measurement)).flatten()
}

/// Throughputs that differ by less count as equal, as those of two contenders do.
const NO_MORE: f64 = 1.05;

/// Twice the connections, where `measurement` is in doubt for having too few: with them the rate is measured once more, to see
/// whether it was not the server that was full. `None` where it is judged already.
#[must_use]
pub fn doubled_connections(objectives: &[Condition], measurement: &Measurement) -> Option<u32> {
    let (verdict, _) = judge(objectives, measurement);
    let is_short = verdict == Verdict::Unsure(Doubt::Client) && shortfall(objectives, measurement).is_some();
    let missing = is_short.then(|| connections_missing(objectives, measurement)).flatten();
    missing
        .and_then(|_| measurement.plan.connections.checked_mul(2))
        .filter(|twice| *twice <= *Crew::CONNECTIONS.end())
}

/// What `few`, in doubt for having too few connections, says of its rate beside `many`, the same with twice as many.
///
/// A server that answers no more then is full. One that answers more says nothing of the rate: the connections are the limit.
#[must_use]
pub fn judge_doubled(objectives: &[Condition], few: &Measurement, many: &Measurement) -> (Verdict, String) {
    let (first, second) = (few.achieved_rate_per_s, many.achieved_rate_per_s);
    let compared = format!(
        "{} had {second:.1}/s answered, {} had {first:.1}/s",
        counted(many.plan.connections.into(), "connection"),
        few.plan.connections
    );
    let spoilt = many
        .certificate
        .checks
        .iter()
        .find(|check| check.status == CheckStatus::Fail && !SERVERS.contains(&check.name.as_str()));
    match (spoilt, judge(objectives, few)) {
        (None, _) if second <= first * NO_MORE && shortfall(objectives, many).is_some() => {
            (Verdict::Fail, format!("{compared}: the server is full"))
        }
        (Some(check), (verdict, why)) => (verdict, format!("{why}; {compared}, but {}", check.finding)),
        (None, (verdict, why)) => (verdict, format!("{why}; {compared}")),
    }
}

/// Whether the objectives are met by service times in the place of response times: lateness and connection wait left out.
///
/// Lower bounds count as they are: a few of them are in flight whenever time runs out. Requests that failed make it false.
fn is_met_once_sent(objectives: &[Condition], measurement: &Measurement) -> bool {
    let mut service = measurement.service_time_us.clone();
    service.at_least.clear();
    let sent = Measurement { response_time_us: Some(service), ..measurement.clone() };
    let is_whole = finding(measurement, "errors", CheckStatus::Fail).is_none();
    is_whole
        && objectives
            .iter()
            .filter(|objective| objective.time().is_some())
            .all(|objective| objective.judge(&sent).holds() == Some(true))
}

/// Connections from which on they cannot be the limit, when there are fewer.
///
/// Little's law: while all of c connections are busy at a throughput of at most the rate, requests take c ÷ rate on average; from
/// c = rate × bound on that is no less than the bound, and the server's doing.
fn connections_needed(objectives: &[Condition], measurement: &Measurement) -> Option<u64> {
    let rate = measurement.offered_rate_per_s?;
    let bound =
        objectives.iter().filter_map(Condition::time).map(|bound| bound.as_secs_f64()).reduce(f64::max);
    let needed = (rate * bound.unwrap_or(measurement.plan.timeout_s)).ceil() as u64;
    (u64::from(measurement.plan.connections) < needed).then_some(needed)
}

/// What the check of this name found, if it is at least as bad as `status`.
fn finding<'a>(measurement: &'a Measurement, name: &str, status: CheckStatus) -> Option<&'a str> {
    let check = measurement.certificate.checks.iter().find(|check| check.name == name)?;
    (check.status >= status).then_some(check.finding.as_str())
}

/// What took at least the CPU time that a rate which was not reached is short of, from the client and perhaps from the server.
fn machines_doing(measurement: &Measurement) -> Option<&Check> {
    let checks = &measurement.certificate.checks;
    let cause = checks.iter().find(|check| check.name == "achieved")?.explained_by.as_deref()?;
    checks.iter().find(|check| check.name == cause && MACHINES.contains(&cause))
}

/// Whether failures of requests are the client's own: no descriptor, no port.
fn is_clients(measurement: &Measurement, check: &str) -> bool {
    let by_client = |(kind, count): (&OutcomeKind, &u64)| *count > 0 && kind.fault() == Some(Fault::Client);
    check == "errors" && measurement.outcomes.iter().any(by_client)
}

/// The longest bound of a time among `objectives`; `None` without any.
#[must_use]
pub fn longest_bound(objectives: &[Condition]) -> Option<Duration> {
    objectives.iter().filter_map(Condition::time).max()
}

#[cfg(test)]
mod tests {
    use CheckStatus::{Fail, Warn};
    use reports_record::Account;

    use super::*;
    use crate::measured::{measured, times, with};

    fn judged(objectives: &[&str], measurement: &Measurement) -> Verdict {
        let objectives: Vec<Condition> = objectives.iter().map(|text| text.parse().unwrap()).collect();
        let (verdict, why) = judge(&objectives, measurement);
        assert!(!why.is_empty());
        verdict
    }

    const P99: &[&str] = &["p99 < 50ms"];
    const CLIENT: Verdict = Verdict::Unsure(Doubt::Client);
    const NOISE: Verdict = Verdict::Unsure(Doubt::Noise);

    #[test]
    fn every_objective_has_to_hold() {
        assert_eq!(judged(P99, &measured(49)), Verdict::Pass);
        assert_eq!(judged(P99, &measured(51)), Verdict::Fail);
        assert_eq!(judged(&["p50 < 1s", "p99 < 50ms"], &measured(51)), Verdict::Fail);
        assert_eq!(judged(&["p99_99 < 50ms"], &measured(49)), Verdict::Unsure(Doubt::Samples));
    }

    #[test]
    fn a_server_that_falls_behind_fails_whatever_its_times() {
        assert_eq!(judged(P99, &with(measured(1), "achieved", Warn)), Verdict::Fail);
    }

    #[test]
    fn a_queue_that_grew_no_more_than_by_chance_is_no_pass_where_it_grew_by_more_than_half_of_that() {
        // 1 % and 12 % by chance: the bound of *achieved* is 87 %.
        let grown = |answered, objectives: &[&str]| {
            let mut measurement = measured(1);
            let checks = measurement.certificate.checks.iter_mut();
            let achieved = checks.into_iter().find(|check| check.name == "achieved").unwrap();
            (achieved.figure, achieved.bound) = (Some(answered), 0.87);
            judged(objectives, &measurement)
        };
        assert_eq!(
            [0.99, 0.94, 0.92, 0.88].map(|answered| grown(answered, P99)),
            [Verdict::Pass, Verdict::Pass, Verdict::Unsure(Doubt::Samples), Verdict::Unsure(Doubt::Samples)]
        );
        assert_eq!(grown(0.89, &["achieved_of_offered >= 90%"]), Verdict::Pass, "as was asked");
    }

    #[test]
    fn a_window_too_short_to_see_a_queue_grow_passes_nothing() {
        let untold = |ms| with(measured(ms), "achieved", CheckStatus::NotApplicable);
        assert_eq!(judged(P99, &untold(1)), Verdict::Unsure(Doubt::Samples));
        assert_eq!(judged(P99, &untold(500)), Verdict::Fail);
    }

    #[test]
    fn what_the_client_or_the_machine_spoilt_says_nothing() {
        for ms in [1, 500] {
            for name in CLIENTS {
                assert_eq!(judged(P99, &with(measured(ms), name, Fail)), CLIENT, "{name}, {ms} ms");
            }
            for name in ["steal", "gap", "little", "account", "a check to come"] {
                assert_eq!(judged(P99, &with(measured(ms), name, Fail)), NOISE, "{name}, {ms} ms");
            }
        }
        assert_eq!(judged(P99, &with(measured(500), "headroom", Warn)), CLIENT);
        assert_eq!(judged(P99, &with(measured(1), "headroom", Warn)), Verdict::Pass, "met in spite of it");
        assert_eq!(judged(P99, &with(measured(500), "steal", Warn)), NOISE);
        let behind = with(with(measured(500), "steal", Warn), "achieved", Warn);
        assert_eq!(judged(P99, &behind), Verdict::Fail, "a little steal explains no growing queue");
    }

    #[test]
    fn a_queue_no_larger_than_what_others_took_says_nothing_and_one_of_a_plan_is_a_fail() {
        let behind = |cause: &str| {
            let mut measurement = with(with(measured(500), "achieved", Warn), cause, Warn);
            let achieved = measurement.certificate.checks.iter_mut().find(|check| check.name == "achieved");
            achieved.unwrap().explained_by = Some(cause.into());
            judged(P99, &measurement)
        };
        assert_eq!(["steal", "cpu_wait", "gap"].map(behind), [NOISE; 3]);
        assert_eq!(behind("plan"), Verdict::Fail, "16 connections are enough for the objective");
    }

    #[test]
    fn failed_requests_fail_the_rate_unless_they_are_asked_about() {
        for name in ["errors", "replies", "connections"] {
            assert_eq!(judged(P99, &with(measured(1), name, Fail)), Verdict::Fail, "{name}");
        }
        let mut some = with(measured(1), "errors", Fail);
        some.account = Account { due: 2000, finished: 1960, failed: 40, censored: 0 };
        some.outcomes = [(OutcomeKind::Ok, 1960), (OutcomeKind::Reset, 40)].into();
        assert_eq!(judged(&["error_rate < 5%"], &some), Verdict::Pass);
        assert_eq!(judged(&["error_rate < 1%"], &some), Verdict::Fail);
        some.outcomes = [(OutcomeKind::Ok, 1960), (OutcomeKind::LocalPort, 40)].into();
        assert_eq!(judged(&["error_rate < 1%"], &some), CLIENT, "no port left is the client's own limit");
    }

    #[test]
    fn two_regimes_in_one_window_are_no_pass_but_a_growing_queue_is_a_fail() {
        assert_eq!(judged(P99, &with(measured(1), "stationarity", Fail)), NOISE);
        assert_eq!(judged(P99, &with(measured(500), "stationarity", Fail)), Verdict::Fail);
    }

    #[test]
    fn a_quantile_that_failed_requests_may_lengthen_beyond_the_bound_is_not_met() {
        let mut measurement = measured(1);
        if let Some(times) = &mut measurement.response_time_us {
            times.at_least = vec!["p99".into()];
        }
        assert_eq!(judged(P99, &measurement), Verdict::Fail);
    }

    #[test]
    fn too_few_connections_are_the_plans_limit_and_enough_are_not() {
        let mut waited = measured(5);
        waited.response_time_us = Some(times([500; 2000]));
        // 200/s × 50 ms take 10 connections: with 16 none need have waited.
        assert_eq!(judged(P99, &waited), Verdict::Fail);
        waited.plan.connections = 4;
        assert_eq!(judged(P99, &waited), CLIENT);
        // Requests in flight at the end are known by small lower bounds only.
        waited.service_time_us.at_least = vec!["p99".into(), "max".into()];
        assert_eq!(judged(P99, &waited), CLIENT);
        assert_eq!(
            judged(P99, &with(waited.clone(), "errors", Fail)),
            Verdict::Fail,
            "no connection mends errors"
        );
        let objectives = ["p99 < 50ms".parse().unwrap()];
        let (_, why) = judge(&objectives, &waited);
        assert!(why.contains("4 connections did not suffice, add up to 10"), "{why}");
        let late = with(Measurement { plan: measured(1).plan, ..waited }, "pace", Warn);
        assert_eq!(judged(P99, &late), CLIENT, "late by the client's doing");
    }

    #[test]
    fn twice_the_connections_tell_a_full_server_from_too_few_connections() {
        let objectives: Vec<Condition> = P99.iter().map(|text| text.parse().unwrap()).collect();
        let with_connections = |connections, achieved| {
            let mut measurement = measured(5);
            measurement.response_time_us = Some(times([500; 2000]));
            (measurement.plan.connections, measurement.achieved_rate_per_s) = (connections, achieved);
            measurement
        };
        let few = with_connections(4, 100.0);
        assert_eq!(doubled_connections(&objectives, &few), Some(8));
        assert_eq!(doubled_connections(&objectives, &measured(5)), None, "it passed");
        assert_eq!(doubled_connections(&objectives, &measured(500)), None, "it failed");
        assert_eq!(
            doubled_connections(&objectives, &with(few.clone(), "headroom", Warn)),
            None,
            "a busy client"
        );
        assert_eq!(
            doubled_connections(&objectives, &with_connections(16, 100.0)),
            None,
            "enough for 50 ms each"
        );

        let doubled = |many: &Measurement| judge_doubled(&objectives, &few, many);
        let (verdict, why) = doubled(&with_connections(8, 105.0));
        assert_eq!(verdict, Verdict::Fail);
        assert_eq!(why, "8 connections had 105.0/s answered, 4 had 100.0/s: the server is full");
        let (verdict, why) = doubled(&with_connections(8, 105.1));
        assert_eq!(verdict, CLIENT);
        assert!(
            why.contains("4 connections did not suffice") && why.contains("8 connections had 105.1/s"),
            "{why}"
        );
        assert_eq!(
            doubled(&with(with_connections(8, 100.0), "gap", Fail)).0,
            CLIENT,
            "the second one was spoilt"
        );
        assert_eq!(
            doubled(&Measurement { achieved_rate_per_s: 100.0, ..measured(5) }).0,
            CLIENT,
            "the second one met it"
        );
    }
}
