//! Whether the schedule was kept: lateness, the rate reached, the spread of the starts.

use reports_record::{Arrivals, Check, CheckStatus, Times};
use reports_stats::kolmogorov_smirnov::rarely_exceeded;
use reports_terminal::counted;

use super::{About, grade, percent, percent_beside};
use crate::Pace;
use crate::evidence::Evidence;
use crate::tally::Growth;

/// The client's own delay at the 99th percentile, µs: what preemption costs on a quiet machine, several times over.
const TAIL_BOUND_US: f64 = 1_000.0;
/// The same at the median: a timer and a wake-up take 50 to 100 µs.
pub(super) const MEDIAN_BOUND_US: f64 = 250.0;
/// Where the server is slow the client may be late by this share of it without changing what response times say. Of the
/// service time and not of the response time, in which the lateness itself would be an excuse for being late; and not of a wait that is
/// taken away from what is told.
const SHARE_OF_SERVICE: f64 = 0.1;
/// … and never by more than this, for a client that is kept from running is late *and* sees long service times.
const EXCUSE_MAX_US: f64 = 10_000.0;
/// Beyond this share of a quantile that is told, the client is more of it than the server is …
const MOST: f64 = 0.5;
/// … which is worth a warning where it is later than a wake-up makes any client, µs.
const WAKING_US: f64 = 100.0;
/// Beyond so many times a bound the client, not the server, is what was measured.
pub(super) const TOO_LATE: f64 = 10.0;

/// Lateness of the client alone, at the median and in the tail.
pub(super) fn pace(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "pace", unit: "us", bound: TAIL_BOUND_US };
    let Some(lateness) = &evidence.lateness else {
        return about.not_applicable("a closed loop has no schedule to be late for");
    };
    let (Some(median), Some((tail_name, tail))) = (lateness.p50, highest(lateness)) else {
        return about.not_applicable("too few requests for a quantile of lateness");
    };
    let stated = |name: &str| evidence.load.tolerance(&format!("lateness_{name}"));
    let tail_bound = stated(tail_name).unwrap_or_else(|| {
        allowed(evidence, TAIL_BOUND_US, highest(&evidence.service).map(|(name, _)| name))
    });
    let median_bound = stated("p50").unwrap_or_else(|| allowed(evidence, MEDIAN_BOUND_US, Some("p50")));
    // Beyond a bound that --fail-if states, that condition is the judge.
    let too_late =
        |name: &str, bound: f64| if stated(name).is_some() { f64::INFINITY } else { bound * TOO_LATE };
    let grade = |name: &str, late, bound| {
        let status = grade(late, bound, too_late(name, bound));
        if changes_nothing(evidence, name, late) { status.min(CheckStatus::Warn) } else { status }
    };
    let mostly_late = mostly_late(evidence);
    let misleads = stated(tail_name).is_none() && mostly_late.iter().any(|(_, late, _)| *late > WAKING_US);
    let misled = if misleads { CheckStatus::Warn } else { CheckStatus::Pass };
    let status = grade(tail_name, tail, tail_bound).max(grade("p50", median, median_bound)).max(misled);
    let ([median_shown, median_bound_shown], [tail_shown, tail_bound_shown]) =
        (beside_each_other(median, median_bound), beside_each_other(tail, tail_bound));
    let finding = format!(
        "requests left {median_shown} us (p50) and {tail_shown} us ({tail_name}) late by the client's doing, against \
         {median_bound_shown} and {tail_bound_shown}{}; it was preempted {}{}",
        clients_own(evidence, &mostly_late),
        counted(evidence.cost.involuntary_switches, "time"),
        if evidence.cost.spin_given_up {
            ", and gave up spinning for the timer because it shares its CPU (--pacing timer does so from the start)"
        } else {
            ""
        }
    );
    let remedy = format!("{}, more threads, or a lower rate", evidence.own_cpu());
    About { bound: tail_bound, ..about }.found(status, Some(tail), finding, &remedy)
}

