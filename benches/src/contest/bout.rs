//! A contest under way: calibrated, measured block by block, looked at where it was planned.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use loadgen::{ExpectBody, Interrupt, Rate};
use reports_record::{Check, CheckStatus, shown};
use reports_stats::looks::Looks;

use super::entrant::Running;
use super::listeners::{holders, listeners};
use super::queue_meter::QueueMeter;
use super::{Block, End, Entrant, Findings, Metric, Reading, Source, Subject};
use crate::order::schedule_seed;
use crate::sampler::Sampler;
use crate::slices::{self, Meter, Plan, Side, Sliced, Turns};
use reports_terminal::counted;

const MIB: f64 = 1_048_576.0;

/// Numbers of blocks after which a contest is looked at, as far as its time carries them.
const LOOKS: [usize; 6] = [8, 12, 16, 24, 32, 48];

/// The most blocks that a contest takes, whatever its time.
pub(super) const MOST_BLOCKS: usize = LOOKS[LOOKS.len() - 1];

/// Fewer blocks than this give no verdict, so that they are planned whatever the time.
const LEAST_BLOCKS: usize = reports_stats::effect::MIN_BLOCKS;

/// By how much a block may take longer than its calibration said, before the plan is one that its time does not carry.
const SLOWER: f64 = 1.25;

/// Blocks whose failing for the same reason ends a contest: what failed three times will fail a fourth.
const SAME_FAULT: usize = 3;

/// Rounds of an open loop in a block: the cost and the response time scatter more from slice to slice than the capacity.
const OPEN_ROUNDS: u32 = 2;

/// The least window of a slice: starting the servers takes far longer than turning between them, so that a block has more of each.
const WINDOW: Duration = Duration::from_millis(100);

/// Replies of each connection that a closed slice holds, one after another, at least. Each counts by its share of the window, so that few
/// lose nothing at its edges.
const SLICE_WAITS: f64 = 2.5;

/// Requests that a slice should hold at a rate, and the longest slice that is made for them.
const SLICE_REQUESTS: f64 = 50.0;
const LONGEST_SLICE: Duration = Duration::from_millis(500);

/// Replies that a closed slice should hold.
const SLICE_REPLIES: f64 = 50.0;

/// A rate at which the longest slice would hold fewer requests than this is not asked.
const FEWEST_REQUESTS: f64 = 5.0;

/// The windows that a warm-up is made of, at least: short enough for the connections of those that wait for their turn to stay open.
const WARM_UP_WINDOW: Duration = Duration::from_millis(250);

/// A server that serves this many times as much once it is measured as at the end of its warm-up was not warm yet.
const STILL_RISING: f64 = 1.1;

/// How long requests may go on after a slice of the calibration, at least, and by how many times what all connections' requests take where a
/// server serves one after another. What is given up there is served all the same, in the next slices' time.
const CALIBRATION_GRACE: Duration = Duration::from_secs(2);
const CALIBRATION_TURNS: f64 = 1.5;

/// How long requests may go on after any slice, at most.
const LONGEST_GRACE: Duration = Duration::from_secs(60);

/// How long requests may go on after a slice, at least; and by how many times the time that all connections need together: the longest
/// drawn wait is 3.7 times the mean.
const GRACE: Duration = Duration::from_millis(500);
const GRACE_TURNS: f64 = 4.0;

/// A rate beyond this share of the weaker entrant's capacity overloads it.
const OVERLOAD: f64 = 0.95;

/// Where and how a contest is held.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Connections to each entrant.
    pub connections: u32,
    /// CPUs of the client.
    pub client_cpus: &'a [u32],
    /// CPUs of the servers.
    pub server_cpus: &'a [u32],
    /// How long each entrant is asked after each of its starts before anything of it counts.
    pub warm_up: Duration,
    /// Seed of orders, schedules and drawn waits; each block has its own by it.
    pub seed: u64,
    /// Contests that are held in turn, this one included: they share the time.
    pub contests: u32,
    /// Ends the contest early.
    pub interrupt: &'a Interrupt,
}

impl Setting<'_> {
    /// The setting of the block with this `number`, whose orders, schedules and drawn waits are its own. Blocks that all drew the same
    /// waits would agree with each other on what these make of a figure.
    fn of_block(&self, number: u32) -> Self {
        Self { seed: schedule_seed(self.seed, 0, number), ..*self }
    }
}

/// Which rates are offered.
#[derive(Debug, Clone, PartialEq)]
pub enum Rates {
    /// These, requests per second.
    Given(Vec<Rate>),
    /// These shares of the weaker entrant's capacity.
    Shares(Vec<f64>),
}

/// A contest that is calibrated and ready to be measured.
#[derive(Debug)]
pub struct Contest {
    entrants: Vec<Entrant>,
    rates: Vec<Rate>,
    /// Whether these are shares of what the weaker entrant serves.
    are_rates_shares: bool,
    closed: Plan,
    /// How long a request takes while nothing else is asked.
    service: Duration,
    grace: Duration,
    looks: Looks,
    /// How long a block takes: as calibrated with some to spare, or the longest so far.
    pace: Duration,
    blocks: Vec<Block>,
    failures: Vec<String>,
    /// Blocks that the machine spoilt and that were measured again.
    spoilt: usize,
    /// That its time carries too few blocks for a verdict, where it does.
    too_short: Option<String>,
    notes: Vec<String>,
    /// Whether all have to answer with the same body.
    same_body: bool,
}

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// More blocks may still decide something.
    Open,
    /// Nothing is left to decide, or no blocks are.
    Over,
}

