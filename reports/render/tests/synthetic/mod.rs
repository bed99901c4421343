//! Runs made up from a seed: what the tests read, and what one looks at to see a page.
//!
//! Shared by the tests and by `cargo run -p reports-render --example synthetic_page`.

use std::collections::BTreeMap;
use std::time::Duration;

use reports_record::{
    Account, Arrivals, Calibration, Cell, Certificate, Check, CheckStatus, ClientCost, ContenderRecord,
    CostSource, Cpu, Definition, Distribution, Duplicate, Ending, Environment, Expectation, Histograms, Line,
    Loop, Measured, Measurement, Metric, Mode, OutcomeKind, Overshoot, Pair, Phase, Phases, Plan, Prediction,
    Resources, Role, Run, SCHEMA, ServerCost, Stage, SubWindow, Times, Trial, TrialOutcome,
};

pub(crate) const CONTENDERS: [&str; 5] =
    ["std-threads", "tokio-tasks", "tiny-http", "actix-web", "tokio-tasks-again"];

/// How the made-up contenders behave.
pub(crate) struct World {
    pub(crate) seed: u64,
    /// Relative noise of one trial.
    pub(crate) noise: f64,
    /// CPU time per request, microseconds: what throughput and cost follow from.
    pub(crate) work_us: fn(&Cell, &str) -> f64,
    /// Whether open loops keep histograms and parts; without, a world is made a hundred times faster.
    pub(crate) detailed: bool,
    /// Whether each request of an open loop that waits has a wait of its own.
    pub(crate) drawn: bool,
    /// What becomes of a trial.
    pub(crate) fate: fn(&Cell, &str, u32) -> Fate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Measured,
    /// Its open loop is not to be believed.
    OpenInvalid,
    /// It is measured, but its 99th percentile is a lower bound.
    Censored,
    /// The client of its closed loop had no time left.
    WithoutHeadroom,
    /// The same, and the closed loop failed another check besides.
    WithoutHeadroomAndUnsteady,
    Failed,
}

impl World {
    /// Both models cost the same, everywhere, with little noise.
    pub(crate) fn equal() -> Self {
        Self {
            seed: 1,
            noise: 0.004,
            work_us: |_, _| 12.0,
            detailed: false,
            drawn: false,
            fate: |_, _, _| Fate::Measured,
        }
    }

    /// Something like the real thing: the models differ a little, the stock libraries a lot.
    pub(crate) fn plausible() -> Self {
        Self { noise: 0.012, work_us: plausible_work, ..Self::equal() }
    }

    /// The same with histograms and the parts of each window.
    pub(crate) fn detailed() -> Self {
        Self { detailed: true, ..Self::plausible() }
    }
}

fn plausible_work(cell: &Cell, contender: &str) -> f64 {
    let load = f64::from(cell.connections);
    let base = match contender {
        "std-threads" => 11.0 + 0.9 * load.log2().max(0.0) * f64::from(cell.wait_ms > 0.0) + load / 200.0,
        "tokio-tasks" | "tokio-tasks-again" => 11.8 + f64::from(cell.wait_ms > 0.0) * 1.5,
        "actix-web" => 13.0 + f64::from(cell.wait_ms > 0.0) * 1.5,
        _ => 78.0,
    };
    base + f64::from(cell.rounds) * 0.35
}

pub(crate) fn cell(family: &str, wait_ms: f64, rounds: u32, connections: u32) -> Cell {
    let target = match family {
        "cpu" => format!("/cpu?rounds={rounds}"),
        "mixed" => format!("/mixed?ms={wait_ms}&rounds={rounds}"),
        "upstream" => format!("/upstream?ms={wait_ms}"),
        _ if wait_ms > 0.0 => format!("/wait?ms={wait_ms}"),
        _ => "/hello".into(),
    };
    let name = match family {
        "wait" | "upstream" => format!("{family}={wait_ms}ms/c={connections}"),
        _ => format!("{family}/c={connections}"),
    };
    Cell {
        name,
        family: family.into(),
        method: "GET".into(),
        target,
        wait_ms,
        rounds,
        bytes: 0,
        flags: Vec::new(),
        connections,
        load: None,
    }
}

/// The nine waits, one cell of work and one of both.
pub(crate) fn quick_cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for wait_ms in [0.0, 1.0, 10.0] {
        cells.extend([8, 64, 512].map(|connections| cell("wait", wait_ms, 0, connections)));
    }
    cells.push(cell("cpu", 0.0, 300, 64));
    cells.push(cell("mixed", 1.0, 300, 64));
    cells
}

