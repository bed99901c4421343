//! The short check before a trial: just the calls that the trial will make.

use std::time::Duration;

use servers_contract::Call;

use crate::case::{Case, End, Expected, Step, request};
use crate::finding::Finding;
use crate::patience::Peer;

/// What is posted to `/echo`.
const POSTED: &[u8] = b"crossover";

/// How long each reply may take beyond what its call asks for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Makes each call once, on one connection, and compares the reply byte for byte.
///
/// Takes as long as the calls themselves. `/health` and `/stats` have no fixed reply and are passed over.
///
/// # Errors
/// The first call whose reply is wrong or missing.
pub fn verify(peer: impl Into<Peer>, calls: &[Call]) -> Result<(), Finding> {
    let longest = calls.iter().filter_map(Call::wait).max().unwrap_or_default();
    let steps = calls.iter().filter_map(step).collect();
    Case { name: "verify".to_owned(), steps, end: End::Either }.judge(peer, longest + PATIENCE)
}

fn step(call: &Call) -> Option<Step> {
    let body: &[u8] = if *call == Call::Echo { POSTED } else { b"" };
    let (method, target) = (call.endpoint().method(), call.target());
    let expected = Expected::of(method, &target, body)?;
    Some(Step { pieces: vec![request(method, &target, &[], body)], expected: vec![expected] })
}