impl Contest {
    /// Starts every entrant once, learns how long requests take and what each can serve, and plans the blocks that fit into its
    /// share of `within`. With `same_body`, all have to answer with the same body.
    ///
    /// # Errors
    /// When an entrant does not start or answers wrong, two are one server, bodies differ that should not, or no rate can be
    /// asked that was to be.
    pub fn calibrate(
        mut entrants: Vec<Entrant>,
        rates: &Rates,
        same_body: bool,
        within: Duration,
        setting: &Setting<'_>,
    ) -> anyhow::Result<Self> {
        let began = Instant::now();
        let within = within / setting.contests.max(1);
        let mut notes = Vec::new();
        let mut running = start_all(&entrants, setting)?;
        ensure_distinct(&entrants, &running, &mut notes)?;
        let mut service = Duration::ZERO;
        for (entrant, running) in entrants.iter_mut().zip(&running) {
            let met = &running.met;
            service = service.max(met.service);
            if let Source::Foreign(foreign) = &mut entrant.source {
                if met.body.is_none() {
                    ensure!(
                        !same_body,
                        "{}: its body differs from reply to reply, expected the same body of all (--expect-same-body); {DIFFERENT}",
                        entrant.name
                    );
                    notes.push(format!(
                        "the body of {} differs from reply to reply: only its status is checked",
                        entrant.name
                    ));
                }
                foreign.body.clone_from(&met.body);
            }
        }
        if let Some(difference) = different_bodies(&entrants) {
            ensure!(
                !same_body,
                "{difference}; expected the same body of all (--expect-same-body); {DIFFERENT}"
            );
            notes.push(format!("{difference}: they may not do the same work"));
        }
        let closed = closed_plan(&running[0], service);
        let is_any_started = entrants.iter().any(Entrant::is_started);
        let warm = warm_up_plan(setting.warm_up, service).filter(|_| is_any_started);
        ensure_holds_a_block(&entrants, rates, [Some(closed), warm], service, within, setting)?;
        let first_grace = calibration_grace(service, setting.connections);
        let mut turns = Turns::from_seed(setting.seed);
        warm_up(&mut running, &entrants, service, first_grace, &mut turns, setting)?;
        let first_began = Instant::now();
        let mut sliced = phase(&mut running, &entrants, &closed, first_grace, &mut turns, setting)?;
        let mut repeated = Duration::ZERO;
        let lead_in = lead_in(&sliced, service, setting.connections);
        let closed = closed.after_a_turn(lead_in);
        let calibrated = closed.duration();
        if lead_in >= closed.lead_in {
            repeated = first_began.elapsed();
            sliced = phase(&mut running, &entrants, &closed, first_grace, &mut turns, setting)?;
        }
        let capacity = capacities(&entrants, &sliced)?;
        notes.extend(
            entrants.iter().zip(&sliced).filter_map(|(entrant, sliced)| wrong_beforehand(entrant, sliced)),
        );
        let weaker = capacity.iter().copied().fold(f64::INFINITY, f64::min);
        let grace = GRACE.max(Duration::from_secs_f64(
            (GRACE_TURNS * f64::from(setting.connections) / weaker).min(LONGEST_GRACE.as_secs_f64()),
        ));
        let length = closed.length.max(Duration::from_secs_f64((SLICE_REPLIES / weaker).min(1.0)));
        let closed = Plan { length, ..closed };
        let are_rates_shares = matches!(rates, Rates::Shares(_));
        let rates = offered(rates, weaker, service, &mut notes)?;
        if !same_body {
            for (entrant, running) in entrants.iter_mut().zip(&mut running) {
                notes.extend(release_changed_body(entrant, running, "over time"));
            }
        }
        stop_all(&entrants, running, &mut notes)?;
        let sides = entrants.len() as u32;
        let levels: Duration = rates.iter().map(|&rate| open_plan(rate, 0, service).duration()).sum();
        let slices = 2 * (closed.rounds + warm.map_or(0, |plan| plan.rounds));
        let drain = |grace| drains(&capacity, setting.connections, grace);
        let longer = drain(grace).saturating_sub(drain(first_grace)) * slices;
        // All but the closed loop was as long as it will be, but for drains that a short grace cut off.
        let block = began.elapsed().saturating_sub(repeated + calibrated * sides)
            + (closed.duration() + levels) * sides
            + longer;
        let pace = block.mul_f64(SLOWER);
        let fitting = (within.as_secs_f64() / pace.as_secs_f64()) as usize;
        notes.extend(entrants.iter().filter(|entrant| !entrant.is_started()).map(|entrant| {
            format!(
                "{} ran already: its CPU and memory are not read, and whether another start of it would be as fast is not \
                 known",
                entrant.name
            )
        }));
        let looks = looks(fitting);
        let (blocks, failures, spoilt) = (Vec::new(), Vec::new(), 0);
        Ok(Self {
            entrants,
            rates,
            are_rates_shares,
            closed,
            service,
            grace,
            looks,
            pace,
            blocks,
            failures,
            spoilt,
            too_short: too_short(fitting, block, within, setting.contests),
            notes,
            same_body,
        })
    }

    /// That its time carries too few blocks for a verdict, and what they take; `None` where it carries them.
    #[must_use]
    pub fn too_short(&self) -> Option<&str> {
        self.too_short.as_deref()
    }

    /// The offered rates.
    #[must_use]
    pub fn rates(&self) -> &[Rate] {
        &self.rates
    }

    /// The most blocks that it takes.
    #[must_use]
    pub fn most_blocks(&self) -> usize {
        self.looks.last()
    }

