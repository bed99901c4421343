//! Variances of many cells that borrow strength from each other.

use statrs::function::gamma::digamma;

/// Fewest variances that say anything about how variances scatter.
const MIN_CELLS: usize = 3;

/// Degrees of freedom that stand for infinitely many: there t is the normal distribution to six digits.
const MANY: f64 = 1e6;

/// Excess scatter of log variances below which they are all alike.
const NO_EXCESS: f64 = 1e-6;

/// An estimated variance and its degrees of freedom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variance {
    /// The estimate; at least 0.
    pub value: f64,
    /// Its degrees of freedom; above 0.
    pub freedom: f64,
}

/// The scaled inverse chi-square distribution that a class of variances comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// The common variance s₀².
    variance: f64,
    /// How many degrees of freedom it is worth, d₀; at most a million.
    freedom: f64,
}

impl Prior {
    /// Fits the prior to the variances of one class; `None` with fewer than three above 0.
    ///
    /// Give it cells of one kind. Cells bound by connections ÷ wait are far quieter than others, and a mixture of both
    /// has nothing to borrow.
    ///
    /// Source: Smyth, "Linear models and empirical Bayes methods for assessing differential expression in microarray
    /// experiments", Statistical Applications in Genetics and Molecular Biology 3 (2004), §6.2.
    #[must_use]
    pub fn of(variances: &[Variance]) -> Option<Self> {
        let usable: Vec<&Variance> = variances.iter().filter(|variance| variance.value > 0.0).collect();
        if usable.len() < MIN_CELLS {
            return None;
        }
        let count = usable.len() as f64;
        let logs: Vec<f64> = usable.iter().map(|variance| centred_log(variance)).collect();
        let mean = logs.iter().sum::<f64>() / count;
        let scatter = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let expected = usable.iter().map(|variance| trigamma(variance.freedom / 2.0)).sum::<f64>() / count;
        let excess = scatter - expected;
        if excess <= NO_EXCESS {
            return Some(Self { variance: mean.exp(), freedom: MANY });
        }
        let half = trigamma_inverse(excess);
        Some(Self { variance: (mean + digamma(half) - half.ln()).exp(), freedom: (2.0 * half).min(MANY) })
    }

    /// The cell's own variance, drawn towards the class's.
    #[must_use]
    pub fn moderate(self, own: Variance) -> Variance {
        let freedom = self.freedom + own.freedom;
        let value = (self.freedom * self.variance + own.freedom * own.value) / freedom;
        Variance { value, freedom: freedom.min(MANY) }
    }
}

/// ln of a variance less the mean that its chi-square distribution gives it.
fn centred_log(variance: &Variance) -> f64 {
    let half = variance.freedom / 2.0;
    variance.value.ln() - digamma(half) + half.ln()
}

/// The derivatives of digamma: ψ′(x) and ψ″(x), x above 0.
///
/// Recurrence up to 10, then the asymptotic series; Abramowitz and Stegun, *Handbook of Mathematical Functions*, 6.4.6
/// and 6.4.12–13.
fn polygamma(x: f64) -> (f64, f64) {
    let (mut first, mut second, mut x) = (0.0, 0.0, x);
    while x < 10.0 {
        first += x.powi(-2);
        second -= 2.0 * x.powi(-3);
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    first += 1.0 / x + r / 2.0 + r / x * (1.0 / 6.0 - r * (1.0 / 30.0 - r * (1.0 / 42.0 - r / 30.0)));
    second -= r + r / x + r * r * (0.5 - r * (1.0 / 6.0 - r * (1.0 / 6.0 - r * 0.3)));
    (first, second)
}

fn trigamma(x: f64) -> f64 {
    polygamma(x).0
}

/// The x above 0 at which ψ′(x) is `value`, above 0; Newton's steps of Smyth's appendix, which rise to the root.
fn trigamma_inverse(value: f64) -> f64 {
    let mut x = 0.5 + 1.0 / value;
    for _ in 0..30 {
        let (first, second) = polygamma(x);
        x += first * (1.0 - first / value) / second;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variances(values: &[f64]) -> Vec<Variance> {
        values.iter().map(|&value| Variance { value, freedom: 7.0 }).collect()
    }

    /// ψ′(1) = π² ÷ 6, ψ′(½) = π² ÷ 2, ψ″(1) = −2 ζ(3).
    #[test]
    fn polygamma_equals_its_closed_forms() {
        let pi2 = std::f64::consts::PI.powi(2);
        assert!((trigamma(1.0) - pi2 / 6.0).abs() < 1e-12, "{}", trigamma(1.0));
        assert!((trigamma(0.5) - pi2 / 2.0).abs() < 1e-12, "{}", trigamma(0.5));
        assert!((polygamma(1.0).1 + 2.0 * 1.202_056_903_159_594).abs() < 1e-11, "{}", polygamma(1.0).1);
    }

    #[test]
    fn inverse_and_trigamma_undo_each_other() {
        for x in [0.05, 0.5, 1.0, 3.3, 20.0, 400.0] {
            assert!((trigamma_inverse(trigamma(x)) / x - 1.0).abs() < 1e-9, "{x}");
        }
    }

    /// The reference simulator's known answer: d₀ = 2.29317, s₀² = 0.0400185.
    #[test]
    fn prior_of_six_variances_equals_the_known_one() {
        let prior = Prior::of(&variances(&[0.01, 0.02, 0.04, 0.08, 0.16, 0.32])).unwrap();
        assert!((prior.freedom - 2.293_172_614).abs() < 1e-6, "{prior:?}");
        assert!((prior.variance - 0.040_018_450).abs() < 1e-8, "{prior:?}");
    }

    #[test]
    fn variances_that_scatter_no_more_than_chance_become_one() {
        let prior = Prior::of(&variances(&[0.04; 6])).unwrap();
        let moderated = prior.moderate(Variance { value: 0.5, freedom: 7.0 });
        // exp(ln 0.04 − ψ(3.5) + ln 3.5): the mean of ln s² lies below ln σ².
        assert!((moderated.value - 0.046_458).abs() < 1e-5, "{moderated:?}");
        assert_eq!(moderated.freedom, MANY);
    }

    #[test]
    fn moderation_lies_between_the_cell_and_its_class() {
        let prior = Prior::of(&variances(&[0.01, 0.02, 0.04, 0.08, 0.16, 0.32])).unwrap();
        let moderated = prior.moderate(Variance { value: 0.32, freedom: 7.0 });
        assert!(0.04 < moderated.value && moderated.value < 0.32, "{moderated:?}");
        assert!((moderated.freedom - 9.293).abs() < 1e-3, "{moderated:?}");
    }

    #[test]
    fn too_few_variances_have_no_prior() {
        assert_eq!(Prior::of(&variances(&[0.1, 0.2])), None);
        assert_eq!(Prior::of(&variances(&[0.1, 0.2, 0.0])), None);
    }
}
