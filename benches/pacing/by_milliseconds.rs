//! A clock that ticks in milliseconds, as most clients have: tokio's timer, in a loop that does nothing else.
//!
//! It sends nothing, and so is late by less than a client paced by it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use benches::bench::place::Place;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;
use reports_record::Distribution;

use crate::lateness::Lateness;

pub(crate) fn measure(place: &Place, rate: u32, window: Duration) -> anyhow::Result<Lateness> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.context("cannot start an event loop")?;
    let before = usage()?;
    let begin = Instant::now();
    let late = runtime.block_on(async {
        let mut late = Distribution::new();
        let starts = u64::from(rate) * window.as_secs();
        for start in 0..starts {
            let intended = begin + Duration::from_nanos(start * 1_000_000_000 / u64::from(rate));
            tokio::time::sleep_until(intended.into()).await;
            late.record(intended.elapsed());
            if place.interrupt().is_raised() {
                break;
            }
        }
        late
    });
    ensure!(!place.interrupt().is_raised(), "interrupted");
    let (length, after) = (begin.elapsed(), usage()?);
    let cpu = |usage: &Usage| seconds(usage.user_time()) + seconds(usage.system_time());
    let switches = after.involuntary_context_switches() - before.involuntary_context_switches();
    let times = late.times();
    Ok(Lateness {
        client: "a millisecond timer (tokio)",
        p50_us: times.p50,
        p99_us: times.p99,
        promises: false,
        disturbed: None,
        involuntary_switches: u64::try_from(switches).ok(),
        steal: None,
        cpu: (cpu(&after) - cpu(&before)) / length.as_secs_f64(),
        spinning: None,
    })
}

fn usage() -> anyhow::Result<Usage> {
    getrusage(UsageWho::RUSAGE_THREAD).context("cannot read this thread's resource use")
}

fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}