    /// Blocks that were measured so far.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// What a reader has to know beside the figures, what was left out among it.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        // Where it ended with enough, the warning was wrong.
        notes.extend(self.too_short.clone().filter(|_| !self.has_enough()));
        if self.spoilt > 0 {
            notes.push(format!(
                "{} left out, and measured again as far as the time went: other programs on this machine, or its own host, had spoilt \
                 what was measured",
                counted(self.spoilt as u64, "block")
            ));
        }
        for (side, entrant) in self.entrants.iter().enumerate() {
            let readings = || self.blocks.iter().map(|block| &block.readings[side]);
            notes.extend(full_queue(&entrant.name, readings()));
            notes.extend(not_warm(&entrant.name, readings()).filter(|_| entrant.is_started()));
            let faulty = readings().filter(|reading| !reading.faults.is_empty()).count();
            if let Some(fault) = readings().flat_map(|reading| &reading.faults).next() {
                notes.push(format!(
                    "figures of {} were left out in {faulty} of {}, first because of {fault}",
                    entrant.name,
                    counted(self.blocks.len() as u64, "block")
                ));
            }
        }
        if let Some(failure) = self.failures.first() {
            notes.push(format!(
                "{} failed, the first so: {failure}",
                counted(self.failures.len() as u64, "block")
            ));
        }
        notes
    }

    /// Why an entrant cannot be compared: it answered wrong, or not at all, in half of the blocks, or in as many as leave
    /// too few for a verdict.
    #[must_use]
    pub fn unfit(&self) -> Option<String> {
        let titles: Vec<String> = self.entrants.iter().map(Entrant::title).collect();
        unfit(&titles, &self.blocks, &self.failures)
    }

    /// Whether there are as many blocks as a verdict needs: those of the first look.
    #[must_use]
    pub fn has_enough(&self) -> bool {
        has_been_looked_at(&self.looks, self.blocks.len())
    }

    /// What was found so far.
    #[must_use]
    pub fn findings(&self, setting: &Setting<'_>) -> Findings {
        let names = self.entrants.iter().map(|entrant| entrant.name.clone()).collect();
        let rates = self.rates.iter().map(|rate| rate.get()).collect();
        Findings {
            block_s: self.pace.as_secs_f64() * f64::from(setting.contests),
            is_interrupted: setting.interrupt.is_raised(),
            are_rates_shares: self.are_rates_shares,
            offered_requests: self.rates.iter().map(|&rate| offered_requests(rate, self.service)).collect(),
            ..Findings::of(names, rates, &self.blocks, &self.looks)
        }
    }

    /// Measures one more block of what is still open; does nothing once it is over.
    ///
    /// # Errors
    /// When the first blocks all failed for the same reason, or an entrant cannot be started any more.
    pub fn block(&mut self, setting: &Setting<'_>) -> anyhow::Result<Course> {
        let began = Instant::now();
        let (has_closed, has_level) = self.open_phases(setting);
        if self.blocks.len() >= self.looks.last() || !(has_closed || has_level.contains(&true)) {
            return Ok(Course::Over);
        }
        let number = (self.blocks.len() + self.spoilt) as u32;
        match self.measure(number, has_closed, &has_level, setting) {
            // For all entrants alike, by figures that none of them can move.
            Ok(Some(readings))
                if readings.iter().any(|reading| reading.is_spoilt) && self.spoilt < self.looks.last() =>
            {
                self.spoilt += 1;
                return Ok(Course::Open);
            }
            // A body changed amid it. Each entrant's does so once at most: then it is held to none.
            Ok(None) => return Ok(Course::Open),
            Ok(Some(readings)) => {
                self.pace = self.pace.max(began.elapsed());
                self.blocks.push(Block { has_closed, has_level, readings });
            }
            Err(_) if setting.interrupt.is_raised() => return Ok(Course::Over),
            Err(error) => {
                self.failures.push(format!("{error:#}"));
                // A block without figures: what fails must not be left out in silence.
                let readings = vec![Reading::default(); self.entrants.len()];
                self.blocks.push(Block { has_closed, has_level, readings });
            }
        }
        self.ensure_believable()?;
        Ok(Course::Open)
    }

    /// The phases of which a verdict is still open.
    fn open_phases(&self, setting: &Setting<'_>) -> (bool, Vec<bool>) {
        let findings = self.findings(setting);
        let is_open = |subject: Subject| {
            self.blocks.is_empty()
                || (1..self.entrants.len())
                    .filter_map(|entrant| findings.about(subject, entrant))
                    .any(|finding| finding.end == End::Open)
        };
        // Memory and the 99th percentile ride along: no phase is measured for their sake.
        let closed = is_open(Subject { metric: Metric::Throughput, level: 0 });
        let level = |level: usize| {
            [Metric::CpuPerRequest, Metric::ResponseTimeP50]
                .into_iter()
                .any(|metric| is_open(Subject { metric, level }))
        };
        (closed, (0..self.rates.len()).map(level).collect())
    }

    /// One block's readings; `None` where they hold replies to a body that an entrant gives no more.
    fn measure(
        &mut self,
        number: u32,
        has_closed: bool,
        has_level: &[bool],
        setting: &Setting<'_>,
    ) -> anyhow::Result<Option<Vec<Reading>>> {
        let setting = &setting.of_block(number);
        let mut running = start_all(&self.entrants, setting)?;
        self.release_changed_bodies(&mut running, Moment::Start);
        let mut turns = Turns::from_seed(setting.seed);
        let warm = if self.entrants.iter().any(Entrant::is_started) {
            warm_up(&mut running, &self.entrants, self.service, self.grace, &mut turns, setting)?
        } else {
            // Those that ran already were warmed up by the calibration.
            vec![None; self.entrants.len()]
        };
        let reading = |warm| Reading { warm_up_per_s: warm, ..Reading::default() };
        let mut readings: Vec<Reading> = warm.into_iter().map(reading).collect();
        if has_closed {
            let sliced = phase(&mut running, &self.entrants, &self.closed, self.grace, &mut turns, setting)?;
            for ((reading, sliced), running) in readings.iter_mut().zip(&sliced).zip(&running) {
                reading.take_closed(sliced);
                reading.memory_mib = memory_mib(running);
            }
        }
        for (&rate, &has) in self.rates.iter().zip(has_level) {
            if has {
                let plan = open_plan(rate, turns.seed(), self.service);
                let sliced = phase(&mut running, &self.entrants, &plan, self.grace, &mut turns, setting)?;
                for ((reading, sliced), running) in readings.iter_mut().zip(&sliced).zip(&running) {
                    reading.take_level(sliced, running.mean_wait());
                }
            } else {
                readings.iter_mut().for_each(|reading| reading.levels.push(super::Level::default()));
            }
        }
        for (reading, running) in readings.iter_mut().zip(&running) {
            reading.dropped_connections = running.meter.as_ref().map_or(0, QueueMeter::dropped);
        }
        let other_bodies: Vec<bool> = readings.iter().map(|reading| reading.has_other_body).collect();
        let is_released = self.release_changed_bodies(&mut running, Moment::After(&other_bodies));
        stop_all(&self.entrants, running, &mut self.notes)?;
        Ok(if is_released { None } else { Some(readings) })
    }

    /// From now on checks only the status of each entrant that answers with another body than the one it is held to, and goes on doing so:
    /// it may name its port, which is a new one at each start, or the time. One that has answered with its own body again was wrong.
    /// Returns whether there was any.
    fn release_changed_bodies(&mut self, running: &mut [Running], moment: Moment<'_>) -> bool {
        if self.same_body {
            return false;
        }
        let mut is_any = false;
        for (side, (entrant, running)) in self.entrants.iter_mut().zip(running).enumerate() {
            let changes = match moment {
                Moment::Start if entrant.is_started() => "from start to start",
                Moment::After(other_bodies) if !other_bodies[side] => continue,
                _ => "over time",
            };
            let met = running.met.body.clone();
            let note = match moment {
                Moment::Start if met.is_none() && !self.blocks.is_empty() => None,
                Moment::Start => release_body(entrant, running, met, changes),
                Moment::After(_) => release_changed_body(entrant, running, changes),
            };
            is_any |= note.is_some();
            self.notes.extend(note);
        }
        is_any
    }

    /// Stops a contest whose first blocks all failed for the same reason: more of them would fail as well.
    fn ensure_believable(&self) -> anyhow::Result<()> {
        let first = &self.blocks[..self.blocks.len().min(SAME_FAULT)];
        if first.len() < SAME_FAULT || self.blocks.len() > SAME_FAULT {
            return Ok(());
        }
        if self.failures.len() == SAME_FAULT {
            bail!(
                "the first {SAME_FAULT} blocks all failed, the last one so: {}",
                self.failures[SAME_FAULT - 1]
            );
        }
        for (side, entrant) in self.entrants.iter().enumerate() {
            let name_of = |fault: &String| fault.split(':').next().unwrap_or_default().to_owned();
            let faults = |block: &Block| -> Vec<String> { block.readings[side].faults.clone() };
            let common = faults(&first[0]).into_iter().find(|fault| {
                first.iter().all(|block| faults(block).iter().any(|other| name_of(other) == name_of(fault)))
            });
            // A phase that failed while another stands leaves something to compare.
            let is_bare = first.iter().all(|block| {
                let reading = &block.readings[side];
                reading.throughput_per_s.is_none()
                    && reading.levels.iter().all(|level| level.p50_us.is_none())
            });
            if let Some(fault) = common.filter(|_| is_bare) {
                bail!(
                    "{}: the first {SAME_FAULT} blocks all failed for the same reason: {fault}",
                    entrant.title()
                );
            }
        }
        Ok(())
    }
}

