//! A lock without a rival, and one that changes its owner with each acquisition.

use std::sync::{Arc, Barrier, Condvar, Mutex, PoisonError};
use std::thread;

use criterion::Criterion;
use tokio::task::yield_now;

use crate::clock::{BATCH, Batches, Turn, batches};
use crate::cost::{Stopwatch, Threads};
use crate::event_loop::{as_task, event_loop};
use crate::group::{Group, Plan, group};
use crate::kept::Side;
use crate::session::Session;

/// How many want the contended lock.
const TAKERS: u64 = 4;

/// Turns of one iteration: threads are started for each slice, and their ends weigh little beside as many turns.
const TURNS: u64 = 1024;

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    let so_what = "A lock that is free costs nanoseconds either way: it decides nothing in a server.";
    free(group(criterion, session, Plan::new("lock/free", so_what)));
    let so_what =
        "Each change of owner costs threads a hand-over; tasks of one loop only change places in a queue.";
    let plan = |name| Plan { rounds: 20, scale: TURNS, balanced: false, ..Plan::new(name, so_what) };
    in_turn(group(criterion, session, plan("lock/in_turn/one_cpu")));
    in_turn(group(criterion, session, Plan { crowded: true, ..plan("lock/in_turn/two_cpus").on_two_cpus() }));
}

fn free(mut group: Group<'_>) {
    group.pair(
        Side::batched("std's Mutex taken and given back", BATCH),
        || {
            let lock = Mutex::new(0_u64);
            move |iterations| {
                batches(iterations, BATCH, || *lock.lock().unwrap_or_else(PoisonError::into_inner) += 1)
            }
        },
        Side::batched("tokio's Mutex taken and given back", BATCH),
        || {
            let runtime = event_loop();
            let lock = Arc::new(tokio::sync::Mutex::new(0_u64));
            move |iterations| {
                let lock = Arc::clone(&lock);
                as_task(&runtime, async move {
                    let mut batches = Batches::start(BATCH);
                    for _ in 0..iterations {
                        *lock.lock().await += 1;
                        batches.done();
                    }
                    batches.stop()
                })
            }
        },
    );
}

/// Both sides hand the lock on in the order of asking: std's own Mutex may give it to the same thread again and again, which
/// would compare many acquisitions by one owner with many changes of owner.
fn in_turn(mut group: Group<'_>) {
    group.pair(
        Side::new("one of four threads takes its turn with a lock and wakes the next (std)")
            .sample("the mean of all turns of a slice"),
        || |iterations| take_turns(iterations * TURNS),
        Side::new(
            "one of four tasks takes its turn with a lock, held over a yield (tokio, in order of asking)",
        )
        .sample("the mean of all turns of a slice"),
        || {
            let runtime = event_loop();
            move |iterations| as_task(&runtime, tasks_in_turn(iterations * TURNS))
        },
    );
}

fn take_turns(iterations: u64) -> Turn {
    let lock = Mutex::new(0_u64);
    let wake: [Condvar; TAKERS as usize] = Default::default();
    let [start, end] = [(); 2].map(|()| Barrier::new(TAKERS as usize + 1));
    thread::scope(|scope| {
        let takers: Vec<_> = (0..TAKERS)
            .map(|taker| {
                let (lock, wake, start, end) = (&lock, &wake, &start, &end);
                scope.spawn(move || {
                    // All are here; the clocks are read; all begin.
                    start.wait();
                    start.wait();
                    for _ in 0..share(iterations, taker) {
                        let held = lock.lock().unwrap_or_else(PoisonError::into_inner);
                        let mut held = wake[taker as usize]
                            .wait_while(held, |turn| *turn % TAKERS != taker)
                            .unwrap_or_else(PoisonError::into_inner);
                        *held += 1;
                        let next = *held % TAKERS;
                        drop(held);
                        wake[next as usize].notify_one();
                    }
                    // The clocks are read before this thread ends.
                    end.wait();
                })
            })
            .collect();
        start.wait();
        let watch = Stopwatch::start(Threads::All);
        start.wait();
        end.wait();
        let cost = watch.stop();
        takers.into_iter().for_each(|taker| taker.join().expect("a taker ends well"));
        Turn::of_mean(cost, iterations)
    })
}

async fn tasks_in_turn(iterations: u64) -> Turn {
    let lock = Arc::new(tokio::sync::Mutex::new(()));
    let watch = Stopwatch::start(Threads::All);
    let takers: Vec<_> = (0..TAKERS)
        .map(|taker| {
            let lock = Arc::clone(&lock);
            tokio::spawn(async move {
                for _ in 0..share(iterations, taker) {
                    let held = lock.lock().await;
                    yield_now().await;
                    drop(held);
                }
            })
        })
        .collect();
    for taker in takers {
        taker.await.expect("a taker ends well");
    }
    Turn::of_mean(watch.stop(), iterations)
}

/// Acquisitions of one taker, so that all of them together are `iterations`.
fn share(iterations: u64, taker: u64) -> u64 {
    iterations / TAKERS + u64::from(taker < iterations % TAKERS)
}
