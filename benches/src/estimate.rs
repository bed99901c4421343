//! How long an experiment takes, before it is run.

use std::time::Duration;

use reports_record::{Cell, Definition};

use crate::remaining::{calibrated, contender_names, plan};
use crate::trial::{CALIBRATIONS, calibration_phase, closed_phase};

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
    let priming = |cell: &Cell| PRIMING_S * f64::from(cell.connections);
    let trial = |cell: &Cell| {
        let (closed, levels) = if cell.is_sweep() {
            (0.0, 1)
        } else {
            (length(&closed_phase(phases, cell)), phases.open_loads.len())
        };
        AROUND_A_TRIAL_S + priming(cell) + closed + levels as f64 * length(&phases.open)
    };
    let calibration = |cell: &Cell| {
        AROUND_A_TRIAL_S + priming(cell) + f64::from(CALIBRATIONS) * length(&calibration_phase(phases, cell))
    };
    let trials: f64 = plan(definition).iter().map(|one| trial(&definition.cells[one.cell])).sum();
    let contenders = contender_names(definition).len() - 1;
    let calibrations: f64 = calibrated(definition).into_iter().map(calibration).sum();
    Duration::from_secs_f64(trials + contenders as f64 * calibrations)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment;

    #[test]
    fn quick_takes_about_six_minutes_grid_about_forty_and_smoke_about_half_a_minute() {
        let seconds = |name| duration(&experiment::load(name).unwrap()).as_secs();
        assert!((300..=450).contains(&seconds("quick")), "{}", seconds("quick"));
        assert!((1800..=2700).contains(&seconds("grid")), "{}", seconds("grid"));
        assert!((15..=40).contains(&seconds("smoke")), "{}", seconds("smoke"));
    }
}
