//! How long before a start a thread has to stop sleeping.

use std::time::Duration;

/// At first: twice what waking takes on a quiet virtual machine.
const FIRST_NS: u64 = 150_000;
/// Never less: below, the wake-up itself would be late as often as not.
const LEAST_NS: u64 = 20_000;
/// Never more: that bounds what spinning costs below 2,000 starts a second.
const MOST_NS: u64 = 500_000;
/// By how much it follows at a time: small enough that a quiet stretch is not forgotten over one disturbance.
const STEP_NS: u64 = 50;

/// The 99th percentile of how late a timer wakes the thread, as learned from its wake-ups.
///
/// Up by 99 steps where it was too short, down by one where it was long enough: in balance where one in a hundred is too
/// short.
///
/// Source: Robbins and Monro, "A stochastic approximation method", Annals of Mathematical Statistics 22 (1951).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Margin(u64);

impl Default for Margin {
    fn default() -> Self {
        Self(FIRST_NS)
    }
}

impl Margin {
    /// 20 to 500 µs.
    pub(super) fn get(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// Having learned from a wake-up so `late`.
    pub(super) fn after(self, late: Duration) -> Self {
        let next = if late > self.get() { self.0 + 99 * STEP_NS } else { self.0 - STEP_NS };
        Self(next.clamp(LEAST_NS, MOST_NS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(late_us: impl Iterator<Item = u64>) -> u64 {
        late_us.map(Duration::from_micros).fold(Margin::default(), Margin::after).get().as_micros() as u64
    }

    #[test]
    fn one_wake_up_in_a_hundred_is_later_than_the_margin() {
        // 0 to 199 µs, each as often, in a scrambled order: the 99th percentile is 198.
        let margin = learned((0..100_000).map(|index| index * 7_919 % 200));
        assert!((188..=208).contains(&margin), "{margin} us, and 198 +- 10 would be right");
    }

    #[test]
    fn the_margin_stays_within_its_bounds() {
        assert_eq!(learned((0..100_000).map(|_| 0)), LEAST_NS / 1000);
        assert_eq!(learned((0..100_000).map(|_| 10_000)), MOST_NS / 1000);
    }
}
