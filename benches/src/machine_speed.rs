//! How fast this machine runs now: a fixed loop of instructions.

use std::hint::black_box;
use std::time::Instant;

/// Rounds of one try: about a millisecond.
const ROUNDS: u32 = 500_000;

/// Tries; the middle one counts, so that a single interruption changes nothing.
const TRIES: usize = 3;

/// Rounds of a fixed loop of dependent instructions per microsecond, on the CPU of the calling thread. Takes milliseconds.
///
/// Machines have regimes of minutes, in which all programs run a fifth faster or slower; beside every trial it shows in which
/// one the trial fell.
#[must_use]
pub fn measure() -> f64 {
    let mut speeds: Vec<f64> = (0..TRIES).map(|_| once()).collect();
    speeds.sort_by(f64::total_cmp);
    speeds[TRIES / 2]
}

fn once() -> f64 {
    let begun = Instant::now();
    let mut state = black_box(1_u64);
    for _ in 0..ROUNDS {
        // Xorshift (Marsaglia, 2003): each round needs the one before it.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
    f64::from(ROUNDS) / (begun.elapsed().as_secs_f64() * 1e6)
}

#[cfg(test)]
mod tests {
    #[test]
    fn speed_is_a_positive_figure() {
        let speed = super::measure();
        assert!(speed > 1.0 && speed.is_finite(), "{speed}");
    }
}
