//! Loops out of step: waits drawn around the cell's own.
//!
//! Connections that all ask for one wait begin together, wait together and end together. Requests that a client sends together, since it
//! woke late, are answered together. One wake-up of an event loop then serves a herd, and no service has such users.

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

/// Different waits of one loop: enough that no two of a few hundred connections keep in step, and few enough that a trial comes by
/// a fair part of them.
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

/// The share of the requests in flight at an instant that still wait this much later, where they arrive steadily. Of what a load has in
/// flight in the end, it lacks this share this long after its beginning.
///
/// A request is in flight in proportion to its wait, and has any part of it left as likely as another: a renewal argument.
#[must_use]
pub fn still_waiting(waits: &[Duration], later: Duration) -> f64 {
    let left: Duration = waits.iter().map(|wait| wait.saturating_sub(later)).sum();
    let all: Duration = waits.iter().sum();
    if all.is_zero() { 0.0 } else { left.as_secs_f64() / all.as_secs_f64() }
}

/// Instants at which [`drain`] looks.
const INSTANTS: u32 = 200;

/// How long the last of the requests in flight goes on waiting, on average, where this many are in flight on average.
///
/// Of Poisson arrivals that do not wait for each other, the number that still wait after a time has a Poisson distribution, and none is
/// left with the chance e to the power of minus its mean (Takács, *Introduction to the Theory of Queues*, 1962, ch. 3).
#[must_use]
pub fn drain(mean: Duration, spread: f64, in_flight: f64) -> Duration {
    let waits = waits(mean, spread);
    let step = waits.iter().max().copied().unwrap_or(mean) / INSTANTS;
    // In the middle of each step.
    let is_any_left = |number: u32| {
        let left = in_flight * still_waiting(&waits, step * number + step / 2);
        1.0 - (-left).exp()
    };
    step.mul_f64((0..INSTANTS).map(is_any_left).sum())
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
        Ok(Variant { request, expect: Expect { status: Statuses::only(right.status), body }, wait })
    });
    let variants = variants.collect::<anyhow::Result<Vec<_>>>()?;
    Draws::new(variants, seed).map(Some).with_context(|| format!("cannot draw waits for {}", call.target()))
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

    /// By hand, of a lognormal distribution with mean 1 and σ² = ln 1.25: the mean excess over 2 is Φ(−1.231) − 2 Φ(−1.703) = 0.0206.
    #[test]
    fn after_two_mean_waits_all_but_a_fiftieth_of_the_requests_are_in_flight() {
        let (mean, ms) = (Duration::from_millis(10), Duration::from_millis);
        let drawn = |after| still_waiting(&waits(mean, 0.5), after);
        assert!((drawn(ms(20)) - 0.0206).abs() < 0.0003, "{}", drawn(ms(20)));
        assert_eq!((drawn(ms(0)), drawn(ms(40))), (1.0, 0.0));
        let alike = [0, 4, 10].map(|after| still_waiting(&waits(mean, 0.0), ms(after)));
        assert!(
            alike.iter().zip([1.0, 0.6, 0.0]).all(|(found, expected)| (found - expected).abs() < 1e-9),
            "{alike:?}"
        );
        assert_eq!(still_waiting(&[Duration::ZERO], ms(0)), 0.0);
    }

    /// By hand: of n requests with one wait W the last goes on for W × (1 − (1 − e⁻ⁿ) ÷ n) on average.
    #[test]
    fn the_last_of_many_requests_goes_on_for_longer_where_waits_are_drawn() {
        let mean = Duration::from_millis(10);
        for n in [0.1, 1.0, 8.0, 512.0_f64] {
            let expected = 10.0 * (1.0 - (1.0 - (-n).exp()) / n);
            let found = drain(mean, 0.0, n).as_secs_f64() * 1e3;
            assert!((found - expected).abs() < 0.01, "{n}: {found}, expected {expected}");
        }
        let drawn = drain(mean, 0.5, 512.0);
        assert!((32.0..33.0).contains(&(drawn.as_secs_f64() * 1e3)), "{drawn:?}");
        assert!(drawn < longest(mean, 0.5));
        assert_eq!([drain(mean, 0.5, 0.0), drain(Duration::ZERO, 0.5, 8.0)], [Duration::ZERO; 2]);
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
