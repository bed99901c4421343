//! How one phase is measured in slices.

use std::time::Duration;

use loadgen::{Load, Pace, Rate, Stop};
use reports_record::Arrivals;

/// The least window of a slice: half of the variance of a ratio lies below four slices a second, and a shorter window costs
/// more in turning than it gains.
const WINDOW: Duration = Duration::from_millis(100);

/// Waits that a closed window holds at least. Connections that began together end their waits together, and whether a last
/// such burst falls into the window or not must not look like an effect: here it is 5 %.
pub(crate) const CLOSED_WAITS: f64 = 20.0;

/// The same where nothing keeps in step: in an open loop, and in a closed one whose waits are drawn. Requests that span the
/// window's edges are then a minority.
pub(crate) const STEADY_WAITS: f64 = 2.5;

/// Lead-in of every slice at least, for caches and schedulers to turn to the server whose turn it is.
const LEAD_IN: Duration = Duration::from_millis(10);

/// Waits in a lead-in at least: after two, the window begins with as many requests under way as it ends with.
const LEAD_IN_WAITS: f64 = 2.0;

/// How one phase is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// What every slice offers.
    pub offer: Offer,
    /// Left out at the start of every slice.
    pub lead_in: Duration,
    /// The window of every slice, at least 100 ms.
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
        Self::of(Offer::Closed, wait, waits)
    }

    /// One round of open slices at `rate` that fit requests which wait for `wait` in the server.
    #[must_use]
    pub fn open(rate: Rate, seed: u64, wait: Duration) -> Self {
        Self::of(Offer::Open { rate, seed }, wait, STEADY_WAITS)
    }

    fn of(offer: Offer, wait: Duration, waits: f64) -> Self {
        Self {
            offer,
            lead_in: LEAD_IN.max(wait.mul_f64(LEAD_IN_WAITS)),
            length: WINDOW.max(wait.mul_f64(waits)),
            rounds: 1,
        }
    }

    /// The load of a slice in the `half`-th half round, from 0, for a server that is asked `load`.
    #[must_use]
    pub(super) fn load(&self, load: &Load, half: u32) -> Load {
        let (pace, draws) = match self.offer {
            Offer::Closed => (Pace::CLOSED, load.draws.clone()),
            // Arrivals are out of step already, and their times are compared with the wait that all requests have.
            Offer::Open { rate, seed } => {
                (Pace::open(rate, Arrivals::Poisson, seed.wrapping_add(u64::from(half))), None)
            }
        };
        Load { pace, draws, warm_up: self.lead_in, stop: Stop::After(self.length), ..load.clone() }
    }

    /// How long the slices of one server take, but for setting off and draining.
    #[must_use]
    pub fn duration(&self) -> Duration {
        (self.lead_in + self.length) * 2 * self.rounds
    }

    /// Lead-in and window of a slice that holds this many waits.
    pub(crate) fn slice_for(wait: Duration, waits: f64) -> Duration {
        let Self { lead_in, length, .. } = Self::of(Offer::Closed, wait, waits);
        lead_in + length
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
        assert_eq!(lengths(Plan::closed(&load, ms(0))), (ms(10), ms(100)));
        assert_eq!(lengths(Plan::closed(&load, ms(10))), (ms(20), ms(200)));
        assert_eq!(open(10), (ms(20), ms(100)));
        assert_eq!(open(100), (ms(200), ms(250)));
    }
}
