//! Waiting for a millisecond: how much longer it takes than asked.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use criterion::Criterion;
use nix::sys::prctl;
use reports_record::BenchFigure;
use servers_async::Timer;

use crate::clock::{Turn, nanoseconds};
use crate::cost::{Stopwatch, Threads};
use crate::event_loop::{as_task, event_loop};
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::session::Session;
use crate::waits::WAIT;

/// Linux's usual allowance for blocking waits, under which contenders run unless they are told otherwise.
const USUAL_SLACK: Duration = Duration::from_micros(50);

/// The least that can be set.
const NO_SLACK: Duration = Duration::from_nanos(1);

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    let of_value = |name, so_what| Plan {
        judged: BenchFigure::Value,
        rounds: 25,
        balanced: false,
        ..Plan::new(name, so_what)
    };
    let so_what = "Under the usual timer slack a blocking wait ends later than an awaited one; that difference is a setting, and \
        no part of the model.";
    overshoot(criterion, session, of_value("overshoot/usual_slack", so_what), USUAL_SLACK);
    let so_what = "With the least slack most of the difference in wake-ups is gone: it comes from that setting, and not from the model.";
    overshoot(criterion, session, of_value("overshoot/no_slack", so_what), NO_SLACK);
}

fn overshoot(criterion: &mut Criterion, session: &Session, plan: Plan, slack: Duration) {
    group(criterion, session, plan).pair(
        Side::new("a thread that asked to sleep 1 ms sleeps longer by this"),
        || {
            move |iterations| {
                with_slack(slack, || {
                    overshoots(|samples| {
                        for _ in 0..iterations {
                            let begun = Instant::now();
                            thread::sleep(WAIT);
                            samples.push(beyond(begun));
                        }
                    })
                })
            }
        },
        Side::new("a task that asked the async handlers' timer for 1 ms waits longer by this"),
        || {
            let runtime = event_loop();
            let timer = {
                let _inside = runtime.enter();
                Arc::new(Timer::start().expect("this system gives the event loop a timerfd"))
            };
            move |iterations| {
                let timer = Arc::clone(&timer);
                with_slack(slack, || as_task(&runtime, overshoots_of_task(timer, iterations)))
            }
        },
    );
}

/// The slack belongs to a thread; a timerfd has none whatever it is.
fn with_slack<T>(slack: Duration, work: impl FnOnce() -> T) -> T {
    let set = |slack: Duration| {
        prctl::set_timerslack(slack.as_nanos() as u64).expect("a thread may set its own timer slack");
    };
    set(slack);
    let done = work();
    set(USUAL_SLACK);
    done
}

fn overshoots(wait: impl FnOnce(&mut Vec<u64>)) -> Turn {
    let (watch, mut samples) = (Stopwatch::start(Threads::All), Vec::new());
    wait(&mut samples);
    summed(watch, samples)
}

async fn overshoots_of_task(timer: Arc<Timer>, iterations: u64) -> Turn {
    let (watch, mut samples) = (Stopwatch::start(Threads::All), Vec::new());
    for _ in 0..iterations {
        let begun = Instant::now();
        timer.wait_until(begun + WAIT).await;
        samples.push(beyond(begun));
    }
    summed(watch, samples)
}

/// Everything beyond the wait is the timer's doing.
fn beyond(begun: Instant) -> u64 {
    nanoseconds(begun + WAIT)
}

fn summed(watch: Stopwatch, samples: Vec<u64>) -> Turn {
    let mut cost = watch.stop();
    cost.value = samples.iter().sum::<u64>() as f64;
    Turn { cost, samples }
}
