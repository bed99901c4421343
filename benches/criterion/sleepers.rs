//! Many that wait at the same time: the CPU time of one wait.

use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use criterion::Criterion;
use servers_async::Timer;

use crate::clock::{Turn, nanoseconds};
use crate::cost::{Cost, Stopwatch, Threads, own_cpu, own_switches};
use crate::event_loop::{as_task, event_loop};
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::session::Session;
use crate::timer::WAIT;

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    let so_what = "The more requests wait at the same time, the more of them one wake-up of an event loop serves; a thread pays \
        its own each time.";
    for (name, sleepers) in
        [("sleepers/1", 1), ("sleepers/16", 16), ("sleepers/128", 128), ("sleepers/512", 512)]
    {
        let plan = Plan { rounds: 20, balanced: false, scale: sleepers, ..Plan::new(name, so_what) };
        group(criterion, session, plan).pair(
            Side::new("one of N threads sleeps 1 ms").sample("one wait of the first thread"),
            || threads(sleepers),
            Side::new("one of N tasks waits 1 ms by the async handlers' timer")
                .sample("one wait of the first task"),
            || tasks(sleepers),
        );
    }
}

/// What the sleepers found together.
#[derive(Debug, Default)]
struct Sum {
    cpu_ns: f64,
    switches: u64,
    samples: Vec<u64>,
}

/// Threads that wait for the word to sleep a number of times, and say when they have.
struct Sleepers {
    start: Barrier,
    end: Barrier,
    waits: Mutex<Option<u64>>,
    sum: Mutex<Sum>,
}

fn threads(count: u64) -> impl FnMut(u64) -> Turn {
    let both = count as usize + 1;
    let shared = Arc::new(Sleepers {
        start: Barrier::new(both),
        end: Barrier::new(both),
        waits: Mutex::default(),
        sum: Mutex::default(),
    });
    for number in 0..count {
        let shared = Arc::clone(&shared);
        thread::spawn(move || while shared.sleep(number == 0) {});
    }
    let crew = Crew(shared);
    move |iterations| {
        let begun = Instant::now();
        crew.0.set(Some(iterations));
        crew.0.start.wait();
        crew.0.end.wait();
        let sum = std::mem::take(&mut *lock(&crew.0.sum));
        let cost = Cost {
            value: begun.elapsed().as_nanos() as f64,
            cpu_ns: Some(sum.cpu_ns),
            switches: Some(sum.switches),
            ..Cost::default()
        };
        Turn { cost, samples: sum.samples }
    }
}

/// Ends the threads when dropped.
struct Crew(Arc<Sleepers>);

impl Drop for Crew {
    fn drop(&mut self) {
        self.0.set(None);
        self.0.start.wait();
    }
}

impl Sleepers {
    fn set(&self, waits: Option<u64>) {
        *lock(&self.waits) = waits;
    }

    /// One turn of a thread; false when there will be no other.
    fn sleep(&self, is_first: bool) -> bool {
        self.start.wait();
        let waits = *lock(&self.waits);
        let Some(waits) = waits else { return false };
        let mut samples = Vec::new();
        let (cpu, switches) = (own_cpu(), own_switches());
        for _ in 0..waits {
            let begun = is_first.then(Instant::now);
            thread::sleep(WAIT);
            samples.extend(begun.map(nanoseconds));
        }
        let (cpu, switches) = (own_cpu().saturating_sub(cpu), own_switches() - switches);
        let mut sum = lock(&self.sum);
        sum.cpu_ns += cpu.as_nanos() as f64;
        sum.switches += switches;
        sum.samples.append(&mut samples);
        drop(sum);
        self.end.wait();
        true
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tasks(count: u64) -> impl FnMut(u64) -> Turn {
    let runtime = event_loop();
    let timer = {
        let _inside = runtime.enter();
        Timer::start().expect("this system gives the event loop a timerfd")
    };
    move |iterations| {
        let (timer, metrics) = (timer.clone(), runtime.metrics());
        as_task(&runtime, async move {
            let (watch, waits) = (Stopwatch::start(Threads::All), metrics.worker_park_count(0));
            let sleepers: Vec<_> = (0..count)
                .map(|number| tokio::spawn(sleep(timer.clone(), iterations, number == 0)))
                .collect();
            let mut samples = Vec::new();
            for sleeper in sleepers {
                samples.append(&mut sleeper.await.expect("a sleeper ends well"));
            }
            let mut cost = watch.stop();
            cost.loop_waits = Some(metrics.worker_park_count(0) - waits);
            Turn { cost, samples }
        })
    }
}

async fn sleep(timer: Timer, waits: u64, is_first: bool) -> Vec<u64> {
    let mut samples = Vec::new();
    for _ in 0..waits {
        let begun = Instant::now();
        timer.wait_until(begun + WAIT).await;
        samples.extend(is_first.then(|| nanoseconds(begun)));
    }
    samples
}
