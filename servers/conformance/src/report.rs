//! What the suite found, case by case.

use std::fmt;

use crate::finding::Finding;

/// Every case with its outcome, in the order they were judged.
#[derive(Debug, Clone)]
pub struct Report {
    /// Case name and outcome.
    pub outcomes: Vec<(String, Outcome)>,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As the contract says.
    Passed,
    /// Not as the contract says.
    Failed(Finding),
    /// Not as the contract says, and listed as known.
    Excepted {
        /// What was found.
        finding: Finding,
        /// Why it is let through, from the list.
        reason: String,
    },
    /// As the contract says although listed as a known exception: the entry must go.
    ExceptionGone,
}

impl Outcome {
    /// The outcome of a case that was `judged`; `reason` says why it is known to fail, if it is.
    pub(crate) fn of(judged: Result<(), Finding>, reason: Option<String>) -> Self {
        match (judged, reason) {
            (Ok(()), None) => Self::Passed,
            (Ok(()), Some(_)) => Self::ExceptionGone,
            (Err(finding), None) => Self::Failed(finding),
            (Err(finding), Some(reason)) => Self::Excepted { finding, reason },
        }
    }
}

impl Report {
    /// Whether the contender answers as the contract says, apart from exceptions that are listed and true.
    pub fn holds(&self) -> bool {
        self.wrong().is_empty()
    }

    /// Names of the cases that failed without being listed, or are listed without failing; in order.
    pub fn wrong(&self) -> Vec<&str> {
        let is_wrong = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_) | Outcome::ExceptionGone);
        let wrong = self.outcomes.iter().filter(|(_, outcome)| is_wrong(outcome));
        wrong.map(|(name, _)| name.as_str()).collect()
    }
}

/// A line with the counts, then a line for every case that did not simply pass.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |wanted: fn(&Outcome) -> bool| {
            self.outcomes.iter().filter(|(_, outcome)| wanted(outcome)).count()
        };
        writeln!(
            formatter,
            "{} cases: {} passed, {} failed, {} known exceptions, {} exceptions that are gone",
            self.outcomes.len(),
            count(|outcome| *outcome == Outcome::Passed),
            count(|outcome| matches!(outcome, Outcome::Failed(_))),
            count(|outcome| matches!(outcome, Outcome::Excepted { .. })),
            count(|outcome| *outcome == Outcome::ExceptionGone),
        )?;
        for (name, outcome) in &self.outcomes {
            match outcome {
                Outcome::Passed => {}
                Outcome::Failed(finding) => writeln!(formatter, "failed: {name}: {finding}")?,
                Outcome::Excepted { finding, reason } => {
                    writeln!(formatter, "known: {name}: {finding} ({reason})")?;
                }
                Outcome::ExceptionGone => {
                    writeln!(formatter, "gone: {name}: holds now; remove its exception from the list")?;
                }
            }
        }
        Ok(())
    }
}
