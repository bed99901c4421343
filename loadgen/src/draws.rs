//! Variants of a request, of which a measurement draws one for each request that it sends.

use std::sync::Arc;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::{Expect, ExpectBody, Request};

/// One of the requests that are drawn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// What is sent.
    pub request: Request,
    /// What a correct reply to it is.
    pub expect: Expect,
}

/// Equally likely variants of a request.
///
/// Each connection walks through all of them in an order of its own, and from the end on again, so that its requests hold each
/// variant equally often. The same seed gives the same draws, whatever the server does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draws {
    variants: Arc<[Variant]>,
    seed: u64,
    cycle: Duration,
}

/// Variants that no measurement can draw from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DrawsError {
    /// Their number.
    #[error("{0} variants of a request: expected a power of two, at most 65536")]
    Count(usize),
    /// They differ in more than target, body and reply.
    #[error("variants of a request: expected the same method and the same header `connection` for all")]
    Differ,
    /// The right reply to one is not known beforehand.
    #[error("variants of a request: expected a stated body as the right reply to each")]
    Expect,
}

/// One connection's way through the variants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Walk {
    /// The variant that is sent next, or is in flight.
    pub(crate) at: u32,
    /// Odd, so that a walk comes by each of a power of two.
    step: u32,
}

impl Draws {
    const MOST: usize = 1 << 16;

    /// Draws from `variants`; the first requests of connections are spread over `cycle`, the time that one of them takes, so
    /// that connections do not march in step.
    ///
    /// # Errors
    /// When their number is not a power of two, or they are not variants of one request.
    pub fn new(variants: Vec<Variant>, seed: u64, cycle: Duration) -> Result<Self, DrawsError> {
        let count = variants.len();
        if !count.is_power_of_two() || count > Self::MOST {
            return Err(DrawsError::Count(count));
        }
        let first = &variants[0].request;
        let is_alike =
            |other: &Request| other.method() == first.method() && other.is_closing() == first.is_closing();
        if !variants.iter().all(|variant| is_alike(&variant.request)) {
            return Err(DrawsError::Differ);
        }
        if !variants.iter().all(|variant| matches!(variant.expect.body, ExpectBody::Exactly(_))) {
            return Err(DrawsError::Expect);
        }
        Ok(Self { variants: shuffled(variants, &mut generator(seed, 0)).into(), seed, cycle })
    }

    /// Every variant, in the order of a step of one.
    #[must_use]
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }

    /// The seed that the draws follow from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Over how long first requests are spread.
    #[must_use]
    pub fn cycle(&self) -> Duration {
        self.cycle
    }

    /// The way of the connection with this number, before its first request.
    pub(crate) fn walk(&self, connection: usize) -> Walk {
        let mut random = generator(self.seed, connection as u64 + 1);
        let mut below = || random.next_u32() % self.variants.len() as u32;
        Walk { at: below(), step: below() | 1 }
    }

    pub(crate) fn next(&self, walk: Walk) -> Walk {
        Walk { at: (walk.at + walk.step) % self.variants.len() as u32, ..walk }
    }
}

fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream);
    generator
}

/// Fisher–Yates as in Knuth, *The Art of Computer Programming*, vol. 2, algorithm P.
fn shuffled(mut variants: Vec<Variant>, random: &mut ChaCha8Rng) -> Vec<Variant> {
    for last in (1..variants.len()).rev() {
        let other = random.next_u64() % (last as u64 + 1);
        variants.swap(last, other as usize);
    }
    variants
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{BodySha256, Statuses};

    fn variant(number: usize) -> Variant {
        let url = format!("http://127.0.0.1/{number}").parse().unwrap();
        let body = ExpectBody::Exactly(number.to_string().into_bytes());
        Variant { request: Request::get(&url), expect: Expect { status: Statuses::only(200), body } }
    }

    fn draws(count: usize, seed: u64) -> Draws {
        Draws::new((0..count).map(variant).collect(), seed, Duration::ZERO).unwrap()
    }

    #[test]
    fn every_connection_comes_by_each_variant_once_in_a_round() {
        let draws = draws(256, 1);
        for connection in 0..64 {
            let first = draws.walk(connection);
            let round = std::iter::successors(Some(first), |walk| Some(draws.next(*walk)));
            let seen: BTreeSet<u32> = round.take(256).map(|walk| walk.at).collect();
            assert_eq!(seen.len(), 256, "connection {connection}");
        }
    }

    #[test]
    fn a_seed_decides_the_draws_and_connections_differ() {
        let ways = |seed| {
            let draws = draws(256, seed);
            (0..64).map(|connection| draws.walk(connection)).collect::<Vec<_>>()
        };
        assert_eq!((ways(1), draws(256, 1)), (ways(1), draws(256, 1)));
        assert!(ways(1) != ways(2) && draws(256, 1).variants() != draws(256, 2).variants());
        let distinct: BTreeSet<_> = ways(1).iter().map(|walk| (walk.at, walk.step)).collect();
        assert!(distinct.len() > 60, "{distinct:?}");
    }

    #[test]
    fn what_cannot_be_drawn_from_is_refused() {
        let refusal = |variants| Draws::new(variants, 1, Duration::ZERO).unwrap_err();
        assert_eq!(refusal(Vec::new()), DrawsError::Count(0));
        assert_eq!(refusal((0..3).map(variant).collect()), DrawsError::Count(3));
        let post = Request::new(variant(1).request.url(), "POST", &[], None).unwrap();
        assert_eq!(refusal(vec![variant(0), Variant { request: post, ..variant(1) }]), DrawsError::Differ);
        for body in [ExpectBody::Any, ExpectBody::Same, ExpectBody::Sha256(BodySha256([0; 32]))] {
            let open = Variant { expect: Expect { body, ..Expect::default() }, ..variant(1) };
            assert_eq!(refusal(vec![variant(0), open]), DrawsError::Expect);
        }
    }
}
