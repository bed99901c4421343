//! A lock that nobody else wants, and one that four want at once.

use std::path::Path;
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use criterion::Criterion;
use reports_record::BenchUnit;
use tokio::task::yield_now;

use crate::clock::{BATCH, Batches, batches, each};
use crate::event_loop::event_loop;
use crate::kept::{Group, Samples, Side, group};

/// How many want the contended lock.
const TAKERS: u64 = 4;

pub(crate) fn benches(criterion: &mut Criterion, results: &Path) {
    free(&mut group(criterion, results, "lock/free", BenchUnit::Nanoseconds));
    contended(&mut group(criterion, results, "lock/contended", BenchUnit::Nanoseconds));
}

fn free(group: &mut Group<'_>) {
    let side = |name, operation| Side {
        operations_per_sample: BATCH,
        sample: Some("the mean of 256 acquisitions"),
        ..Side::new(name, operation)
    };
    let lock = Mutex::new(0_u64);
    group.side(side("sync", "std's Mutex taken and given back"), |iterations, samples| {
        batches(iterations, samples, || *lock.lock().unwrap_or_else(PoisonError::into_inner) += 1)
    });
    let runtime = event_loop();
    let lock = tokio::sync::Mutex::new(0_u64);
    group.side(side("async", "tokio's Mutex taken and given back"), |iterations, samples| {
        runtime.block_on(async {
            let mut batches = Batches::start(samples);
            for _ in 0..iterations {
                *lock.lock().await += 1;
                batches.done();
            }
            batches.stop()
        })
    });
}

fn contended(group: &mut Group<'_>) {
    let side = |name, operation| Side {
        sample: Some("how long one of the four took to get the lock, hold it over a yield and give it back"),
        ..Side::new(name, operation)
    };
    group.side(side("sync", "std's Mutex among four threads, held over a yield"), |iterations, samples| {
        let lock = Mutex::new(());
        let start = Barrier::new(TAKERS as usize + 1);
        thread::scope(|scope| {
            let takers: Vec<_> = (0..TAKERS)
                .map(|taker| {
                    let (lock, start) = (&lock, &start);
                    scope.spawn(move || {
                        let mut own = Samples::fork();
                        start.wait();
                        each(share(iterations, taker), &mut own, || {
                            let held = lock.lock().unwrap_or_else(PoisonError::into_inner);
                            thread::yield_now();
                            drop(held);
                        });
                        own
                    })
                })
                .collect();
            start.wait();
            let begun = Instant::now();
            let kept: Vec<_> =
                takers.into_iter().map(|taker| taker.join().expect("a taker ends well")).collect();
            let time = begun.elapsed();
            kept.iter().for_each(|own| samples.merge(own));
            time
        })
    });
    let runtime = event_loop();
    group.side(side("async", "tokio's Mutex among four tasks, held over a yield"), |iterations, samples| {
        runtime.block_on(async {
            let lock = Arc::new(tokio::sync::Mutex::new(()));
            let begun = Instant::now();
            let takers: Vec<_> = (0..TAKERS)
                .map(|taker| {
                    let lock = Arc::clone(&lock);
                    tokio::spawn(async move {
                        let mut own = Samples::fork();
                        for _ in 0..share(iterations, taker) {
                            let begun = Instant::now();
                            let held = lock.lock().await;
                            yield_now().await;
                            drop(held);
                            own.time(begun.elapsed());
                        }
                        own
                    })
                })
                .collect();
            let mut kept = Vec::new();
            for taker in takers {
                kept.push(taker.await.expect("a taker ends well"));
            }
            let time = begun.elapsed();
            kept.iter().for_each(|own| samples.merge(own));
            time
        })
    });
}

/// Acquisitions of one taker, so that all of them together are `iterations`.
fn share(iterations: u64, taker: u64) -> u64 {
    iterations / TAKERS + u64::from(taker < iterations % TAKERS)
}
