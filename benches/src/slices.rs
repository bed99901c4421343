//! Living servers measured alternately, in slices: what two servers are compared by.
//!
//! Noise of this kind of machine has much of its power between a quarter of a second and some seconds. Two servers that are
//! measured one after another, each for a second, meet different noise. Here every server stays alive with its connections
//! open and proven, and the client turns from one to the next several times a second, so that they meet the same.
//!
//! A *slice* is one short measurement of one server: a lead-in, a window, a drain. A *round* is one slice of each server in
//! an order that is drawn, then one of each in the reverse order: `A B B A` or `B A A B` with two servers. Whatever drifts
//! steadily over a round cancels out of every ratio. Only one server is loaded at a time; its CPU time is read after the drain of each of
//! its slices, since the end of the one before, so that work which it puts off is its own. A round that the machine disturbed is left
//! out for every server, by figures that none of them can move.
//!
//! ```no_run
//! # use benches::slices::{self, ProcessMeter, Side, Turns, Plan};
//! # use loadgen::{Client, Crew, Interrupt, Load};
//! # use std::time::Duration;
//! # fn example(mut one: Client, mut other: Client, load: Load, pid: u32) -> anyhow::Result<()> {
//! // `load` says what each is asked and what a right reply is; pace, warm-up and length are the plan's.
//! let plan = Plan { rounds: 3, ..Plan::closed(&load, Duration::from_millis(10)) };
//! let mut meter = ProcessMeter::of(pid);
//! let mut sides = [
//!     Side { name: "old", client: &mut one, load: load.clone(), meter: Some(&mut meter), cpus: 1 },
//!     Side { name: "new", client: &mut other, load, meter: None, cpus: 1 },
//! ];
//! let sliced = slices::measure(&mut sides, &plan, &mut Turns::from_seed(1), &Interrupt::default())?;
//! let ratio = slices::log_ratio(&sliced[0].slices, &sliced[1].slices, |slice| Some(slice.goodput_per_s));
//! # let _ = ratio; Ok(()) }
//! ```
//!
//! A comparison needs blocks: call [`measure`] once for each phase of a block, over fresh processes in every block where they
//! can be had. The merged measurement of a block is what a trial of the record holds, so that its figures feed
//! `reports_stats` as any trial's do.

mod certificate;
mod plan;
mod round;
mod turns;

use std::time::Duration;

use loadgen::{Client, Interrupt, Load, Part};
use reports_record::{Loop, Measurement, ServerCost, Slice, Stage};

pub use self::certificate::is_beyond_contenders;
pub use self::plan::{Offer, Plan};
pub use self::turns::Turns;
pub use crate::meter::{ContenderMeter, Meter, ProcessMeter, Spent};
use crate::server_checks::{bottleneck, server_count, server_cpu};
use round::{Round, Taken};

/// A server under test: connections that stand, what they ask, and how its cost is read.
pub struct Side<'a> {
    /// Its name, for errors.
    pub name: &'a str,
    /// Its connections.
    pub client: &'a mut Client,
    /// Its requests, and the right reply to each. Pace, warm-up and length are the plan's.
    pub load: Load,
    /// Reads its cost; `None` where it cannot be known, as for a server on another machine.
    pub meter: Option<&'a mut dyn Meter>,
    /// CPUs that it may use.
    pub cpus: usize,
}

/// What one phase found about one server.
#[derive(Debug, Clone, PartialEq)]
pub struct Sliced {
    /// The kept slices as one measurement, with the certificate of all.
    pub measurement: Measurement,
    /// What the kept slices cost the server; `None` without a meter.
    pub cost: Option<ServerCost>,
    /// Every slice, those left out included, in the order of measuring.
    pub slices: Vec<Slice>,
}

/// A slice that could not be measured.
#[derive(Debug)]
pub struct Failure {
    /// Index of the server.
    pub side: usize,
    /// How far it came.
    pub stage: Stage,
    /// What went wrong, with the server's name.
    pub error: anyhow::Error,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#}", self.error)
    }
}

impl std::error::Error for Failure {}

impl Sliced {
    /// As a loop of a trial; `None` without a cost.
    #[must_use]
    pub fn into_loop(self) -> Option<Loop> {
        Some(Loop { measurement: self.measurement, cost: self.cost?, slices: self.slices })
    }

    /// Rounds that were left out because the machine disturbed them.
    #[must_use]
    pub fn left_out(&self) -> usize {
        // Each round has two slices of each server.
        self.slices.iter().filter(|slice| slice.is_left_out).count() / 2
    }
}

