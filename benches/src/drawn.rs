//! Closed loops out of step: waits drawn around the cell's own, and first requests spread over one of them.
//!
//! Connections that all ask for one wait begin together, wait together and end together. One wake-up of an event loop then
//! serves a herd, and no service has such users.

use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::Context as _;
use loadgen::{Draws, Expect, ExpectBody, Request, Statuses, Variant};
use reports_stats::lognormal;
use servers_contract::{Call, Reply, work};

use crate::contender::Contender;
use crate::target;

/// Allowed coefficients of variation. Beyond 1 a few long waits decide a short loop.
pub const SPREAD: RangeInclusive<f64> = 0.0..=1.0;

/// Different waits of one loop: enough that no two of a few hundred connections keep in step, and few enough that every
/// connection comes by a fair part of them.
const VARIANTS: usize = 256;

/// Waits of whole microseconds, lognormal around `mean` with this coefficient of variation. Ascending; their mean is exact.
#[must_use]
pub fn waits(mean: Duration, spread: f64) -> Vec<Duration> {
    let exact = lognormal::strata(mean.as_micros() as f64, spread, VARIANTS);
    // Rounded as a running sum, so that what one loses the next one gains.
    let mut sum = 0.0_f64;
    let rounded = exact.iter().map(|micros| {
        let before = sum.round();
        sum += micros;
        Duration::from_micros((sum.round() - before) as u64)
    });
    rounded.collect()
}

/// The longest of [`waits`].
#[must_use]
pub fn longest(mean: Duration, spread: f64) -> Duration {
    waits(mean, spread).into_iter().max().unwrap_or(mean)
}

/// Variants of `call` with drawn waits, each with the contract's reply to it; the same `seed` gives every contender the same
/// draws. `None` where nothing is drawn: the call does not wait, or `spread` is 0.
///
/// # Errors
/// When a variant cannot be asked for.
pub fn draws(contender: &Contender, call: &Call, spread: f64, seed: u64) -> anyhow::Result<Option<Draws>> {
    let Some(mean) = call.wait().filter(|wait| !wait.is_zero() && spread > 0.0) else { return Ok(None) };
    let reply = replies(call);
    let variants = waits(mean, spread).into_iter().map(|wait| {
        let request = Request::get(&target::url(contender, &call.with_wait(wait))?);
        let right = reply(wait);
        let body = ExpectBody::Exactly(right.body.into_owned());
        Ok(Variant { request, expect: Expect { status: Statuses::only(right.status), body } })
    });
    let variants = variants.collect::<anyhow::Result<Vec<_>>>()?;
    Draws::new(variants, seed, mean)
        .map(Some)
        .with_context(|| format!("cannot draw waits for {}", call.target()))
}

/// The right reply to `call` by its wait. What it computes is the same for all waits, and computed once.
fn replies(call: &Call) -> impl Fn(Duration) -> Reply {
    let digest = match *call {
        Call::Mixed { rounds, .. } => Some(work::chain(rounds)),
        _ => None,
    };
    move |wait| match &digest {
        Some(digest) => Reply::waited_and_computed(wait, digest),
        None => Reply::waited(wait),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use servers_contract::expected;

    use super::*;

    #[test]
    fn drawn_waits_have_the_cell_s_own_for_their_exact_mean() {
        for mean_us in [200, 1_000, 10_000, 50_000] {
            let waits = waits(Duration::from_micros(mean_us), 0.5);
            assert_eq!(waits.iter().sum::<Duration>() / VARIANTS as u32, Duration::from_micros(mean_us));
            let distinct: BTreeSet<_> = waits.iter().collect();
            assert!(distinct.len() > 100, "{mean_us}: {}", distinct.len());
            assert!(waits[0] < Duration::from_micros(mean_us / 2), "{waits:?}");
            assert!(waits[VARIANTS - 1] > Duration::from_micros(mean_us * 5 / 2), "{waits:?}");
        }
    }

    #[test]
    fn every_drawn_call_gets_the_contract_s_reply() {
        for target in ["/wait?ms=2", "/mixed?ms=2&rounds=3", "/upstream?ms=2"] {
            let call = Call::parse("GET", target).unwrap();
            let reply = replies(&call);
            for wait in waits(call.wait().unwrap(), 0.5) {
                let drawn = call.with_wait(wait);
                assert_eq!(Some(reply(wait)), expected(&drawn, b""), "{}", drawn.target());
                assert_eq!(drawn.endpoint(), call.endpoint());
            }
        }
    }
}
