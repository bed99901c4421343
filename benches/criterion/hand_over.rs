//! Waking another that waits, and being woken in return: on one CPU, and across two.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::{self, JoinHandle, Thread};

use criterion::Criterion;
use tokio::sync::Notify;

use crate::bound::{self, Cpus};
use crate::clock::{Turn, batches, batches_awaited};
use crate::event_loop::{as_task, event_loop};
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::session::Session;

/// Hand-overs that are one sample: some hundred nanoseconds each.
const SIZE: u32 = 16;

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    let so_what = "A blocking server pays a hand-over wherever one thread waits for another; two context switches are most of it.";
    pair(
        criterion,
        session,
        Plan::new("hand_over/one_cpu", so_what),
        "a task notifies another, which notifies it",
    );
    let so_what =
        "Waking a CPU that sleeps costs more than the hand-over itself, for threads and event loops alike.";
    let plan = Plan::new("hand_over/two_cpus", so_what).on_two_cpus();
    pair(criterion, session, plan, "a task notifies one on another CPU's event loop, which notifies it");
}

fn pair(criterion: &mut Criterion, session: &Session, plan: Plan, operation: &'static str) {
    group(criterion, session, plan).pair(
        Side::batched("a thread unparks another, which unparks it", SIZE),
        || threads(plan.cpus),
        Side::batched(operation, SIZE),
        || tasks(plan.cpus),
    );
}

fn threads(cpus: Cpus) -> impl FnMut(u64) -> Turn {
    let partner = Partner::start(cpus);
    move |iterations| {
        keep_to_first(cpus);
        batches(iterations, SIZE, || partner.exchange())
    }
}

/// On two CPUs the calling side has the first and its partner the other: a thread that moved would measure both cases.
fn keep_to_first(cpus: Cpus) {
    if cpus == Cpus::Two {
        bound::bind(&[bound::client()]);
    }
}

const CALLER: u8 = 0;
const PARTNER: u8 = 1;
const OVER: u8 = 2;

/// A thread that gives back each turn that it is given.
struct Partner {
    turn: Arc<AtomicU8>,
    thread: Option<JoinHandle<()>>,
}

impl Partner {
    fn start(cpus: Cpus) -> Self {
        let turn = Arc::new(AtomicU8::new(CALLER));
        let (own, caller) = (Arc::clone(&turn), thread::current());
        let thread = thread::spawn(move || {
            if cpus == Cpus::Two {
                bound::bind(&[bound::server()]);
            }
            while wait_for_turn(&own, PARTNER) {
                own.store(CALLER, Ordering::Release);
                caller.unpark();
            }
        });
        Self { turn, thread: Some(thread) }
    }

    fn exchange(&self) {
        self.turn.store(PARTNER, Ordering::Release);
        self.thread().unpark();
        wait_for_turn(&self.turn, CALLER);
    }

    fn thread(&self) -> &Thread {
        self.thread.as_ref().expect("the partner lives as long as this").thread()
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        self.turn.store(OVER, Ordering::Release);
        self.thread().unpark();
        let ended = self.thread.take().map(JoinHandle::join);
        debug_assert!(matches!(ended, Some(Ok(()))), "the partner ends when it is told to");
    }
}

/// Parks until it is `mine`; false when it is over.
fn wait_for_turn(turn: &AtomicU8, mine: u8) -> bool {
    loop {
        match turn.load(Ordering::Acquire) {
            now if now == mine => return true,
            OVER => return false,
            _ => thread::park(),
        }
    }
}

fn tasks(cpus: Cpus) -> impl FnMut(u64) -> Turn {
    let runtime = event_loop();
    let (there, back) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let partner = {
        let (there, back) = (Arc::clone(&there), Arc::clone(&back));
        async move {
            loop {
                there.notified().await;
                back.notify_one();
            }
        }
    };
    if cpus == Cpus::Two {
        // It ends with the process: a task that waits costs nothing.
        thread::spawn(|| {
            bound::bind(&[bound::server()]);
            event_loop().block_on(async { tokio::spawn(partner).await })
        });
    } else {
        runtime.spawn(partner);
    }
    move |iterations| {
        keep_to_first(cpus);
        let (there, back) = (Arc::clone(&there), Arc::clone(&back));
        let exchange = move || {
            let (there, back) = (Arc::clone(&there), Arc::clone(&back));
            async move {
                there.notify_one();
                back.notified().await;
            }
        };
        as_task(&runtime, batches_awaited(iterations, SIZE, exchange))
    }
}
