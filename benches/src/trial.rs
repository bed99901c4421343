//! One trial: a fresh contender, verified, primed, measured in both loops, accounted for, stopped.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use loadgen::{Client, Crew, Interrupt, Load, Pace, Rate, Stop};
use reports_record::{
    Arrivals, BOTTLENECK, Cell, Check, CheckStatus, Loop, Measured, Measurement, Phase, Phases, Resources,
    ServerCost, Stage, TrialOutcome,
};
use servers_conformance::verify;
use servers_contract::{Call, Reply, Stats};

use crate::contender::Contender;
use crate::process::{Launch, Tail};
use crate::sampler::{Sampler, listen_overflows};
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
    /// Ends the trial early.
    pub interrupt: &'a Interrupt,
}

/// A stage that failed, and why.
type Failure = (Stage, anyhow::Error);

/// Measures once, in both loops (in a sweep only the open one); the open loop offers `rate` with `seed`.
///
/// A failure is an outcome too: with its stage, its reason, and what the contender last said.
#[must_use]
pub fn measure(task: &Task<'_>, rate: Rate, seed: u64) -> TrialOutcome {
    let tail = Tail::default();
    match stages(task, &tail, |trial| loops(task, trial, rate, seed)) {
        Ok(measured) => TrialOutcome::Measured(Box::new(measured)),
        Err((stage, error)) => {
            TrialOutcome::Failed { stage, reason: format!("{error:#}"), stderr_tail: tail.lines() }
        }
    }
}

/// Checks that fail because of the machine or the client, whoever is measured. What a contender does wrong is not among
/// them: it is never given another try.
const NOT_THE_CONTENDERS: [&str; 7] =
    ["pace", "achieved", "arrivals", "headroom", "steal", "gap", "stationarity"];

/// Whether the machine or the client alone spoilt this trial, so that it may be made again without favouring anyone.
#[must_use]
pub fn is_spoilt(outcome: &TrialOutcome) -> bool {
    let TrialOutcome::Measured(measured) = outcome else { return false };
    let mut failed = measured
        .loops()
        .flat_map(|(_, one)| &one.measurement.certificate.checks)
        .filter(|check| check.status == CheckStatus::Fail);
    !measured.is_believable() && failed.all(|check| NOT_THE_CONTENDERS.contains(&check.name.as_str()))
}

/// Closed loops of one calibration. What disturbs a loop only ever slows it down, so the best of a few is nearest to
/// what the contender can do.
pub const CALIBRATIONS: u32 = 3;