/// What a grid has and `quick` lacks: a finer axis of connections, a sweep, and bodies under two settings.
pub(crate) fn grid_cells(waits_ms: &[f64], connections: &[u32]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for &wait_ms in waits_ms {
        cells.extend(connections.iter().map(|&connections| cell("wait", wait_ms, 0, connections)));
    }
    cells.extend(connections.iter().map(|&connections| cell("cpu", 0.0, 500, connections)));
    cells.extend(connections.iter().map(|&connections| cell("mixed", 1.0, 500, connections)));
    for load in [0.25, 0.55, 0.85, 1.2, 1.5] {
        let workload = cell("mixed", 1.0, 100, 128);
        let name = format!("{}/load={}%", workload.name, load * 100.0);
        cells.push(Cell { name, load: Some(load), ..workload });
    }
    for nodelay in ["true", "false"] {
        for bytes in [256, 900, 1100, 16_384] {
            cells.push(Cell {
                name: format!("payload={bytes}B/c=8/nodelay={nodelay}"),
                target: format!("/payload?bytes={bytes}"),
                bytes,
                flags: vec![format!("--nodelay={nodelay}")],
                ..cell("payload", 0.0, 0, 8)
            });
        }
    }
    cells
}

pub(crate) fn definition(cells: Vec<Cell>, blocks: u32) -> Definition {
    let all: Vec<String> = cells.iter().map(|cell| cell.name.clone()).collect();
    let pair = |role, sync: &str, awaiting: &str| Pair {
        role,
        sync: sync.into(),
        awaiting: awaiting.into(),
        cells: Vec::new(),
        slices: None,
    };
    let closed = Phase { warm_up_s: 0.3, duration_s: 1.0 };
    Definition {
        name: "synthetic".into(),
        question: "For which waits and connections does an event loop beat a thread per request?".into(),
        blocks,
        looks: Vec::new(),
        seed: 42,
        contender_cpus: 1,
        client_cpus: 1,
        client_spins: false,
        soaker: false,
        phases: Phases {
            closed,
            open: closed,
            open_loads: vec![0.5],
            calibration: closed,
            slices: None,
            timeout_s: 5.0,
            grace_s: 2.0,
            wait_spread: 0.0,
        },
        pairs: vec![
            pair(Role::Control, "std-threads", "tokio-tasks"),
            pair(Role::Stock, "tiny-http", "actix-web"),
        ],
        duplicate: Duplicate { of: "tokio-tasks".into(), name: "tokio-tasks-again".into() },
        cells,
        predictions: vec![Prediction {
            claim: "without a queue of its own neither model beats the other".into(),
            pair: Role::Control,
            metric: Metric::Throughput,
            cells: all,
            expects: Expectation::Tie,
        }],
    }
}

pub(crate) fn run(definition: Definition) -> Run {
    let contender = |name: &&str| ContenderRecord {
        name: (*name).into(),
        model: if ["std-threads", "tiny-http"].contains(name) { "sync" } else { "async" }.into(),
        version: "made up 1.0".into(),
        command: vec![format!("server-{name}"), "--listen".into(), "127.0.0.1:0".into()],
        sha256: "0123456789abcdef".repeat(4),
        settings_with: Default::default(),
        settings: serde_json::json!({"backlog": 1024, "tcp_nodelay": true, "workers": 1, "threads": null}),
    };
    Run {
        schema: SCHEMA,
        id: "20260102T030405Z-synthetic".into(),
        command: "cargo crossover run synthetic --seed 42".into(),
        started_at: "2026-01-02T03:04:05Z".into(),
        definition,
        contenders: CONTENDERS.iter().map(contender).collect(),
        environment: Environment {
            crossover: "0.1.0".into(),
            commit: Some("0000000000000000000000000000000000000000".into()),
            dirty: Some(false),
            rustc: "rustc 1.89.0".into(),
            kernel: "Linux 6.1".into(),
            cpu: Cpu {
                model: "made up".into(),
                online: 2,
                threads_per_core: Some(1),
                governor: None,
                virtualised: true,
                clock_source: Some("tsc".into()),
            },
            memory_bytes: Some(8 << 30),
            client_cpus: vec![0],
            contender_cpus: vec![1],
            descriptor_limit: 1 << 20,
            throttled_before: Some(0),
            remarks: vec!["the client shares its core with the runner".into()],
        },
    }
}

