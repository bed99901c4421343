//! Figures added up.

use std::collections::BTreeMap;

use reports_record::{
    Account, Certificate, ClientCost, Distribution, Histograms, Measurement, OutcomeKind, SCHEMA, Status,
    Times, WrongReply, replies_in,
};

use super::{MergeError, Part, times};
use crate::decimal::quotient;
use crate::tally::WrongReplies;

/// Everything but certificate and sources. Parts are sound and of one plan.
pub(super) fn of(parts: &[Part]) -> Result<Measurement, MergeError> {
    let all: Vec<&Measurement> = parts.iter().map(|part| &part.measurement).collect();
    let [first, ..] = all[..] else { return Err(MergeError::TooFew(0)) };
    let is_open = first.response_time_us.is_some();
    let window_s: f64 = all.iter().map(|one| one.window_s).sum();
    let count = |what, of: fn(&Measurement) -> u64| total(what, all.iter().map(|one| of(one)));
    let window_ns: u128 = all.iter().map(|one| (one.window_s * 1e9).round() as u128).sum();
    // Whole numbers are divided once, so that a rate that is a bound compares as equal. In a closed loop replies across a window's edges
    // count in part.
    let replies = |of: fn(&Measurement) -> f64| all.iter().map(|one| of(one) * one.window_s).sum::<f64>();
    let per_second = |of: fn(&Measurement) -> f64| {
        let whole: Option<u64> = all.iter().map(|one| replies_in(of(one), one.window_s)).sum();
        whole.map_or_else(|| replies(of) / window_s, |count| rate(count, window_ns))
    };
    let account = Account {
        due: count("account.due", |one| one.account.due)?,
        finished: count("account.finished", |one| one.account.finished)?,
        failed: count("account.failed", |one| one.account.failed)?,
        censored: count("account.censored", |one| one.account.censored)?,
    };
    let answered = replies(|one| one.achieved_rate_per_s);
    let service = added(parts, |one| one.histograms.service_time().map(Some))?;
    let response = added(parts, |one| one.histograms.response_time())?;
    let beyond_wait = added(parts, |one| one.histograms.beyond_wait())?;
    let has_beyond_wait = all.iter().all(|one| one.beyond_wait_us.is_some());
    let summary = |distribution: &Distribution, of: fn(&Measurement) -> Option<&Times>| {
        let clamped = total("clamped", all.iter().filter_map(|one| of(one)).map(|times| times.clamped))?;
        Ok::<_, MergeError>(Times { clamped, ..distribution.times() })
    };
    let without_histogram = |of: fn(&Measurement) -> Option<&Times>| {
        let parts: Option<Vec<&Times>> = all.iter().map(|one| of(one)).collect();
        parts.map(|parts| times::added(&parts)).transpose()
    };
    Ok(Measurement {
        schema: SCHEMA,
        plan: first.plan.clone(),
        offered_rate_per_s: is_open.then(|| rate(account.due, window_ns)),
        achieved_rate_per_s: per_second(|one| one.achieved_rate_per_s),
        goodput_per_s: per_second(|one| one.goodput_per_s),
        window_s,
        warmed_up_s: None,
        connections_opened: None,
        account,
        outcomes: outcomes(&all)?,
        statuses: statuses(&all)?,
        wrong_replies: wrong_replies(&all),
        censored: account.censored,
        service_time_us: summary(&service, |one| Some(&one.service_time_us))?,
        response_time_us: match is_open {
            true => Some(summary(&response, |one| one.response_time_us.as_ref())?),
            false => None,
        },
        beyond_wait_us: match has_beyond_wait {
            true => Some(summary(&beyond_wait, |one| one.beyond_wait_us.as_ref())?),
            false => None,
        },
        lateness_us: without_histogram(|one| one.lateness_us.as_ref())?,
        connection_wait_us: without_histogram(|one| one.connection_wait_us.as_ref())?,
        connect_us: connect(&all)?,
        first_byte_us: without_histogram(|one| Some(&one.first_byte_us))?.unwrap_or_default(),
        wrong_reply_service_time_us: without_histogram(|one| Some(&one.wrong_reply_service_time_us))?
            .unwrap_or_default(),
        in_flight_mean: all.iter().map(|one| one.in_flight_mean * one.window_s).sum::<f64>() / window_s,
        received_bytes: count("received_bytes", |one| one.received_bytes)?,
        sent_in_all: count("sent_in_all", |one| one.sent_in_all)?,
        answered_in_all: count("answered_in_all", |one| one.answered_in_all)?,
        reopened: count("reopened", |one| one.reopened)?,
        stale_reuse: count("stale_reuse", |one| one.stale_reuse)?,
        stale_resets: count("stale_resets", |one| one.stale_resets)?,
        unasked_replies: count("unasked_replies", |one| one.unasked_replies)?,
        given_up: count("given_up", |one| one.given_up)?,
        addresses: addresses(&all),
        slow_replies: count("slow_replies", |one| one.slow_replies)?,
        client: cost(&all, answered, window_s)?,
        sub_windows: Vec::new(),
        certificate: Certificate::from_checks(Vec::new()),
        complete: true,
        histograms: Histograms::encode(&service, is_open.then_some(&response))
            .with_beyond_wait(has_beyond_wait.then_some(&beyond_wait)),
        merged_from: Vec::new(),
    })
}

