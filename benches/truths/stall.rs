//! A server that is silent for a while, again and again.
//!
//! Silent for the last S of each period P, and asked at a constant rate: what is due t before a stall's end takes t, so
//! for x up to S a share (S − x) ÷ P of all requests takes longer than x, and the quantile q is x = S − (1 − q) × P.
//! A window of whole periods sees the same wherever in a period it begins.

use std::time::Duration;

use benches::bench::place::Place;
use benches::bench::scripted::Script;
use benches::bench::table::Table;
use reports_record::Arrivals;

use crate::measured::{Asked, measure};
use crate::verdict::Figure;

const STALL: Duration = Duration::from_millis(400);
const PERIOD: Duration = Duration::from_secs(4);

/// One every 2 ms, four times finer than the bound.
const RATE: f64 = 500.0;

/// 200 requests are due in a stall; half as many again for what comes while they are answered.
const CONNECTIONS: u32 = 300;

/// 12,000 requests: 12 of them beyond p99.9.
const PERIODS: u32 = 6;

/// Two per cent of the stall.
const BOUND: Duration = Duration::from_millis(8);

fn window(quick: bool) -> Duration {
    if quick { PERIOD } else { PERIOD * PERIODS }
}

pub(crate) fn length(quick: bool) -> Duration {
    window(quick)
}

pub(crate) fn tell(place: &Place, quick: bool, table: &mut Table) -> anyhow::Result<()> {
    let found = measure(
        place,
        &Asked {
            script: Script::Stall { stall: STALL, period: PERIOD },
            rate: RATE,
            arrivals: Arrivals::Constant,
            connections: CONNECTIONS,
            warm_up: Duration::ZERO,
            window: window(quick),
        },
    )?;
    let times = found.measurement.response_time_us.as_ref();
    for (name, figure, q) in
        [("p95", "response p95", 0.95), ("p99", "response p99", 0.99), ("p99_9", "response p99.9", 0.999)]
    {
        let quantiles = times.iter().flat_map(|times| times.quantiles());
        table.push(
            Figure {
                server: "silent 400 ms every 4 s",
                client: "loadgen",
                figure,
                exact: STALL - PERIOD.mul_f64(1.0 - q),
                measured_us: quantiles
                    .into_iter()
                    .find(|(this, ..)| *this == name)
                    .and_then(|(.., value)| value),
                bound: Some(BOUND),
                client_away: Some(found.client_away()),
                punctuality: found.server,
            }
            .row(),
        );
    }
    Ok(())
}
