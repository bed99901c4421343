//! The times of every believable trial as an HdrHistogram interval log, one tagged interval each.

use std::time::{Duration, SystemTime};

use reports_record::{IntervalLog, Line, Run, TrialOutcome};

use super::{ExportError, hgrm};
use crate::analysis::grid::Grid;
use crate::analysis::observation::is_usable;

/// The log: an interval per trial and loop that may be believed, by when its trial began.
///
/// Tags are `contender:cell:loop`, and `contender:cell:loop-beyond-wait` for response times less each request's own wait; an interval
/// begins with its trial, to the second, and is as long as its window.
///
/// # Errors
/// When a histogram was altered, or a time is none.
pub fn hdr_log(run: &Run, lines: &[Line]) -> Result<Vec<u8>, ExportError> {
    let begun = time(&run.started_at)?;
    let head = format!("crossover {}: {}", run.environment.crossover, run.id.replace(['\r', '\n'], " "));
    let what = "Response times of open loops, and less each request's own wait where waits were drawn; service times of closed ones; \
                nanoseconds, maxima in ms; failures enter as lower bounds";
    let mut log = IntervalLog::begin(Vec::new(), begun, &[&head, what]).map_err(ExportError::Text)?;
    let grid = Grid::of(&run.definition, lines);
    let mut trials: Vec<(Duration, _)> = Vec::new();
    for trial in grid.all() {
        // The wall clock may have been set back meanwhile: then at the log's begin.
        let since = time(&trial.started_at)?.duration_since(begun).unwrap_or_default();
        trials.push((since, trial));
    }
    trials.sort_by_key(|(since, _)| *since);
    for (since, trial) in trials {
        let TrialOutcome::Measured(measured) = &trial.outcome else { continue };
        for (name, one) in measured.loops().filter(|(_, one)| is_usable(&one.measurement)) {
            let length = Duration::try_from_secs_f64(one.measurement.window_s).unwrap_or_default();
            for kind in hgrm::Kind::ALL {
                let Some(times) = hgrm::times(trial, &one.measurement, kind)? else { continue };
                let tag = format!("{}:{}:{name}{}", trial.contender, trial.cell, kind.suffix());
                log.push(Some(&tag), (since, length), &times).map_err(ExportError::Text)?;
            }
        }
    }
    Ok(log.into_inner())
}

fn time(text: &str) -> Result<SystemTime, ExportError> {
    humantime::parse_rfc3339_weak(text).map_err(|cause| ExportError::Time { text: text.into(), cause })
}