/// So many per second of a window, whose length is one nanosecond at least.
fn rate(count: u64, window_ns: u128) -> f64 {
    quotient(u128::from(count) * 1_000_000_000, window_ns.max(1))
}

/// A checked sum.
pub(super) fn total(what: &'static str, counts: impl IntoIterator<Item = u64>) -> Result<u64, MergeError> {
    let mut counts = counts.into_iter();
    counts.try_fold(0, u64::checked_add).ok_or(MergeError::TooMany(what))
}

fn added(
    parts: &[Part],
    of: impl Fn(&Measurement) -> Result<Option<Distribution>, reports_record::HistogramError>,
) -> Result<Distribution, MergeError> {
    let mut added = Distribution::new();
    for Part { name, measurement } in parts {
        let part = of(measurement).map_err(|cause| MergeError::Histogram { name: name.clone(), cause })?;
        part.iter().for_each(|part| added.merge(part));
    }
    Ok(added)
}

/// Of those that opened connections for requests.
fn connect(all: &[&Measurement]) -> Result<Option<Times>, MergeError> {
    let parts: Vec<&Times> = all.iter().filter_map(|one| one.connect_us.as_ref()).collect();
    if parts.is_empty() { Ok(None) } else { times::added(&parts).map(Some) }
}

/// Each address once.
fn addresses(all: &[&Measurement]) -> Vec<String> {
    let mut addresses: Vec<String> = all.iter().flat_map(|one| one.addresses.clone()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

fn outcomes(all: &[&Measurement]) -> Result<BTreeMap<OutcomeKind, u64>, MergeError> {
    let mut outcomes = BTreeMap::new();
    for (kind, count) in all.iter().flat_map(|one| &one.outcomes) {
        let sum = outcomes.entry(*kind).or_default();
        *sum = total("outcomes", [*sum, *count])?;
    }
    Ok(outcomes)
}

/// Absent of all where they are absent of one that has replies.
fn statuses(all: &[&Measurement]) -> Result<BTreeMap<Status, u64>, MergeError> {
    let mut statuses = BTreeMap::new();
    let is_unknown = |one: &&Measurement| one.statuses.is_empty() && one.replies_by_outcome() > 0;
    if all.iter().any(is_unknown) {
        return Ok(statuses);
    }
    for (status, count) in all.iter().flat_map(|one| &one.statuses) {
        let sum = statuses.entry(*status).or_default();
        *sum = total("statuses", [*sum, *count])?;
    }
    Ok(statuses)
}

/// The first of each kind and status line, as many as one measurement may have.
fn wrong_replies(all: &[&Measurement]) -> Vec<WrongReply> {
    let mut first: Vec<WrongReply> = Vec::new();
    for reply in all.iter().flat_map(|one| &one.wrong_replies) {
        let is_same = |known: &WrongReply| {
            (known.kind, &known.finding, &known.status_line)
                == (reply.kind, &reply.finding, &reply.status_line)
        };
        if first.len() < WrongReplies::KINDS && !first.iter().any(is_same) {
            first.push(reply.clone());
        }
    }
    first
}

/// The largest of a share; unknown of one part, unknown of all.
fn largest(all: &[&Measurement], share: fn(&ClientCost) -> Option<f64>) -> Option<f64> {
    let shares: Option<Vec<f64>> = all.iter().map(|one| share(&one.client)).collect();
    shares.map(|shares| shares.into_iter().fold(0.0, f64::max))
}

fn cost(all: &[&Measurement], replies: f64, window_s: f64) -> Result<ClientCost, MergeError> {
    let count = |of: fn(&ClientCost) -> u64| total("client", all.iter().map(|one| of(&one.client)));
    let (user, system, spin) =
        (count(|cost| cost.cpu_user_us)?, count(|cost| cost.cpu_system_us)?, count(|cost| cost.cpu_spin_us)?);
    let work = total("client", [user, system])?.saturating_sub(spin);
    let steal: Option<Vec<f64>> =
        all.iter().map(|one| one.client.steal.map(|steal| steal * one.window_s)).collect();
    Ok(ClientCost {
        cpu_user_us: user,
        cpu_system_us: system,
        cpu_spin_us: spin,
        cpu_per_request_us: (replies > 0.0).then(|| work as f64 / replies),
        busiest_thread: all.iter().map(|one| one.client.busiest_thread).fold(0.0, f64::max),
        involuntary_switches: count(|cost| cost.involuntary_switches)?,
        interruptions: count(|cost| cost.interruptions)?,
        interrupted_us: count(|cost| cost.interrupted_us)?,
        spin_given_up: all.iter().any(|one| one.client.spin_given_up),
        cpu_wait: largest(all, |cost| cost.cpu_wait),
        occupied: largest(all, |cost| cost.occupied),
        steal: steal.map(|steal| steal.iter().sum::<f64>() / window_s),
    })
}