fn start_all(entrants: &[Entrant], setting: &Setting<'_>) -> anyhow::Result<Vec<Running>> {
    entrants.iter().map(|entrant| entrant.start(setting)).collect()
}

fn stop_all(entrants: &[Entrant], running: Vec<Running>, notes: &mut Vec<String>) -> anyhow::Result<()> {
    for (entrant, running) in entrants.iter().zip(running) {
        let odd = running.stop().with_context(|| entrant.title())?;
        if let Some(odd) =
            odd.map(|odd| format!("{}: {odd}", entrant.name)).filter(|odd| !notes.contains(odd))
        {
            notes.push(odd);
        }
    }
    Ok(())
}

/// Makes sure that no two entrants are one and the same: that would compare a server with itself. Two names of one server are seen by
/// the socket that takes their connections; that one process answers at two ports is a note, for it may serve two programs.
fn ensure_distinct(entrants: &[Entrant], running: &[Running], notes: &mut Vec<String>) -> anyhow::Result<()> {
    let addresses: Vec<&[SocketAddr]> = running.iter().map(|running| running.client.addresses()).collect();
    let sockets: Vec<BTreeSet<u64>> = addresses
        .iter()
        .map(|addresses| addresses.iter().flat_map(|&address| listeners(address)).collect())
        .collect();
    let holders: Vec<BTreeSet<i32>> = sockets.iter().map(holders).collect();
    let target = |at: usize| running[at].load.request.url().target();
    for (at, other) in (0..running.len()).flat_map(|at| (at + 1..running.len()).map(move |other| (at, other)))
    {
        let is_one = addresses[at].iter().any(|address| addresses[other].contains(address))
            || !sockets[at].is_disjoint(&sockets[other]);
        let [one, two] = [at, other].map(|at| &entrants[at].name);
        let [first, second] = [at, other].map(|at| addresses[at][0]);
        let places =
            if first == second { format!("at {first}") } else { format!("at {first} and at {second}") };
        ensure!(
            !(is_one && target(at) == target(other)),
            "{one} and {two} are one server, {places}: start a second one at another port, or give its command twice"
        );
        if let Some(process) = holders[at].intersection(&holders[other]).next().filter(|_| !is_one) {
            notes.push(format!(
                "one process, {process}, answers {places}: {one} and {two} may be one server, and what keeps one busy keeps the \
                 other waiting"
            ));
        }
    }
    Ok(())
}

/// [`Contest::unfit`] of entrants with these titles. A failed block is in `blocks`, without figures, and in `failures`.
fn unfit(titles: &[String], blocks: &[Block], failures: &[String]) -> Option<String> {
    let is_unfit = |wrong: usize| {
        wrong > 0 && (wrong * 2 >= blocks.len() || blocks.len().saturating_sub(wrong) < LEAST_BLOCKS)
    };
    let all = counted(blocks.len() as u64, "block");
    for (side, title) in titles.iter().enumerate() {
        let faults: Vec<&str> =
            blocks.iter().filter_map(|block| block.readings[side].wrong_answer()).collect();
        if let Some(fault) = faults.first().filter(|_| is_unfit(faults.len() + failures.len())) {
            return Some(format!("{title} answered wrong in {} of {all}, first so: {fault}", faults.len()));
        }
    }
    let failure = failures.first().filter(|_| is_unfit(failures.len()))?;
    Some(format!("{} of {all} failed, the first so: {failure}", failures.len()))
}

/// That a server's accept queue was full, where it was.
fn full_queue<'a>(name: &str, readings: impl Iterator<Item = &'a Reading>) -> Option<String> {
    let dropped: Vec<u64> =
        readings.map(|reading| reading.dropped_connections).filter(|dropped| *dropped > 0).collect();
    (!dropped.is_empty()).then(|| {
        format!(
            "{name} dropped {} in {}, for its queue of connections that wait to be accepted was full: a \
             client tries again after a second; raise the server's backlog, or ask with fewer --connections",
            counted(dropped.iter().sum(), "connection"),
            counted(dropped.len() as u64, "block")
        )
    })
}

/// That a server became faster still after its warm-up, where it did in half of the blocks or more.
fn not_warm<'a>(name: &str, readings: impl Iterator<Item = &'a Reading>) -> Option<String> {
    let mut rises: Vec<f64> = readings
        .filter_map(|reading| {
            Some(reading.throughput_per_s? / reading.warm_up_per_s.filter(|warm| *warm > 0.0)?)
        })
        .collect();
    rises.sort_by(f64::total_cmp);
    // Of fewer, a disturbed one decides.
    let is_enough = rises.len() >= LEAST_BLOCKS;
    let rise = rises.get(rises.len() / 2).filter(|rise| is_enough && **rise > STILL_RISING)?;
    Some(format!(
        "{name} served {:.0} % more than in the last turn of its warm-up: it may become faster still; raise --warm-up",
        (rise - 1.0) * 100.0
    ))
}

/// When bodies are held against the one that was met first.
#[derive(Clone, Copy)]
enum Moment<'a> {
    /// As a block starts.
    Start,
    /// After a block in which an entrant gave another body, or did not.
    After(&'a [bool]),
}

/// Asks `entrant` again, and from now on checks only its status if all of its answers have another body than the one it is held to; returns
/// the note of that. One that does not answer is told of elsewhere, and one that answers now so, now so, is wrong now and then.
fn release_changed_body(entrant: &mut Entrant, running: &mut Running, changes: &str) -> Option<String> {
    let is_held = matches!(&entrant.source, Source::Foreign(foreign) if foreign.body.is_some());
    // Twice, for a body that tells the time may change amid the questions.
    let body = (0..2).filter(|_| is_held).find_map(|_| running.meet_again().ok()?.body)?;
    release_body(entrant, running, Some(body), changes)
}

