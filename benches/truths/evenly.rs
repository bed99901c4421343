//! One server of exactly 0.5 ms, asked every 0.714 ms (D/D/1 at 70 %): whoever comes finds it free, and nobody waits.
//!
//! A client that sends in bursts, because its clock ticks in milliseconds, makes its own queue there and measures it.

use std::time::Duration;

use benches::bench::oha;
use benches::bench::place::Place;
use benches::bench::scripted::{Script, Scripted, Spread};
use benches::bench::table::Table;
use benches::root;
use reports_record::Arrivals;
use reports_terminal::talk;

use crate::delay::WAY;
use crate::measured::{Asked, measure};
use crate::verdict::Figure;

const SERVICE: Duration = Duration::from_micros(500);
const RATE: f64 = 1400.0;
const CONNECTIONS: u32 = 50;
const SERVER: &str = "0.5 ms each, 1,400/s evenly";

fn window(quick: bool) -> Duration {
    Duration::from_secs(if quick { 1 } else { 10 })
}

pub(crate) fn length(quick: bool) -> Duration {
    2 * window(quick)
}

pub(crate) fn tell(place: &Place, quick: bool, table: &mut Table) -> anyhow::Result<()> {
    let script = Script::Queue { service: SERVICE, spread: Spread::Fixed, seed: 0 };
    let found = measure(
        place,
        &Asked {
            script,
            rate: RATE,
            arrivals: Arrivals::Constant,
            connections: CONNECTIONS,
            warm_up: Duration::ZERO,
            window: window(quick),
        },
    )?;
    let own = Figure {
        server: SERVER,
        client: "loadgen",
        figure: "response mean",
        exact: SERVICE,
        measured_us: found.measurement.response_time_us.as_ref().and_then(|times| times.mean),
        bound: Some(WAY),
        client_away: Some(found.client_away()),
        punctuality: found.server,
    };
    table.push(own.row());
    let Some(program) = oha::find(&root::find()?) else {
        talk!("truths: oha is not installed ({} does that): it is left out", oha::INSTALLED_BY);
        return Ok(());
    };
    let server = Scripted::start(script, &place.split.contender)?;
    let asked = oha::Asked { rate: Some(RATE), connections: CONNECTIONS, window: window(quick) };
    let oha = oha::run(&program, &asked, &server.url()?, &place.split.client, place.interrupt())?;
    let punctuality = server.stop()?;
    let measured_us = oha.mean_s.map(|mean| mean * 1e6);
    table.push(
        Figure { client: "oha", measured_us, bound: None, client_away: None, punctuality, ..own }.row(),
    );
    Ok(())
}
