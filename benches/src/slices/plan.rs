//! How one phase is measured in slices.

use std::time::Duration;

use loadgen::{Load, Pace, Rate, Stop};
use reports_record::Arrivals;

/// The least window of an open slice: of the same time under load, halving the slice takes a quarter off the scatter of a ratio, and
/// turning takes as long as this window.
const OPEN_WINDOW: Duration = Duration::from_millis(25);

/// The least window of a closed slice: it is full from the lead-in on, and 512 connections that wait for nothing have some replies each
/// in it.
const CLOSED_WINDOW: Duration = Duration::from_millis(50);

/// Longest window that a low rate stretches a slice to: then more rounds follow.
const STRETCHED: Duration = Duration::from_millis(100);

/// Waits that a closed window holds at least. Connections that began together end their waits together, and whether a last
/// such burst falls into the window or not must not look like an effect: here it is 5 %.
const CLOSED_WAITS: f64 = 20.0;

/// The same where nothing keeps in step: in an open loop, and in a closed one whose waits are drawn. Requests that span the
/// window's edges are then a minority.
const STEADY_WAITS: f64 = 2.5;

/// Lead-in of every slice at least, for caches and schedulers to turn to the server whose turn it is: what the first tenth of a slice
/// costs more is seen in none of the rest.
const LEAD_IN: Duration = Duration::from_millis(5);

/// Waits in a lead-in at least: after two, the window begins with as many requests under way as it ends with, and with 2 % fewer where
/// waits are drawn with a coefficient of variation of 0.5 (see [`drawn::still_waiting`](crate::drawn::still_waiting)).
const LEAD_IN_WAITS: f64 = 2.0;

/// The longest lead-in that a turn of all connections brings about: requests that take longer time out.
const LONGEST_LEAD_IN: Duration = Duration::from_secs(10);

/// How one phase is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// What every slice offers.
    pub offer: Offer,
    /// Left out at the start of every slice.
    pub lead_in: Duration,
    /// The window of every slice, at least [`Load::SLICE`].
    pub length: Duration,
    /// Rounds, each with two slices of every server; at least 1.
    pub rounds: u32,
}

/// Who decides when requests start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Offer {
    /// The reply before: what can it serve?
    Closed,
    /// Poisson arrivals at a rate: what does a request cost, and how long do users wait?
    Open {
        /// The rate.
        rate: Rate,
        /// Seed of the schedules. Each half of a round has its own, alike for all servers.
        seed: u64,
    },
}

impl Plan {
    /// One round of closed slices that fit `load`, whose requests wait for `wait` in the server.
    #[must_use]
    pub fn closed(load: &Load, wait: Duration) -> Self {
        let waits = if load.draws.is_some() { STEADY_WAITS } else { CLOSED_WAITS };
        Self::of(Offer::Closed, CLOSED_WINDOW, wait, waits)
    }

    /// One round of open slices at `rate` that fit requests which wait for `wait` in the server, on average.
    #[must_use]
    pub fn open(rate: Rate, seed: u64, wait: Duration) -> Self {
        Self::of(Offer::Open { rate, seed }, OPEN_WINDOW, wait, STEADY_WAITS)
    }

    /// The same with a lead-in in which every connection has its turn, which takes this long; at most ten seconds of it.
    ///
    /// All connections ask at once as a closed slice begins. The first to be answered wait far shorter than they will once each waits for all
    /// others, and a window that holds such requests shows more than the server serves: of 64 connections to a server of 10 requests a
    /// second, one second showed 24.
    #[must_use]
    pub fn after_a_turn(self, turn: Duration) -> Self {
        Self { lead_in: self.lead_in.max(turn.min(LONGEST_LEAD_IN)), ..self }
    }

    /// The same with windows and rounds for this many requests of each server, in so many `rounds` at least: first longer windows, for
    /// turning takes time, then more rounds, up to `most`.
    #[must_use]
    pub fn holding(self, requests: f64, rounds: u32, most: u32) -> Self {
        let Offer::Open { rate, .. } = self.offer else { return Self { rounds, ..self } };
        let seconds = requests / rate.get() / 2.0;
        let stretched = Duration::from_secs_f64((seconds / f64::from(rounds)).min(STRETCHED.as_secs_f64()));
        let length = self.length.max(stretched);
        let needed = (seconds / length.as_secs_f64()).ceil().min(f64::from(most)) as u32;
        Self { length, rounds: rounds.max(needed), ..self }
    }

    fn of(offer: Offer, window: Duration, wait: Duration, waits: f64) -> Self {
        Self {
            offer,
            lead_in: LEAD_IN.max(wait.mul_f64(LEAD_IN_WAITS)),
            length: window.max(wait.mul_f64(waits)),
            rounds: 1,
        }
    }

    /// The load of a slice in the `half`-th half round, from 0, for a server that is asked `load`. Its draws go on where those of the
    /// half before ended.
    #[must_use]
    pub(super) fn load(&self, load: &Load, half: u32) -> Load {
        let pace = match self.offer {
            Offer::Closed => Pace::CLOSED,
            Offer::Open { rate, seed } => {
                Pace::open(rate, Arrivals::Poisson, seed.wrapping_add(u64::from(half)))
            }
        };
        let draws = load.draws.clone().map(|draws| {
            let steps = self.steps(draws.mean_wait());
            draws.after(u64::from(half) * steps)
        });
        Load { pace, draws, warm_up: self.lead_in, stop: Stop::After(self.length), ..load.clone() }
    }