/// From now on checks only the status of `entrant` if `body`, with which it answers now, is another than the one it is held to; returns
/// the note of that.
fn release_body(
    entrant: &mut Entrant,
    running: &mut Running,
    body: Option<Vec<u8>>,
    changes: &str,
) -> Option<String> {
    let Source::Foreign(foreign) = &mut entrant.source else { return None };
    let held = foreign.body.take_if(|held| Some(&*held) != body.as_ref())?;
    running.load.expect.body = ExpectBody::Any;
    let then = body.map_or("one that differs from reply to reply".to_owned(), |body| {
        format!("\"{}\"", shown(&body, BODY_SHOWN))
    });
    Some(format!(
        "the body of {} differs {changes}: only its status is checked (first \"{}\", then {then})",
        entrant.name,
        shown(&held, BODY_SHOWN)
    ))
}

/// The first two bodies that differ, in words.
fn different_bodies(entrants: &[Entrant]) -> Option<String> {
    let body = |entrant: &Entrant| match &entrant.source {
        Source::Foreign(foreign) => foreign.body.clone(),
        Source::Own { .. } => None,
    };
    let first = body(entrants.first()?)?;
    let (other, differing) = entrants
        .iter()
        .skip(1)
        .filter_map(|entrant| Some((entrant, body(entrant)?)))
        .find(|(_, other)| *other != first)?;
    Some(format!(
        "{} answers with {} bytes, \"{}\", and {} with {}, \"{}\"",
        entrants[0].name,
        first.len(),
        shown(&first, BODY_SHOWN),
        other.name,
        differing.len(),
        shown(&differing, BODY_SHOWN)
    ))
}

/// The remedy for bodies that differ.
const DIFFERENT: &str = "ask for a reply that all give alike by --request, or leave that flag out";

/// Most of a body that a sentence shows, characters.
const BODY_SHOWN: usize = 60;

/// One phase of all entrants.
fn phase(
    running: &mut [Running],
    entrants: &[Entrant],
    plan: &Plan,
    grace: Duration,
    turns: &mut Turns,
    setting: &Setting<'_>,
) -> anyhow::Result<Vec<Sliced>> {
    let measured = {
        let mut sides: Vec<Side<'_>> = running
            .iter_mut()
            .zip(entrants)
            .map(|(running, entrant)| Side {
                name: &entrant.name,
                client: &mut running.client,
                load: loadgen::Load { grace, ..running.load.clone() },
                meter: running.meter.as_mut().map(|meter| meter as &mut dyn Meter),
                cpus: setting.server_cpus.len(),
            })
            .collect();
        slices::measure(&mut sides, plan, turns, setting.interrupt)
    };
    // That a server has ended explains everything else.
    for (side, (running, entrant)) in running.iter_mut().zip(entrants).enumerate() {
        let failed = match &measured {
            Ok(sliced) => !sliced[side].measurement.certificate.is_believable(),
            Err(_) => true,
        };
        running.ensure_alive(failed).with_context(|| entrant.title())?;
    }
    ensure!(!setting.interrupt.is_raised(), "interrupted");
    let mut measured = measured?;
    let unasked = entrants.iter().zip(&*running).map(|(entrant, running)| {
        let cpus = running.meter.as_ref().and_then(QueueMeter::cpus_unasked);
        (entrant.name.as_str(), cpus.unwrap_or(0.0) / setting.server_cpus.len().max(1) as f64)
    });
    if let Some(check) = own_turns(unasked) {
        for sliced in &mut measured {
            let certificate = &mut sliced.measurement.certificate;
            *certificate = certificate.clone().with(check.clone());
        }
    }
    Ok(measured)
}

/// Share of the CPUs that servers have in turn which one may use while another is asked: as much as its figures are lowered by that, and
/// no verdict tells less.
const UNASKED: f64 = 0.05;

/// The failed check of servers that share their CPUs in turn where one of them worked while another was asked: the other had less of
/// them, and its own cost holds work of both turns. `unasked` is the share that each used so.
fn own_turns<'a>(unasked: impl Iterator<Item = (&'a str, f64)>) -> Option<Check> {
    let (name, share) = unasked.max_by(|one, other| one.1.total_cmp(&other.1))?;
    (share > UNASKED).then(|| Check {
        name: "turns".to_owned(),
        status: CheckStatus::Fail,
        figure: Some(share),
        bound: UNASKED,
        unit: "share".to_owned(),
        finding: format!(
            "{name} used {:.0} % of the servers' CPUs while another was asked, expected at most {:.0} %: each was measured beside it; \
             raise --warm-up if it ends its work then, or measure each alone by loadgen",
            share * 100.0,
            UNASKED * 100.0
        ),
        remedy: None,
        explained_by: None,
    })
}

/// Has each entrant answer as fast as it can, in turns, as long as the setting says: compilers, caches and pools of threads then
/// know the request. Nothing of it counts. Gives what each served in the last turn, replies per second; `None` without a warm-up.
fn warm_up(
    running: &mut [Running],
    entrants: &[Entrant],
    service: Duration,
    grace: Duration,
    turns: &mut Turns,
    setting: &Setting<'_>,
) -> anyhow::Result<Vec<Option<f64>>> {
    let Some(plan) = warm_up_plan(setting.warm_up, service) else { return Ok(vec![None; entrants.len()]) };
    let sliced = phase(running, entrants, &plan, grace, turns, setting)?;
    Ok(sliced.iter().map(|sliced| sliced.slices.last().map(|slice| slice.goodput_per_s)).collect())
}

/// The turns of a warm-up, for requests that take `service` while nothing else is asked; `None` without one.
fn warm_up_plan(warm_up: Duration, service: Duration) -> Option<Plan> {
    let length = WARM_UP_WINDOW.max(service);
    let rounds = (warm_up.as_secs_f64() / (2.0 * length.as_secs_f64())).ceil() as u32;
    let offer = slices::Offer::Closed;
    (rounds > 0).then_some(Plan { offer, lead_in: Duration::ZERO, length, rounds })
}

/// What each entrant served in the calibration.
fn capacities(entrants: &[Entrant], sliced: &[Sliced]) -> anyhow::Result<Vec<f64>> {
    let capacity = |(entrant, sliced): (&Entrant, &Sliced)| {
        let measurement = &sliced.measurement;
        let wrong = measurement.wrong_replies.first().map_or_else(String::new, |wrong| {
            format!(": {} ({})", wrong.finding, wrong.status_line.as_deref().unwrap_or("no HTTP reply"))
        });
        ensure!(
            measurement.goodput_per_s > 0.0,
            "{}: no correct reply came within {:.1} s from {} connections, expected at least one{wrong}; ask with fewer --connections",
            entrant.title(),
            measurement.window_s,
            measurement.plan.connections
        );
        Ok(measurement.goodput_per_s)
    };
    entrants.iter().zip(sliced).map(capacity).collect()
}

