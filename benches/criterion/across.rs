//! Bytes that come from another CPU, or go there: what a server reads and sends while its client is busy as well.
//!
//! Each message is answered, so that acknowledgements travel with answers, as they do under a server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

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
    for (name, threads) in [("sleep_8", 8), ("sleep_64", 64)] {
        let operation = "one of N threads, which sleeps, is woken from another CPU, runs and sleeps again";
        parts.single(name, Side::new(operation).sample(sample), || {
            let sleepers = Sleepers::start(threads);
            move |wakes| sleepers.wake(wakes)
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
                        // An epoll notes a message once: without this, one that it has found already would not be noted.
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

/// Threads that share the serving CPU and sleep until each is woken.
struct Sleepers {
    threads: Vec<(Arc<AtomicU8>, JoinHandle<()>)>,
    woken: Arc<AtomicU64>,
}

const ASLEEP: u8 = 0;
const WOKEN: u8 = 1;
const OVER: u8 = 2;

impl Sleepers {
    fn start(count: u64) -> Self {
        let woken = Arc::new(AtomicU64::new(0));
        let threads = (0..count).map(|_| {
            let state = Arc::new(AtomicU8::new(ASLEEP));
            let (own, woken) = (Arc::clone(&state), Arc::clone(&woken));
            let thread = thread::spawn(move || {
                bound::bind(&[bound::server()]);
                loop {
                    match own.compare_exchange(WOKEN, ASLEEP, Ordering::AcqRel, Ordering::Acquire) {
                        Ok(_) => {
                            woken.fetch_add(1, Ordering::Release);
                        }
                        Err(OVER) => return,
                        Err(_) => thread::park(),
                    }
                }
            });
            (state, thread)
        });
        Self { threads: threads.collect(), woken }
    }

    /// At least this many wakes, one of every thread at a time; the cost is scaled down to the number asked for.
    fn wake(&self, wakes: u64) -> Turn {
        bound::bind(&[bound::client()]);
        let count = self.threads.len() as u64;
        let rounds = wakes.div_ceil(count);
        let before = self.woken.load(Ordering::Acquire);
        let watch = Stopwatch::start(Threads::Others);
        for round in 1..=rounds {
            self.set_all(WOKEN);
            while self.woken.load(Ordering::Acquire) < before + round * count {
                thread::yield_now();
            }
        }
        let cost = watch.stop().scaled(wakes as f64 / (rounds * count) as f64);
        Turn::of_mean(cost, wakes)
    }

    fn set_all(&self, to: u8) {
        for (state, thread) in &self.threads {
            state.store(to, Ordering::Release);
            thread.thread().unpark();
        }
    }
}

impl Drop for Sleepers {
    fn drop(&mut self) {
        self.set_all(OVER);
        for (_, thread) in self.threads.drain(..) {
            let ended = thread.join();
            debug_assert!(ended.is_ok(), "a sleeper ends when it is told to");
        }
    }
}