/// The record of a whole run in that world.
pub(crate) fn lines(run: &Run, world: &World) -> Vec<Line> {
    let definition = &run.definition;
    let mut lines = Vec::new();
    for (index, contender) in CONTENDERS.iter().enumerate() {
        lines.extend([1.0, 10.0].map(|wait_ms| overshoot(contender, index, wait_ms)));
    }
    for cell in &definition.cells {
        lines.extend(CONTENDERS.map(|contender| calibration(cell, contender, world)));
    }
    for block in 0..definition.blocks {
        for cell in &definition.cells {
            for (position, contender) in CONTENDERS.iter().enumerate() {
                lines.push(Line::Trial(Box::new(trial(cell, contender, block, position, world))));
            }
        }
    }
    lines.push(Line::Ending(Ending {
        ended_at: "2026-01-02T03:10:05Z".into(),
        complete: true,
        steal: Some(0.001),
        throttled: Some(0),
    }));
    lines
}

fn overshoot(contender: &str, index: usize, wait_ms: f64) -> Line {
    let floor_us_p50 = 40.0 + index as f64;
    let service_time_us_p50 = floor_us_p50 + wait_ms * 1e3 + 70.0;
    Line::Overshoot(Overshoot { contender: contender.into(), wait_ms, service_time_us_p50, floor_us_p50 })
}

fn calibration(cell: &Cell, contender: &str, world: &World) -> Line {
    Line::Calibration(Calibration {
        cell: cell.name.clone(),
        contender: contender.into(),
        goodput_per_s: Some(throughput(cell, (world.work_us)(cell, contender))),
        cpu: None,
        failure: None,
    })
}

fn trial(cell: &Cell, contender: &str, block: u32, position: usize, world: &World) -> Trial {
    let fate = (world.fate)(cell, contender, block);
    let outcome = if fate == Fate::Failed {
        TrialOutcome::Failed {
            stage: Stage::Start,
            reason: format!("server-{contender} was not ready within 5s"),
            stderr_tail: vec!["address in use".into()],
        }
    } else {
        TrialOutcome::Measured(Box::new(measured(cell, contender, block, world, fate)))
    };
    Trial {
        cell: cell.name.clone(),
        block,
        contender: contender.into(),
        position: position as u32,
        attempt: 0,
        seed: 42 + u64::from(block),
        started_at: "2026-01-02T03:04:06Z".into(),
        machine_speed: None,
        outcome,
    }
}

