//! How many requests are in flight, integrated over time.

use std::time::Duration;

use crate::clock::Moment;
use crate::window::Window;

/// Requests in flight now, and their time integral over the window.
///
/// Kept at every start and end, from the count alone: independent of the times recorded for single requests, which is
/// what makes Little's law a check and not a tautology.
#[derive(Debug, Clone, Default)]
pub(crate) struct InFlight {
    current: u64,
    last_change: Moment,
    /// Request-nanoseconds.
    area: u128,
}

impl InFlight {
    pub(crate) fn enter(&mut self, now: Moment, window: &Window) {
        self.advance(now, window);
        self.current += 1;
    }

    pub(crate) fn leave(&mut self, now: Moment, window: &Window) {
        self.advance(now, window);
        debug_assert!(self.current > 0, "a request ended that never began");
        self.current -= 1;
    }

    /// Integrates up to `now`.
    pub(crate) fn advance(&mut self, now: Moment, window: &Window) {
        let overlap = window.overlap(self.last_change, now);
        self.area += u128::from(self.current) * overlap.as_nanos();
        self.last_change = now;
    }

    pub(crate) fn current(&self) -> u64 {
        self.current
    }

    /// Requests in flight, mean over `length`; 0 for no time at all.
    pub(crate) fn mean(&self, length: Duration) -> f64 {
        if length.is_zero() { 0.0 } else { self.area as f64 / length.as_nanos() as f64 }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.area += other.area;
        self.current += other.current;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_counts_time_in_the_window_only() {
        let at = Moment::from_nanos;
        let window = Window { start: at(100), end: at(200) };
        let mut in_flight = InFlight::default();
        in_flight.enter(at(0), &window);
        in_flight.enter(at(150), &window);
        in_flight.leave(at(175), &window);
        in_flight.leave(at(300), &window);
        assert_eq!(in_flight.mean(window.length()), 1.25);
        assert_eq!(in_flight.current(), 0);
    }
}
