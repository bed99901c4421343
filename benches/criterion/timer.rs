//! Waiting for a millisecond: a sleeping thread against each of two timers of an event loop.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use criterion::Criterion;
use reports_record::BenchUnit;
use servers_async::Timer;

use crate::clock::{each, each_awaited};
use crate::event_loop::event_loop;
use crate::kept::{Group, Side, group};

/// What is asked for; whatever it takes beyond is the timer's doing.
const WAIT: Duration = Duration::from_millis(1);

pub(crate) fn benches(criterion: &mut Criterion, results: &Path) {
    let runtime = event_loop();
    let mut precise = group(criterion, results, "timer/precise", BenchUnit::Nanoseconds);
    sleeping_thread(&mut precise);
    let operation = "a task waits 1 ms by the async handlers' own timer";
    precise.side(Side::new("async", operation), |iterations, samples| {
        runtime.block_on(async {
            let timer = Timer::start().expect("this system gives the event loop a timerfd");
            let wait = async || timer.wait_until(Instant::now() + WAIT).await;
            each_awaited(iterations, samples, wait).await
        })
    });
    drop(precise);

    let mut wheel = group(criterion, results, "timer/tokio_wheel", BenchUnit::Nanoseconds);
    sleeping_thread(&mut wheel);
    wheel.side(Side::new("async", "a task waits 1 ms by tokio's timer wheel"), |iterations, samples| {
        runtime.block_on(each_awaited(iterations, samples, async || tokio::time::sleep(WAIT).await))
    });
}

/// Measured beside each timer, so that both sides of a pair are measured close together.
fn sleeping_thread(group: &mut Group<'_>) {
    group.side(Side::new("sync", "a thread sleeps 1 ms"), |iterations, samples| {
        each(iterations, samples, || thread::sleep(WAIT))
    });
}
