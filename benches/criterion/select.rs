//! Waiting for the first of N sockets.

use std::future::poll_fn;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::task::Poll;

use criterion::Criterion;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::clock::{Batches, Turn, batches};
use crate::event_loop::{as_task, event_loop};
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::session::Session;

/// Waits that are one sample.
const SIZE: u32 = 16;

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    let so_what = "Waiting for the first of a few costs either model microseconds; of many, ask once for all of them instead of \
        looking at each.";
    for (name, sockets) in [("select/1", 1), ("select/8", 8), ("select/64", 64)] {
        group(criterion, session, Plan::new(name, so_what)).pair(
            Side::batched(
                "a byte is sent to one of N sockets; poll(2) over all finds it, and it is read",
                SIZE,
            ),
            || {
                let mut pairs: Vec<_> = (0..sockets)
                    .map(|_| UnixStream::pair().expect("this system gives a pair of sockets"))
                    .collect();
                let mut next = 0;
                move |iterations| {
                    batches(iterations, SIZE, || {
                        next = (next + 1) % pairs.len();
                        pairs[next].1.write_all(&[1]).expect("the other end is open");
                        let ready = first_ready(&pairs);
                        pairs[ready].0.read_exact(&mut [0]).expect("a byte was sent");
                    })
                }
            },
            Side::batched(
                "a byte is sent to one of N sockets; a task that awaits all of them reads it",
                SIZE,
            ),
            || {
                let runtime = event_loop();
                let pairs = {
                    let _inside = runtime.enter();
                    (0..sockets)
                        .map(|_| {
                            let (here, there) =
                                UnixStream::pair().expect("this system gives a pair of sockets");
                            here.set_nonblocking(true).expect("a socket has this option");
                            (
                                tokio::net::UnixStream::from_std(here).expect("an event loop takes a socket"),
                                there,
                            )
                        })
                        .collect::<Vec<_>>()
                };
                let mut pairs = Some(pairs);
                move |iterations| {
                    let own = pairs.take().expect("each turn gives the sockets back");
                    let (turn, back) = as_task(&runtime, awaited(own, iterations));
                    pairs = Some(back);
                    turn
                }
            },
        );
    }
}

fn first_ready(pairs: &[(UnixStream, UnixStream)]) -> usize {
    let mut all: Vec<_> =
        pairs.iter().map(|(here, _)| PollFd::new(here.as_fd(), PollFlags::POLLIN)).collect();
    poll(&mut all, PollTimeout::NONE).expect("sockets can be waited for");
    all.iter().position(|one| one.any() == Some(true)).expect("one of them is ready")
}

type Pair = (tokio::net::UnixStream, UnixStream);

async fn awaited(mut pairs: Vec<Pair>, iterations: u64) -> (Turn, Vec<Pair>) {
    let mut batches = Batches::start(SIZE);
    let mut next = 0;
    for _ in 0..iterations {
        next = (next + 1) % pairs.len();
        pairs[next].1.write_all(&[1]).expect("the other end is open");
        let read = poll_fn(|context| {
            for (here, _) in &pairs {
                while let Poll::Ready(ready) = here.poll_read_ready(context) {
                    ready.expect("a socket that is open has no error");
                    match here.try_read(&mut [0]) {
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                        read => return Poll::Ready(read),
                    }
                }
            }
            Poll::Pending
        });
        assert_eq!(read.await.ok(), Some(1), "a byte was sent");
        batches.done();
    }
    (batches.stop(), pairs)
}
