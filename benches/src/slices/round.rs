//! One round: a slice of each side there, and one back.

use loadgen::Interrupt;
use reports_record::{Measurement, Slice, Stage};

use super::{Failure, Plan, Side, Spent, is_beyond_contenders};

/// The slices of one round, in the order of measuring.
pub(super) struct Round(Vec<Taken>);

/// One slice as it was taken.
pub(super) struct Taken {
    side: usize,
    round: u32,
    /// Its place in the phase, from 1, over all sides.
    pub(super) number: usize,
    pub(super) measurement: Measurement,
    /// `None` without a meter.
    pub(super) spent: Option<Spent>,
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
            let taken = slice(&mut sides[side], plan, half, interrupt);
            let (measurement, spent) = taken.map_err(|(stage, error)| Failure {
                side,
                stage,
                error: error.context(sides[side].name.to_owned()),
            })?;
            round.push(Taken {
                side,
                round: number,
                number: number as usize * order.len() + place + 1,
                measurement,
                spent,
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

/// One slice between two readings of the server's cost, the second after the drain.
fn slice(
    side: &mut Side<'_>,
    plan: &Plan,
    half: u32,
    interrupt: &Interrupt,
) -> Result<(Measurement, Option<Spent>), (Stage, anyhow::Error)> {
    let load = plan.load(&side.load, half);
    let at = |stage: Stage| move |error: anyhow::Error| (stage, error);
    if let Some(meter) = &mut side.meter {
        meter.begin().map_err(at(Stage::Account))?;
    }
    let measured = side.client.measure(&load, interrupt, &mut |_| ());
    let measurement = measured.map_err(|error| (Stage::Measure, error.into()))?;
    if !measurement.complete {
        return Err((Stage::Measure, anyhow::anyhow!("interrupted")));
    }
    let spent = match &mut side.meter {
        Some(meter) => Some(meter.end().map_err(at(Stage::Account))?),
        None => None,
    };
    Ok((measurement, spent))
}

impl Taken {
    /// As the record keeps it.
    pub(super) fn slice(&self, is_left_out: bool) -> Slice {
        let Measurement { response_time_us, service_time_us, .. } = &self.measurement;
        Slice {
            round: self.round,
            number: self.number as u32,
            goodput_per_s: self.measurement.goodput_per_s,
            answered: self.measurement.answered_in_all,
            cpu_us: self.spent.and_then(|spent| spent.cpu()).map(|cpu| cpu.total_us()),
            time_us_p50: response_time_us.as_ref().unwrap_or(service_time_us).p50,
            is_left_out,
        }
    }
}