/// Measures every side in turn, round after round, as `plan` says; gives what was found in the order of `sides`.
///
/// A round with stolen CPU time, or one in which the client stood still or had no CPU, is left out for all sides and made
/// again, up to half as many rounds as were planned. Where the machine left no round undisturbed, all of them count and
/// the certificates say what they suffered.
///
/// # Errors
/// When a slice cannot be measured or its cost not be read; also when `interrupt` is raised, which is for the caller to ask
/// first.
pub fn measure(
    sides: &mut [Side<'_>],
    plan: &Plan,
    turns: &mut Turns,
    interrupt: &Interrupt,
) -> Result<Vec<Sliced>, Failure> {
    for (side, of) in sides.iter_mut().enumerate() {
        let begun = of.meter.as_mut().map_or(Ok(()), |meter| meter.begin());
        begun.map_err(|error| failure(side, of.name, error))?;
    }
    let mut rounds: Vec<Round> = Vec::new();
    while Round::are_missing(&rounds, plan.rounds) {
        let number = rounds.len() as u32;
        rounds.push(Round::measure(sides, plan, number, &turns.there_and_back(sides.len()), interrupt)?);
    }
    let all_count = rounds.iter().all(Round::is_disturbed);
    let counts = |round: &Round| all_count || !round.is_disturbed();
    let mut found = Vec::new();
    for (side, of) in sides.iter_mut().enumerate() {
        let spent = of.meter.as_mut().map(|meter| meter.end()).transpose();
        let spent = spent.map_err(|error| failure(side, of.name, error))?;
        let all = rounds
            .iter()
            .flat_map(|round| round.of(side).map(|taken| (taken, counts(round))))
            .collect::<Vec<_>>();
        found.push(sliced(&all, spent, plan, of.cpus).map_err(|error| failure(side, of.name, error))?);
    }
    Ok(found)
}

/// The failure of a side whose account could not be kept.
fn failure(side: usize, name: &str, error: anyhow::Error) -> Failure {
    Failure { side, stage: Stage::Account, error: error.context(name.to_owned()) }
}

/// The slices of one side, added up, and what all of them cost; with each, whether it counts.
fn sliced(all: &[(&Taken, bool)], spent: Option<Spent>, plan: &Plan, cpus: usize) -> anyhow::Result<Sliced> {
    let kept: Vec<&Taken> = all.iter().filter(|(_, counts)| *counts).map(|(taken, _)| *taken).collect();
    let parts: Vec<Part> = kept
        .iter()
        .map(|taken| Part { name: format!("slice {}", taken.number), measurement: taken.measurement.clone() })
        .collect();
    let mut measurement = loadgen::merge_slices(&parts)?;
    let total =
        |of: fn(&Measurement) -> u64| all.iter().map(|(taken, _)| of(&taken.measurement)).sum::<u64>();
    let (answered, sent) = (total(|one| one.answered_in_all), total(|one| one.sent_in_all));
    let laps =
        |taken: &mut dyn Iterator<Item = &Taken>| taken.map(|taken| taken.cpu).sum::<Option<Duration>>();
    let all_laps = laps(&mut all.iter().map(|(taken, _)| *taken));
    let are_whole = spent.as_ref().zip(all_laps).is_some_and(|(spent, laps)| spent.is_all_in(laps));
    let own = laps(&mut kept.iter().copied()).filter(|_| are_whole);
    let answered_kept = measurement.answered_in_all;
    let cost = spent.map(|spent| spent.part(own, answered_kept, answered).cost(answered_kept)).transpose()?;
    let checks = spent.map(|spent| {
        [spent.requests.map(|counted| server_count(counted, answered, sent)), server_cpu(&spent)]
    });
    for check in checks.into_iter().flatten().flatten() {
        measurement.certificate = measurement.certificate.with(check);
    }
    let cpu_us = cost.as_ref().and_then(ServerCost::cpu_per_request_us);
    if let (Offer::Closed, Some(cpu_us)) = (&plan.offer, cpu_us) {
        // By the window's rate: lead-in and drain do not make a server look idle.
        let busy = cpu_us * measurement.achieved_rate_per_s / 1e6 / cpus as f64;
        let check = bottleneck(busy, measurement.client.busiest_thread);
        measurement.certificate = measurement.certificate.with(check);
    }
    let slices = all.iter().map(|(taken, counts)| taken.slice(!counts, are_whole)).collect();
    Ok(Sliced { measurement, cost, slices })
}

/// ln(one ÷ other) of a figure, from the means of its logarithms over slices that count: with the slices of a round,
/// ½(ln A₁ + ln A₂ − ln B₁ − ln B₂). `None` where a figure is missing, or is not above 0.
#[must_use]
pub fn log_ratio(one: &[Slice], other: &[Slice], figure: impl Fn(&Slice) -> Option<f64>) -> Option<f64> {
    let mean = |slices: &[Slice]| {
        let kept = slices.iter().filter(|slice| !slice.is_left_out);
        let logs: Option<Vec<f64>> =
            kept.map(|slice| figure(slice).filter(|figure| *figure > 0.0).map(f64::ln)).collect();
        logs.filter(|logs| !logs.is_empty()).map(|logs| logs.iter().sum::<f64>() / logs.len() as f64)
    };
    Some(mean(one)? - mean(other)?)
}

#[cfg(test)]
mod tests;
