//! Both sides of a pair: made together, measured in turns, round by round.

use std::time::{Duration, Instant};

use reports_record::{BenchRound, BenchSlice};

use crate::clock::Turn;
use crate::disturbance::Disturbance;
use crate::group::Plan;
use crate::process::Call;

/// Most operations of the cheaper side for one of the other.
const MOST_WEIGHT: f64 = 4096.0;

/// Time that the first, uncounted slices of each side take at least, to find out how long an operation is.
const CALIBRATION: Duration = Duration::from_millis(2);

/// Both sides of a pair, alive at the same time.
pub(crate) struct Both<S, A> {
    sync: S,
    awaiting: A,
    /// Operations of each side for one iteration.
    weights: (u64, u64),
    rounds: u64,
}

impl<S: FnMut(u64) -> Turn, A: FnMut(u64) -> Turn> Both<S, A> {
    /// Finds out how many operations of each side take about as long where they are to be `balanced`.
    pub(crate) fn prepare(mut sync: S, mut awaiting: A, balanced: bool) -> Self {
        let weights = if balanced {
            let (one, other) = (time_of_one(&mut sync), time_of_one(&mut awaiting));
            let weight = |own: f64, other: f64| (other / own).clamp(1.0, MOST_WEIGHT).round() as u64;
            (weight(one, other), weight(other, one))
        } else {
            (1, 1)
        };
        Self { sync, awaiting, weights, rounds: 0 }
    }

    /// A B B A and B A A B in turns, each slice half of the iterations and at least one; the value and the samples are those of
    /// one side.
    pub(crate) fn round(&mut self, iterations: u64, plan: Plan, of_sync: bool) -> Call {
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
        self.rounds += 1;
        let all = || sync.iter().chain(&awaiting);
        let ended_delay_ns: u64 = all().map(|slice| slice.ended_delay_ns).sum();
        let certified = all().all(|slice| slice.certified);
        let record = BenchRound {
            sync: [sync[0].record, sync[1].record],
            r#async: [awaiting[0].record, awaiting[1].record],
            steal_ms: disturbed.steal_ms,
            run_delay_ns: disturbed.run_delay_ns(plan, ended_delay_ns),
            foreign_ms: disturbed.foreign_ms,
            wall_ns,
            certified,
            process: 0,
        };
        let own = if of_sync { sync } else { awaiting };
        let value = mean(&own) * iterations as f64;
        let samples = own.into_iter().flat_map(|slice| slice.samples).collect();
        Call { value, samples, round: Some(record) }
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

fn mean(slices: &[Slice]) -> f64 {
    let sum: f64 = slices.iter().map(|slice| slice.record.value).sum();
    sum / slices.iter().map(|slice| slice.record.operations).sum::<u64>() as f64
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
