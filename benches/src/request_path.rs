//! The path of a request: each contender of a pair measured with probes and without, in turns.
//!
//! Probes take time themselves. So they run in measurements of their own, which no verdict is made of, and what they take is
//! measured beside them.

mod summary;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use loadgen::{Interrupt, Load, Pace, Rate, Stop};
use reports_record::{Arrivals, Cell, ContenderPath, Measurement, Phases, ProbedCost};
use servers_contract::StageTimes;

use crate::field::Field;
use crate::meter::{ContenderMeter, Meter as _};
use crate::process::Tail;
use crate::trial::{Primed, Task};

/// Left out at the start of each measurement by the client: connections and caches settle.
const WARM_UP: Duration = Duration::from_millis(500);

/// The load under which paths are measured.
#[derive(Debug)]
pub struct Setting<'a> {
    /// The contenders as built, and their CPUs.
    pub field: &'a Field,
    /// The request and its connections.
    pub cell: &'a Cell,
    /// Deadlines of requests.
    pub phases: &'a Phases,
    /// The offered rate, with exponential gaps.
    pub rate: Rate,
    /// How long each measurement takes.
    pub span: Duration,
    /// Seed of the schedules: all contenders get the same.
    pub seed: u64,
    /// Ends it early.
    pub interrupt: &'a Interrupt,
}

/// One contender's measurements so far.
#[derive(Debug)]
pub struct Contestant {
    name: String,
    model: &'static str,
    times: Vec<StageTimes>,
    client_us_p50: Vec<f64>,
    invalid: u32,
    without: Costs,
    with: Costs,
}

/// Costs of several measurements.
#[derive(Debug, Default)]
struct Costs {
    cpu_us: Vec<f64>,
    response_us_p50: Vec<f64>,
}

impl Contestant {
    /// The contender `name` of this model, not measured yet.
    #[must_use]
    pub fn new(name: &str, model: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            model,
            times: Vec::new(),
            client_us_p50: Vec::new(),
            invalid: 0,
            without: Costs::default(),
            with: Costs::default(),
        }
    }

    /// Measures a fresh process of it once with probes and once without, the probes first or last.
    ///
    /// # Errors
    /// When it cannot be started, measured or stopped, or leaves no times.
    pub fn turn(&mut self, setting: &Setting<'_>, probes_first: bool, turn: u64) -> anyhow::Result<()> {
        for with_probes in [probes_first, !probes_first] {
            let name = self.name.clone();
            self.measure(setting, with_probes, turn).with_context(|| format!("contender {name}"))?;
        }
        Ok(())
    }

    fn measure(&mut self, setting: &Setting<'_>, with_probes: bool, turn: u64) -> anyhow::Result<()> {
        let folder = tempfile::tempdir().context("cannot make a folder for the times of stages")?;
        let file = folder.path().join("stages.json");
        let flags = ["--stages".to_owned(), file.display().to_string()];
        let (measurement, cpu_us) =
            measured(&self.name, setting, if with_probes { &flags } else { &[] }, turn)?;
        let wait_us = setting.cell.wait_ms * 1e3;
        self.invalid += u32::from(!measurement.certificate.is_believable());
        let costs = if with_probes { &mut self.with } else { &mut self.without };
        costs.cpu_us.push(cpu_us);
        let response = measurement.response_time_us.as_ref().and_then(|times| times.p50);
        costs.response_us_p50.extend(response.map(|p50| p50 - wait_us));
        if with_probes {
            self.times.push(read(&file)?);
            self.client_us_p50.extend(measurement.service_time_us.p50.map(|p50| p50 - wait_us));
        }
        Ok(())
    }

    /// The path that all turns together show.
    ///
    /// # Errors
    /// When no request of `endpoint` was timed.
    pub fn path(self, endpoint: &str, wait_us: f64) -> anyhow::Result<ContenderPath> {
        let all: Vec<_> =
            self.times.iter().filter_map(|times| times.requests.get(endpoint)).flatten().copied().collect();
        let starts: Vec<u64> = self.times.iter().flat_map(|times| times.starts_ns.iter().copied()).collect();
        let reading_ns = self.times.iter().map(|times| times.reading_ns).max().unwrap_or(0);
        let typical = summary::typical(&all, wait_us)
            .with_context(|| format!("contender {}: no request for /{endpoint} was timed", self.name))?;
        Ok(ContenderPath {
            contender: self.name,
            model: self.model.to_owned(),
            requests: all.len() as u64,
            left_out: self.times.iter().map(|times| times.left_out).sum(),
            invalid: self.invalid,
            reading_us: reading_ns as f64 / 1e3,
            typical,
            slowest: summary::slowest(&all, wait_us),
            start_us_p50: summary::median_us(&starts),
            client_us_p50: summary::mean(&self.client_us_p50),
            without_probes: self.without.cost()?,
            with_probes: self.with.cost()?,
        })
    }
}

impl Costs {
    fn cost(&self) -> anyhow::Result<ProbedCost> {
        Ok(ProbedCost {
            cpu_us: summary::mean(&self.cpu_us).context("no measurement tells the CPU time of a request")?,
            response_time_us_p50: summary::mean(&self.response_us_p50),
        })
    }
}

/// One open loop against a fresh process with these flags; the server's CPU time per request, microseconds, beside it.
fn measured(
    name: &str,
    setting: &Setting<'_>,
    flags: &[String],
    turn: u64,
) -> anyhow::Result<(Measurement, f64)> {
    let launch = setting.field.launch(name, flags)?;
    let task = Task {
        launch: &launch,
        cell: setting.cell,
        phases: setting.phases,
        client_cpus: setting.field.client_cpus(),
        client_spins: false,
        interrupt: setting.interrupt,
    };
    let tail = Tail::default();
    let told = |(stage, error): (_, anyhow::Error)| tail.explain(anyhow!("{stage:?}: {error:#}"));
    let mut primed = Primed::start(&task, &tail).map_err(told)?;
    let load = Load {
        pace: Pace::open(setting.rate, Arrivals::Poisson, setting.seed.wrapping_add(turn)),
        warm_up: WARM_UP,
        stop: Stop::After(setting.span),
        ..primed.load(&task, setting.seed)?
    };
    let mut meter = ContenderMeter::of(&primed.contender, primed.call.endpoint().name());
    meter.begin()?;
    let measurement = primed.client.measure(&load, setting.interrupt, &mut |_| ())?;
    let cost = meter.end()?.cost(measurement.answered_in_all)?;
    primed.stop().map_err(told)?;
    let cpu_us = cost.cpu_per_request_us().context("it answered no request")?;
    Ok((measurement, cpu_us))
}

fn read(file: &Path) -> anyhow::Result<StageTimes> {
    let text =
        fs::read(file).context("it left no times of stages; expected a contender that takes --stages")?;
    serde_json::from_slice(&text).context("cannot read the times of stages that it left")
}
