//! Bridges between the models: blocking work for a task, awaited work for a thread, beside the direct call.

use std::hint::black_box;
use std::sync::{Arc, Barrier, Mutex, PoisonError, mpsc};
use std::thread;

use criterion::Criterion;

use crate::clock::{BATCH, Turn, batches, batches_awaited};
use crate::cost::{Stopwatch, Threads};
use crate::event_loop::{as_task, event_loop};
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::session::Session;

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    spawn_blocking(criterion, session);
    block_in_place(criterion, session);
    for (name, callers) in [("bridge/pool/1", 1), ("bridge/pool/8", 8), ("bridge/pool/64", 64)] {
        pool(criterion, session, name, callers);
    }
    to_loop(criterion, session);
}

/// Work that is over at once: a function call that the compiler keeps.
fn job(input: u64) -> u64 {
    black_box(input.wrapping_mul(3))
}

fn spawn_blocking(criterion: &mut Criterion, session: &Session) {
    let so_what = "A blocking call inside an async handler costs a trip to a pool and back each time: microseconds where a \
        direct call takes nanoseconds, and little beside a call that takes a millisecond.";
    group(criterion, session, Plan::new("bridge/spawn_blocking", so_what)).pair(
        Side::batched("a thread calls a function that blocks", BATCH),
        || call_directly,
        Side::new("a task has tokio's blocking pool call it and awaits the result"),
        || {
            let runtime = event_loop();
            move |iterations| {
                let hop = || async {
                    tokio::task::spawn_blocking(|| job(1)).await.expect("a job ends well");
                };
                as_task(&runtime, batches_awaited(iterations, 1, hop))
            }
        },
    );
}

/// The runtime is of the kind that moves tasks between threads, with one thread: on one thread alone tokio refuses the call.
fn block_in_place(criterion: &mut Criterion, session: &Session) {
    let so_what = "Blocking in place costs less than the trip to the pool while the call ends before another thread takes over the \
        event loop; it needs a runtime that moves tasks between threads.";
    group(criterion, session, Plan::new("bridge/block_in_place", so_what)).pair(
        Side::batched("a thread calls a function that blocks", BATCH),
        || call_directly,
        Side::new("a task has its thread give up the event loop, calls it in place and takes the loop back"),
        || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .build()
                .expect("this system gives a runtime its threads");
            move |iterations| {
                let call = || async {
                    tokio::task::block_in_place(|| black_box(job(black_box(1))));
                };
                as_task(&runtime, batches_awaited(iterations, 1, call))
            }
        },
    );
}

fn call_directly(iterations: u64) -> Turn {
    batches(iterations, BATCH, || {
        black_box(job(black_box(1)));
    })
}

/// The threads of both pools.
const POOL: usize = 4;

fn pool(criterion: &mut Criterion, session: &Session, name: &'static str, callers: u64) {
    let so_what = "A pool costs both models a hand-over each way; a task that waits for it keeps no thread, a blocking caller does.";
    let plan = Plan { scale: callers, rounds: 50, ..Plan::new(name, so_what) };
    let sample = "the mean of all jobs of a slice";
    group(criterion, session, plan).pair(
        Side::new("one of N threads hands a job to a pool of four threads and blocks until it is done")
            .sample(sample),
        || threads_and_pool(callers),
        Side::new("one of N tasks hands a job to tokio's pool of four threads and awaits it").sample(sample),
        || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .max_blocking_threads(POOL)
                .build()
                .expect("this system gives an event loop its descriptors");
            move |iterations| as_task(&runtime, tasks_and_pool(iterations, callers))
        },
    );
}

/// A job and where its result goes.
type Job = (u64, mpsc::SyncSender<u64>);

fn threads_and_pool(callers: u64) -> impl FnMut(u64) -> Turn {
    let (jobs, taken) = mpsc::channel::<Job>();
    let taken = Arc::new(Mutex::new(taken));
    for _ in 0..POOL {
        let taken = Arc::clone(&taken);
        thread::spawn(move || {
            loop {
                let next = taken.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok((input, done)) = next else { return };
                // Received below, or this bench is gone.
                let _ = done.send(job(input));
            }
        });
    }
    move |iterations| {
        let start = Barrier::new(callers as usize + 1);
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..callers)
                .map(|_| {
                    let (jobs, start) = (jobs.clone(), &start);
                    scope.spawn(move || {
                        start.wait();
                        for input in 0..iterations {
                            let (done, result) = mpsc::sync_channel(1);
                            jobs.send((input, done))
                                .expect("the pool takes jobs for as long as there are any");
                            result.recv().expect("the pool does each job");
                        }
                    })
                })
                .collect();
            let watch = Stopwatch::start(Threads::All);
            start.wait();
            waiting.into_iter().for_each(|caller| caller.join().expect("a caller ends well"));
            Turn::of_mean(watch.stop(), iterations * callers)
        })
    }
}

async fn tasks_and_pool(iterations: u64, callers: u64) -> Turn {
    let watch = Stopwatch::start(Threads::All);
    let waiting: Vec<_> = (0..callers)
        .map(|_| {
            tokio::spawn(async move {
                for input in 0..iterations {
                    tokio::task::spawn_blocking(move || job(input)).await.expect("a job ends well");
                }
            })
        })
        .collect();
    for caller in waiting {
        caller.await.expect("a caller ends well");
    }
    Turn::of_mean(watch.stop(), iterations * callers)
}

fn to_loop(criterion: &mut Criterion, session: &Session) {
    let so_what = "A thread that needs an async library pays a hand-over to its loop and one back; a task of that loop pays neither.";
    group(criterion, session, Plan::new("bridge/block_on", so_what)).pair(
        Side::new("a thread starts a task on another thread's event loop and blocks on its result"),
        || {
            let (runs, running) = mpsc::channel();
            thread::spawn(move || {
                let runtime = event_loop();
                let _ = runs.send(runtime.handle().clone());
                runtime.block_on(std::future::pending::<()>());
            });
            let handle = running.recv().expect("the event loop says that it runs");
            move |iterations| {
                batches(iterations, 1, || {
                    let task = handle.spawn(async { job(1) });
                    handle.block_on(task).expect("a task that does nothing ends well");
                })
            }
        },
        Side::batched("a task starts it on its own event loop and awaits it", BATCH),
        || {
            let runtime = event_loop();
            move |iterations| {
                let started = || async {
                    tokio::spawn(async { job(1) }).await.expect("a task that does nothing ends well");
                };
                as_task(&runtime, batches_awaited(iterations, BATCH, started))
            }
        },
    );
}
