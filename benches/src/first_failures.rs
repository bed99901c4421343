//! A run whose first trials all fail for one reason: the rest would fail as well.

use std::collections::BTreeSet;

use reports_record::{Cell, Definition, Line, Stage, TrialOutcome};

/// Trials that have to fail alike from the first one on: two blocks of a cell with two pairs and a duplicate, and then some.
/// What failed in each of them, on every side, is no contender's affair.
const TRIALS: usize = 12;

/// The first trials of a run, for as long as they fail alike.
#[derive(Debug)]
pub(crate) struct FirstFailures<'a> {
    cells: &'a [Cell],
    failed: usize,
    /// Stage and kind of the first one's reason.
    common: Option<(Stage, String)>,
    /// The conditions under which they failed.
    tried: BTreeSet<Condition<'a>>,
    /// A trial was measured, or failed for another reason.
    is_over: bool,
}

impl<'a> FirstFailures<'a> {
    /// Of a run that has these lines already: once a trial was measured, a failure is no beginning.
    pub(crate) fn after(definition: &'a Definition, lines: &[Line]) -> Self {
        let is_measured = |line: &Line| matches!(line, Line::Trial(trial) if matches!(trial.outcome, TrialOutcome::Measured(_)));
        Self {
            cells: &definition.cells,
            failed: 0,
            common: None,
            tried: BTreeSet::new(),
            is_over: lines.iter().any(is_measured),
        }
    }

    /// Takes note of a trial of `contender` in `cell`; gives how many failed for one reason once no cell that is left could make a
    /// difference to that.
    pub(crate) fn take(&mut self, cell: &'a Cell, contender: &str, outcome: &TrialOutcome) -> Option<usize> {
        let TrialOutcome::Failed { stage, reason, .. } = outcome else {
            self.is_over = true;
            return None;
        };
        let kind = (*stage, kind_of(contender, reason));
        let common = self.common.get_or_insert_with(|| kind.clone());
        self.is_over |= *common != kind;
        self.failed += 1;
        self.tried.insert(condition(*stage, cell));
        let all: BTreeSet<Condition<'_>> = self.cells.iter().map(|cell| condition(*stage, cell)).collect();
        (!self.is_over && self.failed >= TRIALS && self.tried == all).then_some(self.failed)
    }
}

/// The part of a cell on which it depends how a stage ends.
type Condition<'a> = (&'a [String], &'a str);

/// A contender starts alike in all cells with its flags, and answers a request alike over however many connections; what follows may
/// fail in one cell and not in another, such as one with more connections than it may open.
fn condition(stage: Stage, cell: &Cell) -> Condition<'_> {
    let other: &str = match stage {
        Stage::Start => "",
        Stage::Verify => &cell.target,
        Stage::Calibrate
        | Stage::Prime
        | Stage::Measure
        | Stage::Account
        | Stage::Stop
        | Stage::Standstill => &cell.name,
    };
    (&cell.flags, other)
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

    /// That of `quick`: cells that differ in their wait and connections.
    fn definition() -> Definition {
        crate::experiment::load("quick").unwrap()
    }

    #[test]
    fn contenders_that_never_start_are_enough_at_the_twelfth_in_whichever_cells() {
        let definition = definition();
        let mut first = FirstFailures::after(&definition, &[]);
        for number in 1..TRIALS {
            let name = ["sync", "async"][number % 2];
            let taken = first.take(&definition.cells[0], name, &not_ready(name, 4_000 + number));
            assert_eq!(taken, None, "{number}");
        }
        let last = first.take(&definition.cells[0], "sync", &not_ready("sync", 9_000));
        assert_eq!(last, Some(TRIALS));
    }

    #[test]
    fn another_reason_or_stage_among_them_lets_the_run_go_on() {
        let definition = definition();
        let cell = &definition.cells[0];
        for other in [
            failed(Stage::Start, "sync ended with exit code 3"),
            failed(Stage::Measure, "sync was not ready within 5s on 127.0.0.1"),
        ] {
            let mut first = FirstFailures::after(&definition, &[]);
            assert_eq!(first.take(cell, "sync", &other), None);
            for number in 0..3 * TRIALS {
                assert_eq!(first.take(cell, "sync", &not_ready("sync", number)), None);
            }
        }
    }

    /// As where a cell has more connections than may be opened, and happens to come first.
    #[test]
    fn what_fails_in_some_cells_says_nothing_of_the_others() {
        let definition = definition();
        for (stage, reason) in [
            (Stage::Prime, "cannot open 512 connections: too many open files"),
            (Stage::Verify, "GET /wait?ms=10: expected 200, got 404"),
            (Stage::Calibrate, "no offered rate: not both contenders of its pair"),
        ] {
            let (mut first, last) = (FirstFailures::after(&definition, &[]), definition.cells.len() - 1);
            for cell in &definition.cells[..last] {
                for _ in 0..TRIALS {
                    assert_eq!(first.take(cell, "sync", &failed(stage, reason)), None, "{}", cell.name);
                }
            }
            let taken = first.take(&definition.cells[last], "sync", &failed(stage, reason));
            assert_eq!(taken, Some(last * TRIALS + 1), "{stage:?} failed in every cell");
        }
    }

    /// Three waits and many connections: each request is asked once.
    #[test]
    fn a_request_that_no_contender_answers_right_is_asked_in_one_cell_of_each_request() {
        let definition = definition();
        let mut first = FirstFailures::after(&definition, &[]);
        let mut seen = BTreeSet::new();
        let cells: Vec<&Cell> = definition.cells.iter().filter(|cell| seen.insert(&cell.target)).collect();
        assert!(cells.len() < definition.cells.len());
        let wrong = failed(Stage::Verify, "GET: expected 200, got 404");
        let taken: Vec<_> = cells
            .iter()
            .copied()
            .flat_map(|cell| [cell; 3])
            .map(|cell| first.take(cell, "sync", &wrong))
            .collect();
        assert_eq!(taken.iter().flatten().next(), Some(&(3 * cells.len() - 2)), "{taken:?}");
    }

    /// As a resumed run is: its log tells that the experiment works.
    #[test]
    fn a_run_that_has_measured_something_is_past_its_beginning() {
        let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/published/2026-11-28-quick");
        let folder = Folder::open(&published);
        let (definition, (lines, _)) = (folder.run().unwrap().definition, folder.lines().unwrap());
        let measured = lines.iter().position(
            |line| matches!(line, Line::Trial(trial) if matches!(trial.outcome, TrialOutcome::Measured(_))),
        );
        for (lines, stops) in [(&lines[..measured.unwrap()], true), (&lines[..], false)] {
            let mut first = FirstFailures::after(&definition, lines);
            let take = |number| first.take(&definition.cells[0], "sync", &not_ready("sync", number));
            let last = (0..TRIALS).filter_map(take).last();
            assert_eq!(last.is_some(), stops, "after {} lines", lines.len());
        }
    }
}
