//! What a cost amounts to where it is incurred: a ratio alone does not say whether it matters.

/// CPU time per request, µs, at a rate of requests per second: how many cores that keeps busy.
#[must_use]
pub fn cores(cpu_us: f64, rate_per_s: f64) -> f64 {
    cpu_us * rate_per_s / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_times_its_rate_is_a_number_of_cores() {
        assert_eq!(cores(20.0, 50_000.0), 1.0);
        // A third more of next to nothing is next to nothing.
        assert!(cores(27.0, 800.0) - cores(20.0, 800.0) < 0.006);
    }
}
