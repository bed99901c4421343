//! Groups of benches: pairs, whose sides take turns in rounds, and benches without a counterpart.

use std::time::Duration;

use criterion::measurement::{Measurement, WallTime};
use criterion::{BenchmarkGroup, Criterion, SamplingMode};
use reports_record::{BenchFigure, BenchRound, BenchRounds, BenchUnit, SCHEMA};
use reports_terminal::talk;

use crate::bound::Cpus;
use crate::clock::Turn;
use crate::kept::{self, Side};
use crate::process::{self, Call, Processes};
use crate::session::{Driver, Session};
use crate::sides::Both;

/// A group: its name, its consequence for a server, and the figure that judges it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Letters, digits, `_` and `/`.
    pub(crate) name: &'static str,
    /// The consequence for a server, in a sentence.
    pub(crate) so_what: &'static str,
    /// The figure that the sides are judged by.
    pub(crate) judged: BenchFigure,
    /// Where its threads run.
    pub(crate) cpus: Cpus,
    /// Rounds that criterion asks for, once for each side.
    pub(crate) rounds: usize,
    /// Operations of one iteration.
    pub(crate) scale: u64,
    /// Whether the cheaper side does more operations a round, so that both take about as long.
    pub(crate) balanced: bool,
    /// Whether more threads than CPUs take part: they wait for each other's CPU by design, and no wait says that others had it.
    pub(crate) crowded: bool,
}

impl Plan {
    /// A group on one CPU, judged by CPU time.
    pub(crate) fn new(name: &'static str, so_what: &'static str) -> Self {
        Self {
            name,
            so_what,
            judged: BenchFigure::Cpu,
            cpus: Cpus::One,
            rounds: ROUNDS,
            scale: 1,
            balanced: true,
            crowded: false,
        }
    }

    /// The same on two CPUs, judged by the clock.
    pub(crate) fn on_two_cpus(self) -> Self {
        Self { cpus: Cpus::Two, judged: BenchFigure::Value, ..self }
    }
}

/// Rounds asked for with each side, over all passes.
const ROUNDS: usize = 100;

/// A measurement by criterion of the benches' own values.
pub(crate) trait Valued: Measurement {
    /// The unit of a value.
    const UNIT: BenchUnit;

    /// `value`, nanoseconds or bytes, as criterion takes it.
    fn of(value: f64) -> Self::Value;
}

impl Valued for WallTime {
    const UNIT: BenchUnit = BenchUnit::Nanoseconds;

    fn of(value: f64) -> Duration {
        // criterion draws nothing of a time of zero.
        Duration::from_nanos(value.max(1.0) as u64)
    }
}

/// A group of benches.
pub(crate) struct Group<'a, M: Measurement = WallTime> {
    group: BenchmarkGroup<'a, M>,
    plan: Plan,
    session: &'a Session,
}

/// The group that `plan` describes.
pub(crate) fn group<'a, M: Valued>(
    criterion: &'a mut Criterion<M>,
    session: &'a Session,
    plan: Plan,
) -> Group<'a, M> {
    let mut group = criterion.benchmark_group(plan.name);
    // Every sample of the same length: only then do rounds weigh alike.
    group.sampling_mode(SamplingMode::Flat).sample_size(plan.rounds);
    Group { group, plan, session }
}

/// The benches of a pair, as criterion and the page call them.
const SIDES: [&str; 2] = ["sync", "async"];

/// A call that criterion made, and when.
struct Made {
    iterations: u64,
    /// The pass, from 0.
    pass: usize,
    call: Call,
}

