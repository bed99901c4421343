//! Messages from one to another through a queue.

use std::path::Path;
use std::sync::mpsc;
use std::thread;

use criterion::Criterion;
use reports_record::BenchUnit;

use crate::clock::{BATCH, Batches};
use crate::event_loop::event_loop;
use crate::kept::{Group, Samples, Side, group};

/// Places in the bounded queue: enough that neither end waits for each message.
const PLACES: usize = 64;

pub(crate) fn benches(criterion: &mut Criterion, results: &Path) {
    bounded(&mut group(criterion, results, "channel/bounded", BenchUnit::Nanoseconds));
    unbounded(&mut group(criterion, results, "channel/unbounded", BenchUnit::Nanoseconds));
}

fn side(name: &'static str, operation: &'static str) -> Side {
    Side {
        operations_per_sample: BATCH,
        sample: Some("the mean of 256 messages"),
        ..Side::new(name, operation)
    }
}

fn bounded(group: &mut Group<'_>) {
    let operation = "a message between two threads (std, 64 places)";
    group.side(side("sync", operation), |iterations, samples| {
        let (sender, receiver) = mpsc::sync_channel(PLACES);
        from_thread(iterations, samples, move |number| sender.send(number).is_ok(), &receiver)
    });
    let runtime = event_loop();
    let operation = "a message between two tasks (tokio, 64 places)";
    group.side(side("async", operation), |iterations, samples| {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(PLACES);
        runtime.block_on(async {
            let mut batches = Batches::start(samples);
            tokio::spawn(async move {
                for number in 0..iterations {
                    if sender.send(number).await.is_err() {
                        return;
                    }
                }
            });
            while receiver.recv().await.is_some() {
                batches.done();
            }
            batches.stop()
        })
    });
}

fn unbounded(group: &mut Group<'_>) {
    let operation = "a message between two threads (std, no bound)";
    group.side(side("sync", operation), |iterations, samples| {
        let (sender, receiver) = mpsc::channel();
        from_thread(iterations, samples, move |number| sender.send(number).is_ok(), &receiver)
    });
    let runtime = event_loop();
    let operation = "a message between two tasks (tokio, no bound, the sender yields every 64)";
    group.side(side("async", operation), |iterations, samples| {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        runtime.block_on(async {
            let mut batches = Batches::start(samples);
            tokio::spawn(async move {
                for number in 0..iterations {
                    if sender.send(number).is_err() {
                        return;
                    }
                    // Nothing else would let the receiver run on this thread before the last message is sent.
                    if number % PLACES as u64 == PLACES as u64 - 1 {
                        tokio::task::yield_now().await;
                    }
                }
            });
            while receiver.recv().await.is_some() {
                batches.done();
            }
            batches.stop()
        })
    });
}

/// A thread sends so many messages, this one takes them; the clock starts when the thread runs.
fn from_thread(
    iterations: u64,
    samples: &mut Samples,
    send: impl Fn(u64) -> bool + Send + 'static,
    receiver: &mpsc::Receiver<u64>,
) -> std::time::Duration {
    let (ready, runs) = mpsc::sync_channel(0);
    let producer = thread::spawn(move || {
        // Received below, or this bench is gone.
        let _ = ready.send(());
        (0..iterations).all(send)
    });
    runs.recv().expect("the producer says that it runs");
    let mut batches = Batches::start(samples);
    for _ in receiver {
        batches.done();
    }
    let time = batches.stop();
    assert!(producer.join().expect("the producer ends well"), "the receiver left before the last message");
    time
}
