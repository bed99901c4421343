//! One block of one cell, its contenders alive together and measured in turns.

use std::time::Duration;

use anyhow::Context as _;
use loadgen::Rate;
use reports_record::{Cell, Loop, Measured, Resources, SliceRounds, Stage, TrialOutcome};

use crate::at_once::at_once;
use crate::drawn;
use crate::meter::{ContenderMeter, Meter, Spent};
use crate::process::Tail;
use crate::sampler::{Sampler, listen_overflows};
use crate::slices::{self, Plan, Side, Sliced, Turns};
use crate::trial::{Failure, Primed, Task, at};

/// What is measured in a block.
#[derive(Debug, Clone, Copy)]
pub struct Phases<'a> {
    /// Rounds of each.
    pub rounds: SliceRounds,
    /// The loops: 0 the closed one, then the open ones by level.
    pub loops: &'a [usize],
    /// The offered rates, by level.
    pub rates: &'a [Rate],
    /// The shares of the weakest contender's capacity that these rates are.
    pub shares: &'a [f64],
}

impl Phases<'_> {
    /// How long the weakest contender takes to answer so many `connections` once each, by the calibration that the rates follow from.
    fn turn(&self, connections: u32) -> Duration {
        let turns = self
            .rates
            .iter()
            .zip(self.shares)
            .map(|(rate, share)| share * f64::from(connections) / rate.get());
        Duration::try_from_secs_f64(turns.fold(0.0, f64::max)).unwrap_or_default()
    }
}

/// A contender of the block, by name, and what is asked of it.
pub type Named<'a> = (&'a str, Task<'a>);

