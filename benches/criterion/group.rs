//! Groups of benches: pairs, whose sides take turns in rounds, and benches without a counterpart.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use criterion::measurement::{Measurement, WallTime};
use criterion::{BenchmarkGroup, Criterion, SamplingMode};
use reports_record::{BenchFigure, BenchRound, BenchRounds, BenchSlice, BenchUnit, SCHEMA};
use reports_terminal::talk;

use crate::bound::Cpus;
use crate::clock::Turn;
use crate::disturbance::Disturbance;
use crate::kept::{self, Side};
use crate::session::Session;

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
        }
    }

    /// The same on two CPUs, judged by the clock.
    pub(crate) fn on_two_cpus(self) -> Self {
        Self { cpus: Cpus::Two, judged: BenchFigure::Value, ..self }
    }
}

/// Rounds asked for with each side: twice as many are twenty blocks of ten.
const ROUNDS: usize = 100;

/// Most operations of the cheaper side for one of the other.
const MOST_WEIGHT: f64 = 4096.0;

/// Time that the first, uncounted slices of each side take at least, to find out how long an operation is.
const CALIBRATION: Duration = Duration::from_millis(2);

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
    folder: PathBuf,
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
    // criterion names folders so.
    let folder = session.results.join(plan.name.replace('/', "_"));
    Group { group, folder, plan, session }
}

impl<M: Valued> Group<'_, M> {
    /// Measures both sides in turns.
    ///
    /// Each is made once, unmeasured, and not at all if this group was not asked for. A side does a number of operations
    /// and gives what they cost. Criterion asks for the sync side first and for the async side afterwards; whichever it
    /// asks for, every round has both.
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
        let mut make = Some((make_sync, make_async));
        let mut both: Option<Both<S, A>> = None;
        let mut rounds = Vec::new();
        let (plan, session) = (self.plan, self.session);
        for (name, is_sync, side) in [("sync", true, &sync), ("async", false, &awaiting)] {
            let mut calls: Vec<Round> = Vec::new();
            self.group.bench_function(name, |bencher| {
                // Outside iter_custom: criterion takes all time spent in there for warm-up.
                if let Some((make_sync, make_async)) = make.take() {
                    both = Some(
                        plan.cpus.bind_during(|| Both::prepare(make_sync(), make_async(), plan.balanced)),
                    );
                }
                let Some(both) = both.as_mut() else { return };
                session.ran();
                bencher.iter_custom(|iterations| {
                    let round = plan.cpus.bind_during(|| both.round(iterations, plan));
                    let slices = if is_sync { round.record.sync } else { round.record.r#async };
                    calls.push(round);
                    M::of(mean(&slices) * iterations as f64)
                });
            });
            let kept =
                self.keep(name, side, &calls, |round| if is_sync { &round.sync } else { &round.awaiting });
            rounds.extend(calls.split_off(calls.len() - kept).into_iter().map(|round| round.record));
        }
        self.keep_rounds(&sync, &awaiting, rounds);
    }

    /// Measures a bench without a counterpart, called `name`.
    pub(crate) fn single<T: FnMut(u64) -> Turn>(&mut self, name: &str, side: Side, make: impl FnOnce() -> T) {
        let mut make = Some(make);
        let mut routine: Option<T> = None;
        let mut calls: Vec<(u64, Turn)> = Vec::new();
        let Plan { cpus, judged, .. } = self.plan;
        let session = self.session;
        self.group.bench_function(name, |bencher| {
            if let Some(make) = make.take() {
                routine = Some(cpus.bind_during(make));
            }
            let Some(routine) = routine.as_mut() else { return };
            session.ran();
            bencher.iter_custom(|iterations| {
                let turn = cpus.bind_during(|| routine(iterations));
                let value = match judged {
                    BenchFigure::Cpu => turn.cost.cpu_ns.unwrap_or(turn.cost.value),
                    BenchFigure::Value => turn.cost.value,
                };
                calls.push((iterations, turn));
                M::of(value)
            });
        });
        let folder = self.folder.join(name).join("new");
        let iterations: Vec<u64> = calls.iter().map(|(iterations, _)| *iterations).collect();
        let kept = kept::measured(&folder, &iterations).and_then(|measured| {
            let Some(measured) = measured else { return Ok(()) };
            let first = calls.len() - measured;
            let samples = calls[first..].iter().flat_map(|(_, turn)| &turn.samples);
            kept::write_samples(&folder, &side, M::UNIT, iterations[first..].iter().sum(), samples)
        });
        if let Err(error) = kept {
            talk!("costs: cannot keep the samples of {}/{name}: {error:#}", self.plan.name);
        }
    }

    /// Keeps the samples of one side; gives how many of the calls were measured.
    fn keep(&self, name: &str, side: &Side, calls: &[Round], samples: impl Fn(&Round) -> &Vec<u64>) -> usize {
        let folder = self.folder.join(name).join("new");
        let iterations: Vec<u64> = calls.iter().map(|round| round.iterations).collect();
        let kept = kept::measured(&folder, &iterations).and_then(|measured| {
            let measured = measured.unwrap_or_default();
            if measured > 0 {
                let first = calls.len() - measured;
                let samples = calls[first..].iter().flat_map(samples);
                kept::write_samples(&folder, side, M::UNIT, iterations[first..].iter().sum(), samples)?;
            }
            Ok(measured)
        });
        kept.unwrap_or_else(|error| {
            // criterion's own results stand; the page will say what is missing.
            talk!("costs: cannot keep the samples of {}/{name}: {error:#}", self.plan.name);
            0
        })
    }

    fn keep_rounds(&self, sync: &Side, awaiting: &Side, rounds: Vec<BenchRound>) {
        if rounds.is_empty() {
            return;
        }
        let rounds = BenchRounds {
            schema: SCHEMA,
            group: self.plan.name.to_owned(),
            sync: sync.operation.to_owned(),
            r#async: awaiting.operation.to_owned(),
            so_what: self.plan.so_what.to_owned(),
            unit: M::UNIT,
            judged: self.plan.judged,
            cpus: self.plan.cpus.serving(),
            began_unix_s: self.session.began_unix_s,
            environment: self.session.environment.clone(),
            rounds,
        };
        if let Err(error) = kept::write_rounds(&self.folder, &rounds) {
            talk!("costs: cannot keep the rounds of {}: {error:#}", self.plan.name);
        }
    }
}

