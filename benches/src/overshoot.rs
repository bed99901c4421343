//! How much longer than asked a contender waits, at one connection and before anything else is measured.

use std::time::Duration;

use anyhow::bail;
use loadgen::{Client, Crew, Interrupt, Load, Stop};
use reports_record::{Definition, Overshoot};
use servers_contract::Call;

use crate::contender::Contender;
use crate::process::{Launch, Tail};
use crate::target;

/// Requests behind each median: a few more than the fewest that give one with ten observations beyond it.
const REQUESTS: u64 = 24;

/// Medians of each wait. What disturbs one only ever lengthens it, so the smallest is nearest to the timer's own.
const ROUNDS: usize = 3;

/// Sends the same requests once before, so that caches, pages and connections are warm.
const WARM_UP: Duration = Duration::from_millis(50);

/// The waits that the cells of an experiment ask of a timer, milliseconds: ascending, each once.
#[must_use]
pub fn waits_ms(definition: &Definition) -> Vec<f64> {
    let on_timers = definition.cells.iter().filter(|cell| !cell.waits_on_a_socket());
    let mut waits: Vec<f64> = on_timers.map(|cell| cell.wait_ms).filter(|&wait| wait > 0.0).collect();
    waits.sort_by(f64::total_cmp);
    waits.dedup();
    waits
}

/// About how long [`measure`] takes for these waits, but for starting and ending the process.
#[must_use]
pub fn duration(waits_ms: &[f64]) -> Duration {
    let median = |wait_ms: f64| WARM_UP + Duration::from_secs_f64(REQUESTS as f64 * wait_ms / 1e3);
    // Beside the waits a reply that waits for nothing.
    [0.0].iter().chain(waits_ms).map(|&wait_ms| median(wait_ms)).sum::<Duration>() * ROUNDS as u32
}

/// Measures each of `waits_ms` (milliseconds) at one connection of a fresh process.
///
/// # Errors
/// When the contender does not start or does not answer rightly.
pub fn measure(
    launch: &Launch,
    name: &str,
    waits_ms: &[f64],
    interrupt: &Interrupt,
) -> anyhow::Result<Vec<Overshoot>> {
    let tail = Tail::default();
    let contender = Contender::start(launch, &tail).map_err(|error| tail.explain(error))?;
    let mut client = target::connect(&contender, &Crew::default(), interrupt)?;
    let mut median = |call: &Call| smallest_median(&contender, &mut client, call, interrupt);
    let floor_us_p50 = median(&Call::Hello)?;
    let overshoot = |&wait_ms: &f64| {
        let wait = Duration::from_secs_f64(wait_ms / 1e3);
        let service_time_us_p50 = median(&Call::Wait { wait, blocking: false })?;
        Ok(Overshoot { contender: name.to_owned(), wait_ms, service_time_us_p50, floor_us_p50 })
    };
    let overshoots = waits_ms.iter().map(overshoot).collect();
    drop(client);
    contender.stop()?;
    overshoots
}

fn smallest_median(
    contender: &Contender,
    client: &mut Client,
    call: &Call,
    interrupt: &Interrupt,
) -> anyhow::Result<f64> {
    let mut smallest = median(contender, client, call, interrupt)?;
    for _ in 1..ROUNDS {
        smallest = smallest.min(median(contender, client, call, interrupt)?);
    }
    Ok(smallest)
}

fn median(
    contender: &Contender,
    client: &mut Client,
    call: &Call,
    interrupt: &Interrupt,
) -> anyhow::Result<f64> {
    let load =
        Load { warm_up: WARM_UP, stop: Stop::Requests(REQUESTS), ..target::load(contender, call, b"")? };
    let measurement = client.measure(&load, interrupt, &mut |_| ())?;
    match measurement.service_time_us.p50 {
        Some(median) => Ok(median),
        None => {
            bail!("{}: {} correct replies, expected {REQUESTS}", call.target(), measurement.account.finished)
        }
    }
}
