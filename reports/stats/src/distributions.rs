//! The few points and tails of distributions that the other modules ask for.
//!
//! Thin over statrs. Its binomial functions are not used for large counts: the continued fraction
//! behind them stops after 140 terms without saying whether it has converged.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

/// `P(T ≥ t)` of Student's t with `freedom` degrees of freedom; `t` may be infinite, not NaN.
pub(crate) fn student_tail(t: f64, freedom: f64) -> f64 {
    student(freedom).sf(t)
}

/// The point below which Student's t with `freedom` degrees of freedom lies with probability `p`.
pub(crate) fn student_quantile(p: f64, freedom: f64) -> f64 {
    student(freedom).inverse_cdf(p)
}

/// The point below which the standard normal distribution lies with probability `p`.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// The probability of a standard normal value of at most `z`.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// `P(X ≥ successes)` of a binomial over `trials` with chance `p`; for counts of cells, not of requests.
pub(crate) fn binomial_tail(successes: u64, trials: u64, p: f64) -> f64 {
    match successes.checked_sub(1) {
        None => 1.0,
        Some(below) => Binomial::new(p, trials).expect("the chance is a constant in 0–1").sf(below),
    }
}

fn student(freedom: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, freedom).expect("degrees of freedom count blocks or cells, at least one")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 5e-4
    }

    /// Upper 2.5 % points as printed in every table of t (e.g. Fisher and Yates, table III).
    #[test]
    fn student_quantiles_equal_the_printed_table() {
        for (freedom, expected) in
            [(1.0, 12.706), (2.0, 4.303), (5.0, 2.571), (9.0, 2.262), (11.0, 2.201), (120.0, 1.980)]
        {
            let found = student_quantile(0.975, freedom);
            assert!(close(found, expected), "{freedom} degrees: {found}, expected {expected}");
        }
    }

    #[test]
    fn tail_and_quantile_of_student_are_inverse() {
        for freedom in [1.0, 5.0, 23.0, 400.0] {
            let t = student_quantile(0.975, freedom);
            assert!((student_tail(t, freedom) - 0.025).abs() < 1e-9, "{freedom} degrees");
            assert!((student_tail(-t, freedom) - 0.975).abs() < 1e-9, "{freedom} degrees");
        }
    }

    #[test]
    fn infinite_t_has_an_empty_or_a_full_tail() {
        assert_eq!(student_tail(f64::INFINITY, 5.0), 0.0);
        assert_eq!(student_tail(f64::NEG_INFINITY, 5.0), 1.0);
    }

    #[test]
    fn normal_quantile_equals_the_printed_table() {
        assert!(close(normal_quantile(0.975), 1.95996));
        assert!(close(normal_quantile(0.005), -2.57583));
    }

    /// 1 − 0.95¹¹ − 11 × 0.05 × 0.95¹⁰, by hand.
    #[test]
    fn binomial_tail_equals_the_sum_by_hand() {
        assert!(close(binomial_tail(2, 11, 0.05), 0.10189));
        assert_eq!(binomial_tail(0, 11, 0.05), 1.0);
    }
}
