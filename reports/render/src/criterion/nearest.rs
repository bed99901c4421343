//! The cells of a run that are nearest to the modelled requests, and the CPU time of a request there.

use std::path::Path;

use reports_record::{Folder, FolderError, Line, ModelledRequest, Run};

use crate::analysis::Analysis;
use crate::analysis::parts::{Load, Parts};
use crate::analysis::subject::level_name;
use crate::analysis::telling::nearest;

/// By what factor a cell's wait and connections may differ from a request's whose parts are held against it: on eight times as many
/// connections one wake-up serves several requests, and the parts of one connection add up to three times what is measured.
const ALIKE: f64 = 2.0;

/// A run whose figures stand beside the model's.
#[derive(Debug)]
pub(super) struct MeasuredRun {
    run: Run,
    lines: Vec<Line>,
    /// Whether its page is in the folder that the bench page goes to.
    pub(super) is_beside: bool,
}

/// The nearest cell in which a contender was measured, and what a request cost there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Nearest {
    /// The cell's name.
    pub(super) cell: String,
    /// Whether its wait and its connections are within [`ALIKE`] of the request's, so that the same parts make up a request there.
    pub(super) is_alike: bool,
    /// CPU time of a request in the closed loop, which is the load that the benches put on, ns.
    pub(super) saturated_ns: f64,
    /// The same at the highest offered rate, with the name of that rate; `None` where none was offered.
    pub(super) at_rate: Option<(String, f64)>,
}

impl MeasuredRun {
    /// Reads the run in `folder`, of which a page at `output` is to tell.
    ///
    /// # Errors
    /// When its record cannot be read.
    pub(super) fn read(folder: &Path, output: &Path) -> Result<Self, FolderError> {
        let found = Folder::open(folder);
        let (run, (lines, _)) = (found.run()?, found.lines()?);
        let canonical = |path: &Path| path.canonicalize().ok();
        let place =
            output.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
        let is_beside = place.and_then(canonical).is_some_and(|place| canonical(folder) == Some(place));
        Ok(Self { run, lines, is_beside })
    }

    /// The experiment and the day it began.
    pub(super) fn name(&self) -> (&str, &str) {
        (&self.run.definition.name, self.run.started_at.split('T').next().unwrap_or_default())
    }

    /// The nearest cell of each request, in their order; `None` where the run has no cost of such a contender.
    pub(super) fn nearest_to(&self, requests: &[&ModelledRequest]) -> Vec<Option<Nearest>> {
        let analysis = Analysis::of(&self.run, &self.lines);
        requests.iter().map(|request| nearest_of(&analysis, request)).collect()
    }
}

fn nearest_of(analysis: &Analysis<'_>, request: &ModelledRequest) -> Option<Nearest> {
    let cost = |cell, load| {
        Parts::of(&analysis.grid, cell, &request.contender, load).map(|parts| parts.server_us() * 1e3)
    };
    let measured =
        analysis.verdicts.judged_cells().filter(|(cell, _)| cost(*cell, Load::Saturated).is_some());
    let (wait_ms, connections) = place(&request.cell)?;
    let cell = nearest(measured, (wait_ms, connections))?;
    let found = &analysis.verdicts.cells[cell];
    let levels = analysis.verdicts.levels;
    let at_rate = levels
        .len()
        .checked_sub(1)
        .and_then(|last| Some((level_name(levels[last]), cost(cell, Load::Rate(last))?)));
    Some(Nearest {
        cell: found.name.clone(),
        is_alike: alike(found.wait_ms, wait_ms)
            && alike(f64::from(found.connections), f64::from(connections)),
        saturated_ns: cost(cell, Load::Saturated)?,
        at_rate,
    })
}

fn alike(one: f64, other: f64) -> bool {
    one.max(other) <= ALIKE * one.min(other)
}

/// The wait in ms and the connections of a cell by its name, `wait=1ms/c=64`.
fn place(cell: &str) -> Option<(f64, u32)> {
    let (wait, connections) = cell.strip_prefix("wait=")?.split_once("ms/c=")?;
    Some((wait.parse().ok()?, connections.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_alike_within_a_factor_of_two_and_no_wait_is_like_no_wait_only() {
        assert!(alike(64.0, 32.0) && alike(64.0, 128.0) && alike(0.0, 0.0));
        assert!(!alike(1.0, 8.0) && !alike(8.0, 1.0) && !alike(0.0, 0.2) && !alike(1.0, 0.0));
    }

    #[test]
    fn the_place_of_a_cell_is_read_off_its_name() {
        assert_eq!(place("wait=0ms/c=1"), Some((0.0, 1)));
        assert_eq!(place("wait=2.5ms/c=512"), Some((2.5, 512)));
        for other in ["cpu=2000/c=64", "wait=1ms", "wait=1s/c=4", "wait=1ms/c=many"] {
            assert_eq!(place(other), None, "{other}");
        }
    }
}