fn measured(cell: &Cell, contender: &str, block: u32, world: &World, fate: Fate) -> Measured {
    let noise = |salt| 1.0 + world.noise * gaussian(world.seed, (&cell.name, contender, block, salt));
    let work_us = (world.work_us)(cell, contender) * noise("work");
    let rate = throughput(cell, work_us) * noise("throughput");
    let offered = match cell.load {
        Some(load) => load * throughput(cell, (world.work_us)(cell, stronger(contender))),
        None => 0.5 * throughput(cell, (world.work_us)(cell, "tiny-http")),
    };
    let overload = (offered / rate).max(1.0);
    let beyond_us =
        (60.0 + work_us * (1.0 + 30.0 * offered.min(rate) * work_us / 1e6) + nagle_us(cell, contender))
            * noise("response");
    // A queue that grows all window long: at its end the last one has waited for the excess.
    let queued_us = (overload - 1.0) * 1e6;
    // Of waits that are drawn around a mean, half are shorter than 0.9 of it, and a hundredth longer than 2.7 times.
    let is_drawn = world.drawn && cell.wait_ms > 0.0;
    let [typical_wait_us, long_wait_us] =
        if is_drawn { [0.9, 2.7] } else { [1.0; 2] }.map(|share| cell.wait_ms * 1e3 * share);
    let (beyond_p50, beyond_tail) =
        (beyond_us + queued_us / 2.0, beyond_us * 4.0 * noise("tail") + queued_us);
    let p50 = typical_wait_us + beyond_us + queued_us / 2.0;
    let tail = long_wait_us + beyond_us * 4.0 * noise("tail") + queued_us;
    let [response, beyond] = [(p50, tail), (beyond_p50, beyond_tail)].map(|(p50, tail)| {
        let mut times = times(p50, tail);
        if fate == Fate::Censored {
            times.at_least = vec!["p99".into(), "mean".into(), "max".into()];
        }
        times
    });
    let open_check = if fate == Fate::OpenInvalid { CheckStatus::Fail } else { CheckStatus::Pass };
    let threads = if contender == "std-threads" { u64::from(cell.connections) + 2 } else { 2 };
    let mut open = measurement(cell, offered, Some(offered), response, open_check);
    open.goodput_per_s = offered / overload;
    open.beyond_wait_us = is_drawn.then_some(beyond);
    if world.detailed {
        open.sub_windows = sub_windows(offered, p50, tail, overload);
        let shape = spread(p50, tail, fate);
        open.histograms = Histograms::encode(&shape, None);
        open.histograms.response_time = Some(open.histograms.service_time.clone());
        open.histograms.response_time_censored = open.histograms.service_time_censored.clone();
        if is_drawn {
            let shape = Histograms::encode(&spread(beyond_p50, beyond_tail, fate), None);
            open.histograms.beyond_wait = Some(shape.service_time);
            open.histograms.beyond_wait_censored = shape.service_time_censored;
        }
    }
    if overload > 1.2 {
        let check = Check { name: "stationarity".into(), ..check("stationarity", CheckStatus::Fail) };
        open.certificate = open.certificate.with(check);
    }
    let mut closed = Loop {
        measurement: measurement(
            cell,
            rate,
            None,
            times(1e6 / rate * f64::from(cell.connections), tail),
            CheckStatus::Pass,
        ),
        cost: cost(rate, work_us),
        slices: Vec::new(),
    };
    let mut fail = |name| {
        let certificate = closed.measurement.certificate.clone();
        closed.measurement.certificate = certificate.with(check(name, CheckStatus::Fail));
    };
    if matches!(fate, Fate::WithoutHeadroom | Fate::WithoutHeadroomAndUnsteady) {
        fail("headroom");
    }
    if fate == Fate::WithoutHeadroomAndUnsteady {
        fail("stationarity");
    }
    if world.detailed && cell.bytes > 0 {
        closed.measurement.histograms = Histograms::encode(&spread(p50, tail, fate), None);
    }
    Measured {
        closed: cell.load.is_none().then_some(closed),
        levels: Vec::new(),
        open: vec![Loop { measurement: open, cost: cost(offered, work_us), slices: Vec::new() }],
        resources: Resources {
            threads_max: Some(threads),
            rss_max_bytes: Some(5_000_000 + threads * 30_000),
            descriptors_max: Some(u64::from(cell.connections) + 9),
            kernel_bytes: Some(threads * 20_000),
            pss_bytes: Some(((4_000_000 + threads * 14_000) as f64 * noise("memory")) as u64),
            idle_memory_bytes: Some(3_900_000 + threads * 34_000),
            samples: 12,
            listen_overflows: Some(0),
        },
    }
}

/// The stronger one of a contender's pair.
fn stronger(contender: &str) -> &str {
    if ["tiny-http", "actix-web"].contains(&contender) { "actix-web" } else { "tokio-tasks" }
}

/// The step that Nagle's algorithm makes of a reply in two writes.
fn nagle_us(cell: &Cell, contender: &str) -> f64 {
    let delayed = cell.bytes > 1024 && contender == "tiny-http" && cell.flags == ["--nodelay=false"];
    if delayed { 40_000.0 } else { 0.0 }
}

/// Eight parts, one of them with too few replies for a median.
fn sub_windows(offered: f64, p50: f64, tail: f64, overload: f64) -> Vec<SubWindow> {
    let part = |index: u32| SubWindow {
        replies: if index == 3 { 12 } else { (offered / overload / 8.0) as u64 },
        due: (offered / 8.0) as u64,
        service_time_us_p50: (index != 3).then_some(p50),
        response_time_us_max: Some(tail * (1.0 + f64::from(index) * (overload - 1.0))),
        response_time_us_p50: None,
        response_time_us_p90: None,
        response_time_us_p99: None,
    };
    (0..8).map(part).collect()
}

/// 600 times whose median and 99th percentile are about as asked; censored ones at the end where the world says so.
fn spread(p50: f64, p99: f64, fate: Fate) -> Distribution {
    let mut times = Distribution::new();
    for rank in 0..600 {
        let nines = -(1.0 - (f64::from(rank) + 0.5) / 600.0).log10();
        let micros = p50 * (p99 / p50).powf((nines - 0.3) / 1.7);
        let time = Duration::from_nanos((micros.max(1.0) * 1e3) as u64);
        if fate == Fate::Censored && rank >= 590 {
            times.censor(time);
        } else {
            times.record(time);
        }
    }
    times
}