/// A time and its bound, µs, with as few decimals as show which is larger.
fn beside_each_other(time: f64, bound: f64) -> [String; 2] {
    let written = |decimals: usize| [format!("{time:.*}", decimals.max(1)), format!("{bound:.decimals$}")];
    let shows = |both: &[String; 2]| {
        let [time_shown, bound_shown] = both.each_ref().map(|text| text.parse::<f64>().unwrap_or(f64::NAN));
        time_shown.partial_cmp(&bound_shown) == time.partial_cmp(&bound)
    };
    (0..=9).map(written).find(shows).unwrap_or_else(|| written(0))
}

/// The times that an open loop is read by: those beyond each request's own wait where they are known, and else response times. A client
/// that is late is so in both, and less of the first is the server's.
fn told<'a>(evidence: &'a Evidence<'_>) -> Option<&'a Times> {
    evidence.beyond_wait.as_ref().or(evidence.response.as_ref())
}

/// The quantiles of these times of which more than half is lateness: each with the lateness there and itself, µs.
fn mostly_late(evidence: &Evidence<'_>) -> Vec<(&'static str, f64, f64)> {
    let (Some(told), Some(lateness)) = (told(evidence), &evidence.lateness) else {
        return Vec::new();
    };
    let both = told.quantiles().into_iter().zip(lateness.quantiles());
    both.filter(|((name, ..), _)| !told.is_at_least(name))
        .filter_map(|((name, _, told), (_, _, late))| Some((name, late?, told?)))
        .filter(|(_, late, told)| *late > MOST * told)
        .collect()
}

/// The highest of these quantiles in words, with the names of all.
fn clients_own(evidence: &Evidence<'_>, mostly_late: &[(&str, f64, f64)]) -> String {
    let Some((name, late, told)) = mostly_late.last() else { return String::new() };
    let names: Vec<&str> = mostly_late.iter().map(|(name, ..)| *name).collect();
    let names = names.join(", ");
    let of_which = match evidence.beyond_wait {
        Some(_) => format!("the {names} of the time beyond the wait"),
        None => format!("the response time's {names}"),
    };
    format!("; more than half of {of_which} is the client's own lateness ({name}: {late:.0} of {told:.0} us)")
}

/// The quantile of this name, if these times have it.
fn quantile(times: &Times, name: &str) -> Option<f64> {
    times.quantiles().into_iter().find(|(known, ..)| *known == name)?.2
}

/// Whether the quantile of this name that is told, less what the client was `late` (µs) there, lies within its interval still.
fn changes_nothing(evidence: &Evidence<'_>, name: &str, late: f64) -> bool {
    let told = told(evidence);
    let interval = told.and_then(|times| times.intervals.get(name));
    let quantile = told.and_then(|times| quantile(times, name));
    quantile.zip(interval).is_some_and(|(quantile, margin)| quantile - late >= margin.low)
}

/// How late the client may be where the server takes so long at the quantile of this `name`.
fn allowed(evidence: &Evidence<'_>, bound: f64, name: Option<&str>) -> f64 {
    let servers = name.and_then(|name| servers_own(evidence, name)).unwrap_or(0.0);
    bound.max((SHARE_OF_SERVICE * servers).min(EXCUSE_MAX_US))
}

/// What the server took at this quantile, µs: the service time, and where each request's own wait is taken away, no more of it than is
/// left beyond the wait without the client's lateness.
fn servers_own(evidence: &Evidence<'_>, name: &str) -> Option<f64> {
    let service = quantile(&evidence.service, name)?;
    let Some(beyond) = &evidence.beyond_wait else { return Some(service) };
    let late = evidence.lateness.as_ref().and_then(|lateness| quantile(lateness, name)).unwrap_or(0.0);
    Some(service.min(quantile(beyond, name)? - late))
}

/// The highest quantile up to the 99th that there are samples for.
fn highest(times: &Times) -> Option<(&'static str, f64)> {
    [("p99", times.p99), ("p95", times.p95), ("p90", times.p90), ("p50", times.p50)]
        .into_iter()
        .find_map(|(name, value)| Some((name, value?)))
}

/// Share of what is due that has to be answered as fast as it becomes due.
pub(crate) const ACHIEVED_BOUND: f64 = 0.99;
/// With this share of the connections busy on average, hardly ever was one free.
const ALL_BUSY: f64 = 0.95;
/// Replies that take this many times the shortest one on average wait for each other, or differ: how many connections would carry
/// the rate cannot be told then.
const QUEUEING: f64 = 2.0;

