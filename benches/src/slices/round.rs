//! One round: a slice of each side there, and one back.

use std::time::{Duration, Instant};

use loadgen::{Interrupt, Load};
use reports_record::{Measurement, Slice, Stage};

use super::{Failure, Plan, Side, is_beyond_contenders};

/// Share of a round's CPU time that the hypervisor may take. All of it in the slices of one side would change a ratio by twice as
/// much, which is less than the margin; a round of four slices has one tick of ten milliseconds or two in it.
const STOLEN: f64 = 0.02;

/// The share of all time that shares of these times are.
fn share(parts: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (time, stolen) =
        parts.fold((0.0, 0.0), |(time, stolen), (of, share)| (time + of, stolen + of * share));
    if time > 0.0 { stolen / time } else { 0.0 }
}

/// The slices of one round, in the order of measuring.
pub(super) struct Round(Vec<Taken>);

/// One slice as it was taken.
pub(super) struct Taken {
    side: usize,
    round: u32,
    /// Its place in the phase, from 1, over all sides.
    pub(super) number: usize,
    pub(super) measurement: Measurement,
    /// CPU time since the slice of the same side before; `None` where that is not known.
    pub(super) cpu: Option<Duration>,
    /// From setting off to the end of the drain.
    took: Duration,
}

impl Round {
    /// Measures round `number` in `order`.
    pub(super) fn measure(
        sides: &mut [Side<'_>],
        plan: &Plan,
        number: u32,
        order: &[usize],
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        let mut round = Vec::with_capacity(order.len());
        for (place, &side) in order.iter().enumerate() {
            let half = 2 * number + u32::from(place >= order.len() / 2);
            // Replies nobody asked for are found by the next slice; behind the last they are waited for.
            let lingers = number + 1 >= plan.rounds && half % 2 == 1;
            let load = Load { lingers, ..plan.load(&sides[side].load, half) };
            let begun = Instant::now();
            let taken = slice(&mut sides[side], &load, interrupt);
            let (measurement, cpu) = taken.map_err(|error| Failure {
                side,
                stage: Stage::Measure,
                error: error.context(sides[side].name.to_owned()),
            })?;
            round.push(Taken {
                side,
                round: number,
                number: number as usize * order.len() + place + 1,
                measurement,
                cpu,
                took: begun.elapsed(),
            });
        }
        Ok(Self(round))
    }

    /// Whether more rounds are to be made: until as many as planned were undisturbed, or half as many again were made.
    pub(super) fn are_missing(made: &[Self], planned: u32) -> bool {
        let planned = planned.max(1) as usize;
        let undisturbed = made.iter().filter(|round| !round.is_disturbed()).count();
        undisturbed < planned && made.len() < planned + planned.div_ceil(2)
    }

    /// Whether the machine took more than [`STOLEN`] of the CPU time of it, or the client could not run; no server can move these
    /// figures. The round is judged whole, whichever slices its share fell into.
    pub(super) fn is_disturbed(&self) -> bool {
        let steal = |taken: &Taken| (taken.took.as_secs_f64(), taken.measurement.client.steal.unwrap_or(0.0));
        let is_unfit = |taken: &Taken| is_beyond_contenders(&taken.measurement.certificate);
        share(self.0.iter().map(steal)) > STOLEN || self.0.iter().any(is_unfit)
    }

    /// The slices of one side.
    pub(super) fn of(&self, side: usize) -> impl Iterator<Item = &Taken> {
        self.0.iter().filter(move |taken| taken.side == side)
    }
}

/// One slice, and the server's CPU time until its drain was over.
fn slice(
    side: &mut Side<'_>,
    load: &Load,
    interrupt: &Interrupt,
) -> anyhow::Result<(Measurement, Option<Duration>)> {
    if let Some(meter) = &mut side.meter {
        meter.set_off();
    }
    let measurement = side.client.measure(load, interrupt, &mut |_| ())?;
    anyhow::ensure!(measurement.complete, "interrupted");
    Ok((measurement, side.meter.as_mut().and_then(|meter| meter.lap())))
}

impl Taken {
    /// As the record keeps it; with its CPU time where that `is_known`.
    pub(super) fn slice(&self, is_left_out: bool, is_known: bool) -> Slice {
        let Measurement { response_time_us, service_time_us, .. } = &self.measurement;
        Slice {
            round: self.round,
            number: self.number as u32,
            goodput_per_s: self.measurement.goodput_per_s,
            answered: self.measurement.answered_in_all,
            cpu_us: self.cpu.filter(|_| is_known).map(|cpu| cpu.as_micros() as u64),
            time_us_p50: response_time_us.as_ref().unwrap_or(service_time_us).p50,
            is_left_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

    use super::super::Turns;
    use super::*;

    /// Ticks of the kernel's clock, milliseconds.
    const TICK: f64 = 10.0;

    /// A thousand seconds of two CPUs of which a neighbour takes bursts; one server's slices are `longer` than the other's by what it
    /// still owes after a window. Each slice's share of steal is what whole ticks say, as in `/proc/stat`.
    fn simulated(longer: f64, slower: usize, seed: u64) -> [f64; 3] {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut uniform = move || f64::from(random.next_u32()) / f64::from(u32::MAX);
        let mut turns = Turns::from_seed(seed);
        let (mut left_out, mut rounds, mut stolen) = (0.0, 0.0, [0.0, 0.0]);
        for _ in 0..4_000 {
            let slices: Vec<(usize, f64, f64)> = turns
                .there_and_back(2)
                .into_iter()
                .map(|side| {
                    let time = if side == slower { 45.0 + longer } else { 45.0 };
                    // About one tick in eight slices, several in a burst.
                    let bursts =
                        if uniform() < 0.12 * time / 45.0 { 1.0 + (3.0 * uniform()).floor() } else { 0.0 };
                    (side, time, TICK * bursts / (2.0 * time))
                })
                .collect();
            rounds += 1.0;
            if share(slices.iter().map(|(_, time, steal)| (*time, *steal))) > STOLEN {
                left_out += 1.0;
            } else {
                slices.iter().for_each(|(side, time, steal)| stolen[*side] += time * steal);
            }
        }
        [left_out / rounds, stolen[slower] / rounds, stolen[1 - slower] / rounds]
    }

    /// Which of two servers is the slow one, or meets the steal, decides nothing: 4,000 rounds leave a standard error below a hundredth.
    #[test]
    fn the_share_of_rounds_that_steal_leaves_out_does_not_depend_on_the_side_it_hits() {
        for longer in [0.0, 20.0, 60.0] {
            let [first, second] = [0, 1].map(|slower| simulated(longer, slower, 7 + slower as u64));
            assert!((first[0] - second[0]).abs() < 0.03, "{longer}: {first:?} {second:?}");
            assert!((0.05..0.7).contains(&first[0]), "{longer}: {first:?}");
            // What steal is left in rounds that count is far below the margin for each side.
            for [_, slow, quick] in [first, second] {
                assert!(slow.max(quick) < 0.02 * 2.0 * 45.0, "{longer}: {slow} {quick}");
            }
        }
    }

    #[test]
    fn a_round_is_judged_by_all_of_its_time_whichever_slice_lost_it() {
        let judged = |steal: [f64; 4]| share([0.05; 4].into_iter().zip(steal)) > STOLEN;
        for slice in 0..4 {
            let mut steal = [0.0; 4];
            steal[slice] = 0.07;
            assert!(!judged(steal), "{slice}: 1.75 % of the round");
            steal[slice] = 0.1;
            assert!(judged(steal), "{slice}: 2.5 % of it");
        }
    }
}