/// Little's law on one core, with a little room at the knee.
fn throughput(cell: &Cell, work_us: f64) -> f64 {
    let by_connections = f64::from(cell.connections) / (cell.wait_ms * 1e3 + 90.0 + work_us) * 1e6;
    by_connections.min(0.97e6 / work_us)
}

fn cost(rate: f64, work_us: f64) -> ServerCost {
    let requests = rate as u64;
    ServerCost {
        requests,
        cpu_user_us: (rate * work_us * 0.3) as u64,
        cpu_system_us: (rate * work_us * 0.7) as u64,
        voluntary_switches: Some(requests / 3),
        involuntary_switches: Some(requests / 100),
        cpu_source: CostSource::Contender,
        switches_source: CostSource::Contender,
    }
}

fn times(p50: f64, p99: f64) -> Times {
    Times { p50: Some(p50), p99: Some(p99), max: Some(p99 * 3.0), count: 2_000, ..Times::default() }
}

fn measurement(
    cell: &Cell,
    rate: f64,
    offered: Option<f64>,
    times: Times,
    status: CheckStatus,
) -> Measurement {
    let replies = rate as u64;
    Measurement {
        merged_from: Vec::new(),
        schema: SCHEMA,
        plan: plan(cell, offered),
        offered_rate_per_s: offered,
        achieved_rate_per_s: rate,
        goodput_per_s: rate,
        window_s: 1.0,
        warmed_up_s: None,
        connections_opened: None,
        account: Account { due: replies, finished: replies, failed: 0, censored: 0 },
        outcomes: BTreeMap::from([(OutcomeKind::Ok, replies)]),
        statuses: BTreeMap::new(),
        wrong_replies: Vec::new(),
        censored: 0,
        service_time_us: times.clone(),
        response_time_us: offered.map(|_| times.clone()),
        beyond_wait_us: None,
        lateness_us: offered.map(|_| Times::default()),
        connection_wait_us: offered.map(|_| Times::default()),
        connect_us: None,
        first_byte_us: times,
        wrong_reply_service_time_us: Times::default(),
        in_flight_mean: f64::from(cell.connections),
        received_bytes: replies * 100,
        sent_in_all: replies,
        answered_in_all: replies,
        reopened: 0,
        stale_reuse: 0,
        stale_resets: 0,
        unasked_replies: 0,
        given_up: 0,
        addresses: Vec::new(),
        slow_replies: 0,
        client: ClientCost::default(),
        sub_windows: Vec::new(),
        certificate: Certificate::from_checks(vec![
            check("pace", status),
            check("little", CheckStatus::Pass),
        ]),
        complete: true,
        histograms: Histograms::encode(&Distribution::new(), None),
    }
}

fn plan(cell: &Cell, offered: Option<f64>) -> Plan {
    Plan {
        url: format!("http://127.0.0.1:4102{}", cell.target),
        method: "GET".into(),
        mode: offered.map_or(Mode::Closed, |_| Mode::Open { arrivals: Arrivals::Poisson }),
        connections: cell.connections,
        idle: 0,
        slow: 0,
        variants: None,
        replay_crc32: None,
        request_crc32: None,
        expect: None,
        threads: 1,
        warm_up_s: 0.3,
        duration_s: Some(1.0),
        requests: None,
        timeout_s: 5.0,
        grace_s: 2.0,
        grace_at_least_s: None,
        seed: 42,
        schedule: offered.map(|rate| format!("{rate}/s")),
        think_s: 0.0,
        churn: None,
        spins: false,
        opens_on_demand: false,
    }
}

fn check(name: &str, status: CheckStatus) -> Check {
    let failed = status == CheckStatus::Fail;
    Check {
        name: name.into(),
        status,
        figure: Some(if failed { 9.0 } else { 0.5 }),
        bound: 1.0,
        unit: "ms".into(),
        finding: if failed { "the client was late by 9 ms" } else { "within its bound" }.into(),
        remedy: failed.then(|| "leave the client a core of its own".into()),
        explained_by: None,
    }
}

/// A draw that depends on its place alone, so that leaving trials out changes no other: twelve uniform draws
/// less six, which is near enough to normal here.
fn gaussian(seed: u64, (cell, contender, block, salt): (&str, &str, u32, &str)) -> f64 {
    let mut state = seed;
    for byte in [cell, contender, salt].join("/").bytes().chain(block.to_le_bytes()) {
        state = splitmix(state ^ u64::from(byte));
    }
    let mut uniform = || {
        state = splitmix(state);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..12).map(|_| uniform()).sum::<f64>() - 6.0
}

/// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
fn splitmix(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