    /// About how many variants of a request one walk comes by in a slice, be it a schedule's or that of a connection whose requests wait
    /// for `wait`. Slices are short: were each to begin anew, a low rate would ask for the same few waits in all of them.
    fn steps(&self, wait: Duration) -> u64 {
        let time = (self.lead_in + self.length).as_secs_f64();
        let steps = match self.offer {
            Offer::Open { rate, .. } => time * rate.get(),
            Offer::Closed if wait.is_zero() => 1.0,
            Offer::Closed => time / wait.as_secs_f64(),
        };
        steps.round().max(1.0) as u64
    }

    /// How long the two closed slices of one server take whose waits are drawn or not, but for setting off and draining.
    pub(crate) fn closed_round(wait: Duration, is_drawn: bool) -> Duration {
        let waits = if is_drawn { STEADY_WAITS } else { CLOSED_WAITS };
        Self::of(Offer::Closed, CLOSED_WINDOW, wait, waits).duration()
    }

    /// How long the slices of one server take, but for setting off and draining.
    #[must_use]
    pub fn duration(&self) -> Duration {
        (self.lead_in + self.length) * 2 * self.rounds
    }
}

#[cfg(test)]
mod tests {
    use loadgen::Request;

    use super::*;

    #[test]
    fn slices_hold_the_waits_of_their_requests() {
        let ms = Duration::from_millis;
        let load = Load::closed(Request::get(&"http://localhost/".parse().unwrap()), ms(100));
        let lengths = |plan: Plan| (plan.lead_in, plan.length);
        let open = |wait| lengths(Plan::open(Rate::per_second(100.0).unwrap(), 1, ms(wait)));
        assert_eq!(lengths(Plan::closed(&load, ms(0))), (ms(5), ms(50)));
        assert_eq!(lengths(Plan::closed(&load, ms(10))), (ms(20), ms(200)));
        assert_eq!(open(0), (ms(5), ms(25)));
        assert_eq!(open(10), (ms(20), ms(25)));
        assert_eq!(open(100), (ms(200), ms(250)));
    }

    #[test]
    fn a_lead_in_holds_a_turn_of_all_connections_and_ends() {
        let ms = Duration::from_millis;
        let load = Load::closed(Request::get(&"http://localhost/".parse().unwrap()), ms(100));
        let lead_in = |turn| Plan::closed(&load, ms(10)).after_a_turn(turn).lead_in;
        assert_eq!(lead_in(ms(4)), ms(20));
        assert_eq!(lead_in(ms(31)), ms(31));
        assert_eq!(lead_in(ms(100_000)), LONGEST_LEAD_IN);
    }

    /// Two variants, with waits of 4 and 6 ms.
    fn drawn_load() -> (Load, loadgen::Draws) {
        let variant = |ms: u64| loadgen::Variant {
            request: Request::get(&format!("http://localhost/{ms}").parse().unwrap()),
            expect: loadgen::Expect {
                body: loadgen::ExpectBody::Exactly(b"ok".to_vec()),
                ..loadgen::Expect::default()
            },
            wait: Duration::from_millis(ms),
        };
        let draws = loadgen::Draws::new([4, 6].map(variant).to_vec(), 7).unwrap();
        let request = Request::get(&"http://localhost/".parse().unwrap());
        let load = Load { draws: Some(draws.clone()), ..Load::closed(request, Duration::from_millis(100)) };
        (load, draws)
    }

    #[test]
    fn slices_of_both_loops_draw_where_the_load_does() {
        let (load, _) = drawn_load();
        let wait = Duration::from_millis(5);
        let open = Plan::open(Rate::per_second(100.0).unwrap(), 1, wait);
        let alike = Load { draws: None, ..load.clone() };
        for plan in [Plan::closed(&load, wait), open] {
            assert!(plan.load(&load, 0).draws.is_some(), "{plan:?}");
            assert_eq!(plan.load(&alike, 1).draws, None);
        }
    }

    /// By hand: a lead-in of 10 ms and a window of 25 or 50 ms hold 7 starts of 200/s, and 12 waits of 5 ms.
    #[test]
    fn each_slice_goes_on_through_the_variants_where_the_one_before_ended() {
        let (load, draws) = drawn_load();
        let wait = Duration::from_millis(5);
        let open = Plan::open(Rate::per_second(200.0).unwrap(), 1, wait);
        for (plan, steps) in [(open, 7), (Plan::closed(&load, wait), 12)] {
            for half in 0..4 {
                let expected = draws.clone().after(u64::from(half) * steps);
                assert_eq!(plan.load(&load, half).draws, Some(expected), "{half}: {plan:?}");
            }
        }
    }

    /// 32 requests are 160 ms at 200/s, two slices a round.
    #[test]
    fn a_low_rate_has_longer_slices_and_then_more_rounds() {
        let ms = Duration::from_millis;
        let at = |rate: f64, rounds| {
            let plan = Plan::open(Rate::per_second(rate).unwrap(), 1, ms(0)).holding(32.0, rounds, 6);
            (plan.length, plan.rounds)
        };
        assert_eq!(at(5_000.0, 3), (ms(25), 3), "enough as it is");
        assert_eq!(at(200.0, 2), (ms(40), 2));
        assert_eq!(at(200.0, 1), (ms(80), 1));
        assert_eq!(at(80.0, 1), (ms(100), 2));
        assert_eq!(at(1.0, 1), (ms(100), 6), "no more than six");
    }
}
