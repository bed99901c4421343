//! The machine over a run: how much of its CPU others took, how fast it ran, and how many attempts that spoilt.

use std::collections::BTreeMap;
use std::time::SystemTime;

use reports_record::{Line, Measured, Trial, TrialOutcome};

/// Stretches of time that a run is cut into.
const STRETCHES: usize = 48;

/// One stretch of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Its middle, minutes since the first attempt.
    pub minutes: f64,
    /// Mean share of CPU time that the hypervisor gave to others during its attempts, 0–1; `None` where none tells.
    pub steal: Option<f64>,
    /// By how much a fixed loop of instructions, run before each attempt, was slower than in the run's fastest stretch: a share,
    /// 0–1; `None` where no attempt tells.
    pub slowdown: Option<f64>,
    /// Attempts that began in it.
    pub attempts: usize,
    /// Of them, those that were made again.
    pub repeated: usize,
}

/// The run in equal stretches of time, those without an attempt left out. Empty where attempts do not say when they began.
#[must_use]
pub fn stretches(lines: &[Line]) -> Vec<Stretch> {
    let trials: Vec<(SystemTime, &Trial)> = lines.iter().filter_map(begun).collect();
    let ends = trials.iter().map(|(at, _)| *at).min().zip(trials.iter().map(|(at, _)| *at).max());
    let Some((first, last)) = ends else { return Vec::new() };
    let since = |at: SystemTime| at.duration_since(first).map_or(0.0, |span| span.as_secs_f64());
    let length = (since(last) / STRETCHES as f64).max(1.0);
    let mut found: Vec<Vec<&Trial>> = vec![Vec::new(); STRETCHES];
    for (at, trial) in &trials {
        found[((since(*at) / length) as usize).min(STRETCHES - 1)].push(trial);
    }
    let last = last_attempts(&trials);
    let is_repeated = |trial: &&&Trial| last.get(&place(trial)).is_some_and(|last| *last > trial.attempt);
    let speeds: Vec<Option<f64>> = found.iter().map(|attempts| speed(attempts)).collect();
    let fastest = speeds.iter().flatten().copied().fold(0.0, f64::max);
    let of = |(index, attempts): (usize, &Vec<&Trial>)| Stretch {
        minutes: (index as f64 + 0.5) * length / 60.0,
        slowdown: speeds[index].map(|speed| 1.0 - speed / fastest),
        steal: mean(attempts.iter().filter_map(|trial| steal(trial))),
        attempts: attempts.len(),
        repeated: attempts.iter().filter(is_repeated).count(),
    };
    found.iter().enumerate().map(of).filter(|stretch| stretch.attempts > 0).collect()
}

fn begun(line: &Line) -> Option<(SystemTime, &Trial)> {
    let Line::Trial(trial) = line else { return None };
    Some((humantime::parse_rfc3339_weak(&trial.started_at).ok()?, trial))
}

/// A cell's name, a contender's and a block.
type Place<'l> = (&'l str, &'l str, u32);

fn place(trial: &Trial) -> Place<'_> {
    (&trial.cell, &trial.contender, trial.block)
}

/// The last attempt at each place.
fn last_attempts<'l>(trials: &[(SystemTime, &'l Trial)]) -> BTreeMap<Place<'l>, u32> {
    let mut last = BTreeMap::new();
    for (_, trial) in trials {
        let known = last.entry(place(trial)).or_insert(trial.attempt);
        *known = trial.attempt.max(*known);
    }
    last
}

/// Mean speed before these attempts; speeds that no machine has are left out.
fn speed(attempts: &[&Trial]) -> Option<f64> {
    mean(
        attempts
            .iter()
            .filter_map(|trial| trial.machine_speed)
            .filter(|speed| speed.is_finite() && *speed > 0.0),
    )
}

fn steal(trial: &Trial) -> Option<f64> {
    let TrialOutcome::Measured(measured) = &trial.outcome else { return None };
    mean(Measured::loops(measured).filter_map(|(_, one)| one.measurement.client.steal))
}

fn mean(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = figures.fold((0_u32, 0.0), |(count, sum), figure| (count + 1, sum + figure));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use reports_record::Stage;

    use super::*;

    fn attempt(minute: u32, cell: &str, attempt: u32) -> Line {
        Line::Trial(Box::new(Trial {
            cell: cell.into(),
            block: 0,
            contender: "threads".into(),
            position: 0,
            attempt,
            seed: 1,
            started_at: format!("2026-01-02T03:{minute:02}:00Z"),
            machine_speed: None,
            outcome: TrialOutcome::Failed {
                stage: Stage::Start,
                reason: String::new(),
                stderr_tail: Vec::new(),
            },
        }))
    }

    #[test]
    fn a_stretch_in_which_the_machine_ran_slower_is_told_by_how_much() {
        let at = |minute, speed| {
            let Line::Trial(mut trial) = attempt(minute, "a", minute) else { unreachable!("it is a trial") };
            trial.machine_speed = speed;
            Line::Trial(trial)
        };
        let found = stretches(&[at(0, Some(500.0)), at(20, Some(400.0)), at(20, None), at(47, None)]);
        let slowdowns: Vec<Option<f64>> = found.iter().map(|one| one.slowdown).collect();
        assert_eq!(slowdowns[0], Some(0.0));
        assert!((slowdowns[1].unwrap() - 0.2).abs() < 1e-12 && slowdowns[2].is_none(), "{slowdowns:?}");
    }

    #[test]
    fn attempts_are_counted_where_they_began_and_the_last_one_is_not_repeated() {
        let lines = [attempt(0, "a", 0), attempt(1, "a", 1), attempt(47, "b", 0), attempt(48, "a", 2)];
        let found = stretches(&lines);
        let counts: Vec<(usize, usize)> = found.iter().map(|one| (one.attempts, one.repeated)).collect();
        assert_eq!(counts, [(1, 1), (1, 1), (2, 0)]);
        assert!((found[0].minutes - 0.5).abs() < 1e-9 && found[0].steal.is_none());
        assert_eq!(stretches(&[]), []);
    }
}