impl<M: Valued> Group<'_, M> {
    /// Measures both sides in turns, in processes of their own.
    ///
    /// Each process makes both once, unmeasured. A side does a number of operations and gives what they cost. Criterion asks for the
    /// sync side and for the async side, each in processes of its own; whichever it asks for, every round has both.
    pub(crate) fn pair<S, A>(
        &mut self,
        sync: Side,
        make_sync: impl FnOnce() -> S,
        awaiting: Side,
        make_async: impl FnOnce() -> A,
    ) where
        S: FnMut(u64) -> Turn,
        A: FnMut(u64) -> Turn,
    {
        let plan = self.plan;
        match self.session {
            Session::Names(names) => names.borrow_mut().extend(SIDES.map(|name| self.bench(name))),
            Session::Process(bench) => {
                let Some(name) = SIDES.into_iter().find(|name| self.bench(name) == *bench) else { return };
                let mut both =
                    plan.cpus.bind_during(|| Both::prepare(make_sync(), make_async(), plan.balanced));
                let of_sync = name == SIDES[0];
                answer(|iterations| plan.cpus.bind_during(|| both.round(iterations, plan, of_sync)));
            }
            Session::Driver(driver) => {
                for (which, (name, side)) in SIDES.into_iter().zip([&sync, &awaiting]).enumerate() {
                    if driver.bench == self.bench(name) {
                        let made = self.measure(name, side, driver);
                        let rounds = made.into_iter().filter_map(|made| {
                            // In each pass the sync side's processes come first.
                            let process = (SIDES.len() * made.pass + which) as u32;
                            made.call.round.map(|round| BenchRound { process, ..round })
                        });
                        self.keep_rounds(driver, &sync, &awaiting, rounds.collect());
                    }
                }
            }
        }
    }

    /// Measures a bench without a counterpart, called `name`, in processes of its own.
    pub(crate) fn single<T: FnMut(u64) -> Turn>(&mut self, name: &str, side: Side, make: impl FnOnce() -> T) {
        let Plan { cpus, judged, .. } = self.plan;
        match self.session {
            Session::Names(names) => names.borrow_mut().push(self.bench(name)),
            Session::Process(bench) if *bench == self.bench(name) => {
                let mut routine = cpus.bind_during(make);
                answer(|iterations| {
                    let turn = cpus.bind_during(|| routine(iterations));
                    let value = match judged {
                        BenchFigure::Cpu => turn.cost.cpu_ns.unwrap_or(turn.cost.value),
                        BenchFigure::Value => turn.cost.value,
                    };
                    Call { value, samples: turn.samples, round: None }
                });
            }
            Session::Driver(driver) if driver.bench == self.bench(name) => {
                self.measure(name, &side, driver);
            }
            Session::Process(_) | Session::Driver(_) => {}
        }
    }

    fn bench(&self, name: &str) -> String {
        format!("{}/{name}", self.plan.name)
    }

    /// Has criterion measure the bench `name` and keeps its samples; gives the calls that count.
    fn measure(&mut self, name: &str, side: &Side, driver: &Driver) -> Vec<Made> {
        let mut calls: Vec<Made> = Vec::new();
        let mut processes = Processes::new(driver, self.plan.rounds, M::UNIT);
        self.group.bench_function(name, |bencher| {
            driver.invocation.ran();
            // Outside iter_custom: criterion takes all time spent in there for warm-up.
            let pass = processes.next();
            bencher.iter_custom(|iterations| {
                let call = processes.call(iterations);
                let value = M::of(call.value);
                calls.push(Made { iterations, pass, call });
                value
            });
        });
        let kept = self.keep_samples(name, side, driver, &calls).unwrap_or_else(|error| {
            // criterion's own results stand; the page will say what is missing.
            talk!("costs: cannot keep the samples of {}: {error:#}", driver.bench);
            0
        });
        calls.split_off(calls.len() - kept)
    }

    /// Keeps the samples of one bench; gives how many of the calls were measured.
    fn keep_samples(
        &self,
        name: &str,
        side: &Side,
        driver: &Driver,
        calls: &[Made],
    ) -> anyhow::Result<usize> {
        let folder = driver.invocation.folder(self.plan.name).join(name).join("new");
        let iterations: Vec<u64> = calls.iter().map(|made| made.iterations).collect();
        let measured = kept::measured(&folder, &iterations)?.unwrap_or_default();
        if measured > 0 {
            let first = calls.len() - measured;
            let samples = calls[first..].iter().flat_map(|made| &made.call.samples);
            kept::write_samples(&folder, side, M::UNIT, iterations[first..].iter().sum(), samples)?;
        }
        Ok(measured)
    }

    /// Keeps these rounds beside those of the other side that were measured before.
    fn keep_rounds(&self, driver: &Driver, sync: &Side, awaiting: &Side, rounds: Vec<BenchRound>) {
        if rounds.is_empty() {
            return;
        }
        let invocation = &driver.invocation;
        let rounds = BenchRounds {
            schema: SCHEMA,
            group: self.plan.name.to_owned(),
            sync: sync.operation.to_owned(),
            r#async: awaiting.operation.to_owned(),
            so_what: self.plan.so_what.to_owned(),
            unit: M::UNIT,
            judged: self.plan.judged,
            cpus: self.plan.cpus.serving(),
            began_unix_s: invocation.began_unix_s,
            environment: invocation.environment.clone(),
            rounds: invocation.add_rounds(self.plan.name, rounds),
        };
        if let Err(error) = kept::write_rounds(&invocation.folder(self.plan.name), &rounds) {
            talk!("costs: cannot keep the rounds of {}: {error:#}", self.plan.name);
        }
    }
}

/// As a process of a bench: answers until no more is wanted.
fn answer(call: impl FnMut(u64) -> Call) {
    if let Err(error) = process::answer(call) {
        talk!("costs: {error:#}");
        std::process::exit(2);
    }
}