/// Whether what is due and unanswered became more. Whose doing that is, `blame` finds.
pub(super) fn achieved(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "achieved", unit: "ratio", bound: ACHIEVED_BOUND };
    let due = evidence.tally.account().due;
    if evidence.response.is_none() || due == 0 {
        return about.not_applicable("nothing was offered: the loop is closed or nothing was due");
    }
    let Some(growth) = evidence.tally.backlog_growth(evidence.crew.connections) else {
        return about.not_applicable(
            "fewer than 10 requests were due early enough to be answered in the window: it is no longer than requests take, or was cut short",
        );
    };
    let ratio = 1.0 - growth.share();
    let about = About { bound: achieved_bound(evidence, &growth), ..about };
    let reached = format!(
        "{} of the offered rate was answered: of {} requests due in {}, and {:.0} in progress is usual for this load",
        percent_beside(ratio, &[about.bound]),
        growth.due,
        seen(evidence, &growth),
        growth.in_pipe,
    );
    if ratio >= about.bound {
        return about.found(CheckStatus::Pass, Some(ratio), reached, "");
    }
    let finding = format!(
        "{reached}; {} of the requests waited for a free connection, {:.1} of {} were busy on average",
        percent(evidence.tally.waited as f64 / due as f64),
        evidence.tally.in_flight_mean(),
        evidence.crew.connections,
    );
    let late = evidence.lateness.as_ref().and_then(|lateness| lateness.p50);
    // As `pace` has it: a few milliseconds of the client's explain no queue of seconds.
    let is_clients = late > Some(allowed(evidence, MEDIAN_BOUND_US, Some("p50")) * TOO_LATE);
    // Else only a warning: that a server does not keep up is a result, and leaving it out would flatter it.
    let (status, remedy) = match is_clients {
        true => (CheckStatus::Fail, "lower the rate or add --threads, each on its own CPU"),
        false => {
            (CheckStatus::Warn, "read the response times as those of an overloaded server, or lower the rate")
        }
    };
    about.found(status, Some(ratio), finding, remedy)
}

/// The stretch of the window and what was unanswered of it, in words.
fn seen(evidence: &Evidence<'_>, growth: &Growth) -> String {
    let (at, window) = (growth.at, evidence.tally.window.length());
    let unanswered = growth.unanswered;
    match at.checked_sub(window).filter(|later| !later.is_zero()) {
        None => {
            format!(
                "the first {:.2} s of the window, {unanswered} had no reply yet by then",
                at.as_secs_f64()
            )
        }
        Some(later) => {
            format!("the window, {unanswered} had no reply yet {:.2} s after its end", later.as_secs_f64())
        }
    }
}

/// The share from which on a rate was answered, where so many requests are compared.
fn achieved_bound(evidence: &Evidence<'_>, growth: &Growth) -> f64 {
    let bound = evidence.load.tolerance("achieved_of_offered").unwrap_or(ACHIEVED_BOUND);
    (bound - growth.chance / growth.compared).max(0.0)
}

/// Whether a client that stood still would have seen the offered rate answered, had it been late for nothing.
pub(super) fn is_achieved_but_for_delays(evidence: &Evidence<'_>) -> bool {
    if evidence.standstill.is_zero() {
        return false;
    }
    let growth = evidence.tally.backlog_growth_but_for_delays(evidence.crew.connections);
    growth.is_some_and(|growth| 1.0 - growth.share() >= achieved_bound(evidence, &growth))
}

