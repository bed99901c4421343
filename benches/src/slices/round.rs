//! One round: a slice of each side there, and one back.

use std::time::Duration;

use loadgen::{Interrupt, Load};
use reports_record::{Measurement, Slice, Stage};

use super::{Failure, Plan, Side, is_beyond_contenders};

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

    /// Whether the machine took CPU time during it, or the client could not run; no server can move these figures.
    pub(super) fn is_disturbed(&self) -> bool {
        self.0.iter().any(|taken| {
            let Measurement { client, certificate, .. } = &taken.measurement;
            client.steal.is_some_and(|steal| steal > 0.0) || is_beyond_contenders(certificate)
        })
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
