//! Messages from one to another through a queue.

use std::sync::mpsc;
use std::thread;

use criterion::Criterion;

use crate::clock::{BATCH, Batches, Turn};
use crate::disturbance::own_run_delay;
use crate::event_loop::{as_task, event_loop};
use crate::group::{Group, Plan, group};
use crate::kept::Side;
use crate::session::Session;

/// Places in the bounded queue, and messages in a burst through the other: enough that neither end waits for each message.
const PLACES: u64 = 64;

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    let so_what = "A queue costs little beside the hand-over that an empty or full one causes: keep it from running empty.";
    bounded(group(criterion, session, Plan::new("channel/bounded/one_cpu", so_what)));
    bounded(group(criterion, session, Plan::new("channel/bounded/two_cpus", so_what).on_two_cpus()));
    let so_what = "A queue without a bound saves nothing where its sender waits for an answer to each burst.";
    bursts(group(criterion, session, Plan::new("channel/unbounded_bursts", so_what)));
}

fn bounded(mut group: Group<'_>) {
    group.pair(
        Side::batched("a message between two threads (std, 64 places)", BATCH),
        || {
            |iterations| {
                let (sender, receiver) = mpsc::sync_channel(PLACES as usize);
                let (ready, runs) = mpsc::sync_channel(0);
                let producer = thread::spawn(move || {
                    // Received below, or this bench is gone.
                    let _ = ready.send(());
                    let delay = own_run_delay();
                    let sent_all = (0..iterations).all(|number| sender.send(number).is_ok());
                    drop(sender);
                    (sent_all, own_run_delay().saturating_sub(delay))
                });
                runs.recv().expect("the producer says that it runs");
                let mut batches = Batches::start(BATCH);
                for _ in receiver {
                    batches.done();
                }
                let mut turn = batches.stop();
                let (sent_all, delay) = producer.join().expect("the producer ends well");
                turn.cost.ended_delay_ns = delay;
                assert!(sent_all, "the receiver left before the last message");
                turn
            }
        },
        Side::batched("a message between two tasks of one event loop (tokio, 64 places)", BATCH),
        || {
            let runtime = event_loop();
            move |iterations| {
                as_task(&runtime, async move {
                    let (sender, mut receiver) = tokio::sync::mpsc::channel(PLACES as usize);
                    let mut batches = Batches::start(BATCH);
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
            }
        },
    );
}

fn bursts(mut group: Group<'_>) {
    group.pair(
        Side::batched(
            "a message of a burst of 64 from a thread, which waits for one answer (std, no bound)",
            BATCH,
        ),
        || {
            let (sender, receiver) = mpsc::channel::<u64>();
            let (answer, answers) = mpsc::channel();
            thread::spawn(move || {
                for number in receiver {
                    if is_last(number) && answer.send(()).is_err() {
                        return;
                    }
                }
            });
            move |iterations| {
                in_bursts(iterations, |number| sender.send(number).is_ok(), || answers.recv().is_ok())
            }
        },
        Side::batched(
            "a message of a burst of 64 from a task, which waits for one answer (tokio, no bound)",
            BATCH,
        ),
        || {
            let runtime = event_loop();
            move |iterations| as_task(&runtime, bursts_of_tasks(iterations))
        },
    );
}

fn is_last(number: u64) -> bool {
    number % PLACES == PLACES - 1
}

/// At least this many messages, in whole bursts; the cost is scaled down to the number asked for.
fn in_bursts(iterations: u64, mut send: impl FnMut(u64) -> bool, mut wait: impl FnMut() -> bool) -> Turn {
    let all = iterations.next_multiple_of(PLACES);
    let mut batches = Batches::start(BATCH);
    for number in 0..all {
        assert!(send(number), "the receiver left before the last message");
        batches.done();
        assert!(!is_last(number) || wait(), "the receiver left before the last answer");
    }
    scaled(batches.stop(), iterations, all)
}

async fn bursts_of_tasks(iterations: u64) -> Turn {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel::<u64>();
    let (answer, mut answers) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(number) = receiver.recv().await {
            if is_last(number) && answer.send(()).is_err() {
                return;
            }
        }
    });
    let all = iterations.next_multiple_of(PLACES);
    let mut batches = Batches::start(BATCH);
    for number in 0..all {
        sender.send(number).expect("the receiver lives until the sender is gone");
        batches.done();
        if is_last(number) {
            answers.recv().await.expect("the receiver answers each burst");
        }
    }
    scaled(batches.stop(), iterations, all)
}

/// The turn of `asked` operations, of which `done` were done.
fn scaled(mut turn: Turn, asked: u64, done: u64) -> Turn {
    turn.cost = turn.cost.scaled(asked as f64 / done as f64);
    turn
}
