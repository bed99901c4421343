//! Waiting with a limit, and giving up a wait.

use std::future::poll_fn;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use criterion::Criterion;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::clock::{Batches, batches, batches_awaited};
use crate::event_loop::{as_task, event_loop};
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::session::Session;

/// Reads that are one sample: about a microsecond each.
const SIZE: u32 = 16;

/// A limit that no read reaches.
const LIMIT: Duration = Duration::from_secs(5);

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    time_out(criterion, session);
    cancel(criterion, session);
}

fn time_out(criterion: &mut Criterion, session: &Session) {
    let so_what = "A limit on each read costs a system call or a timer's registration; a server that sets it once a connection \
        pays neither.";
    group(criterion, session, Plan::new("time_out", so_what)).pair(
        Side::batched("a byte is sent and read by a thread that sets a time-out for it first", SIZE),
        || {
            let (mut here, mut there) = UnixStream::pair().expect("this system gives a pair of sockets");
            let mut byte = [0];
            move |iterations| {
                batches(iterations, SIZE, || {
                    there.write_all(&[1]).expect("the other end is open");
                    here.set_read_timeout(Some(LIMIT)).expect("a socket takes a time-out");
                    here.read_exact(&mut byte).expect("a byte was sent");
                })
            }
        },
        Side::batched("a byte is sent and read by a task that waited first, within tokio's time-out", SIZE),
        || {
            let runtime = event_loop();
            let ends = {
                let _inside = runtime.enter();
                tokio::net::UnixStream::pair().expect("this system gives a pair of sockets")
            };
            let mut ends = Some(ends);
            move |iterations| {
                let (mut here, mut there) = ends.take().expect("each turn gives the sockets back");
                let (turn, back) = as_task(&runtime, async move {
                    let (mut batches, mut byte) = (Batches::start(SIZE), [0]);
                    for _ in 0..iterations {
                        there.write_all(&[1]).await.expect("the other end is open");
                        let read = tokio::time::timeout(LIMIT, async {
                            wait_once().await;
                            here.read_exact(&mut byte).await
                        });
                        let read = read.await;
                        read.expect("the byte is there").expect("a byte was sent");
                        batches.done();
                    }
                    (batches.stop(), (here, there))
                });
                ends = Some(back);
                turn
            }
        },
    );
}

/// Pending once, and ready to go on at once: tokio's time-out registers its timer only when what it limits is pending.
async fn wait_once() {
    let mut has_waited = false;
    poll_fn(|context| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn cancel(criterion: &mut Criterion, session: &Session) {
    let so_what = "A task is given up by dropping it, wherever it waits; a thread must be woken by closing what it waits for, and \
        joined.";
    group(criterion, session, Plan::new("cancel", so_what)).pair(
        Side::new("a thread begins to read, is made to give up by a shutdown of its socket, and is joined"),
        || {
            |iterations| {
                batches(iterations, 1, || {
                    let (here, _there) = UnixStream::pair().expect("this system gives a pair of sockets");
                    let mut reads = here.try_clone().expect("a descriptor can be had twice");
                    let reader = thread::spawn(move || reads.read(&mut [0]));
                    thread::yield_now();
                    here.shutdown(Shutdown::Read).expect("an open socket can be shut down");
                    let read = reader.join().expect("the reader ends well");
                    assert_eq!(read.ok(), Some(0), "the reader saw the end");
                })
            }
        },
        Side::new("a task begins to read, is aborted, and is awaited"),
        || {
            let runtime = event_loop();
            move |iterations| {
                let given_up = || async {
                    let (mut here, _there) =
                        tokio::net::UnixStream::pair().expect("this system gives a pair of sockets");
                    let reader = tokio::spawn(async move { here.read(&mut [0]).await.ok() });
                    tokio::task::yield_now().await;
                    reader.abort();
                    let ended = reader.await;
                    assert!(ended.is_err_and(|error| error.is_cancelled()), "the reader was waiting");
                };
                as_task(&runtime, batches_awaited(iterations, 1, given_up))
            }
        },
    );
}
