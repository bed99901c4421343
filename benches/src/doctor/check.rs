//! What was looked at, what was found, and what to change.

use std::fmt::Write as _;

/// What a finding means for measurements made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fitness {
    /// Nothing to change.
    Fit,
    /// Answers will be less certain, or biased in a way that the page tells.
    Warn,
    /// Nothing measured here can be believed, or nothing can be measured.
    Unfit,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at, e.g. `steal`.
    pub name: &'static str,
    /// What it means.
    pub fitness: Fitness,
    /// What was found, in half a sentence.
    pub found: String,
    /// What to change; empty when it is fit.
    pub change: String,
}

impl Check {
    /// A finding that needs no change.
    #[must_use]
    pub fn fit(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, fitness: Fitness::Fit, found: found.into(), change: String::new() }
    }

    /// A finding that makes answers less certain.
    #[must_use]
    pub fn warn(name: &'static str, found: impl Into<String>, change: impl Into<String>) -> Self {
        Self { name, fitness: Fitness::Warn, found: found.into(), change: change.into() }
    }

    /// A finding that forbids measuring.
    #[must_use]
    pub fn unfit(name: &'static str, found: impl Into<String>, change: impl Into<String>) -> Self {
        Self { name, fitness: Fitness::Unfit, found: found.into(), change: change.into() }
    }
}

/// Whether measuring makes sense: warnings are allowed.
#[must_use]
pub fn is_fit(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.fitness != Fitness::Unfit)
}

/// One line a check, and a second one with what to change.
#[must_use]
pub fn table(checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for check in checks {
        let word = match check.fitness {
            Fitness::Fit => "fit",
            Fitness::Warn => "warn",
            Fitness::Unfit => "UNFIT",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{word:<6} {:<width$}  {}", check.name, check.found);
        if !check.change.is_empty() {
            let _ = writeln!(text, "{:<6} {:<width$}  → {}", "", "", check.change);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_fit_and_says_what_to_change() {
        let checks = [Check::fit("CPUs", "4"), Check::warn("steal", "3 %", "stop the other guests")];
        assert!(is_fit(&checks));
        assert_eq!(
            table(&checks),
            "fit    CPUs   4\nwarn   steal  3 %\n              → stop the other guests\n"
        );
        assert!(!is_fit(&[Check::unfit("CPUs", "1", "get another")]));
    }
}
