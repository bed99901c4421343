//! A server that answers so long after each request, to the microsecond.

use std::time::Duration;

use benches::bench::place::Place;
use benches::bench::scripted::Script;
use benches::bench::table::Table;
use reports_record::Arrivals;

use crate::measured::{Asked, measure};
use crate::verdict::Figure;

const DELAY: Duration = Duration::from_micros(500);

/// What the way there and back may cost: two loopback sockets and a wake-up.
pub(crate) const WAY: Duration = Duration::from_micros(100);

fn window(quick: bool) -> Duration {
    Duration::from_secs(if quick { 1 } else { 10 })
}

pub(crate) fn length(quick: bool) -> Duration {
    window(quick)
}

pub(crate) fn tell(place: &Place, quick: bool, table: &mut Table) -> anyhow::Result<()> {
    let found = measure(
        place,
        &Asked {
            script: Script::Delay(DELAY),
            rate: 1000.0,
            arrivals: Arrivals::Constant,
            connections: 64,
            warm_up: Duration::ZERO,
            window: window(quick),
        },
    )?;
    let measured = &found.measurement;
    let response = measured.response_time_us.as_ref().and_then(|times| times.p50);
    for (figure, measured_us) in [("service p50", measured.service_time_us.p50), ("response p50", response)] {
        table.push(
            Figure {
                server: "0.5 ms after each request",
                client: "loadgen",
                figure,
                exact: DELAY,
                measured_us,
                bound: Some(WAY),
                client_away: Some(found.client_away()),
                punctuality: found.server,
            }
            .row(),
        );
    }
    Ok(())
}
