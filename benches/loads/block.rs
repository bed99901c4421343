//! One block of a cell: both contenders fresh, measured under one load after another.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use benches::artifacts::{self, Built};
use benches::bench::place::Place;
use benches::contender::Contender;
use benches::process::{Launch, Tail};
use benches::slices::{self, ContenderMeter, Plan, Side, Sliced, Turns};
use benches::{drawn, root, target};
use loadgen::{Client, Crew, Load, Pacing, Pool, Rate};
use servers_conformance::contenders::Contenders;
use servers_contract::Call;

use crate::cell::{Cell, Ladder};
use crate::kind::Ratios;
use crate::ratio::{Cost, Fitness, Ratio};

/// The word by which this program is started as a contender's supervisor.
pub(crate) const SUPERVISE: &str = "supervise";

/// The control pair: threads, then tasks.
const PAIR: [&str; 2] = ["std-threads", "tokio-tasks"];

/// Coefficient of variation of the drawn waits, as in `quick`.
const SPREAD: f64 = 0.5;

/// Connections that an open loop may have for each of a closed one's: with as few, arrivals would wait for one.
const SPARE: u32 = 4;

/// The least window of a slice.
const WINDOW: Duration = Duration::from_millis(50);

/// Rounds of slices, each with two slices of each contender.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rounds {
    /// Under drawn waits.
    pub(crate) drawn: u32,
    /// In lock step, whose slices are longer.
    pub(crate) lock_step: u32,
    /// Under Poisson arrivals at the closed loop's rate, of each kind.
    pub(crate) poisson: u32,
    /// At each rate of a ladder.
    pub(crate) rate: u32,
}

/// The contenders, and where and how long they are measured.
pub(crate) struct Field<'a> {
    root: PathBuf,
    contenders: Contenders,
    built: Built,
    place: &'a Place,
    rounds: Rounds,
}

/// Both contenders, alive.
struct Live<'a> {
    field: &'a Field<'a>,
    contenders: [Contender; 2],
    call: Call,
    wait: Duration,
    turns: Turns,
    seed: u64,
}

/// Starts as many clients would make them, each on time.
const ON_TIME: Pacing = Pacing::Spin;

/// Starts of a client that sleeps until one is due, and sends together what fell due while it woke.
const BUNCHED: Pacing = Pacing::Timer;

/// Both contenders' connections and what they ask.
type Clients = Vec<(Client, Load)>;

impl<'a> Field<'a> {
    /// Builds the contenders.
    pub(crate) fn build(place: &'a Place, rounds: Rounds) -> anyhow::Result<Self> {
        let root = root::find()?;
        let contenders = Contenders::load(&root.join(root::CONTENDERS))?;
        let built = artifacts::build_alike(&root, &contenders)?;
        Ok(Self { root, contenders, built, place, rounds })
    }

    /// Measures a cell under each load; `seed` decides draws, arrivals and turns.
    pub(crate) fn loads(&self, cell: Cell, seed: u64) -> anyhow::Result<Ratios> {
        let mut live = Live::start(self, cell.wait, seed)?;
        // The first requests of a fresh process cost more, and would count for the load that comes first.
        live.closed(cell.connections, SPREAD, 1)?;
        let drawn = live.closed(cell.connections, SPREAD, self.rounds.drawn)?;
        let lock_step = live.closed(cell.connections, 0.0, self.rounds.lock_step)?;
        let most = cell.connections * SPARE;
        let rounds = self.rounds.poisson;
        let mut clients = live.connect(most, SPREAD, Pool::OnDemand)?;
        // Opens the connections that this rate needs.
        live.open(&mut clients, drawn.rate, 1, ON_TIME)?;
        let on_time = live.open(&mut clients, drawn.rate, rounds, ON_TIME)?;
        let mut clients = live.connect(most, SPREAD, Pool::All)?;
        let as_in_runs = live.open(&mut clients, drawn.rate, rounds, BUNCHED)?;
        clients.iter_mut().for_each(|(_, load)| load.draws = None);
        let one_wait = live.open(&mut clients, drawn.rate, rounds, BUNCHED)?;
        live.stop()?;
        Ok(Ratios::new([drawn, lock_step, on_time, as_in_runs, one_wait]))
    }