/// That an entrant answered wrong in the calibration, where it did: its blocks may all be left out for what the machine did to them.
fn wrong_beforehand(entrant: &Entrant, calibrated: &Sliced) -> Option<String> {
    let mut reading = Reading::default();
    reading.take_closed(calibrated);
    Some(format!("{} answered wrong before the first block: {}", entrant.name, reading.wrong_answer()?))
}

/// The rates to offer where the weaker entrant serves `weaker` requests per second and a request takes `service` while nothing else is
/// asked.
fn offered(
    rates: &Rates,
    weaker: f64,
    service: Duration,
    notes: &mut Vec<String>,
) -> anyhow::Result<Vec<Rate>> {
    let show = |rate: f64| Metric::Throughput.show(rate);
    let longest = closed_window(service).max(LONGEST_SLICE).as_secs_f64();
    let is_askable = |rate: f64| rate * longest >= FEWEST_REQUESTS;
    match rates {
        Rates::Given(rates) => {
            if let Some(rare) = rates.iter().find(|rate| !is_askable(rate.get())) {
                bail!(
                    "--rate {rare}: a server's turn of {longest:.1} s holds fewer than {FEWEST_REQUESTS} requests of it, too few to \
                     measure; expected {} or more",
                    show(FEWEST_REQUESTS / longest)
                );
            }
            for rate in rates.iter().filter(|rate| rate.get() > OVERLOAD * weaker) {
                notes.push(format!(
                    "the weaker one served about {} beforehand: {} may overload it",
                    show(weaker),
                    show(rate.get())
                ));
            }
            Ok(rates.clone())
        }
        Rates::Shares(shares) => {
            let (askable, rare): (Vec<f64>, Vec<f64>) =
                shares.iter().map(|share| share * weaker).partition(|rate| is_askable(*rate));
            if !rare.is_empty() {
                notes.push(format!(
                    "the weaker one serves about {}: {} of it would be too few requests to measure",
                    show(weaker),
                    rare.iter().map(|rate| show(*rate)).collect::<Vec<_>>().join(" and ")
                ));
            }
            askable.into_iter().map(|rate| Ok(Rate::per_second(rate)?)).collect()
        }
    }
}

/// A closed loop with one round, for requests that take `service` while nothing else is asked.
fn closed_plan(running: &Running, service: Duration) -> Plan {
    Plan { length: closed_window(service), ..Plan::closed(&running.load, service) }
}

fn closed_window(service: Duration) -> Duration {
    WINDOW.max(service.mul_f64(SLICE_WAITS))
}

/// The open loop of a block at a rate, for requests that take `service` while nothing else is asked.
fn open_plan(rate: Rate, seed: u64, service: Duration) -> Plan {
    let plan = Plan::open(rate, seed, service);
    let filled = Duration::from_secs_f64(SLICE_REQUESTS / rate.get()).min(LONGEST_SLICE);
    Plan { length: plan.length.max(filled).max(WINDOW), rounds: OPEN_ROUNDS, ..plan }
}

/// Requests of each entrant that a block offers at a rate, on average, for requests that take `service` while nothing else is asked.
fn offered_requests(rate: Rate, service: Duration) -> f64 {
    let plan = open_plan(rate, 0, service);
    rate.get() * plan.length.as_secs_f64() * f64::from(2 * plan.rounds)
}

/// The lead-in of a closed slice after which every connection has had its turn: the longest that a request of any entrant took in the
/// calibration, and at most what all connections' requests take one after another.
fn lead_in(calibrated: &[Sliced], service: Duration, connections: u32) -> Duration {
    let longest =
        calibrated.iter().filter_map(|sliced| sliced.measurement.service_time_us.max).fold(0.0, f64::max);
    turn(Duration::from_secs_f64(longest / 1e6), service, connections)
}

fn turn(longest: Duration, service: Duration, connections: u32) -> Duration {
    longest.min(service.mul_f64(f64::from(connections)))
}

/// How long requests that take `service` while nothing else is asked may go on after a slice of the calibration.
fn calibration_grace(service: Duration, connections: u32) -> Duration {
    CALIBRATION_GRACE.max(service.mul_f64(CALIBRATION_TURNS * f64::from(connections)).min(LONGEST_GRACE))
}

/// The time that one slice of each entrant takes to drain: every connection's request is served by the `capacity` of its own.
fn drains(capacity: &[f64], connections: u32, grace: Duration) -> Duration {
    let each = |&capacity: &f64| (f64::from(connections) / capacity).min(grace.as_secs_f64());
    Duration::from_secs_f64(capacity.iter().map(each).sum())
}

/// By how much a contest without enough blocks for a verdict may exceed its time.
pub const EXTENSION: u32 = 2;

/// A block that is over so soon is measured, whatever the time: its figures may be all that was asked for.
const SOON: Duration = Duration::from_secs(10);

/// Makes sure that a block of the closed loop's and the warm-up's `plans` and of `rates` can end in the time there is: it would be over
/// long before the first.
fn ensure_holds_a_block(
    entrants: &[Entrant],
    rates: &Rates,
    plans: [Option<Plan>; 2],
    service: Duration,
    within: Duration,
    setting: &Setting<'_>,
) -> anyhow::Result<()> {
    let fastest = Rate::per_second(1e6)?;
    let rates: Duration = match rates {
        Rates::Given(rates) => rates.iter().map(|&rate| open_plan(rate, 0, service).duration()).sum(),
        Rates::Shares(shares) => open_plan(fastest, 0, service).duration() * shares.len() as u32,
    };
    let each = plans.iter().flatten().map(Plan::duration).sum::<Duration>() + rates;
    let block = each * entrants.len() as u32;
    let needed = block * LEAST_BLOCKS as u32 * setting.contests.max(1);
    ensure!(
        block <= SOON.max(within * EXTENSION),
        "a block takes {:.0} s or more here, for a request takes {} and {} are asked in turn{}; a verdict needs {LEAST_BLOCKS} blocks, and \
         --within leaves {:.0} s: give --within {} or more, or ask for something that takes less time",
        block.as_secs_f64(),
        Metric::ResponseTimeP50.show(service.as_secs_f64() * 1e6),
        counted(entrants.len() as u64, "server"),
        plans[1].map_or(String::new(), |plan| format!(
            " after {:.0} s of --warm-up each",
            plan.duration().as_secs_f64()
        )),
        within.as_secs_f64(),
        in_minutes(needed.mul_f64(SLOWER))
    );
    Ok(())
}

