//! One block: both contenders fresh, measured under each load in turn.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use benches::artifacts::{self, Built};
use benches::bench::place::Place;
use benches::contender::Contender;
use benches::process::{Launch, Tail};
use benches::slices::{self, ContenderMeter, Plan, Side, Sliced, Turns};
use benches::{drawn, root, target};
use loadgen::{Client, Crew, Load, Rate};
use servers_conformance::contenders::Contenders;
use servers_contract::Call;

/// The word by which this program is started as a contender's supervisor.
pub(crate) const SUPERVISE: &str = "supervise";

/// The control pair: threads, then tasks.
const PAIR: [&str; 2] = ["std-threads", "tokio-tasks"];

/// Coefficient of variation of the drawn waits, as in `quick`.
const SPREAD: f64 = 0.5;

/// Connections of the open loop for each of a closed one's: with as few, arrivals would wait for one.
const SPARE: u32 = 8;

/// The least window of a slice.
const WINDOW: Duration = Duration::from_millis(100);

/// Rounds of slices under each load; each has two slices of each contender.
const ROUNDS: u32 = 4;

/// What is asked, and the programs.
pub(crate) struct Field {
    root: PathBuf,
    contenders: Contenders,
    built: Built,
    call: Call,
    wait: Duration,
    connections: u32,
}

/// A load's ratio of CPU per request, tasks ÷ threads, and its rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratio {
    pub(crate) cpu: f64,
    /// Requests per second of the slower one.
    pub(crate) rate: f64,
}

/// A block's ratios under all loads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratios {
    pub(crate) drawn: Ratio,
    pub(crate) lock_step: Ratio,
    pub(crate) poisson: Ratio,
}

/// One load of a block.
pub(crate) type OfLoad = fn(&Ratios) -> Ratio;

/// The loads by name.
pub(crate) const LOADS: [(&str, OfLoad); 3] = [
    ("closed, drawn waits", |ratios| ratios.drawn),
    ("closed, in lock step", |ratios| ratios.lock_step),
    ("Poisson arrivals", |ratios| ratios.poisson),
];

impl Field {
    /// Builds the contenders.
    pub(crate) fn build(connections: u32, wait: Duration) -> anyhow::Result<Self> {
        let root = root::find()?;
        let contenders = Contenders::load(&root.join(root::CONTENDERS))?;
        let built = artifacts::build_alike(&root, &contenders)?;
        Ok(Self { root, contenders, built, call: Call::Wait { wait, blocking: false }, wait, connections })
    }

    fn start(&self, name: &str, cpus: &[u32]) -> anyhow::Result<Contender> {
        let entry = self.contenders.get(name).with_context(|| format!("no contender {name}"))?;
        let command = self.built.command(entry, root::ANY_PORT)?;
        let launch = Launch { cpus: cpus.to_vec(), ..Launch::of(command, self.root.clone()) };
        let tail = Tail::default();
        Contender::start(&launch, &tail).map_err(|error| tail.explain(error))
    }
}

/// Measures both contenders under each load; `seed` decides draws, arrivals and turns.
pub(crate) fn measure(field: &Field, place: &Place, seed: u64) -> anyhow::Result<Ratios> {
    let [threads, tasks] = PAIR;
    let contenders =
        [field.start(threads, &place.split.contender)?, field.start(tasks, &place.split.contender)?];
    let mut turns = Turns::from_seed(seed);
    let mut under = |connections: u32, spread: f64, plan: &dyn Fn(&Load) -> Plan| {
        let mut clients = Vec::new();
        for contender in &contenders {
            let crew = Crew { connections, pins: place.pins(), ..Crew::default() };
            let draws = drawn::draws(contender, &field.call, spread, seed)?;
            let load = Load { draws, ..target::load(contender, &field.call, b"")? };
            clients.push((target::connect(contender, &crew, place.interrupt())?, load));
        }
        ratio(&contenders, clients, field, place, &mut turns, plan)
    };
    let closed = |load: &Load| Plan { rounds: ROUNDS, ..Plan::closed(load, field.wait) };
    let drawn = under(field.connections, SPREAD, &closed)?;
    let lock_step = under(field.connections, 0.0, &closed)?;
    let rate = Rate::per_second(drawn.rate).context("the rate of the closed loop")?;
    let open = |_: &Load| Plan { rounds: 2 * ROUNDS, ..Plan::open(rate, seed, field.wait) };
    let poisson = under(field.connections * SPARE, 0.0, &open)?;
    for contender in contenders {
        contender.stop()?;
    }
    Ok(Ratios { drawn, lock_step, poisson })
}

fn ratio(
    contenders: &[Contender; 2],
    clients: Vec<(Client, Load)>,
    field: &Field,
    place: &Place,
    turns: &mut Turns,
    plan: &dyn Fn(&Load) -> Plan,
) -> anyhow::Result<Ratio> {
    let plan = plan(&clients[0].1);
    let plan = Plan { length: plan.length.max(WINDOW), ..plan };
    let endpoint = field.call.endpoint().name();
    let mut meters = contenders.each_ref().map(|contender| ContenderMeter::of(contender, endpoint));
    let mut sides: Vec<Side<'_>> = Vec::new();
    let mut clients = clients;
    for (((client, load), meter), name) in clients.iter_mut().zip(&mut meters).zip(PAIR) {
        sides.push(Side { name, client, load: load.clone(), meter: Some(meter), cpus: 1 });
    }
    let sliced = slices::measure(&mut sides, &plan, turns, place.interrupt())
        .map_err(|failure| failure.error.context(format!("{:?} of {}", failure.stage, PAIR[failure.side])))?;
    let cost = |sliced: &Sliced| sliced.cost.as_ref().and_then(|cost| cost.cpu_per_request_us());
    let (threads, tasks) = cost(&sliced[0]).zip(cost(&sliced[1])).context("too little was answered")?;
    ensure!(threads > 0.0 && tasks > 0.0, "no CPU time was counted");
    let rates = sliced.iter().map(|one| one.measurement.goodput_per_s);
    Ok(Ratio { cpu: tasks / threads, rate: rates.fold(f64::INFINITY, f64::min) })
}