/// Both sides of a pair, alive at the same time.
struct Both<S, A> {
    sync: S,
    awaiting: A,
    /// Operations of each side for one iteration.
    weights: (u64, u64),
    rounds: u64,
}

/// One round and the samples from it.
struct Round {
    iterations: u64,
    record: BenchRound,
    sync: Vec<u64>,
    awaiting: Vec<u64>,
}

impl<S: FnMut(u64) -> Turn, A: FnMut(u64) -> Turn> Both<S, A> {
    fn prepare(mut sync: S, mut awaiting: A, balanced: bool) -> Self {
        let weights = if balanced {
            let (one, other) = (time_of_one(&mut sync), time_of_one(&mut awaiting));
            let weight = |own: f64, other: f64| (other / own).clamp(1.0, MOST_WEIGHT).round() as u64;
            (weight(one, other), weight(other, one))
        } else {
            (1, 1)
        };
        Self { sync, awaiting, weights, rounds: 0 }
    }

    /// A B B A and B A A B in turns, each slice half of the iterations and at least one.
    fn round(&mut self, iterations: u64, plan: Plan) -> Round {
        let half = iterations.div_ceil(2);
        let (own, other) = (half * self.weights.0, half * self.weights.1);
        let disturbance = Disturbance::begin(plan);
        let begun = Instant::now();
        let (mut sync, mut awaiting): (Vec<Slice>, Vec<Slice>) = (Vec::new(), Vec::new());
        let sync_first = self.rounds.is_multiple_of(2);
        for is_sync in [sync_first, !sync_first, !sync_first, sync_first] {
            if is_sync {
                sync.push(Slice::of(own * plan.scale, (self.sync)(own)));
            } else {
                awaiting.push(Slice::of(other * plan.scale, (self.awaiting)(other)));
            }
        }
        let wall_ns = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let disturbed = disturbance.end();
        // Which of a side's slices is the first one changes every two rounds, so that the comparison of a side with itself
        // is as balanced as that of both.
        if self.rounds / 2 % 2 == 1 {
            sync.reverse();
            awaiting.reverse();
        }
        self.rounds += 1;
        let all = || sync.iter().chain(&awaiting);
        let ended_delay_ns: u64 = all().map(|slice| slice.ended_delay_ns).sum();
        let certified = all().all(|slice| slice.certified);
        let record = BenchRound {
            sync: [sync[0].record, sync[1].record],
            r#async: [awaiting[0].record, awaiting[1].record],
            steal_ms: disturbed.steal_ms,
            run_delay_ns: disturbed.run_delay_ns + ended_delay_ns,
            foreign_ms: disturbed.foreign_ms,
            wall_ns,
            certified,
        };
        let samples = |slices: Vec<Slice>| slices.into_iter().flat_map(|slice| slice.samples).collect();
        Round { iterations, record, sync: samples(sync), awaiting: samples(awaiting) }
    }
}

struct Slice {
    record: BenchSlice,
    samples: Vec<u64>,
    ended_delay_ns: u64,
    certified: bool,
}

impl Slice {
    fn of(operations: u64, turn: Turn) -> Self {
        let cost = turn.cost;
        let record = BenchSlice {
            operations,
            value: cost.value,
            cpu_ns: cost.cpu_ns,
            switches: cost.switches,
            loop_waits: cost.loop_waits,
            client_wakes: cost.client_wakes,
            timer_interrupts: cost.timer_interrupts,
        };
        Self { record, samples: turn.samples, ended_delay_ns: cost.ended_delay_ns, certified: !cost.doubtful }
    }
}

fn mean(slices: &[BenchSlice; 2]) -> f64 {
    let sum: f64 = slices.iter().map(|slice| slice.value).sum();
    sum / slices.iter().map(|slice| slice.operations).sum::<u64>() as f64
}

/// Time on the clock of one operation, found by doing more and more of them.
fn time_of_one(side: &mut impl FnMut(u64) -> Turn) -> f64 {
    let mut operations = 1;
    loop {
        let begun = Instant::now();
        let turn = side(operations);
        if begun.elapsed() >= CALIBRATION || operations >= 1 << 16 {
            return turn.cost.value.max(1.0) / operations as f64;
        }
        operations *= 4;
    }
}