    /// Measures a cell at one rate after another, up to the first at which a contender does not keep up.
    pub(crate) fn climb(&self, ladder: &Ladder, seed: u64) -> anyhow::Result<Vec<Ratio>> {
        let mut live = Live::start(self, ladder.cell.wait, seed)?;
        let mut clients = live.connect(ladder.cell.connections, SPREAD, Pool::All)?;
        let mut ratios = Vec::new();
        for &rate in ladder.rates {
            let ratio = live.open(&mut clients, f64::from(rate), self.rounds.rate, ON_TIME)?;
            ratios.push(ratio);
            if ratio.fitness == Fitness::Overloaded {
                break;
            }
        }
        live.stop()?;
        Ok(ratios)
    }

    fn start(&self, name: &str) -> anyhow::Result<Contender> {
        let entry = self.contenders.get(name).with_context(|| format!("no contender {name}"))?;
        let command = self.built.command(entry, root::ANY_PORT)?;
        let cpus = self.place.split.contender.clone();
        let launch = Launch { cpus, ..Launch::of(command, self.root.clone()) };
        let tail = Tail::default();
        Contender::start(&launch, &tail).map_err(|error| tail.explain(error))
    }
}

impl<'a> Live<'a> {
    fn start(field: &'a Field<'a>, wait: Duration, seed: u64) -> anyhow::Result<Self> {
        let [threads, tasks] = PAIR;
        let contenders = [field.start(threads)?, field.start(tasks)?];
        let call = Call::Wait { wait, blocking: false };
        Ok(Self { field, contenders, call, wait, turns: Turns::from_seed(seed), seed })
    }

    fn connect(&self, connections: u32, spread: f64, pool: Pool) -> anyhow::Result<Clients> {
        let place = self.field.place;
        let crew = Crew { connections, pins: place.pins(), pool, ..Crew::default() };
        let connect = |contender: &Contender| {
            let draws = drawn::draws(contender, &self.call, spread, self.seed)?;
            let load = Load { draws, ..target::load(contender, &self.call, b"")? };
            Ok((target::connect(contender, &crew, place.interrupt())?, load))
        };
        self.contenders.iter().map(connect).collect()
    }

    fn closed(&mut self, connections: u32, spread: f64, rounds: u32) -> anyhow::Result<Ratio> {
        let mut clients = self.connect(connections, spread, Pool::All)?;
        let plan = Plan { rounds, ..Plan::closed(&clients[0].1, self.wait) };
        self.ratio(&mut clients, &plan, Pacing::Timer)
    }

    fn open(
        &mut self,
        clients: &mut Clients,
        per_s: f64,
        rounds: u32,
        pacing: Pacing,
    ) -> anyhow::Result<Ratio> {
        let rate = Rate::per_second(per_s).with_context(|| format!("cannot offer {per_s} requests/s"))?;
        self.ratio(clients, &Plan { rounds, ..Plan::open(rate, self.seed, self.wait) }, pacing)
    }

    fn ratio(&mut self, clients: &mut Clients, plan: &Plan, pacing: Pacing) -> anyhow::Result<Ratio> {
        let plan = Plan { length: plan.length.max(WINDOW), ..*plan };
        let interrupt = self.field.place.interrupt();
        let endpoint = self.call.endpoint().name();
        let mut meters = self.contenders.each_ref().map(|contender| ContenderMeter::of(contender, endpoint));
        let mut sides: Vec<Side<'_>> = Vec::new();
        for (((client, load), meter), name) in clients.iter_mut().zip(&mut meters).zip(PAIR) {
            let load = Load { pacing, ..load.clone() };
            sides.push(Side { name, client, load, meter: Some(meter), cpus: 1 });
        }
        let sliced = slices::measure(&mut sides, &plan, &mut self.turns, interrupt).map_err(|failure| {
            failure.error.context(format!("{:?} of {}", failure.stage, PAIR[failure.side]))
        })?;
        ratio_of(&sliced)
    }

    fn stop(self) -> anyhow::Result<()> {
        self.contenders.into_iter().try_for_each(|contender| contender.stop().map(drop))
    }
}

fn ratio_of(sliced: &[Sliced]) -> anyhow::Result<Ratio> {
    let cost = |sliced: &Sliced| sliced.cost.as_ref().and_then(|cost| cost.cpu_per_request_us());
    let (threads, tasks) = cost(&sliced[0]).zip(cost(&sliced[1])).context("too little was answered")?;
    ensure!(threads > 0.0 && tasks > 0.0, "no CPU time was counted");
    let rate = sliced.iter().map(|one| one.measurement.goodput_per_s).fold(f64::INFINITY, f64::min);
    let fitness = Fitness::of(sliced.iter().map(|one| &one.measurement.certificate));
    Ok(Ratio { cost: Cost { threads_us: threads, tasks_us: tasks }, rate, fitness })
}
