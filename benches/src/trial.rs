//! One trial: a fresh contender, verified, primed, measured in both loops, accounted for, stopped.

use std::time::Duration;

use loadgen::{Client, Crew, Interrupt, Load, Pace, Pacing, Rate, Stop};
use reports_record::{
    Arrivals, Cell, Loop, Measured, Phase, Phases, RequestCpu, Resources, Stage, TrialOutcome,
};
use servers_conformance::verify;
use servers_contract::{Call, Reply};

use crate::at_once::at_once;
use crate::contender::Contender;
use crate::drawn;
use crate::meter::{ContenderMeter, Meter as _};
use crate::process::{Launch, Tail};
use crate::sampler::{Sampler, listen_overflows};
use crate::server_checks::{bottleneck, server_count, server_cpu};
use crate::slices::is_beyond_contenders;
use crate::target;

/// What is asked of one contender.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// How it is started.
    pub launch: &'a Launch,
    /// The cell.
    pub cell: &'a Cell,
    /// The parts of the trial.
    pub phases: &'a Phases,
    /// The client's CPUs.
    pub client_cpus: &'a [u32],
    /// Whether the client spins before intended starts.
    pub client_spins: bool,
    /// Ends the trial early.
    pub interrupt: &'a Interrupt,
}

/// A stage that failed, and why.
pub(crate) type Failure = (Stage, anyhow::Error);

/// Measures once: a closed loop, then an open loop at each of `rates`; in a sweep only the latter. Schedules follow from
/// `seed` and the rate's place.
///
/// A failure is an outcome too: with its stage, its reason, and what the contender last said.
#[must_use]
pub fn measure(task: &Task<'_>, rates: &[Rate], seed: u64) -> TrialOutcome {
    let tail = Tail::default();
    match stages(task, &tail, |trial| loops(task, trial, rates, seed)) {
        Ok(measured) => TrialOutcome::Measured(Box::new(measured)),
        Err((stage, error)) => {
            TrialOutcome::Failed { stage, reason: format!("{error:#}"), stderr_tail: tail.lines() }
        }
    }
}

/// Whether the machine spoilt this trial, so that its block is made again without favouring anyone.
///
/// What else failed in it is not asked: that may follow from the same cause, and is the contender's to move.
#[must_use]
pub fn is_spoilt(outcome: &TrialOutcome) -> bool {
    match outcome {
        TrialOutcome::Measured(measured) => {
            measured.loops().any(|(_, one)| is_beyond_contenders(&one.measurement.certificate))
        }
        TrialOutcome::Failed { stage, .. } => *stage == Stage::Standstill,
    }
}

/// Closed loops of one calibration. What disturbs a loop only ever slows it down, so the best of a few is nearest to
/// what the contender can do.
pub const CALIBRATIONS: u32 = 3;

/// What a contender reached when it was calibrated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibrated {
    /// Correct replies per second in the best of a few closed loops.
    pub goodput_per_s: f64,
    /// What a request took of both sides; `None` where either is not known.
    pub cpu: Option<RequestCpu>,
}