/// Correct replies per second in the best of a few closed loops as short as a calibration.
///
/// # Errors
/// The stage that failed, and why; the contender's last words included.
pub fn calibrate(task: &Task<'_>) -> anyhow::Result<f64> {
    let tail = Tail::default();
    let measured = stages(task, &tail, |trial| {
        let phase = calibration_phase(task.phases, task.cell);
        let load = load(task, trial, &phase, Pace::CLOSED).map_err(at(Stage::Measure))?;
        let mut best = 0.0_f64;
        for _ in 0..CALIBRATIONS {
            let measured =
                trial.client.measure(&load, task.interrupt, &mut |_| ()).map_err(at(Stage::Measure))?;
            best = best.max(measured.goodput_per_s);
        }
        Ok(best)
    });
    measured.map_err(|(stage, error)| error.context(format!("{stage:?}, stderr: {:?}", tail.lines())))
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
struct Trial {
    contender: Contender,
    client: Client,
    call: Call,
    /// What a call that takes a body is sent.
    body: Vec<u8>,
}

/// Everything around measuring, in order; whatever fails, nothing is left running.
fn stages<T>(
    task: &Task<'_>,
    tail: &Tail,
    measure: impl FnOnce(&mut Trial) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let contender = Contender::start(task.launch, tail).map_err(at(Stage::Start))?;
    let call = Call::parse(&task.cell.method, &task.cell.target)
        .map_err(|refusal| (Stage::Verify, anyhow::anyhow!("{}: {refusal}", task.cell.target)))?;
    verify(contender.address(), std::slice::from_ref(&call)).map_err(at(Stage::Verify))?;
    let crew = Crew {
        connections: task.cell.connections,
        pins: task.client_cpus.iter().map(|&cpu| cpu as usize).collect(),
        ..Crew::default()
    };
    let client = target::connect(&contender, &crew, task.interrupt).map_err(at(Stage::Prime))?;
    let body = Reply::payload(task.cell.bytes as usize).body.into_owned();
    let mut trial = Trial { contender, client, call, body };
    let measured = measure(&mut trial)?;
    // Closed before the contender is asked to end: an idle connection is not what a drain should wait for.
    drop(trial.client);
    trial.contender.stop().map_err(at(Stage::Stop))?;
    Ok(measured)
}

fn at<E: Into<anyhow::Error>>(stage: Stage) -> impl Fn(E) -> Failure {
    move |error| (stage, error.into())
}

/// The closed loop for throughput, then over the same connections the open loop for response times.
fn loops(task: &Task<'_>, trial: &mut Trial, rate: Rate, seed: u64) -> Result<Measured, Failure> {
    let sampler = Sampler::start(trial.contender.pid());
    let overflows = listen_overflows();
    let closed = if task.cell.is_sweep() {
        None
    } else {
        let closed = one_loop(task, trial, &closed_phase(task.phases, task.cell), Pace::CLOSED)?;
        sampler.read_pss();
        Some(closed)
    };
    let open = Pace::open(rate, Arrivals::Poisson, seed);
    let open = one_loop(task, trial, &task.phases.open, open)?;
    if task.cell.is_sweep() {
        sampler.read_pss();
    }
    let listen_overflows = overflows.zip(listen_overflows()).map(|(before, after)| after - before);
    let resources = Resources { listen_overflows, ..sampler.finish() };
    Ok(Measured { closed, open, resources })
}

/// One loop between two readings of the contender's counters.
fn one_loop(task: &Task<'_>, trial: &mut Trial, phase: &Phase, pace: Pace) -> Result<Loop, Failure> {
    let is_closed = pace == Pace::CLOSED;
    let load = load(task, trial, phase, pace).map_err(at(Stage::Measure))?;
    let before = trial.contender.stats().map_err(at(Stage::Account))?;
    let began = Instant::now();
    let mut measurement =
        trial.client.measure(&load, task.interrupt, &mut |_| ()).map_err(at(Stage::Measure))?;
    let wall = began.elapsed();
    let after = trial.contender.stats().map_err(at(Stage::Account))?;
    let cost = cost(&before, &after, trial.call.endpoint().name())
        .context("the contender's /stats lacks CPU time, switches or requests")
        .map_err(at(Stage::Account))?;
    let count = server_count(cost.requests, &measurement);
    measurement.certificate = measurement.certificate.with(count);
    if is_closed {
        let busy = (cost.cpu_user_us + cost.cpu_system_us) as f64
            / (wall.as_secs_f64() * 1e6 * task.launch.cpus.len() as f64);
        measurement.certificate =
            measurement.certificate.with(bottleneck(busy, measurement.client.busiest_thread));
    }
    Ok(Loop { measurement, cost })
}

fn load(task: &Task<'_>, trial: &Trial, phase: &Phase, pace: Pace) -> anyhow::Result<Load> {
    Ok(Load {
        pace,
        warm_up: Duration::from_secs_f64(phase.warm_up_s),
        stop: Stop::After(Duration::from_secs_f64(phase.duration_s)),
        timeout: Duration::from_secs_f64(task.phases.timeout_s),
        grace: Duration::from_secs_f64(task.phases.grace_s),
        ..target::load(&trial.contender, &trial.call, &trial.body)?
    })
}

/// What the contender spent between two readings; `None` when it does not tell.
fn cost(before: &Stats, after: &Stats, endpoint: &str) -> Option<ServerCost> {
    let spent = |of: fn(&Stats) -> Option<u64>| of(after)?.checked_sub(of(before)?);
    let requests = |stats: &Stats| stats.requests.get(endpoint).copied().unwrap_or(0);
    Some(ServerCost {
        requests: requests(after).checked_sub(requests(before))?,
        cpu_user_us: spent(|stats| stats.cpu_user_us)?,
        cpu_system_us: spent(|stats| stats.cpu_system_us)?,
        voluntary_switches: spent(|stats| stats.voluntary_switches)?,
        involuntary_switches: spent(|stats| stats.involuntary_switches)?,
    })
}

/// Below this share of its CPU the client answers at once, whatever the server does: an M/D/1 queue waits 1.2 service
/// times there.
const CLIENT_AT_EASE: f64 = 0.70;

/// Shares of a CPU that differ by less understate a throughput by less than the margin of a tie.
const ALIKE: f64 = 0.05;

/// A closed loop measures whichever of the two has more to do. Where that was the client, the throughput is a lower
/// bound of the server's; everything else that was measured stands. `server` and `client` are shares of their CPUs, 0–1.
fn bottleneck(server: f64, client: f64) -> Check {
    let limited = client > CLIENT_AT_EASE && client > server + ALIKE;
    Check {
        name: BOTTLENECK.to_owned(),
        status: if limited { CheckStatus::Warn } else { CheckStatus::Pass },
        figure: Some(client - server),
        bound: ALIKE,
        unit: "share".to_owned(),
        finding: format!(
            "the server used {:.0} % of its CPUs, the client {:.0} % of its own",
            server * 100.0,
            client * 100.0
        ),
        remedy: limited.then(|| {
            "read the throughput as a lower bound; give the client more CPUs, or the contender more work"
                .to_owned()
        }),
    }
}

/// The server must have counted every request that was answered, and none that was not sent.
fn server_count(counted: u64, measurement: &Measurement) -> Check {
    let (answered, sent) = (measurement.answered_in_all, measurement.sent_in_all);
    let agrees = (answered..=sent).contains(&counted);
    Check {
        name: "server_count".to_owned(),
        status: if agrees { CheckStatus::Pass } else { CheckStatus::Fail },
        figure: Some(counted as f64),
        bound: sent as f64,
        unit: "requests".to_owned(),
        finding: format!("the server counted {counted} requests; {sent} were sent and {answered} answered"),
        remedy: (!agrees).then(|| {
            "find out who else talks to the server, or where its counter leaves requests out".to_owned()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_works_harder_than_the_server_is_the_bottleneck() {
        assert_eq!(bottleneck(0.5, 0.9).status, CheckStatus::Warn);
        assert!(bottleneck(0.5, 0.9).remedy.is_some());
    }

    #[test]
    fn a_saturated_server_or_a_client_at_ease_is_none() {
        assert_eq!(bottleneck(0.98, 0.94).status, CheckStatus::Pass);
        assert_eq!(bottleneck(0.1, 0.3).status, CheckStatus::Pass);
        assert_eq!(bottleneck(0.86, 0.9).status, CheckStatus::Pass);
    }

    #[test]
    fn costs_are_differences_and_missing_figures_are_no_zeros() {
        let stats = |cpu: Option<u64>, requests: u64| Stats {
            requests: [("wait".to_owned(), requests)].into(),
            cpu_user_us: cpu,
            cpu_system_us: Some(7),
            voluntary_switches: Some(1),
            involuntary_switches: Some(1),
            ..Stats::default()
        };
        let spent = cost(&stats(Some(10), 3), &stats(Some(50), 13), "wait").unwrap();
        assert_eq!((spent.requests, spent.cpu_per_request_us()), (10, Some(4.0)));
        assert_eq!(cost(&stats(None, 3), &stats(Some(50), 13), "wait"), None);
        assert_eq!(cost(&stats(Some(50), 3), &stats(Some(10), 13), "wait"), None);
    }
}