/// A time in whole minutes, at least as long, as `--within` takes it: one number with one unit.
fn in_minutes(time: Duration) -> String {
    format!("{}m", (time.as_secs_f64() / 60.0).ceil())
}

/// That `within` carries fewer blocks than a verdict needs, where it does: each block takes about `block`, and this many `contests` share the
/// time that is asked for.
fn too_short(fitting: usize, block: Duration, within: Duration, contests: u32) -> Option<String> {
    let needed = block.mul_f64(SLOWER * LEAST_BLOCKS as f64);
    (fitting < LEAST_BLOCKS).then(|| {
        format!(
            "a verdict needs {LEAST_BLOCKS} blocks, which take about {:.0} s here; --within leaves {:.0} s for them: give --within {} or \
             more",
            needed.as_secs_f64().ceil(),
            within.as_secs_f64(),
            in_minutes(needed * contests.max(1))
        )
    })
}

/// The looks of a contest whose time carries this many blocks.
fn looks(fitting: usize) -> Looks {
    let last = fitting.clamp(LEAST_BLOCKS, MOST_BLOCKS);
    let mut looks: Vec<usize> = LOOKS.into_iter().filter(|look| *look < last).collect();
    looks.push(last);
    Looks::after(&looks).unwrap_or_else(|_| Looks::once(last))
}

/// Whether the first of `looks` comes after at most `blocks` blocks.
fn has_been_looked_at(looks: &Looks, blocks: usize) -> bool {
    looks.spending().next().is_none_or(|(first, _)| blocks >= first)
}

