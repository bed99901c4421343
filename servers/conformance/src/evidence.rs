//! What a contender says about itself: `/health`, `/stats`, its counters and its guardrail.
//!
//! Unlike the other cases these depend on what was answered before. Counting presumes that nobody else talks
//! to the contender meanwhile.

use std::net::SocketAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use servers_contract::{Call, Endpoint, Health, Model, Refusal, Stats, expected};

use crate::Options;
use crate::ask::ask_within;
use crate::case::{Expected, Step, request};
use crate::connection::{Connection, shortened};
use crate::finding::Finding;

type Judge = fn(SocketAddr, &Options) -> Result<(), Finding>;

/// The cases by name, in the order they are judged.
const CASES: [(&str, Judge); 5] = [
    ("evidence: health", health),
    ("evidence: stats", stats),
    ("evidence: every reply has a date", dated),
    ("evidence: requests are counted exactly", counted),
    ("evidence: a blocking call trips the guardrail", guardrail),
];

/// Names of the cases.
pub(crate) fn names() -> impl Iterator<Item = String> {
    CASES.iter().map(|(name, _)| (*name).to_owned())
}

/// Judges all of them.
pub(crate) fn judge(address: SocketAddr, options: &Options) -> Vec<(String, Result<(), Finding>)> {
    CASES.iter().map(|(name, judge)| ((*name).to_owned(), judge(address, options))).collect()
}

/// The schema, and that whoever answers is who should.
fn health(address: SocketAddr, options: &Options) -> Result<(), Finding> {
    let health: Health = fetch(address, options, Endpoint::Health)?;
    let version = options.version.as_deref().unwrap_or_default();
    let is_right = options.contender.as_ref().is_none_or(|contender| *contender == health.contender)
        && options.model.is_none_or(|model| model == health.model)
        && options.nonce.as_ref().is_none_or(|nonce| *nonce == health.nonce)
        && health.version.contains(version);
    if is_right {
        return Ok(());
    }
    let Options { contender, model, nonce, .. } = options;
    let expected =
        format!("contender {contender:?}, model {model:?}, nonce {nonce:?}, a version with {version:?}");
    Err(Finding::new("GET /health", expected, format!("{health:?}")))
}

/// The schema, and that it counts every endpoint.
fn stats(address: SocketAddr, options: &Options) -> Result<(), Finding> {
    let stats: Stats = fetch(address, options, Endpoint::Stats)?;
    match Endpoint::ALL.iter().find(|endpoint| !stats.requests.contains_key(endpoint.name())) {
        Some(endpoint) => {
            let expected = format!("a count of requests for {:?}", endpoint.name());
            Err(Finding::new("GET /stats", expected, format!("{:?}", stats.requests)))
        }
        None => Ok(()),
    }
}

/// Answers, refusals of the contract, and what a stack's own parser may refuse: with one date each, of now.
fn dated(address: SocketAddr, options: &Options) -> Result<(), Finding> {
    let targets = ["/hello", "/payload?bytes=40000", "/health", "/stats", "/wait?ms=-1", "/nowhere"];
    let two_lengths = [("content-length", "0"), ("content-length", "0")];
    let requests = targets.iter().map(|target| request("GET", target, &[], b""));
    for sent in requests.chain([request("POST", "/echo", &two_lengths, b"")]) {
        let mut connection = open(address, options)?;
        let wrong = |got: String| Finding::new(shortened(&sent), "one date, of now", got);
        let received = connection.send(&sent).and_then(|()| connection.receive());
        let received = received.map_err(|trouble| wrong(trouble.to_string()))?;
        if !received.is_dated() {
            let dates = received.headers.iter().filter(|(name, _)| name == "date");
            return Err(wrong(format!("{:?}", dates.map(|(_, date)| date).collect::<Vec<_>>())));
        }
    }
    Ok(())
}

/// Three calls of one endpoint, one of another and two refusals are counted as that and as nothing else.
fn counted(address: SocketAddr, options: &Options) -> Result<(), Finding> {
    let sent = ["/hello", "/hello", "/wait?ms=0", "/hello", "/wait?ms=-1", "/nowhere"];
    let before: Stats = fetch(address, options, Endpoint::Stats)?;
    let mut connection = open(address, options)?;
    for target in sent {
        Step::get(target, Expected::of("GET", target, b"")).judge(&mut connection)?;
    }
    let after: Stats = fetch(address, options, Endpoint::Stats)?;
    // The second reading counts itself.
    for (endpoint, count) in [("hello", 3), ("wait", 1), ("cpu", 0), ("stats", 1)] {
        added(endpoint, [&before, &after].map(|stats| stats.requests.get(endpoint).copied()), count)?;
    }
    added("refusals", [before.refusals, after.refusals], 2)
}

/// Refused and counted by an event loop, unless it was told to allow it; nothing special for threads.
fn guardrail(address: SocketAddr, options: &Options) -> Result<(), Finding> {
    let call = Call::Wait { wait: Duration::from_millis(1), blocking: true };
    let health: Health = fetch(address, options, Endpoint::Health)?;
    let stops = health.model == Model::Async && health.settings.allow_blocking != Some(true);
    let refused = stops.then(|| Refusal::Guardrail(call.endpoint()).reply());
    let before: Stats = fetch(address, options, Endpoint::Stats)?;
    let step = Step::get(&call.target(), refused.or(expected(&call, b"")).map(Expected::Exactly));
    step.judge(&mut open(address, options)?)?;
    let after: Stats = fetch(address, options, Endpoint::Stats)?;
    added("guardrail_trips", [before.guardrail_trips, after.guardrail_trips], u64::from(stops))
}

/// Whether a counter went up by `added` between two readings; one that is unknown (`null`) is let through.
fn added(counter: &str, readings: [Option<u64>; 2], added: u64) -> Result<(), Finding> {
    match readings {
        [Some(before), Some(after)] if before.checked_add(added) != Some(after) => {
            let expected = format!("{counter} to go up by {added}");
            Err(Finding::new("GET /stats before and after", expected, format!("{before}, then {after}")))
        }
        _ => Ok(()),
    }
}

fn fetch<T: DeserializeOwned>(
    address: SocketAddr,
    options: &Options,
    endpoint: Endpoint,
) -> Result<T, Finding> {
    ask_within(address, endpoint.path(), options.patience)
}

fn open(address: SocketAddr, options: &Options) -> Result<Connection, Finding> {
    Connection::open(address, options.patience).map_err(|trouble| Finding::new("", "a connection", trouble))
}
