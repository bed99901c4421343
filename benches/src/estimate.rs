//! How long an experiment takes, before it is run.

use std::time::Duration;

use reports_record::Definition;

use crate::remaining::{contender_names, plan};
use crate::trial::CALIBRATIONS;

/// Start, verify, read counters, drain and stop of one trial, seconds: a round figure that fits runs of `quick` in
/// which no trial was spoilt.
const AROUND_A_TRIAL_S: f64 = 0.15;

/// Opening and proving one connection, seconds; a round figure too.
const PRIMING_S: f64 = 0.000_2;

/// About how long a run of `definition` takes once the contenders are built.
#[must_use]
pub fn duration(definition: &Definition) -> Duration {
    let phases = &definition.phases;
    let length = |phase: &reports_record::Phase| phase.warm_up_s + phase.duration_s;
    let trial = AROUND_A_TRIAL_S + length(&phases.closed) + length(&phases.open);
    let calibration = AROUND_A_TRIAL_S + f64::from(CALIBRATIONS) * length(&phases.calibration);
    let calibrated = contender_names(definition).len() - 1;
    let connections = |cell: usize| f64::from(definition.cells[cell].connections);
    let trials: f64 = plan(definition).iter().map(|one| trial + PRIMING_S * connections(one.cell)).sum();
    let calibrations: f64 = (0..definition.cells.len())
        .map(|cell| calibrated as f64 * (calibration + PRIMING_S * connections(cell)))
        .sum();
    Duration::from_secs_f64(trials + calibrations)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment;

    #[test]
    fn quick_takes_about_six_minutes_and_smoke_about_twenty_seconds() {
        let seconds = |name| duration(&experiment::load(name).unwrap()).as_secs();
        assert!((300..=450).contains(&seconds("quick")), "{}", seconds("quick"));
        assert!((10..=25).contains(&seconds("smoke")), "{}", seconds("smoke"));
    }
}
