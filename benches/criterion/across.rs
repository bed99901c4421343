//! Bytes that come from another CPU, or go there: what a server reads and sends while its client is busy as well.
//!
//! The same calls with both ends on one CPU cost less: there the kernel's view of a socket is in one cache and stays.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use criterion::Criterion;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::bound::{self, Cpus};
use crate::clock::Turn;
use crate::cost::{Spent, Stopwatch, Threads};
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::parts::{SOCKETS, pairs};
use crate::session::Session;

/// Bytes of a message: about those of a small request, and of its reply.
const BYTES: usize = 128;

/// A read's time-out, as `std-threads` sets one: the kernel then keeps a timer for each read that waits.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    let plan = Plan { cpus: Cpus::OneAndClient, ..Plan::new("parts_across", "") };
    let mut parts = group(criterion, session, plan);
    let sample = "the mean of a slice";
    for (name, call, operation) in [
        (
            "send",
            Call::Send,
            "128 bytes are sent to a socket that another CPU waits for by epoll, among others",
        ),
        ("receive", Call::Receive, "128 bytes that were sent on another CPU are read"),
    ] {
        parts.single(name, Side::new(operation).sample(sample), || {
            let far = FarEnds::start();
            move |iterations| far.exchanges(iterations, call)
        });
    }
    for (name, connections) in [("read_and_sleep_8", 8), ("read_and_sleep_64", 64)] {
        let operation = "one of N threads, which sleeps in a read, is woken from another CPU, reads 128 bytes and sleeps again";
        parts.single(name, Side::new(operation).sample(sample), || {
            let readers = Readers::start(connections);
            move |messages| readers.read(messages)
        });
    }
}

/// The call whose cost counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Send,
    Receive,
}

/// Work for the thread on the client's CPU, over the first sockets.
#[derive(Debug, Clone, Copy)]
enum Order {
    Send(usize),
    Read(usize),
}

/// Sockets whose other ends are served by a thread on the client's CPU.
struct FarEnds {
    near: Vec<TcpStream>,
    orders: Sender<Order>,
    done: Receiver<()>,
}

impl FarEnds {
    fn start() -> Self {
        let (near, far): (Vec<_>, Vec<_>) = pairs().into_iter().unzip();
        let ((orders, ordered), (says, done)) = (channel(), channel());
        let waiting = Epoll::new(EpollCreateFlags::empty()).expect("this system gives an epoll");
        for stream in &far {
            waiting.add(stream, EpollEvent::new(EpollFlags::EPOLLIN, 0)).expect("a socket can be waited for");
        }
        // It ends with the orders.
        thread::spawn(move || {
            bound::bind(&[bound::client()]);
            for order in ordered {
                match order {
                    Order::Send(count) => send_over(&far[..count]),
                    Order::Read(count) => {
                        // What an epoll has found already it does not note again: each message shall be noted.
                        let found = waiting.wait(&mut [EpollEvent::empty(); SOCKETS], EpollTimeout::ZERO);
                        assert_eq!(found.ok(), Some(count), "a message over each socket is found");
                        read_over(&far[..count]);
                    }
                }
                if says.send(()).is_err() {
                    return;
                }
            }
        });
        Self { near, orders, done }
    }

    /// Messages that come over all sockets, and as many that go back.
    fn exchanges(&self, iterations: u64, counted: Call) -> Turn {
        bound::bind(&[bound::server()]);
        let (mut spent, mut left) = (Spent::default(), iterations);
        while left > 0 {
            let now = &self.near[..(left as usize).min(self.near.len())];
            self.have_done(Order::Send(now.len()));
            let receiving = Spent::on(|| read_over(now));
            let sending = Spent::on(|| send_over(now));
            self.have_done(Order::Read(now.len()));
            spent.add(if counted == Call::Send { sending } else { receiving });
            left -= now.len() as u64;
        }
        Turn::of_mean(spent.cost(), iterations)
    }

    fn have_done(&self, order: Order) {
        self.orders.send(order).expect("the other thread takes orders");
        self.done.recv().expect("the other thread says when it has done");
    }
}

fn send_over(sockets: &[TcpStream]) {
    for mut socket in sockets {
        socket.write_all(&[1; BYTES]).expect("the other end is open");
    }
}

fn read_over(sockets: &[TcpStream]) {
    for mut socket in sockets {
        let read = socket.read(&mut [0; 4096]).expect("a message was sent");
        assert_eq!(read, BYTES, "the message is whole");
    }
}

/// A thread for each connection, which reads and never answers.
struct Readers {
    far: Vec<TcpStream>,
    messages: Arc<AtomicU64>,
}

impl Readers {
    fn start(connections: usize) -> Self {
        let messages = Arc::new(AtomicU64::new(0));
        let far = pairs().into_iter().take(connections).map(|(mut near, far)| {
            near.set_read_timeout(Some(READ_TIMEOUT)).expect("a socket has this option");
            let messages = Arc::clone(&messages);
            // It ends with its connection.
            thread::spawn(move || {
                bound::bind(&[bound::server()]);
                let mut buffer = [0; 4096];
                while near.read(&mut buffer).is_ok_and(|bytes| bytes > 0) {
                    messages.fetch_add(1, Ordering::Release);
                }
            });
            far
        });
        Self { far: far.collect(), messages }
    }

    /// At least this many messages, one over every connection at a time; the cost is scaled down to the number asked for.
    fn read(&self, messages: u64) -> Turn {
        bound::bind(&[bound::client()]);
        let connections = self.far.len() as u64;
        let rounds = messages.div_ceil(connections);
        let before = self.messages.load(Ordering::Acquire);
        let watch = Stopwatch::start(Threads::Others);
        for round in 1..=rounds {
            send_over(&self.far);
            // Before the next message over a connection its thread has read this one.
            while self.messages.load(Ordering::Acquire) < before + round * connections {
                thread::yield_now();
            }
        }
        let cost = watch.stop().scaled(messages as f64 / (rounds * connections) as f64);
        Turn::of_mean(cost, messages)
    }
}
