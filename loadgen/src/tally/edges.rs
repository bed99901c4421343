//! Replies of a closed loop across the window's edges, each counted by the share of its time that lies inside.

use std::time::Duration;

use crate::clock::Moment;
use crate::window::Window;

/// What is to be added to the number of replies that ended in a window, so that each reply counts by the share of its time in flight
/// that lies in the window.
///
/// Counting whole replies by their end loses the work under way at the end, or gains that of the beginning: of k reply times one in k.
/// While every connection has a request in flight, shares of equally long replies add up to connections × window ÷ reply time, for any
/// window. In expectation they do so for replies of any length, once the first replies have come: the request in flight at an instant
/// is long in proportion to its length, and its share of a moment is the inverse of that.
///
/// Source: the inspection paradox; Ross, *Stochastic Processes*, 2nd ed., §3.6 (renewal reward processes).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Edges {
    /// Of whole replies.
    pub(crate) all: f64,
    /// Of correct ones.
    pub(crate) good: f64,
}

impl Edges {
    /// What a reply to a request in flight from `started` to `ended` adds; nothing where both lie in the window.
    #[inline]
    pub(crate) fn of(window: &Window, started: Moment, ended: Moment) -> f64 {
        if started >= window.start && ended < window.end {
            return 0.0;
        }
        let counted = if window.contains(ended) { 1.0 } else { 0.0 };
        let length = ended.since(started);
        if length == Duration::ZERO {
            return 0.0;
        }
        window.overlap(started, ended).as_secs_f64() / length.as_secs_f64() - counted
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.all += other.all;
        self.good += other.good;
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

    use super::*;

    fn at(ms: f64) -> Moment {
        Moment::from_nanos((ms * 1e6) as u64)
    }

    /// Replies in a window of `windows` reply times (of a second on average) that begins after `warm_up` ones, over eight connections
    /// that are always busy: by their ends alone, and with what the edges add; per reply time.
    fn throughput(windows: f64, warm_up: f64, mut reply_time: impl FnMut() -> f64) -> [f64; 2] {
        let window = Window { start: at(warm_up * 1e3), end: at((warm_up + windows) * 1e3) };
        let (mut ended, mut edges) = (0.0, 0.0);
        for _ in 0..8 {
            let mut now = 0.0;
            while at(now) < window.end {
                let end = now + 1e3 * reply_time();
                ended += if window.contains(at(end)) { 1.0 } else { 0.0 };
                edges += Edges::of(&window, at(now), at(end));
                now = end;
            }
        }
        [ended, ended + edges].map(|replies| replies / windows)
    }

    #[test]
    fn equal_reply_times_have_the_right_throughput_in_any_window() {
        let mut worst = 0.0_f64;
        for tenths in 10..=200 {
            for warm_up in [0.0, 0.37, 1.0, 1.2] {
                let [by_ends, found] = throughput(f64::from(tenths) / 10.0, warm_up, || 1.0001);
                assert!((found / 8.0 - 1.0).abs() < 0.001, "{tenths} {warm_up}: {found}");
                worst = worst.max((by_ends / 8.0 - 1.0).abs());
            }
        }
        assert!(worst > 0.9, "by their ends alone a window of one reply time has none: {worst}");
    }

    #[test]
    fn random_reply_times_have_no_bias_after_a_warm_up_of_a_reply_time() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut uniform = move || ((random.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        for windows in [1.0, 2.0, 3.0, 5.0, 10.0, 20.0] {
            let runs = 2000;
            let even: f64 = (0..runs).map(|_| throughput(windows, 1.2, || 0.5 + uniform())[1]).sum();
            // The first renewals of exponential times are the worst case: 5 % of a reply are left after 1.2 reply times.
            let exponential: f64 = (0..runs).map(|_| throughput(windows, 1.2, || -uniform().ln())[1]).sum();
            for (mean, bias) in [(even, 0.0), (exponential, 0.05 / windows)] {
                let relative = mean / f64::from(runs) / 8.0 - 1.0;
                // Four standard errors of 2,000 runs of eight connections.
                let chance = 4.0 / (windows * 8.0 * f64::from(runs)).sqrt();
                assert!(relative.abs() < bias + chance, "{windows}: {relative}");
            }
        }
    }

    #[test]
    fn edges_of_threads_add_up() {
        let mut sum = Edges { all: 0.5, good: 0.25 };
        sum.merge(Edges { all: 1.0, good: 0.5 });
        assert_eq!(sum, Edges { all: 1.5, good: 0.75 });
    }
}
