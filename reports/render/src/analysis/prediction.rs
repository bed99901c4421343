//! What was expected before the run, against what came.

use reports_record::{Expectation, Prediction};
use reports_stats::verdict::Verdict;

use super::contrast::Kind;
use super::verdicts::Verdicts;

/// One prediction and what became of it, cell by cell.
#[derive(Debug)]
pub struct Checked<'a> {
    /// What was expected.
    pub prediction: &'a Prediction,
    /// Cells in which it came true.
    pub held: Vec<&'a str>,
    /// Cells in which another verdict fell.
    pub broken: Vec<(&'a str, Verdict)>,
    /// Cells in which the data do not say, or that the experiment does not have.
    pub undecided: Vec<&'a str>,
}

/// Holds every prediction against the verdict table.
#[must_use]
pub fn check<'a>(predictions: &'a [Prediction], verdicts: &Verdicts<'_>) -> Vec<Checked<'a>> {
    predictions.iter().map(|prediction| check_one(prediction, verdicts)).collect()
}

fn check_one<'a>(prediction: &'a Prediction, verdicts: &Verdicts<'_>) -> Checked<'a> {
    let mut checked = Checked { prediction, held: Vec::new(), broken: Vec::new(), undecided: Vec::new() };
    for name in &prediction.cells {
        let verdict = verdicts
            .cells
            .iter()
            .position(|cell| cell.name == *name)
            .and_then(|cell| verdicts.at(Kind::from(prediction.pair), prediction.metric, cell))
            .map(|comparison| comparison.verdict);
        match verdict {
            Some(verdict) if verdict == expected(prediction.expects) => checked.held.push(name),
            Some(verdict) if verdict.is_decided() => checked.broken.push((name, verdict)),
            _ => checked.undecided.push(name),
        }
    }
    checked
}

/// The verdict that would bear an expectation out.
#[must_use]
pub fn expected(expectation: Expectation) -> Verdict {
    match expectation {
        Expectation::AsyncWins => Verdict::AsyncWins,
        Expectation::SyncWins => Verdict::SyncWins,
        Expectation::Tie => Verdict::Tie,
    }
}