/// Measures every contender in turns; gives what came of each, in the order of `contenders`. Orders and schedules follow from
/// `seed`.
///
/// A contender that fails is left out, and the others begin anew without it: their figures are of slices that each of them
/// was measured in.
#[must_use]
pub fn measure(contenders: &[Named<'_>], phases: Phases<'_>, seed: u64) -> Vec<TrialOutcome> {
    let mut outcomes: Vec<Option<TrialOutcome>> = vec![None; contenders.len()];
    loop {
        let left: Vec<usize> = (0..contenders.len()).filter(|&index| outcomes[index].is_none()).collect();
        if left.is_empty() {
            return outcomes.into_iter().flatten().collect();
        }
        let tails: Vec<Tail> = left.iter().map(|_| Tail::default()).collect();
        let named: Vec<Named<'_>> = left.iter().map(|&index| contenders[index]).collect();
        match together(&named, &tails, phases, seed) {
            Ok(found) => {
                for ((index, found), tail) in left.into_iter().zip(found).zip(&tails) {
                    outcomes[index] = Some(match found {
                        Ok(measured) => TrialOutcome::Measured(Box::new(measured)),
                        Err(failure) => failed(failure, tail),
                    });
                }
            }
            Err((place, failure)) => outcomes[left[place]] = Some(failed(failure, &tails[place])),
        }
    }
}

fn failed((stage, error): Failure, tail: &Tail) -> TrialOutcome {
    TrialOutcome::Failed { stage, reason: format!("{error:#}"), stderr_tail: tail.lines() }
}

/// Measures contenders that are all alive; fails with the place of the one that could not be measured. What each came to
/// when it was stopped is its own.
fn together(
    named: &[Named<'_>],
    tails: &[Tail],
    phases: Phases<'_>,
    seed: u64,
) -> Result<Vec<Result<Measured, Failure>>, (usize, Failure)> {
    let mut turns = Turns::from_seed(seed);
    let tasks: Vec<Task<'_>> = named.iter().map(|(_, task)| *task).collect();
    let mut primed = Vec::new();
    for (place, started) in Primed::start_all(&tasks, tails).into_iter().enumerate() {
        primed.push(started.map_err(|failure| (place, failure))?);
    }
    let samplers: Vec<Sampler> = primed
        .iter()
        .map(|primed| {
            let sampler = Sampler::start(primed.contender.supervisor());
            sampler.pause();
            sampler
        })
        .collect();
    let mut overflows = vec![Some(0); named.len()];
    let mut measured: Vec<(Option<Loop>, Vec<Loop>)> = named.iter().map(|_| (None, Vec::new())).collect();
    for &one in phases.loops {
        if one == 0 {
            samplers.iter().for_each(Sampler::read_idle_memory);
        }
        let found = phase(named, &mut primed, &samplers, &mut overflows, (phases, one), &mut turns, seed)
            .map_err(|(place, failure)| (place, primed[place].explain(failure)))?;
        for (place, sliced) in found.into_iter().enumerate() {
            let missing = || (place, (Stage::Account, anyhow::anyhow!("nobody tells what it cost")));
            let found = sliced.into_loop().ok_or_else(missing)?;
            match one {
                0 => measured[place].0 = Some(found),
                _ => measured[place].1.push(found),
            }
        }
        if one == 0 {
            // Between two phases nobody is loaded, and a reading that holds up a process disturbs no slice.
            samplers.iter().for_each(Sampler::read_memory);
        }
    }
    let levels: Vec<usize> = phases.loops.iter().filter_map(|one| one.checked_sub(1)).collect();
    let is_whole = levels.iter().copied().eq(0..levels.len());
    let resources: Vec<Resources> = samplers
        .into_iter()
        .zip(overflows)
        .map(|(sampler, listen_overflows)| Resources { listen_overflows, ..sampler.finish() })
        .collect();
    let stopped = at_once(primed, Primed::stop);
    let all = stopped.into_iter().zip(measured).zip(resources);
    Ok(all
        .map(|((stopped, (closed, open)), resources)| {
            let levels = if is_whole { Vec::new() } else { levels.clone() };
            stopped.map(|()| Measured { closed, open, levels, resources })
        })
        .collect())
}

/// One phase of all contenders, in slices.
fn phase(
    named: &[Named<'_>],
    primed: &mut [Primed],
    samplers: &[Sampler],
    overflows: &mut [Option<u64>],
    (phases, one): (Phases<'_>, usize),
    turns: &mut Turns,
    seed: u64,
) -> Result<Vec<Sliced>, (usize, Failure)> {
    let [(_, Task { cell, interrupt, .. }), ..] = named else { return Ok(Vec::new()) };
    let mut loads = Vec::new();
    for (place, ((_, task), primed)) in named.iter().zip(&*primed).enumerate() {
        loads.push(primed.load(task, seed).map_err(|error| (place, (Stage::Measure, error)))?);
    }
    let plan = plan(phases, one, cell, &loads[0], seed).map_err(|error| (0, (Stage::Calibrate, error)))?;
    let dropped = std::cell::Cell::new(None);
    let mut meters: Vec<WatchedMeter<'_>> = Vec::new();
    let mut clients = Vec::new();
    for ((primed, sampler), overflows) in primed.iter_mut().zip(samplers).zip(overflows) {
        let Primed { contender, client, call, .. } = primed;
        let meter = ContenderMeter::of(contender, call.endpoint().name());
        meters.push(WatchedMeter { meter, sampler, overflows, dropped: &dropped });
        clients.push(client);
    }
    let sides = named.iter().zip(clients).zip(&mut meters).zip(loads);
    let mut sides: Vec<Side<'_>> = sides
        .map(|((((name, task), client), meter), load)| Side {
            name,
            client,
            load,
            meter: Some(meter),
            cpus: task.launch.cpus.len(),
        })
        .collect();
    slices::measure(&mut sides, &plan, turns, interrupt)
        .map_err(|failure| (failure.side, at(failure.stage)(failure.error)))
}

/// Requests of each contender that an open phase is to have in a block: a median needs twenty, and chance leaves fewer than
/// the mean.
const REQUESTS: f64 = 32.0;

/// Most rounds that a low rate may bring about.
const MOST_ROUNDS: u32 = 4;

/// How a loop is measured: 0 the closed one, then the open ones by level; an error where a level has no rate.
fn plan(
    phases: Phases<'_>,
    one: usize,
    cell: &Cell,
    load: &loadgen::Load,
    seed: u64,
) -> anyhow::Result<Plan> {
    let wait = Duration::from_secs_f64(cell.wait_ms / 1e3);
    let Some(level) = one.checked_sub(1) else {
        let closed = Plan::closed(load, wait).after_a_turn(phases.turn(cell.connections));
        return Ok(Plan { rounds: phases.rounds.closed, ..closed });
    };
    let known = phases.rates.len();
    let rate = *phases.rates.get(level).with_context(|| {
        format!("no offered rate for level {level} of {}, expected one of {known} known levels", cell.name)
    })?;
    let seed = seed.wrapping_add((level as u64) << 32);
    Ok(open(rate, seed, wait, phases.rounds.open))
}

/// How an open loop at `rate` is measured, in at least so many `rounds`.
fn open(rate: Rate, seed: u64, wait: Duration, rounds: u32) -> Plan {
    Plan::open(rate, seed, wait).holding(REQUESTS, rounds, MOST_ROUNDS.max(rounds))
}

/// A rate at which no slice is made longer for want of requests.
const HIGH: f64 = 1e6;

/// About how long the slices of one contender of a cell take in a block, were the contender as fast as connections ÷ wait lets it be.
///
/// `shares` are those of the rate levels, and `spread` the coefficient of variation of the waits. A share of connections ÷ wait is the
/// highest rate that they can come to, so that a slower contender takes longer than this, up to what [`Plan::holding`] allows.
#[must_use]
pub fn duration(rounds: SliceRounds, shares: &[f64], cell: &Cell, spread: f64) -> Duration {
    let wait = Duration::from_secs_f64(cell.wait_ms / 1e3);
    let connections = f64::from(cell.connections);
    // Setting off and reading clocks: a round figure beside the drain.
    let around = |in_flight| Duration::from_millis(10) + drawn::drain(wait, spread, in_flight);
    let closed = (Plan::closed_round(wait, spread > 0.0) + 2 * around(connections)) * rounds.closed;
    let of_level = |share: &f64| {
        let most = share * connections / wait.as_secs_f64();
        let rate = Rate::per_second(most.min(HIGH)).ok()?;
        let plan = open(rate, 0, wait, rounds.open);
        Some(plan.duration() + 2 * around(share * connections) * plan.rounds)
    };
    closed + shares.iter().filter_map(of_level).sum::<Duration>()
}

/// A contender's meter that has its processes looked at while it is loaded, and counts dropped connections.
struct WatchedMeter<'a> {
    meter: ContenderMeter<'a>,
    sampler: &'a Sampler,
    /// Connections the kernel dropped on full accept queues in its slices; `None` where it does not say.
    overflows: &'a mut Option<u64>,
    /// Those that it has dropped in all, as last read: one contender after another is loaded.
    dropped: &'a std::cell::Cell<Option<u64>>,
}

impl Meter for WatchedMeter<'_> {
    fn begin(&mut self) -> anyhow::Result<()> {
        self.meter.begin()?;
        self.dropped.set(listen_overflows());
        Ok(())
    }

    fn set_off(&mut self) {
        self.sampler.resume();
    }

    fn lap(&mut self) -> Option<Duration> {
        self.sampler.pause();
        let now = listen_overflows();
        let dropped = self.dropped.replace(now).zip(now).map(|(before, after)| after.saturating_sub(before));
        *self.overflows = self.overflows.zip(dropped).map(|(so_far, dropped)| so_far + dropped);
        self.meter.lap()
    }

    fn end(&mut self) -> anyhow::Result<Spent> {
        self.meter.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_what_the_weakest_contender_takes_to_answer_each_connection_once() {
        let rates = [3_300.0, 23_100.0].map(|rate| Rate::per_second(rate).unwrap());
        let rounds = SliceRounds { closed: 1, open: 1 };
        let phases = |rates| Phases { rounds, loops: &[0], rates, shares: &[0.1, 0.7] };
        // 1,024 connections at 33,000 requests a second.
        let turn = phases(&rates).turn(1_024).as_secs_f64();
        assert!((turn - 1_024.0 / 33_000.0).abs() < 1e-6, "{turn}");
        assert_eq!(phases(&[]).turn(1_024), Duration::ZERO);
    }
}
