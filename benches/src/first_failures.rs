//! A run whose first trials all fail for one reason: the rest would fail as well.

use reports_record::{Line, Stage, TrialOutcome};

/// Trials that have to fail alike from the first one on: two blocks of a cell with two pairs and a duplicate, and then some.
/// What failed in each of them, on every side, is no contender's affair.
const TRIALS: usize = 12;

/// The first trials of a run, for as long as they fail alike.
#[derive(Debug, Default)]
pub(crate) struct FirstFailures {
    failed: usize,
    /// Stage and kind of the first one's reason.
    common: Option<(Stage, String)>,
    /// A trial was measured, or failed for another reason.
    is_over: bool,
}

impl FirstFailures {
    /// Of a run that has these lines already: once a trial was measured, a failure is no beginning.
    pub(crate) fn after(lines: &[Line]) -> Self {
        let is_measured = |line: &Line| matches!(line, Line::Trial(trial) if matches!(trial.outcome, TrialOutcome::Measured(_)));
        Self { is_over: lines.iter().any(is_measured), ..Self::default() }
    }

    /// Takes note of a trial of `contender`; gives how many failed for one reason once that is enough to stop.
    pub(crate) fn take(&mut self, contender: &str, outcome: &TrialOutcome) -> Option<usize> {
        let TrialOutcome::Failed { stage, reason, .. } = outcome else {
            self.is_over = true;
            return None;
        };
        let kind = (*stage, kind_of(contender, reason));
        let common = self.common.get_or_insert_with(|| kind.clone());
        self.is_over |= *common != kind;
        self.failed += 1;
        (!self.is_over && self.failed >= TRIALS).then_some(self.failed)
    }
}

/// The part of a reason that is alike for all: without the contender's name, numbers (ports, times), and what follows a colon or
/// parenthesis (addresses, last words).
fn kind_of(contender: &str, reason: &str) -> String {
    let told = reason.replace(contender, "");
    let beginning = told.split([':', '(']).next().unwrap_or_default();
    beginning.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use reports_record::Folder;

    use super::*;

    fn failed(stage: Stage, reason: &str) -> TrialOutcome {
        TrialOutcome::Failed { stage, reason: reason.to_owned(), stderr_tail: Vec::new() }
    }

    fn not_ready(contender: &str, port: usize) -> TrialOutcome {
        failed(
            Stage::Start,
            &format!("{contender} was not ready within 5s on 127.0.0.1:{port} (last line: \"{port}\")"),
        )
    }

    #[test]
    fn trials_that_all_fail_for_one_reason_are_enough_at_the_twelfth() {
        let mut first = FirstFailures::default();
        for number in 1..TRIALS {
            let name = ["sync", "async"][number % 2];
            assert_eq!(first.take(name, &not_ready(name, 4_000 + number)), None, "{number}");
        }
        assert_eq!(first.take("sync", &not_ready("sync", 9_000)), Some(TRIALS));
    }

    #[test]
    fn another_reason_or_stage_among_them_lets_the_run_go_on() {
        for other in [
            failed(Stage::Start, "sync ended with exit code 3"),
            failed(Stage::Measure, "sync was not ready within 5s on 127.0.0.1"),
        ] {
            let mut first = FirstFailures::default();
            assert_eq!(first.take("sync", &other), None);
            for number in 0..3 * TRIALS {
                assert_eq!(first.take("sync", &not_ready("sync", number)), None);
            }
        }
    }

    /// The names of cells differ, and the reason is one.
    #[test]
    fn cells_without_a_rate_have_one_reason() {
        let told = |cell: &str| {
            failed(Stage::Calibrate, &format!("no offered rate: not both contenders of its pair in {cell}"))
        };
        let mut first = FirstFailures::default();
        let all: Vec<_> =
            (0..TRIALS).map(|number| first.take("sync", &told(&format!("wait/c={number}")))).collect();
        assert_eq!(all.last(), Some(&Some(TRIALS)));
    }

    /// As a resumed run is: its log tells that the experiment works.
    #[test]
    fn a_run_that_has_measured_something_is_past_its_beginning() {
        let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/published/2026-11-28-quick");
        let (lines, _) = Folder::open(&published).lines().unwrap();
        let measured = lines.iter().position(
            |line| matches!(line, Line::Trial(trial) if matches!(trial.outcome, TrialOutcome::Measured(_))),
        );
        for (lines, stops) in [(&lines[..measured.unwrap()], true), (&lines[..], false)] {
            let mut first = FirstFailures::after(lines);
            let last = (0..TRIALS).filter_map(|number| first.take("sync", &not_ready("sync", number))).last();
            assert_eq!(last.is_some(), stops, "after {} lines", lines.len());
        }
    }
}
