//! How long a trial has to be for what it is asked to tell.

use std::time::Duration;

use reports_record::Arrivals;
use reports_record::rank::MIN_BEYOND;

use crate::Rate;

/// Windows are whole multiples of this: a plan should read well.
const STEP: Duration = Duration::from_millis(100);
/// Standard deviations by which a Poisson schedule may fall short of its mean: once in 30,000 schedules.
const SHORTFALL: f64 = 4.0;

/// Requests that have to end in a trial for its `quantile` (0–1) to be known: ten beyond it.
#[must_use]
pub fn for_quantile(quantile: f64) -> f64 {
    MIN_BEYOND as f64 / (1.0 - quantile)
}

/// Requests that have to end in a trial for a share below `bound` (0–1) to be told: with fewer, none at all says little.
///
/// The rule of three: none of n lets a share of up to 3 ÷ n stand at 95 %. Source: Hanley and Lippman-Hand, "If nothing goes
/// wrong, is everything all right?", JAMA 249 (1983). Zero for a bound of zero, which no number can tell.
#[must_use]
pub fn for_share(bound: f64) -> f64 {
    if bound > 0.0 { 3.0 / bound } else { 0.0 }
}

/// The window at `rate` in which `requests` are due, and no shorter than `shortest`.
///
/// Poisson arrivals vary in number, so that more are planned: a hundred more for a thousand.
#[must_use]
pub fn window(rate: Rate, requests: f64, shortest: Duration, arrivals: Arrivals) -> Duration {
    let planned = match arrivals {
        // The mean m that solves m − 4 √m = requests.
        Arrivals::Poisson => (SHORTFALL / 2.0 + (SHORTFALL * SHORTFALL / 4.0 + requests).sqrt()).powi(2),
        _ => requests + 1.0,
    };
    let steps = (planned / rate.get() / STEP.as_secs_f64()).ceil();
    Duration::from_secs_f64((steps * STEP.as_secs_f64()).min(1e9)).max(shortest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Course, Schedule};

    fn rate(per_second: f64) -> Rate {
        Rate::per_second(per_second).unwrap()
    }

    #[test]
    fn a_quantile_needs_ten_beyond_it() {
        assert_eq!(for_quantile(0.5), 20.0);
        assert!((for_quantile(0.99) - 1000.0).abs() < 1e-6);
        assert_eq!((for_share(0.01), for_share(0.0)), (300.0, 0.0));
    }

    #[test]
    fn a_high_rate_takes_the_shortest_window_and_a_low_one_a_longer() {
        let shortest = Duration::from_secs(5);
        assert_eq!(window(rate(1e4), 1000.0, shortest, Arrivals::Poisson), shortest);
        assert_eq!(window(rate(100.0), 1000.0, shortest, Arrivals::Constant), Duration::from_millis(10_100));
        assert_eq!(window(rate(100.0), 1000.0, shortest, Arrivals::Poisson), Duration::from_millis(11_400));
    }

    #[test]
    fn a_poisson_window_holds_the_requests_whatever_the_seed() {
        let length = window(rate(100.0), 1000.0, Duration::from_secs(1), Arrivals::Poisson);
        for seed in 0..200 {
            let due = Schedule::new(&Course::Steady(rate(100.0)), Duration::ZERO, Arrivals::Poisson, seed)
                .take_while(|start| *start < length)
                .count();
            assert!(due >= 1000, "seed {seed}: {due} in {length:?}");
        }
    }
}
