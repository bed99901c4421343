//! loadgen, which tells its own lateness.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use benches::bench::place::Place;
use benches::bench::scripted::{Script, Scripted};
use loadgen::{Client, Crew, Load, Pace, Pacing, Rate, Request, Stop};
use reports_record::Arrivals;

use crate::CONNECTIONS;
use crate::lateness::Lateness;

/// By when it knows how early to stop sleeping.
const WARM_UP: Duration = Duration::from_millis(500);

pub(crate) fn measure(
    place: &Place,
    rate: u32,
    window: Duration,
    pacing: Pacing,
) -> anyhow::Result<Lateness> {
    let server = Scripted::start(Script::AtOnce, &place.split.contender)?;
    let url = server.url()?;
    let crew = Crew { connections: CONNECTIONS, pins: place.pins(), ..Crew::default() };
    let mut client = Client::connect(&url, &crew, None, place.interrupt())?;
    let load = Load {
        pace: Pace::open(Rate::per_second(f64::from(rate))?, Arrivals::Constant, 1),
        warm_up: WARM_UP,
        stop: Stop::After(window),
        pacing,
        ..Load::closed(Request::get(&url), window)
    };
    let measured = client.measure(&load, place.interrupt(), &mut |_| ())?;
    ensure!(measured.complete, "interrupted");
    server.stop()?;
    let lateness = measured.lateness_us.context("an open loop has lateness")?;
    let (cost, spins) = (measured.client, pacing == Pacing::Spin);
    let share = |micros: u64| micros as f64 / 1e6 / measured.window_s;
    Ok(Lateness {
        client: if spins { "loadgen --pacing spin" } else { "loadgen --pacing timer" },
        p50_us: lateness.p50,
        p99_us: lateness.p99,
        promises: spins,
        disturbed: spins.then(|| share(cost.interrupted_us)),
        involuntary_switches: Some(cost.involuntary_switches),
        steal: cost.steal,
        cpu: share(cost.cpu_user_us + cost.cpu_system_us),
        spinning: spins.then(|| share(cost.cpu_spin_us)),
    })
}
