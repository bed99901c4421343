//! The parts of a wait that the kernel does: a timer is set, and interrupts its CPU.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::clock::{BATCH, Turn, batches};
use crate::cost::Spent;
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::session::Session;
use crate::waits::WAIT;

/// Timers that ring one after another while a thread works.
const TIMERS: u32 = 32;

/// The time between two of them: longer than an interrupt takes, so that each has its own.
const APART: Duration = Duration::from_micros(60);

/// A time that no bench lasts.
const NEVER: Duration = Duration::from_secs(3600);

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    let mut parts = group(criterion, session, Plan::new("parts_timer", ""));
    parts.single("set", Side::batched("a timerfd is set to ring in 1 ms", BATCH), || {
        let timer = timer();
        move |iterations| batches(iterations, BATCH, || set(&timer, WAIT))
    });
    let operation = "the timer of a CPU interrupts a thread that is at work";
    parts.single("interrupt", Side::new(operation).sample("the mean of a slice"), || {
        let work = Work::start();
        move |iterations| work.interrupted(iterations)
    });
}

fn timer() -> TimerFd {
    TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::empty()).expect("this system gives a timerfd")
}

fn set(timer: &TimerFd, rings_in: Duration) {
    let ring = Expiration::OneShot(TimeSpec::from_duration(rings_in));
    timer.set(ring, TimerSetTimeFlags::empty()).expect("a timerfd takes any positive time");
}

/// Work that outlasts all timers.
struct Work {
    timers: Vec<TimerFd>,
    steps: u64,
}

impl Work {
    fn start() -> Self {
        let mut steps = 1 << 16;
        loop {
            let begun = Instant::now();
            work(steps);
            if begun.elapsed() > 2 * TIMERS * APART {
                return Self { timers: (0..TIMERS).map(|_| timer()).collect(), steps };
            }
            steps *= 2;
        }
    }

    /// Works while timers ring, at least as many as `interrupts`, and as long while none does; the difference is what that number
    /// costs.
    fn interrupted(&self, interrupts: u64) -> Turn {
        let rounds = interrupts.div_ceil(u64::from(TIMERS));
        let (mut while_they_ring, mut alone) = (Spent::default(), Spent::default());
        for _ in 0..rounds {
            for (first, spent) in [(Duration::ZERO, &mut while_they_ring), (NEVER, &mut alone)] {
                (1..).zip(&self.timers).for_each(|(number, timer)| set(timer, first + number * APART));
                spent.add(Spent::on(|| work(self.steps)));
            }
        }
        let share = interrupts as f64 / (rounds * u64::from(TIMERS)) as f64;
        Turn::of_mean(while_they_ring.less(alone).cost().scaled(share), interrupts)
    }
}

fn work(steps: u64) {
    (0..steps).for_each(|step| _ = black_box(step));
}
