//! The published runs, as they are and as they would be with other waits: what the tests of commands read.

use std::path::Path;

use reports_record::{Folder, Line, Measurement, Run, TrialOutcome};

/// A run and its lines.
pub(super) type Record = (Run, Vec<Line>);

/// The published run of this name.
pub(super) fn published(name: &str) -> Record {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/published").join(name);
    let folder = Folder::open(folder);
    (folder.run().unwrap(), folder.lines().unwrap().0)
}

/// The run as it would be had all requests of an open loop asked for one wait.
pub(super) fn with_one_wait(record: Record) -> Record {
    changed(record, |open| open.beyond_wait_us = None)
}

/// The run as it would be had each request of an open loop drawn a wait of its own.
pub(super) fn with_drawn_waits(record: Record) -> Record {
    changed(record, |open| open.beyond_wait_us = open.response_time_us.clone())
}

fn changed((mut run, mut lines): Record, change: fn(&mut Measurement)) -> Record {
    run.definition.phases.wait_spread = 0.5;
    for line in &mut lines {
        let Line::Trial(trial) = line else { continue };
        let TrialOutcome::Measured(measured) = &mut trial.outcome else { continue };
        measured.open.iter_mut().for_each(|open| change(&mut open.measurement));
    }
    (run, lines)
}