/// Calibrates contenders, each by a few closed loops as short as a calibration; returns the result of each, in the order of `tasks`.
///
/// They start and end at the same time, as for a block of slices, and are loaded one at a time. An error names the stage that failed
/// and has the contender's last words.
#[must_use]
pub fn calibrate(tasks: &[Task<'_>]) -> Vec<anyhow::Result<Calibrated>> {
    let tails: Vec<Tail> = tasks.iter().map(|_| Tail::default()).collect();
    let started = Primed::start_all(tasks, &tails);
    let loaded = started.into_iter().zip(tasks).map(|(primed, task)| {
        let mut primed = primed?;
        let reached = reach(task, &mut primed).map_err(|failure| primed.explain(failure))?;
        Ok((primed, reached))
    });
    let loaded: Vec<Result<(Primed, Calibrated), Failure>> = loaded.collect();
    let ended =
        at_once(loaded, |loaded| loaded.and_then(|(primed, reached)| primed.stop().map(|()| reached)));
    let told = |(outcome, tail): (Result<Calibrated, Failure>, &Tail)| {
        outcome.map_err(|(stage, error)| error.context(format!("{stage:?}, stderr: {:?}", tail.lines())))
    };
    ended.into_iter().zip(&tails).map(told).collect()
}

/// The throughput of a contender in the best of a few closed loops, and the cost of a request.
fn reach(task: &Task<'_>, trial: &mut Primed) -> Result<Calibrated, Failure> {
    let phase = calibration_phase(task.phases, task.cell);
    let load = load(task, trial, &phase, 0).map_err(at(Stage::Measure))?;
    let mut meter = ContenderMeter::of(&trial.contender, trial.call.endpoint().name());
    // A calibration is of use without the counters too.
    let is_metered = meter.begin().is_ok();
    let (mut best, mut client_us, mut answered) = (0.0_f64, None, 0);
    for _ in 0..CALIBRATIONS {
        let measured =
            trial.client.measure(&load, task.interrupt, &mut |_| ()).map_err(at(Stage::Measure))?;
        answered += measured.answered_in_all;
        if measured.goodput_per_s > best {
            (best, client_us) = (measured.goodput_per_s, measured.client.cpu_per_request_us);
        }
    }
    let cost = is_metered.then(|| meter.end().ok()?.cost(answered).ok()).flatten();
    let server_us = cost.and_then(|cost| cost.cpu_per_request_us());
    let cpu = server_us.zip(client_us).map(|(server_us, client_us)| RequestCpu { server_us, client_us });
    Ok(Calibrated { goodput_per_s: best, cpu })
}

/// Waits that a closed loop's window holds at least. Connections that all began together end their waits together, and
/// whether a last such burst falls into the window or not must not look like an effect: here it is 5 %.
const CLOSED_WAITS: f64 = 20.0;

/// As [`CLOSED_WAITS`], for a calibration, of which no verdict hangs.
const CALIBRATION_WAITS: f64 = 6.0;

/// The closed loop of a trial of `cell`.
#[must_use]
pub fn closed_phase(phases: &Phases, cell: &Cell) -> Phase {
    with_waits(phases.closed, cell, CLOSED_WAITS)
}

/// The closed loop of a calibration of `cell`.
#[must_use]
pub fn calibration_phase(phases: &Phases, cell: &Cell) -> Phase {
    with_waits(phases.calibration, cell, CALIBRATION_WAITS)
}

/// A phase that holds at least so many waits, after at least two of warm-up.
fn with_waits(phase: Phase, cell: &Cell, waits: f64) -> Phase {
    let wait_s = cell.wait_ms / 1e3;
    Phase { warm_up_s: phase.warm_up_s.max(2.0 * wait_s), duration_s: phase.duration_s.max(waits * wait_s) }
}

/// A contender with its connections, between priming and stopping.
pub(crate) struct Primed {
    pub(crate) contender: Contender,
    pub(crate) client: Client,
    pub(crate) call: Call,
    /// What a call that takes a body is sent.
    body: Vec<u8>,
}

impl Primed {
    /// Starts a fresh contender, holds its endpoint to the contract, opens its connections and proves each.
    pub(crate) fn start(task: &Task<'_>, tail: &Tail) -> Result<Self, Failure> {
        let contender = Contender::start(task.launch, tail).map_err(at(Stage::Start))?;
        let call = Call::parse(&task.cell.method, &task.cell.target)
            .map_err(|refusal| (Stage::Verify, anyhow::anyhow!("{}: {refusal}", task.cell.target)))?;
        verify(contender.peer(), std::slice::from_ref(&call)).map_err(at(Stage::Verify))?;
        // A thread for each CPU of the client, as far as there are connections for it.
        let threads = task.client_cpus.len().min(task.cell.connections as usize);
        let crew = Crew {
            connections: task.cell.connections,
            threads: threads as u32,
            pins: task.client_cpus[..threads].iter().map(|&cpu| cpu as usize).collect(),
            ..Crew::default()
        };
        let client = target::connect(&contender, &crew, task.interrupt).map_err(at(Stage::Prime))?;
        let body = Reply::payload(task.cell.bytes as usize).body.into_owned();
        Ok(Self { contender, client, call, body })
    }

    /// Starts contenders at the same time, each as [`Primed::start`] does; in the order of `tasks`.
    ///
    /// The connections of one contender are still opened one after another: a burst of them is another load. While one contender answers
    /// its first request the client opens the next connection to another.
    pub(crate) fn start_all(tasks: &[Task<'_>], tails: &[Tail]) -> Vec<Result<Self, Failure>> {
        at_once(tasks.iter().zip(tails), |(task, tail)| Self::start(task, tail))
    }

    /// A failure that the contender's own end explains, where it has ended or is about to.
    pub(crate) fn explain(&mut self, (stage, error): Failure) -> Failure {
        match self.contender.ends() {
            Some(status) => {
                (Stage::Measure, error.context(format!("it ended while it was measured ({status})")))
            }
            None => (stage, error),
        }
    }

    /// Closes the connections, then ends the contender: an idle connection is not what a drain should wait for.
    pub(crate) fn stop(self) -> Result<(), Failure> {
        drop(self.client);
        self.contender.stop().map_err(at(Stage::Stop))
    }

    /// The load of a loop, over a second: with waits that are drawn by `seed` where the experiment says so.
    pub(crate) fn load(&self, task: &Task<'_>, seed: u64) -> anyhow::Result<Load> {
        let draws = drawn::draws(&self.contender, &self.call, task.phases.wait_spread, seed)?;
        Ok(Load {
            draws,
            pacing: if task.client_spins { Pacing::Spin } else { Pacing::Timer },
            timeout: Duration::from_secs_f64(task.phases.timeout_s),
            grace: Duration::from_secs_f64(task.phases.grace_s),
            ..target::load(&self.contender, &self.call, &self.body)?
        })
    }
}

/// Everything around measuring, in order; whatever fails, nothing is left running.
fn stages<T>(
    task: &Task<'_>,
    tail: &Tail,
    measure: impl FnOnce(&mut Primed) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut primed = Primed::start(task, tail)?;
    let measured = measure(&mut primed).map_err(|failure| primed.explain(failure))?;
    primed.stop()?;
    Ok(measured)
}

pub(crate) fn at<E: Into<anyhow::Error>>(stage: Stage) -> impl Fn(E) -> Failure {
    move |error| (stage, error.into())
}

/// The closed loop for throughput, then over the same connections the open loops for costs and response times.
fn loops(task: &Task<'_>, trial: &mut Primed, rates: &[Rate], seed: u64) -> Result<Measured, Failure> {
    let sampler = Sampler::start(trial.contender.supervisor());
    let overflows = listen_overflows();
    let closed = if task.cell.is_sweep() {
        None
    } else {
        sampler.read_idle_memory();
        let load = load(task, trial, &closed_phase(task.phases, task.cell), seed);
        let closed = one_loop(task, trial, load.map_err(at(Stage::Measure))?)?;
        sampler.read_memory();
        Some(closed)
    };
    let mut open = Vec::new();
    for (&rate, level) in rates.iter().zip(0..) {
        let pace = Pace::open(rate, Arrivals::Poisson, seed.wrapping_add(level));
        let load = load(task, trial, &task.phases.open, seed).map_err(at(Stage::Measure))?;
        open.push(one_loop(task, trial, Load { pace, ..load })?);
    }
    if task.cell.is_sweep() {
        sampler.read_memory();
    }
    let listen_overflows = overflows.zip(listen_overflows()).map(|(before, after)| after - before);
    let resources = Resources { listen_overflows, ..sampler.finish() };
    Ok(Measured { closed, open, levels: Vec::new(), resources })
}

/// One loop between two readings of the contender's counters.
fn one_loop(task: &Task<'_>, trial: &mut Primed, load: Load) -> Result<Loop, Failure> {
    let is_closed = load.pace == Pace::CLOSED;
    let mut meter = ContenderMeter::of(&trial.contender, trial.call.endpoint().name());
    meter.begin().map_err(at(Stage::Account))?;
    let mut measurement =
        trial.client.measure(&load, task.interrupt, &mut |_| ()).map_err(at(Stage::Measure))?;
    let spent = meter.end().map_err(at(Stage::Account))?;
    let cost = spent.cost(measurement.answered_in_all).map_err(at(Stage::Account))?;
    let count = server_count(cost.requests, measurement.answered_in_all, measurement.sent_in_all);
    measurement.certificate = measurement.certificate.with(count);
    if let Some(check) = server_cpu(&spent) {
        measurement.certificate = measurement.certificate.with(check);
    }
    if let (true, Some(cpu_us)) = (is_closed, cost.cpu_per_request_us()) {
        // By the window's rate: lead-in and drain do not make a server look idle.
        let busy = cpu_us * measurement.achieved_rate_per_s / 1e6 / task.launch.cpus.len() as f64;
        measurement.certificate =
            measurement.certificate.with(bottleneck(busy, measurement.client.busiest_thread));
    }
    Ok(Loop { measurement, cost, slices: Vec::new() })
}

/// A closed loop of a phase's length, with waits drawn by `seed`.
fn load(task: &Task<'_>, trial: &Primed, phase: &Phase, seed: u64) -> anyhow::Result<Load> {
    Ok(Load {
        warm_up: Duration::from_secs_f64(phase.warm_up_s),
        stop: Stop::After(Duration::from_secs_f64(phase.duration_s)),
        ..trial.load(task, seed)?
    })
}
