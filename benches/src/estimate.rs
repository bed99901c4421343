//! How long an experiment takes, before it is run.

use std::time::Duration;

use reports_record::{Cell, Definition, Phase, Stops};

use crate::remaining::{Group, calibrated, contender_names, groups, names_in, plan};
use crate::trial::{CALIBRATIONS, calibration_phase, closed_phase};
use crate::{overshoot, sliced_block};

/// Start, verify, read counters and stop of a contender, seconds, and opening, proving and closing one of its connections. Least
/// squares over the blocks before the first look of the published `quick` and `grid` give 0.076 s and 0.31 ms, and 0.089 s and 0.34 ms.
const AROUND_S: f64 = 0.085;
const PRIMING_S: f64 = 0.000_33;

/// Share of the blocks after the first look that are still measured, where looks end what is decided: from 0.2 to 0.5 of the runs of
/// `quick` and `grid` of 2026-11-28.
const GOING_ON: f64 = 0.4;

/// About how long a run of `definition` takes once the contenders are built.
#[must_use]
pub fn duration(definition: &Definition) -> Duration {
    let trials: f64 = match definition.phases.slices {
        None => plan(definition).iter().map(|one| alone(definition, &definition.cells[one.cell])).sum(),
        Some(_) => definition.cells.iter().map(|cell| in_slices(definition, cell)).sum(),
    };
    let calibration = |cell| {
        let loops = f64::from(CALIBRATIONS) * length(&calibration_phase(&definition.phases, cell));
        names_in(definition, cell).len() as f64 * (around(cell) + loops)
    };
    let calibrations: f64 = calibrated(definition).into_iter().map(calibration).sum();
    Duration::from_secs_f64(trials + calibrations) + timers(definition)
}

/// How much longer than asked each contender waits is measured beforehand, of all but the duplicate.
fn timers(definition: &Definition) -> Duration {
    let waits = overshoot::waits_ms(definition);
    let contenders = contender_names(definition).len() as u32 - 1;
    if waits.is_empty() {
        return Duration::ZERO;
    }
    (overshoot::duration(&waits) + Duration::from_secs_f64(AROUND_S)) * contenders
}

/// Everything of a trial but its loops, seconds.
fn around(cell: &Cell) -> f64 {
    AROUND_S + PRIMING_S * f64::from(cell.connections)
}

fn length(phase: &Phase) -> f64 {
    phase.warm_up_s + phase.duration_s
}

/// One trial of a contender that is measured alone, seconds.
fn alone(definition: &Definition, cell: &Cell) -> f64 {
    let phases = &definition.phases;
    let (closed, levels) = match cell.is_sweep() {
        true => (0.0, 1),
        false => (length(&closed_phase(phases, cell)), phases.open_loads.len()),
    };
    around(cell) + closed + levels as f64 * length(&phases.open)
}

/// All blocks of a cell in slices, seconds. Contenders take turns, so that a block takes as long as their slices together;
/// the duplicate is there until the first look.
fn in_slices(definition: &Definition, cell: &Cell) -> f64 {
    let (all, doubled) = (f64::from(definition.blocks), f64::from(definition.duplicate_blocks()));
    let groups = |block| groups(definition, &Stops::default(), cell, block).into_iter();
    if cell.is_sweep() {
        return all * groups(0).map(|group| group.names.len() as f64).sum::<f64>() * alone(definition, cell);
    }
    let (shares, spread) = (&definition.phases.open_loads, definition.phases.wait_spread);
    let slices = |rounds| sliced_block::duration(rounds, shares, cell, spread).as_secs_f64();
    let of_group =
        |group: Group| group.names.len() as f64 * (around(cell) + group.rounds.map_or(0.0, slices));
    let block = |block| groups(block).map(of_group).sum::<f64>();
    let going_on = if definition.looks.is_empty() { 1.0 } else { GOING_ON };
    let rest = if all > doubled { block(definition.duplicate_blocks()) } else { 0.0 };
    doubled * block(0) + (all - doubled) * going_on * rest
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use reports_record::{Folder, Line, SliceRounds};

    use super::*;
    use crate::experiment;

    #[test]
    fn plans_differ_from_published_runs_by_less_than_a_tenth() {
        let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/published");
        for name in ["2026-11-28-quick", "2026-11-28-grid"] {
            let folder = Folder::open(published.join(name));
            let (definition, lines) = (folder.run().unwrap().definition, folder.lines().unwrap().0);
            let time = |text: &str| humantime::parse_rfc3339(text).unwrap();
            let began = lines.iter().find_map(|line| match line {
                Line::Beginning(beginning) => Some(time(&beginning.began_at)),
                _ => None,
            });
            let Some(Line::Ending(ending)) = lines.last() else { panic!("{name} has not ended") };
            let took = time(&ending.ended_at).duration_since(began.unwrap()).unwrap().as_secs_f64();
            let planned = duration(&definition).as_secs_f64();
            assert!((planned / took - 1.0).abs() < 0.1, "{name}: {planned:.0} s planned, took {took:.0} s");
        }
    }

    #[test]
    fn smoke_takes_about_half_a_minute() {
        let seconds = duration(&experiment::load("smoke").unwrap()).as_secs();
        assert!((15..=45).contains(&seconds), "{seconds}");
    }

    /// By hand, of `grid`: slices of 235 ms (a window of 125 ms, a lead-in of 100 ms, 10 ms around it) and their drains, two in each round.
    /// One connection carries at most 2 and 14 requests a second at the two rates: four rounds each for want of requests, and drains of
    /// 3 and 18 ms, where a closed one has 24. 512 carry 1,024 and 7,168, with drains of 114 and 156 ms, and 162 ms in a closed round.
    #[test]
    fn few_connections_that_wait_long_take_as_many_rounds_as_their_rate_brings_about() {
        let grid = experiment::load("grid").unwrap();
        let seconds = |name: &str| {
            let cell = grid.cells.iter().find(|cell| cell.name == name).unwrap();
            let rounds = SliceRounds { closed: 1, open: 1 };
            sliced_block::duration(rounds, &grid.phases.open_loads, cell, 0.5).as_secs_f64()
        };
        let rounds = |drains: &[(f64, f64)]| -> f64 {
            drains.iter().map(|(rounds, drain_ms)| rounds * 2.0 * (0.235 + drain_ms / 1e3)).sum()
        };
        let one = rounds(&[(1.0, 24.0), (4.0, 3.0), (4.0, 18.1)]);
        let many = rounds(&[(1.0, 162.0), (1.0, 114.5), (1.0, 155.9)]);
        for (name, expected) in [("wait=50ms/c=1", one), ("wait=50ms/c=512", many)] {
            assert!(
                (seconds(name) - expected).abs() < 2e-3,
                "{name}: {}, expected {expected}",
                seconds(name)
            );
        }
    }
}