/// Memory of a started server with its connections open.
fn memory_mib(running: &Running) -> Option<f64> {
    let sampler = Sampler::start(running.supervisor()?);
    sampler.read_memory();
    sampler.finish().memory_bytes().map(|bytes| bytes as f64 / MIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_fixed_by_the_time_and_never_too_few_for_a_verdict() {
        let planned =
            |fitting: usize| looks(fitting).spending().map(|(blocks, _)| blocks).collect::<Vec<_>>();
        assert_eq!(planned(0), [6]);
        assert_eq!(planned(8), [8]);
        assert_eq!(planned(10), [8, 10]);
        assert_eq!(planned(24), [8, 12, 16, 24]);
        assert_eq!(planned(1_000), [8, 12, 16, 24, 32, 48]);
    }

    #[test]
    fn each_block_draws_its_own_waits_orders_and_schedules_and_the_same_ones_again() {
        let interrupt = Interrupt::default();
        let setting = Setting {
            connections: 8,
            client_cpus: &[],
            server_cpus: &[],
            warm_up: Duration::ZERO,
            seed: 7,
            contests: 1,
            interrupt: &interrupt,
        };
        let seeds = || (0..48).map(|block| setting.of_block(block).seed).collect::<Vec<_>>();
        assert_eq!(BTreeSet::from_iter(seeds()).len(), 48);
        assert_eq!(seeds(), seeds());
        assert_eq!(setting.of_block(3).connections, 8);
    }

    /// With half of its blocks gone for wrong answers, or fewer left than a verdict needs, a server is not compared by the rest.
    #[test]
    fn a_server_that_answers_wrong_is_compared_only_by_enough_right_blocks() {
        let with = |count: usize, wrong: usize, fault: &str, failures: usize| {
            let mut blocks = crate::contest::findings::tests::blocks(count, 1.0, 1.0, 0.01);
            for block in &mut blocks[..wrong] {
                block.readings[1].faults = vec!["gap: stood still".to_owned(), fault.to_owned()];
            }
            let failures = vec!["new is answered with status 500".to_owned(); failures];
            unfit(&["old".to_owned(), "new".to_owned()], &blocks, &failures)
        };
        let wrong = "replies: 3 of 900 replies were wrong";
        assert_eq!(
            with(6, 1, wrong, 0).unwrap(),
            "new answered wrong in 1 of 6 blocks, first so: replies: 3 of 900 replies were wrong"
        );
        assert_eq!(with(12, 1, wrong, 0), None);
        assert!(with(16, 8, "errors: 4 of 900 requests", 0).is_some());
        assert!(with(16, 8, "pairing: 3 times, bytes came that no request had asked for", 0).is_some());
        // Together, as a server has it that is wrong before it is measured in some blocks and while it is in others.
        assert!(with(16, 4, wrong, 4).is_some());
        assert_eq!(
            with(6, 0, wrong, 2).unwrap(),
            "2 of 6 blocks failed, the first so: new is answered with status 500"
        );
        // What the client or the machine spoilt is not the server's.
        assert_eq!(with(6, 6, "pace: requests left late", 0), None);
        assert_eq!(with(0, 0, wrong, 0), None);
    }

    /// Blocks before the first look are judged by nobody: time that ends there leaves nothing to say.
    #[test]
    fn there_are_enough_blocks_from_the_first_look_on() {
        for (fitting, first) in [(0, 6), (7, 7), (8, 8), (1_000, 8)] {
            assert!(!has_been_looked_at(&looks(fitting), first - 1), "{fitting}");
            assert!(has_been_looked_at(&looks(fitting), first), "{fitting}");
        }
    }

    #[test]
    fn a_full_accept_queue_is_told_with_its_server_and_the_remedy() {
        let readings = |dropped: [u64; 3]| {
            dropped.map(|dropped_connections| Reading { dropped_connections, ..Reading::default() })
        };
        let told = full_queue("new", readings([0, 5, 2]).iter()).unwrap();
        assert!(told.starts_with("new dropped 7 connections in 2 blocks"), "{told}");
        assert!(told.ends_with("raise the server's backlog, or ask with fewer --connections"), "{told}");
        assert_eq!(full_queue("new", readings([0; 3]).iter()), None);
    }

    #[test]
    fn a_server_that_became_faster_after_its_warm_up_is_told() {
        let told = |rises: &[f64]| {
            let reading = |rise: &f64| Reading {
                throughput_per_s: Some(1_000.0 * rise),
                warm_up_per_s: Some(1_000.0),
                ..Reading::default()
            };
            not_warm("new", rises.iter().map(reading).collect::<Vec<_>>().iter())
        };
        let said = told(&[1.0, 1.0, 1.1, 1.3, 1.4, 1.4]).unwrap();
        assert!(said.starts_with("new served 30 % more") && said.ends_with("raise --warm-up"), "{said}");
        assert_eq!(told(&[1.0, 1.0, 1.0, 1.05, 1.4, 1.4]), None, "some blocks may be disturbed ones");
        assert_eq!(told(&[1.3, 1.4]), None, "and so may all of a few");
        assert_eq!(told(&[]), None);
        assert_eq!(not_warm("new", [Reading::default()].iter()), None, "without a warm-up");
    }

    #[test]
    fn a_time_too_short_for_a_verdict_is_told_with_the_time_it_takes() {
        let told = |fitting| too_short(fitting, Duration::from_secs(8), Duration::from_secs(20), 1);
        assert_eq!(
            told(2).as_deref(),
            Some(
                "a verdict needs 6 blocks, which take about 60 s here; --within leaves 20 s for them: give --within 1m or more"
            )
        );
        let long = Duration::from_secs(4_501);
        assert_eq!(in_minutes(long), "76m");
        let taken =
            loadgen::parse_span(&in_minutes(long), &(Duration::ZERO..=Duration::from_secs(24 * 3600)));
        assert_eq!(taken, Ok(Duration::from_secs(76 * 60)));
        let of_two = too_short(2, Duration::from_secs(8), Duration::from_secs(20), 2).unwrap();
        assert!(of_two.ends_with("--within leaves 20 s for them: give --within 2m or more"), "{of_two}");
        assert_eq!(told(6), None);
    }

    #[test]
    fn a_closed_slice_begins_to_count_once_every_connection_has_had_its_turn() {
        let (ms, second) = (Duration::from_millis, Duration::from_secs(1));
        // One after another: 64 requests of 100 ms, of which the last one waits for all others.
        assert_eq!(turn(ms(6_400), ms(100), 64), ms(6_400));
        // All at a time: none waits for another.
        assert_eq!(turn(ms(21), ms(20), 200), ms(21));
        // A standstill of the client, or a connection that its server dropped, is no turn.
        assert_eq!(turn(second, ms(1), 64), ms(64));
    }

    /// One after another, 64 requests of 100 ms take 6.4 s: given up after two, they would fill the server's next seconds, and a healthy
    /// server would have no reply in them.
    #[test]
    fn a_calibration_waits_for_the_requests_of_a_server_that_serves_one_after_another() {
        let (ms, second) = (Duration::from_millis, Duration::from_secs(1));
        assert!(calibration_grace(ms(100), 64) > ms(6_400));
        assert_eq!(calibration_grace(ms(1), 64), 2 * second);
        assert_eq!(calibration_grace(2 * second, 1_000), LONGEST_GRACE);
    }

    /// By hand: 64 connections at 10/s drain in 6.4 s, at 1,000/s in 64 ms; a grace of two seconds cuts the first off.
    #[test]
    fn slices_of_a_slow_server_are_planned_with_their_drains() {
        let second = Duration::from_secs(1);
        assert_eq!(drains(&[10.0, 1_000.0], 64, 25 * second), Duration::from_millis(6_464));
        assert_eq!(drains(&[10.0, 1_000.0], 64, 2 * second), Duration::from_millis(2_064));
    }

    #[test]
    fn a_server_that_works_while_another_is_asked_is_named_and_idle_ones_are_not() {
        let failed = |shares: [f64; 2]| own_turns(["a", "b"].into_iter().zip(shares));
        assert_eq!(failed([0.0, 0.04]), None);
        let check = failed([0.01, 0.5]).unwrap();
        assert_eq!((check.name.as_str(), check.status), ("turns", CheckStatus::Fail));
        assert!(
            check.finding.starts_with("b used 50 % of the servers' CPUs while another was asked"),
            "{check:?}"
        );
        // No server answered wrong, and the machine spoilt nothing that a block would be measured again for.
        let faults = vec![format!("{}: {}", check.name, check.finding)];
        assert_eq!(Reading { faults, ..Reading::default() }.wrong_answer(), None);
        assert!(!slices::is_beyond_contenders(&reports_record::Certificate::from_checks(vec![check])));
    }

    #[test]
    fn a_warm_up_lasts_as_long_as_asked_in_turns_that_hold_a_reply() {
        let (ms, second) = (Duration::from_millis, Duration::from_secs(1));
        let plan =
            |warm_up, service| warm_up_plan(warm_up, ms(service)).map(|plan| (plan.length, plan.duration()));
        assert_eq!(plan(second, 1), Some((ms(250), second)));
        assert_eq!(plan(3 * second, 400), Some((ms(400), ms(3_200))));
        assert_eq!(plan(second, 1_500), Some((ms(1_500), 3 * second)), "one turn there and one back");
        assert_eq!(plan(Duration::ZERO, 1), None);
    }

    #[test]
    fn a_rate_that_gives_too_few_requests_is_not_asked_and_told() {
        let mut notes = Vec::new();
        let rates = offered(&Rates::Shares(vec![0.1, 0.7]), 20.0, Duration::ZERO, &mut notes).unwrap();
        assert_eq!(rates.iter().map(|rate| rate.get()).collect::<Vec<_>>(), [14.0]);
        assert_eq!(
            notes,
            ["the weaker one serves about 20.0/s: 2.00/s of it would be too few requests to measure"]
        );
        let mut notes = Vec::new();
        let given = Rates::Given(vec![Rate::per_second(100.0).unwrap()]);
        assert_eq!(offered(&given, 20.0, Duration::ZERO, &mut notes).unwrap().len(), 1);
        assert!(notes[0].contains("may overload it"), "{notes:?}");
        let given = Rates::Given(vec![Rate::per_second(2.0).unwrap()]);
        assert_eq!(
            offered(&given, 20.0, Duration::ZERO, &mut Vec::new()).unwrap_err().to_string(),
            "--rate 2/s: a server's turn of 0.5 s holds fewer than 5 requests of it, too few to measure; expected 10.0/s or more"
        );
        // Turns of slow servers are longer: 2.5 s for a reply that takes one.
        assert_eq!(offered(&given, 20.0, Duration::from_secs(1), &mut Vec::new()).unwrap().len(), 1);
    }

    /// 20 reply times would be 44 s a server and block where a reply takes a second.
    #[test]
    fn a_closed_slice_holds_a_few_replies_of_slow_servers_and_no_more() {
        let second = Duration::from_secs(1);
        assert_eq!(closed_window(second), Duration::from_millis(2_500));
        assert_eq!(closed_window(second / 100), WINDOW);
    }

    #[test]
    fn a_slice_at_a_low_rate_is_longer_and_holds_the_service_time() {
        let at =
            |rate: f64, ms| open_plan(Rate::per_second(rate).unwrap(), 1, Duration::from_millis(ms)).length;
        assert_eq!(at(10_000.0, 0), Duration::from_millis(100));
        assert_eq!(at(250.0, 0), Duration::from_millis(200));
        assert_eq!(at(1.0, 0), LONGEST_SLICE);
        assert_eq!(at(10_000.0, 400), Duration::from_secs(1));
    }
}
