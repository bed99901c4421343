//! One trial: a fresh contender, verified, primed, measured in both loops, accounted for, stopped.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use loadgen::{Client, Crew, Interrupt, Load, Pace, Rate, Stop};
use reports_record::{
    Arrivals, BOTTLENECK, Cell, Certificate, Check, CheckStatus, CostSource, Loop, Measured, Measurement,
    Phase, Phases, Resources, ServerCost, Stage, TrialOutcome,
};
use servers_conformance::verify;
use servers_contract::{Call, Reply, Stats};

use crate::contender::Contender;
use crate::drawn;
use crate::outside::Outside;
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

/// Checks of figures that no contender can move: what the machine took from everybody, and from the client. Trials that are
/// made again are so by these alone. A check whose excuse grows with the reply time (*pace*, *arrivals*, *achieved*), or that
/// looks at the replies (*stationarity*) or at what they cost the client (*headroom*), would let a contender choose which of
/// its trials count.
const BEYOND_CONTENDERS: [&str; 3] = ["steal", "cpu_wait", "gap"];

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

fn is_beyond_contenders(certificate: &Certificate) -> bool {
    let failed = certificate.checks.iter().filter(|check| check.status == CheckStatus::Fail);
    failed.map(|check| check.name.as_str()).any(|name| BEYOND_CONTENDERS.contains(&name))
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
        let load = closed_load(task, trial, &phase, 0).map_err(at(Stage::Measure))?;
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
    verify(contender.peer(), std::slice::from_ref(&call)).map_err(at(Stage::Verify))?;
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

/// The closed loop for throughput, then over the same connections the open loops for costs and response times.
fn loops(task: &Task<'_>, trial: &mut Trial, rates: &[Rate], seed: u64) -> Result<Measured, Failure> {
    let sampler = Sampler::start(trial.contender.supervisor());
    let overflows = listen_overflows();
    let closed = if task.cell.is_sweep() {
        None
    } else {
        let load = closed_load(task, trial, &closed_phase(task.phases, task.cell), seed);
        let closed = one_loop(task, trial, load.map_err(at(Stage::Measure))?)?;
        sampler.read_memory();
        Some(closed)
    };
    let mut open = Vec::new();
    for (&rate, level) in rates.iter().zip(0..) {
        let pace = Pace::open(rate, Arrivals::Poisson, seed.wrapping_add(level));
        let load = load(task, trial, &task.phases.open, pace).map_err(at(Stage::Measure))?;
        open.push(one_loop(task, trial, load)?);
    }
    if task.cell.is_sweep() {
        sampler.read_memory();
    }
    let listen_overflows = overflows.zip(listen_overflows()).map(|(before, after)| after - before);
    let resources = Resources { listen_overflows, ..sampler.finish() };
    Ok(Measured { closed, open, resources })
}

/// One loop between two readings of the contender's counters.
fn one_loop(task: &Task<'_>, trial: &mut Trial, load: Load) -> Result<Loop, Failure> {
    let is_closed = load.pace == Pace::CLOSED;
    let before = Reading::of(&trial.contender).map_err(at(Stage::Account))?;
    let began = Instant::now();
    let mut measurement =
        trial.client.measure(&load, task.interrupt, &mut |_| ()).map_err(at(Stage::Measure))?;
    let wall = began.elapsed();
    let after = Reading::of(&trial.contender).map_err(at(Stage::Account))?;
    let cost = cost(&before, &after, trial.call.endpoint().name()).map_err(at(Stage::Account))?;
    let count = server_count(cost.requests, &measurement);
    measurement.certificate = measurement.certificate.with(count);
    if let Some(check) = server_cpu(&before, &after, &cost) {
        measurement.certificate = measurement.certificate.with(check);
    }
    if is_closed {
        let busy = (cost.cpu_user_us + cost.cpu_system_us) as f64
            / (wall.as_secs_f64() * 1e6 * task.launch.cpus.len() as f64);
        measurement.certificate =
            measurement.certificate.with(bottleneck(busy, measurement.client.busiest_thread));
    }
    Ok(Loop { measurement, cost })
}

/// A closed loop, whose waits are drawn by `seed` where the experiment says so.
fn closed_load(task: &Task<'_>, trial: &Trial, phase: &Phase, seed: u64) -> anyhow::Result<Load> {
    let draws = drawn::draws(&trial.contender, &trial.call, task.phases.wait_spread, seed)?;
    Ok(Load { draws, ..load(task, trial, phase, Pace::CLOSED)? })
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

/// A reading of the contender's cost at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
struct Reading {
    /// By itself.
    told: Stats,
    /// By the kernel; `None` where it does not say.
    outside: Option<Outside>,
}

impl Reading {
    /// Asks both. Threads are counted one by one only for a contender that does not tell its switches: that takes the
    /// client's CPU.
    fn of(contender: &Contender) -> anyhow::Result<Self> {
        let told = contender.stats()?;
        let tells = told.voluntary_switches.is_some() && told.involuntary_switches.is_some();
        Ok(Self { told, outside: Outside::read(contender.supervisor(), !tells) })
    }
}

/// CPU time between two readings as the kernel has it, µs in user mode and in the kernel.
fn cpu_outside(before: &Reading, after: &Reading) -> Option<(u64, u64)> {
    let (user, system) = after.outside.as_ref()?.cpu_since(before.outside.as_ref()?)?;
    Some((u64::try_from(user.as_micros()).ok()?, u64::try_from(system.as_micros()).ok()?))
}

/// The contender's cost between two readings: its own figures where it reports them, else the kernel's.
///
/// # Errors
/// When nobody tells its CPU time, or its counts run backwards.
fn cost(before: &Reading, after: &Reading, endpoint: &str) -> anyhow::Result<ServerCost> {
    let spent = |of: fn(&Stats) -> Option<u64>| of(&after.told)?.checked_sub(of(&before.told)?);
    let requests = |reading: &Reading| reading.told.requests.get(endpoint).copied().unwrap_or(0);
    let told = spent(|stats| stats.cpu_user_us).zip(spent(|stats| stats.cpu_system_us));
    let (cpu_user_us, cpu_system_us) = told
        .or_else(|| cpu_outside(before, after))
        .context("neither the contender's /stats nor /proc tells its CPU time")?;
    let switches = spent(|stats| stats.voluntary_switches).zip(spent(|stats| stats.involuntary_switches));
    let outside = || after.outside.as_ref()?.switches_since(before.outside.as_ref()?);
    let source = |is_told| if is_told { CostSource::Contender } else { CostSource::Kernel };
    let switches_source = source(switches.is_some());
    let switches = switches.or_else(|| outside().map(|found| (found.voluntary, found.involuntary)));
    Ok(ServerCost {
        requests: requests(after)
            .checked_sub(requests(before))
            .with_context(|| format!("the contender's count of requests for /{endpoint} runs backwards"))?,
        cpu_user_us,
        cpu_system_us,
        voluntary_switches: switches.map(|(voluntary, _)| voluntary),
        involuntary_switches: switches.map(|(_, involuntary)| involuntary),
        cpu_source: source(told.is_some()),
        switches_source,
    })
}

/// Difference between a contender's own CPU time and the kernel's that says nothing: the kernel's is cut to ticks, of which
/// there are four here, and the two are not read at the same moment.
const CPU_SLACK_US: f64 = 60_000.0;

/// The same as a share of the larger one.
const CPU_SLACK: f64 = 0.10;

/// The CPU time that a contender tells must be what the kernel says of its processes; `None` where only one is known.
fn server_cpu(before: &Reading, after: &Reading, cost: &ServerCost) -> Option<Check> {
    if cost.cpu_source == CostSource::Kernel {
        return None;
    }
    let (user, system) = cpu_outside(before, after)?;
    let told = cost.cpu_user_us as f64 + cost.cpu_system_us as f64;
    let known = user as f64 + system as f64;
    let bound = CPU_SLACK_US.max(CPU_SLACK * told.max(known));
    let agrees = (told - known).abs() <= bound;
    Some(Check {
        name: "server_cpu".to_owned(),
        status: if agrees { CheckStatus::Pass } else { CheckStatus::Fail },
        figure: Some((told - known) / 1e3),
        bound: bound / 1e3,
        unit: "ms".to_owned(),
        finding: format!(
            "the server tells {:.1} ms of CPU time, the kernel {:.1} ms of its processes",
            told / 1e3,
            known / 1e3
        ),
        remedy: (!agrees).then(|| {
            "count the CPU time of all its threads and processes in its /stats, or leave it out there"
                .to_owned()
        }),
        explained_by: None,
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
        explained_by: None,
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
        explained_by: None,
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

    /// A certificate in which these checks failed.
    fn failed(names: &[&str]) -> Certificate {
        let check = |name: &&str| Check {
            name: (*name).to_owned(),
            status: CheckStatus::Fail,
            figure: Some(1.0),
            bound: 0.5,
            unit: "share".to_owned(),
            finding: String::new(),
            remedy: None,
            explained_by: None,
        };
        Certificate::from_checks(names.iter().map(check).collect())
    }

    #[test]
    fn no_check_that_a_contender_can_move_has_a_trial_made_again() {
        for name in [
            "pace",
            "achieved",
            "arrivals",
            "headroom",
            "replies",
            "errors",
            "pairing",
            "connections",
            "stationarity",
            "little",
            "parts",
            "account",
            "server_count",
            "server_cpu",
        ] {
            assert!(!is_beyond_contenders(&failed(&[name])), "{name}");
        }
        assert!(!is_beyond_contenders(&failed(&[])));
    }

    /// Of two copies under the same steal, the slower one fails other checks besides: both are made again, or neither.
    #[test]
    fn what_else_failed_does_not_decide_whether_a_trial_is_made_again() {
        for machine in BEYOND_CONTENDERS {
            for others in [&[][..], &["stationarity"], &["errors", "little"], &["pace", "arrivals"]] {
                assert!(
                    is_beyond_contenders(&failed(&[others, &[machine]].concat())),
                    "{machine} {others:?}"
                );
            }
        }
    }

    fn reading(cpu_us: Option<u64>, switches: Option<u64>, requests: u64, outside_ms: u64) -> Reading {
        Reading {
            told: Stats {
                requests: [("wait".to_owned(), requests)].into(),
                cpu_user_us: cpu_us,
                cpu_system_us: cpu_us.map(|_| 7),
                voluntary_switches: switches,
                involuntary_switches: switches,
                ..Stats::default()
            },
            outside: Some(Outside { cpu_user: Duration::from_millis(outside_ms), ..Outside::default() }),
        }
    }

    #[test]
    fn costs_are_the_contender_s_own_where_it_tells_and_else_the_kernel_s() {
        let spent = |before: &Reading, after: &Reading| cost(before, after, "wait").unwrap();
        let told = spent(&reading(Some(10), Some(1), 3, 0), &reading(Some(50), Some(4), 13, 100));
        assert_eq!((told.requests, told.cpu_per_request_us()), (10, Some(4.0)));
        assert_eq!((told.switches_per_request(), told.cpu_source), (Some(0.6), CostSource::Contender));
        let outside = spent(&reading(None, None, 3, 0), &reading(None, None, 13, 100));
        assert_eq!((outside.cpu_per_request_us(), outside.cpu_source), (Some(10_000.0), CostSource::Kernel));
        // No thread is known that could have done this work.
        assert_eq!((outside.switches_per_request(), outside.switches_source), (None, CostSource::Kernel));
    }

    #[test]
    fn counts_that_run_backwards_and_times_that_nobody_tells_are_errors_and_no_zeros() {
        let unknown = Reading { outside: None, ..reading(None, None, 3, 0) };
        let error = |before: &Reading, after: &Reading| cost(before, after, "wait").unwrap_err().to_string();
        assert!(error(&unknown, &unknown).contains("nor /proc tells"));
        assert!(
            error(&reading(None, None, 3, 0), &reading(None, None, 2, 0)).contains("/wait runs backwards")
        );
    }

    #[test]
    fn a_contender_that_tells_another_cpu_time_than_the_kernel_is_not_believed() {
        let check = |told_us: u64, outside_ms: u64| {
            let (before, after) =
                (reading(Some(0), Some(1), 0, 0), reading(Some(told_us), Some(1), 9, outside_ms));
            server_cpu(&before, &after, &cost(&before, &after, "wait").unwrap()).unwrap().status
        };
        assert_eq!(check(1_000_000, 990), CheckStatus::Pass);
        assert_eq!(check(5_000, 30), CheckStatus::Pass);
        assert_eq!(check(0, 500), CheckStatus::Fail);
        assert_eq!(check(2_000_000, 500), CheckStatus::Fail);
        let silent = reading(None, None, 0, 0);
        assert_eq!(server_cpu(&silent, &silent, &cost(&silent, &silent, "wait").unwrap()), None);
    }
}
