//! Where it is measured: a CPU for the client, another for the server.

use anyhow::ensure;
use benches::bench::scripted::{Punctuality, Script, Scripted};
use benches::cpus::{self, Split};
use benches::signals::Signals;
use loadgen::{Client, Crew, Interrupt, Interval, Load, Pace, Pacing, Rate, Request, Stop};
use reports_record::{Arrivals, Measurement};
use std::time::Duration;

/// Seed of everything random here.
pub(crate) const SEED: u64 = 20_261_124;

/// The CPUs, and the wish to end early.
pub(crate) struct Place {
    pub(crate) split: Split,
    signals: Signals,
}

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

impl Place {
    /// Splits the CPUs and binds this process to the client's.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let signals = Signals::install()?;
        let split = Split::of(&cpus::allowed()?, 1)?;
        if split.is_shared() {
            eprintln!("truths: only one CPU: client and server take turns, and every figure includes that");
        }
        cpus::bind(&split.client)?;
        Ok(Self { split, signals })
    }

    pub(crate) fn interrupt(&self) -> &Interrupt {
        self.signals.interrupt()
    }

    pub(crate) fn exit_code(&self) -> i32 {
        self.signals.exit_code()
    }

    /// Starts the server, measures it and ends it.
    ///
    /// # Errors
    /// When one of them fails, a request is not answered, or it was interrupted.
    pub(crate) fn measure(&self, asked: &Asked) -> anyhow::Result<Found> {
        let server = Scripted::start(asked.script, &self.split.contender)?;
        let url = server.url()?;
        let crew = Crew {
            connections: asked.connections,
            pins: self.split.client.iter().map(|&cpu| cpu as usize).collect(),
            ..Crew::default()
        };
        // Not primed: the server's first request has to be the schedule's.
        let mut client = Client::connect(&url, &crew, None, self.interrupt())?;
        let load = Load {
            pace: Pace::open(Rate::per_second(asked.rate)?, asked.arrivals, SEED),
            warm_up: asked.warm_up,
            stop: Stop::After(asked.window),
            // With a CPU shared, the server needs what spinning would take.
            pacing: if self.split.is_shared() { Pacing::Timer } else { Pacing::Spin },
            ..Load::closed(Request::get(&url), asked.window)
        };
        let mut seconds = Vec::new();
        let measurement = client.measure_by_seconds(&load, self.interrupt(), &mut |_| (), &mut |second| {
            seconds.push(second.clone());
        })?;
        ensure!(measurement.complete, "interrupted");
        let account = measurement.account;
        ensure!(
            account.finished == account.due,
            "not every request was answered: {:?}",
            measurement.outcomes
        );
        Ok(Found { measurement, seconds, server: server.stop()? })
    }
}