/// Whether the connections can carry the offered rate: all busy, they carry their number ÷ the service time.
///
/// Where replies take far longer than the shortest one, they wait in the server, and more connections would only lengthen that.
pub(super) fn plan(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "plan", unit: "ratio", bound: 1.0 };
    if evidence.response.is_none() {
        return about.not_applicable("a closed loop offers what its connections carry");
    }
    let Some(mean) = evidence.service.mean.filter(|mean| *mean > 0.0) else {
        return about.not_applicable("no reply says how long a connection is busy with one");
    };
    let connections = evidence.crew.connections;
    let carried = f64::from(connections) * 1e6 / mean;
    let offered = evidence.per_second(evidence.tally.account().due);
    let ratio = offered / carried;
    let [offered_shown, carried_shown] = match (whole(offered), whole(carried)) {
        (one, other) if one == other && ratio != 1.0 => beside_each_other(offered, carried),
        (one, other) => [one, other],
    };
    let plan = format!(
        "at {} a reply {} can carry {carried_shown}/s, and {offered_shown}/s were offered",
        milliseconds(mean),
        counted(connections.into(), "connection"),
    );
    if evidence.tally.in_flight_mean() < ALL_BUSY * f64::from(connections) || ratio <= 1.0 {
        return about.found(CheckStatus::Pass, Some(ratio), plan, "");
    }
    let shortest = evidence.shortest_service().map(|shortest| shortest.as_secs_f64() * 1e6);
    if let Some(shortest) = shortest.filter(|shortest| mean > QUEUEING * shortest) {
        let finding = format!(
            "{plan}; the shortest reply took {}: replies wait in the server, which more connections would not mend",
            milliseconds(shortest)
        );
        return about.found(CheckStatus::Pass, Some(ratio), finding, "");
    }
    let remedy = format!(
        "take {} or more connections (-c), or lower the rate; if replies take longer then, the server is full",
        whole((offered * mean / 1e6).ceil())
    );
    about.found(CheckStatus::Warn, Some(ratio), plan, &remedy)
}

fn milliseconds(micros: f64) -> String {
    format!("{:.*} ms", if micros < 10_000.0 { 1 } else { 0 }, micros / 1e3)
}

/// A whole number in groups of three digits.
fn whole(number: f64) -> String {
    let digits = format!("{:.0}", number.max(0.0));
    let group = |(index, digit): (usize, char)| {
        let comma = index > 0 && (digits.len() - index).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(group).collect()
}

/// Starts that may lie on the wrong side of any instant: half of what `achieved` lets pass.
pub(super) const DISTANCE_BOUND: f64 = 0.005;
/// Beyond this the load was another one, of however many starts.
const DISTANCE_TOO_FAR: f64 = 0.05;

/// Of fewer starts, one in the wrong place is a distance by itself.
pub(super) const FEWEST_STARTS: u64 = 20;

/// The distance that passes where this many starts were due: one start more or less is none, however few there are.
pub(super) fn distance_bound(due: u64) -> f64 {
    DISTANCE_BOUND.max(1.5 / due.max(1) as f64)
}

/// The distance beyond which the load was another one, where this many starts were due.
///
/// Chance brings few starts close together, and two that leave a little late together are 7 % of thirty. No load is another one by a
/// distance that Poisson starts have from their own distribution: it fails sound starts once in a hundred times at most.
pub(super) fn distance_too_far(due: u64) -> f64 {
    DISTANCE_TOO_FAR.max(rarely_exceeded(due))
}

/// How far the actual starts were from the schedule's, over the window.
pub(super) fn arrivals(evidence: &Evidence<'_>) -> Check {
    let about = About { name: "arrivals", unit: "distance", bound: DISTANCE_BOUND };
    if !matches!(&evidence.load.pace, Pace::Open { course, arrivals: Arrivals::Poisson, .. } if course.leaves_spacing())
    {
        return about.not_applicable("only Poisson arrivals are held against their distribution");
    }
    let due = evidence.tally.account().due;
    let Some(distance) = evidence.tally.starts_distance() else {
        return about.not_applicable("no start of the window to compare, or no window fixed beforehand");
    };
    if due < FEWEST_STARTS {
        // The figure counts where slices are added up.
        let why = "fewer than 20 requests were due, too few for a distribution";
        return about.found(CheckStatus::NotApplicable, Some(distance), why.into(), "");
    }
    let about = About { bound: distance_bound(due), ..about };
    let bounds = [about.bound, distance_too_far(due)];
    let mut status = grade(distance, bounds[0], bounds[1]);
    let mut finding = format!(
        "at most {} of the starts lie on the wrong side of any instant",
        percent_beside(distance, &bounds)
    );
    if status == CheckStatus::Fail && evidence.tally.waited * 10 > due {
        status = CheckStatus::Warn;
        finding += "; requests waited for busy connections, so the server shaped its own load";
    }
    about.found(
        status,
        Some(distance),
        finding,
        "add connections, or lower the rate until starts follow the schedule",
    )
}
