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
    /// The time that a right server makes it wait, from its arrival on. A reply that comes sooner is wrong. In an open loop it is taken
    /// away from the response time, and what is left is recorded beside that.
    pub wait: Duration,
}

/// Equally likely variants of a request.
///
/// In a closed loop each connection walks through all of them in an order of its own, and from the end on again, so that its requests
/// hold each variant equally often. In an open loop the schedule does: the n-th start asks for the n-th variant of one such walk,
/// whichever connection it meets. The same seed gives the same draws, whatever the server does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draws {
    variants: Arc<[Variant]>,
    mean_wait: Duration,
    seed: u64,
    /// Requests by which every walk has moved on.
    skipped: u64,
    /// Before the first start of a schedule.
    schedule: Walk,
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

/// A way through the variants: a connection's, or a schedule's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Walk {
    /// The variant that is sent next, or is in flight.
    pub(crate) at: u32,
    /// Odd, so that a walk comes by each of a power of two.
    step: u32,
}

impl Draws {
    const MOST: usize = 1 << 16;

    /// Draws from `variants`. In a closed loop the first requests of connections are spread over the mean of their waits, so that
    /// connections do not march in step.
    ///
    /// # Errors
    /// When their number is not a power of two, or they are not variants of one request.
    pub fn new(variants: Vec<Variant>, seed: u64) -> Result<Self, DrawsError> {
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
        let waits: Duration = variants.iter().map(|variant| variant.wait).sum();
        let variants = shuffled(variants, &mut generator(seed, 0)).into();
        let mean_wait = waits / count as u32;
        Ok(Self { variants, mean_wait, seed, skipped: 0, schedule: Walk::default() }.after(0))
    }

    /// The same draws from further on: each walk begins `requests` later. So several measurements of one seed go on through the variants
    /// where the one before ended, rather than all begin with the same few.
    #[must_use]
    pub fn after(mut self, requests: u64) -> Self {
        self.skipped += requests;
        self.schedule = self.walk(SCHEDULE);
        self
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

    /// The mean of the waits.
    #[must_use]
    pub fn mean_wait(&self) -> Duration {
        self.mean_wait
    }

    /// The time that the variant at this place makes a request wait.
    pub(crate) fn wait_at(&self, at: u32) -> Duration {
        self.variants[at as usize].wait
    }

    /// The way of the connection with this number, before its first request.
    pub(crate) fn walk(&self, connection: usize) -> Walk {
        let mut random = generator(self.seed, connection as u64 + 1);
        let mut below = || random.next_u32() % self.variants.len() as u32;
        self.further(Walk { at: below(), step: below() | 1 }, self.skipped)
    }

    pub(crate) fn next(&self, walk: Walk) -> Walk {
        self.further(walk, 1)
    }

    /// The place of the start with this number, from 0, on the way of an open loop's schedule.
    pub(crate) fn of_start(&self, number: u64) -> Walk {
        self.further(self.schedule, number)
    }

    /// This many steps further on.
    fn further(&self, walk: Walk, steps: u64) -> Walk {
        let count = self.variants.len() as u64;
        let at = (u64::from(walk.at) + steps % count * u64::from(walk.step)) % count;
        Walk { at: at as u32, ..walk }
    }
}

/// The number of the walk that an open loop's starts go: a measurement has open loops or closed ones, so that it may be a connection's.
const SCHEDULE: usize = 0;

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
        let expect = Expect { status: Statuses::only(200), body };
        Variant { request: Request::get(&url), expect, wait: Duration::from_micros(number as u64) }
    }

    fn draws(count: usize, seed: u64) -> Draws {
        Draws::new((0..count).map(variant).collect(), seed).unwrap()
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
    fn starts_of_a_schedule_come_by_each_variant_once_in_a_round_and_go_on_where_others_ended() {
        let draws = draws(256, 1);
        let places = |draws: &Draws, starts: std::ops::Range<u64>| {
            starts.map(|number| draws.of_start(number).at).collect::<Vec<_>>()
        };
        let round = places(&draws, 0..256);
        assert_eq!(round.iter().collect::<BTreeSet<_>>().len(), 256);
        assert_eq!(places(&draws, 256..512), round);
        assert_eq!(places(&draws.clone().after(40).after(60), 0..156), round[100..]);
        let far = u64::MAX / 256 * 256;
        assert_eq!(draws.of_start(far), draws.of_start(0));
        // Connections go on likewise.
        let one = std::iter::successors(Some(draws.walk(7)), |walk| Some(draws.next(*walk)));
        assert_eq!(one.skip(100).take(3).map(|walk| walk.at).collect::<Vec<_>>(), {
            let later = draws.clone().after(100);
            let ways = std::iter::successors(Some(later.walk(7)), |walk| Some(later.next(*walk)));
            ways.take(3).map(|walk| walk.at).collect::<Vec<_>>()
        });
    }

    /// By hand: (0 + 1 + … + 255) ÷ 256 microseconds.
    #[test]
    fn the_mean_wait_is_that_of_all_variants() {
        assert_eq!(draws(256, 1).mean_wait(), Duration::from_nanos(127_500));
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
        let refusal = |variants| Draws::new(variants, 1).unwrap_err();
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
