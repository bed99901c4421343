//! One block: fresh processes, measured one after another and in slices.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use benches::bench::place::Place;
use benches::slices::{self, Plan, ProcessMeter, Side, Sliced, Turns};
use loadgen::{Client, Crew, Load, Request};
use reports_stats::effect::Pair;

use crate::flags::Flags;
use crate::server::Hashing;

/// What one way of measuring found in one block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// Replies per second of the two.
    pub(crate) throughput: Pair,
    /// CPU time a request of the two.
    pub(crate) cpu: Pair,
    /// How long it took, starting the processes included.
    pub(crate) took: Duration,
}

/// One block of a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    /// Each server alone, one after another.
    pub(crate) alone: Found,
    /// Both in slices.
    pub(crate) sliced: Found,
}

/// Measures a server against itself with `more` % more rounds, in both ways.
pub(crate) fn measure(place: &Place, flags: &Flags, more: u32, seed: u64) -> anyhow::Result<Block> {
    let rounds = [flags.rounds, (u64::from(flags.rounds) * u64::from(100 + more) / 100) as u32];
    let alone = || one_after_another(place, flags, rounds, seed);
    let sliced = || in_slices(place, flags, rounds, seed);
    if seed.is_multiple_of(2) {
        let alone = alone()?;
        Ok(Block { alone, sliced: sliced()? })
    } else {
        let sliced = sliced()?;
        Ok(Block { alone: alone()?, sliced })
    }
}

/// A server with its connections.
struct Live {
    server: Hashing,
    client: Client,
    load: Load,
}

impl Live {
    fn start(place: &Place, flags: &Flags, rounds: u32) -> anyhow::Result<Self> {
        let server = Hashing::start(rounds, &place.split.contender)?;
        let crew = Crew { connections: flags.connections, pins: place.pins(), ..Crew::default() };
        let request = Request::get(&server.url);
        let client = Client::connect(&server.url, &crew, Some(&request), place.interrupt())?;
        Ok(Self { server, client, load: Load::closed(request, Duration::from_secs(1)) })
    }
}

/// The plan of a block: two slices of each server a round. Alone, a server has them on end.
fn plan(load: &Load, flags: &Flags) -> Plan {
    Plan { length: WINDOW, rounds: flags.turns, ..Plan::closed(load, Duration::ZERO) }
}

/// The window of a slice: some hundred requests.
const WINDOW: Duration = Duration::from_millis(25);

/// CPUs that a server bound to one can seem to have used: a window's edges, and a rate that changes within it, make up for less.
const MOST_USED: f64 = 1.5;

fn in_slices(place: &Place, flags: &Flags, rounds: [u32; 2], seed: u64) -> anyhow::Result<Found> {
    let begun = Instant::now();
    let mut one = Live::start(place, flags, rounds[0])?;
    let mut other = Live::start(place, flags, rounds[1])?;
    let plan = plan(&one.load, flags);
    let found = turns(place, &mut [&mut one, &mut other], &plan, seed)?;
    found_of(&found[0], &found[1], begun.elapsed())
}

fn one_after_another(place: &Place, flags: &Flags, rounds: [u32; 2], seed: u64) -> anyhow::Result<Found> {
    let begun = Instant::now();
    let mut found: Vec<Option<Sliced>> = vec![None, None];
    // The order changes from block to block, as it does in a run.
    for side in if seed % 4 < 2 { [0, 1] } else { [1, 0] } {
        let mut live = Live::start(place, flags, rounds[side])?;
        let plan = plan(&live.load, flags);
        found[side] = turns(place, &mut [&mut live], &plan, seed)?.into_iter().next();
    }
    let [Some(one), Some(other)] = &found[..] else { unreachable!("both were measured") };
    found_of(one, other, begun.elapsed())
}

fn turns(place: &Place, live: &mut [&mut Live], plan: &Plan, seed: u64) -> anyhow::Result<Vec<Sliced>> {
    let mut meters: Vec<ProcessMeter> = live.iter().map(|live| live.server.meter()).collect();
    let sides = live.iter_mut().zip(&mut meters);
    let mut sides: Vec<Side<'_>> = sides
        .map(|(live, meter)| Side {
            name: "server",
            client: &mut live.client,
            load: live.load.clone(),
            meter: Some(meter),
            cpus: 1,
        })
        .collect();
    Ok(slices::measure(&mut sides, plan, &mut Turns::from_seed(seed), place.interrupt())?)
}

fn found_of(one: &Sliced, other: &Sliced, took: Duration) -> anyhow::Result<Found> {
    let cpu = |sliced: &Sliced| {
        let cost = sliced.cost.and_then(|cost| cost.cpu_per_request_us());
        let cost = cost.context("the kernel tells no CPU time")?;
        let used = cost / 1e6 * sliced.measurement.goodput_per_s;
        ensure!(
            used < MOST_USED,
            "a server on one CPU seems to have used {used:.2}: another's time is in its own"
        );
        Ok(cost)
    };
    Ok(Found {
        throughput: Pair { sync: one.measurement.goodput_per_s, r#async: other.measurement.goodput_per_s },
        cpu: Pair { sync: cpu(one)?, r#async: cpu(other)? },
        took,
    })
}
