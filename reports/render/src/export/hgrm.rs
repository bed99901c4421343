//! The times of every cell and contender as percentile tables, all its believable blocks merged.

use reports_record::{Distribution, LOOPS, Line, Measurement, Run, TrialOutcome, percentile_table};

use super::ExportError;
use crate::analysis::grid::{Grid, contenders};
use crate::analysis::observation::is_usable;

/// Longest part of a file's name that comes from the record, bytes.
const NAME: usize = 80;

/// One percentile table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The file's name: made of cell, contender and loop, safe on any system, and different from all others'.
    pub name: String,
    /// What goes into it.
    pub text: String,
}

/// Times of a loop that have a table of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Response times; in a closed loop service times.
    Main,
    /// Response times, each less the wait that its request drew.
    BeyondWait,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::Main, Self::BeyondWait];

    /// What follows the loop's name where these times are named.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Main => "",
            Self::BeyondWait => "-beyond-wait",
        }
    }

    fn title(self, of_loop: &str) -> &'static str {
        match self {
            Self::BeyondWait => "beyond-wait times",
            Self::Main if of_loop == LOOPS[0] => "service times",
            Self::Main => "response times",
        }
    }
}

/// A table per cell, contender and loop with any believable block, in the experiment's order: response times of open
/// loops, service times of closed ones; and response times less each request's own wait, where waits were drawn. Counts are merged, no
/// quantile is averaged.
///
/// # Errors
/// When a histogram was altered.
pub fn percentile_tables(run: &Run, lines: &[Line]) -> Result<Vec<Table>, ExportError> {
    let definition = &run.definition;
    let grid = Grid::of(definition, lines);
    let mut tables: Vec<Table> = Vec::new();
    for (index, cell) in definition.cells.iter().enumerate() {
        for contender in contenders(definition) {
            let of_loops = LOOPS.into_iter().flat_map(|name| Kind::ALL.map(|kind| (name, kind)));
            for (name, kind) in of_loops {
                let (mut all, mut blocks) = (Distribution::new(), 0);
                for trial in grid.blocks(index, contender) {
                    let TrialOutcome::Measured(measured) = &trial.outcome else { continue };
                    let found = measured.loops().find(|(of, _)| *of == name);
                    let Some(one) = found.map(|(_, one)| &one.measurement).filter(|one| is_usable(one))
                    else {
                        continue;
                    };
                    if let Some(times) = times(trial, one, kind)? {
                        all.merge(&times);
                        blocks += 1;
                    }
                }
                if blocks > 0 {
                    let comment = format!(
                        "{} of {contender} in {}, loop {name}, {blocks} blocks merged",
                        kind.title(name),
                        cell.name
                    );
                    let stem = format!("{}--{}--{name}{}", safe(&cell.name), safe(contender), kind.suffix());
                    let text = percentile_table(&all, &[&comment]);
                    tables.push(Table { name: unused(&tables, &stem), text });
                }
            }
        }
    }
    Ok(tables)
}

/// The times of this kind of a measurement; `None` where it has none.
pub(super) fn times(
    trial: &reports_record::Trial,
    measurement: &Measurement,
    kind: Kind,
) -> Result<Option<Distribution>, ExportError> {
    let histograms = &measurement.histograms;
    let times = match kind {
        Kind::Main => match histograms.response_time() {
            Ok(None) => histograms.service_time().map(Some),
            response => response,
        },
        Kind::BeyondWait => histograms.beyond_wait(),
    };
    times.map_err(|cause| ExportError::Histogram {
        cell: trial.cell.clone(),
        contender: trial.contender.clone(),
        block: trial.block,
        cause,
    })
}

/// `name` without anything that a file's name must not have on some system.
fn safe(name: &str) -> String {
    let kept = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '=' | '-' | '_') || character == '.'
    };
    let name: String =
        name.chars().take(NAME).map(|character| if kept(character) { character } else { '_' }).collect();
    // A leading dot hides a file, and two of them name another folder.
    if name.starts_with('.') { format!("_{name}") } else { name }
}

fn unused(tables: &[Table], stem: &str) -> String {
    let names =
        std::iter::once(format!("{stem}.hgrm")).chain((2..).map(|number| format!("{stem}-{number}.hgrm")));
    // Compared without case: some systems do not tell it apart.
    let is_free = |name: &String| !tables.iter().any(|table| table.name.eq_ignore_ascii_case(name));
    names.into_iter().find(is_free).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_a_record_stays_in_its_folder_and_finds_a_place_of_its_own() {
        assert_eq!(safe("wait=0.2ms/c=64"), "wait=0.2ms_c=64");
        assert_eq!(safe("../../etc/passwd"), "_.._.._etc_passwd");
        assert_eq!(safe(&"ü".repeat(1000)), "_".repeat(NAME));
        let table = |name: &str| Table { name: name.into(), text: String::new() };
        assert_eq!(unused(&[table("A.hgrm"), table("a-2.hgrm")], "a"), "a-3.hgrm");
    }
}
