//! One measurement of one scripted server.

use std::time::Duration;

use anyhow::ensure;
use benches::bench::place::Place;
use benches::bench::scripted::{Punctuality, Script, Scripted};
use loadgen::{Client, Crew, Interval, Load, Pace, Pacing, Rate, Request, Stop};
use reports_record::{Arrivals, Measurement};

/// Seed of everything random here.
pub(crate) const SEED: u64 = 20_261_124;

/// An open loop over a scripted server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) script: Script,
    /// Requests per second.
    pub(crate) rate: f64,
    pub(crate) arrivals: Arrivals,
    /// More than will ever be in flight.
    pub(crate) connections: u32,
    pub(crate) warm_up: Duration,
    pub(crate) window: Duration,
}

/// What came of it.
pub(crate) struct Found {
    pub(crate) measurement: Measurement,
    pub(crate) seconds: Vec<Interval>,
    pub(crate) server: Punctuality,
}

impl Found {
    /// Share of the window in which the kernel kept the spinning client from running.
    pub(crate) fn client_away(&self) -> f64 {
        self.measurement.client.interrupted_us as f64 / 1e6 / self.measurement.window_s
    }
}

/// Starts the server, measures it and ends it.
///
/// # Errors
/// When one of them fails, a request is not answered, or it was interrupted.
pub(crate) fn measure(place: &Place, asked: &Asked) -> anyhow::Result<Found> {
    let server = Scripted::start(asked.script, &place.split.contender)?;
    let url = server.url()?;
    let crew = Crew { connections: asked.connections, pins: place.pins(), ..Crew::default() };
    // Not primed: the server's first request has to be the schedule's.
    let mut client = Client::connect(&url, &crew, None, place.interrupt())?;
    let load = Load {
        pace: Pace::open(Rate::per_second(asked.rate)?, asked.arrivals, SEED),
        warm_up: asked.warm_up,
        stop: Stop::After(asked.window),
        // With a CPU shared, the server needs what spinning would take.
        pacing: if place.split.is_shared() { Pacing::Timer } else { Pacing::Spin },
        ..Load::closed(Request::get(&url), asked.window)
    };
    let mut seconds = Vec::new();
    let measurement = client.measure_by_seconds(&load, place.interrupt(), &mut |_| (), &mut |second| {
        seconds.push(second.clone());
    })?;
    ensure!(measurement.complete, "interrupted");
    let account = measurement.account;
    ensure!(account.finished == account.due, "not every request was answered: {:?}", measurement.outcomes);
    Ok(Found { measurement, seconds, server: server.stop()? })
}
