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
use crate::interrupts;
use crate::kept::Side;
use crate::session::Session;
use crate::waits::Waits;

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    let so_what = "The more requests wait at the same time, the more of them one wake-up of an event loop serves; a thread pays \
        its own each time.";
    let alike = Sleep {
        waits: Waits::alike,
        by_thread: "one of N threads sleeps 1 ms",
        by_task: "one of N tasks waits 1 ms by the async handlers' timer",
    };
    for (name, sleepers) in
        [("sleepers/1", 1), ("sleepers/16", 16), ("sleepers/64", 64), ("sleepers/512", 512)]
    {
        alike.measure(criterion, session, Plan { scale: sleepers, ..Plan::new(name, so_what) });
    }
    let so_what = "Waits that do not end together share few wake-ups: each has its timer set, its interrupt and its wake-up. An event \
        loop then gains little by serving several at a time, and may pay more than a thread.";
    let drawn = Sleep {
        waits: Waits::drawn,
        by_thread: "one of N threads sleeps for a drawn time, 1 ms in the mean",
        by_task: "one of N tasks waits for a drawn time, 1 ms in the mean, by the async handlers' timer",
    };
    drawn.measure(criterion, session, Plan { scale: 64, ..Plan::new("sleepers_drawn/64", so_what) });
}

/// Sleepers of one kind.
struct Sleep {
    waits: fn() -> Waits,
    by_thread: &'static str,
    by_task: &'static str,
}

impl Sleep {
    /// Measures as many as one iteration of `plan` has operations.
    fn measure(&self, criterion: &mut Criterion, session: &Session, plan: Plan) {
        let plan = Plan { rounds: 20, balanced: false, ..plan };
        group(criterion, session, plan).pair(
            Side::new(self.by_thread).sample("one wait of the first thread"),
            || threads((self.waits)().of_each(plan.scale)),
            Side::new(self.by_task).sample("one wait of the first task"),
            || tasks((self.waits)().of_each(plan.scale)),
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

fn threads(each: Vec<Waits>) -> impl FnMut(u64) -> Turn {
    let both = each.len() + 1;
    let shared = Arc::new(Sleepers {
        start: Barrier::new(both),
        end: Barrier::new(both),
        waits: Mutex::default(),
        sum: Mutex::default(),
    });
    for (number, mut own) in each.into_iter().enumerate() {
        let shared = Arc::clone(&shared);
        thread::spawn(move || while shared.sleep(&mut own, number == 0) {});
    }
    let crew = Crew(shared);
    move |iterations| {
        let (interrupts, begun) = (interrupts::of_timer(), Instant::now());
        crew.0.set(Some(iterations));
        crew.0.start.wait();
        crew.0.end.wait();
        let sum = std::mem::take(&mut *lock(&crew.0.sum));
        let cost = Cost {
            value: begun.elapsed().as_nanos() as f64,
            cpu_ns: Some(sum.cpu_ns),
            switches: Some(sum.switches),
            timer_interrupts: interrupts::of_timer_since(interrupts),
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
    fn sleep(&self, own: &mut Waits, is_first: bool) -> bool {
        self.start.wait();
        let waits = *lock(&self.waits);
        let Some(waits) = waits else { return false };
        let mut samples = Vec::new();
        let (cpu, switches) = (own_cpu(), own_switches());
        for _ in 0..waits {
            let begun = is_first.then(Instant::now);
            thread::sleep(own.draw());
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

fn tasks(each: Vec<Waits>) -> impl FnMut(u64) -> Turn {
    let runtime = event_loop();
    let timer = {
        let _inside = runtime.enter();
        Timer::start().expect("this system gives the event loop a timerfd")
    };
    move |iterations| {
        let (timer, metrics, each) = (timer.clone(), runtime.metrics(), each.clone());
        as_task(&runtime, async move {
            let interrupts = interrupts::of_timer();
            let (watch, waits) = (Stopwatch::start(Threads::All), metrics.worker_park_count(0));
            let sleepers: Vec<_> = (0..)
                .zip(each)
                .map(|(number, own)| tokio::spawn(sleep(timer.clone(), own, iterations, number == 0)))
                .collect();
            let mut samples = Vec::new();
            for sleeper in sleepers {
                samples.append(&mut sleeper.await.expect("a sleeper ends well"));
            }
            let mut cost = watch.stop();
            cost.timer_interrupts = interrupts::of_timer_since(interrupts);
            cost.loop_waits = Some(metrics.worker_park_count(0) - waits);
            Turn { cost, samples }
        })
    }
}

async fn sleep(timer: Timer, mut own: Waits, waits: u64, is_first: bool) -> Vec<u64> {
    let mut samples = Vec::new();
    for _ in 0..waits {
        let begun = Instant::now();
        timer.wait_until(begun + own.draw()).await;
        samples.extend(is_first.then(|| nanoseconds(begun)));
    }
    samples
}
