//! Read, answer, wait again, over N connections: the loop that the two models of a server differ in.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use criterion::Criterion;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use servers_async::Timer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::RuntimeMetrics;

use crate::bound::{self, Cpus};
use crate::clock::{Turn, nanoseconds};
use crate::cost::{Stopwatch, Threads, own_switches};
use crate::event_loop::event_loop;
use crate::group::{Group, Plan, group};
use crate::interrupts;
use crate::kept::Side;
use crate::session::Session;
use crate::waits::Waits;

/// Bytes of a message and of its answer: about those of a small request and its reply.
const BYTES: usize = 128;

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    let so_what = "This is the crossover itself: with one connection both pay a wake-up a message; with many, an event loop reads \
        several connections per wake-up and a thread still pays one each.";
    for (name, connections) in [
        ("connections/1", 1),
        ("connections/8", 8),
        ("connections/16", 16),
        ("connections/64", 64),
        ("connections/256", 256),
    ] {
        let plan = Plan {
            cpus: Cpus::OneAndClient,
            rounds: 50,
            scale: connections,
            balanced: false,
            ..Plan::new(name, so_what)
        };
        let sample = "from the first byte sent to the answers of all connections";
        pair(group(criterion, session, plan), &ANSWERED, connections, sample, Client::rounds);
    }
    closed_loops(criterion, session);
}

/// The same as a load generator's closed loop: each answer is followed by the next message, so that messages come one by one
/// and not all at once.
fn closed_loops(criterion: &mut Criterion, session: &Session) {
    let so_what = "A client that waits by epoll and sends again as soon as it is answered spreads the messages out: a wake-up of an \
        event loop then serves fewer of them, and a thread is woken for each as before.";
    for (name, connections) in [("closed_loop/1", 1), ("closed_loop/8", 8), ("closed_loop/64", 64)] {
        let plan = Plan {
            cpus: Cpus::OneAndClient,
            rounds: 50,
            scale: connections,
            balanced: false,
            ..Plan::new(name, so_what)
        };
        let sample = "the mean of all messages of a slice";
        pair(group(criterion, session, plan), &ANSWERED, connections, sample, Client::closed_loop);
    }
    let so_what = "A wait before each answer adds a timer, its interrupt and a wake-up to either side; where many wait out of step, \
        that is as much as all the rest.";
    let plan = Plan {
        cpus: Cpus::OneAndClient,
        rounds: 20,
        scale: 64,
        balanced: false,
        ..Plan::new("closed_loop/wait_1ms/64", so_what)
    };
    let sample = "the mean of all messages of a slice";
    pair(group(criterion, session, plan), &WAITED, plan.scale, sample, Client::closed_loop);
}

/// The way of a message to its answer on either side.
struct Service {
    by_thread: &'static str,
    by_task: &'static str,
    /// The waits before answers, if there are any.
    waits: fn() -> Option<Waits>,
}

const ANSWERED: Service = Service {
    by_thread: "a message is read by its connection's thread and answered",
    by_task: "a message is read by its connection's task and answered",
    waits: || None,
};

const WAITED: Service = Service {
    by_thread: "a message is read by its connection's thread, which sleeps for a drawn time, 1 ms in the mean, and answers",
    by_task: "a message is read by its connection's task, which waits for a drawn time, 1 ms in the mean, and answers",
    waits: || Some(Waits::drawn()),
};

/// The client's load: a number of messages over each of its connections.
type Load = fn(&Client, u64) -> Vec<u64>;

fn pair(mut group: Group<'_>, service: &Service, connections: u64, sample: &'static str, load: Load) {
    let each = || (0..connections).map(|number| (service.waits)().map(|waits| waits.of(number)));
    group.pair(
        Side::new(service.by_thread).sample(sample),
        || {
            let client = Client::open(connections, |streams| threads(streams.into_iter().zip(each())));
            move |iterations| client.turn(iterations, load, None)
        },
        Side::new(service.by_task).sample(sample),
        || {
            let (runs, running) = std::sync::mpsc::channel();
            let client = Client::open(connections, |streams| {
                tasks(streams.into_iter().zip(each()).collect(), &runs);
            });
            let metrics: RuntimeMetrics = running.recv().expect("the event loop says that it runs");
            move |iterations| client.turn(iterations, load, Some(&metrics))
        },
    );
}

/// The client's ends of all connections, and what tells which of them were answered.
struct Client {
    streams: Vec<TcpStream>,
    answered: Epoll,
}

impl Client {
    /// Opens `count` connections over loopback and gives the other ends to `serve`.
    fn open(count: u64, serve: impl FnOnce(Vec<TcpStream>)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for _ in 0..count {
            own.push(TcpStream::connect(address).expect("a listener with room accepts"));
            others.push(listener.accept().expect("a connection that stands is accepted").0);
        }
        for stream in own.iter().chain(&others) {
            stream.set_nodelay(true).expect("a TCP socket has this option");
        }
        serve(others);
        let answered = Epoll::new(EpollCreateFlags::empty()).expect("this system gives an epoll");
        for (number, stream) in (0..).zip(&own) {
            answered
                .add(stream, EpollEvent::new(EpollFlags::EPOLLIN, number))
                .expect("a socket can be waited for");
        }
        Self { streams: own, answered }
    }

    /// The cost of `load` to those that serve.
    fn turn(&self, messages_each: u64, load: Load, metrics: Option<&RuntimeMetrics>) -> Turn {
        bound::bind(&[bound::client()]);
        let waits = || metrics.map(|metrics| metrics.worker_park_count(0));
        let interrupts = interrupts::of_timer();
        let (watch, waits_before, switches) = (Stopwatch::start(Threads::Others), waits(), own_switches());
        let samples = load(self, messages_each);
        let mut cost = watch.stop();
        cost.timer_interrupts = interrupts::of_timer_since(interrupts);
        cost.client_wakes = Some(own_switches() - switches);
        cost.loop_waits = waits().zip(waits_before).map(|(now, before)| now - before);
        Turn { cost, samples }
    }

    /// Rounds of one message over every connection, then every answer; gives the time of each.
    fn rounds(&self, rounds: u64) -> Vec<u64> {
        let round = |_| {
            let begun = Instant::now();
            self.streams.iter().for_each(send);
            self.streams.iter().for_each(receive);
            nanoseconds(begun)
        };
        (0..rounds).map(round).collect()
    }

    /// Messages over all connections together, each sent when the one before it on its connection was answered; gives the mean
    /// time between answers.
    fn closed_loop(&self, messages_each: u64) -> Vec<u64> {
        let begun = Instant::now();
        let connections = self.streams.len();
        let messages = messages_each as usize * connections;
        let mut events = [EpollEvent::empty(); 64];
        self.streams.iter().for_each(send);
        let (mut sent, mut answered) = (connections, 0);
        while answered < messages {
            let found = self.answered.wait(&mut events, EpollTimeout::NONE).expect("an epoll can be asked");
            for event in &events[..found] {
                let stream = &self.streams[event.data() as usize];
                receive(stream);
                answered += 1;
                if sent < messages {
                    send(stream);
                    sent += 1;
                }
            }
        }
        vec![nanoseconds(begun) / messages as u64]
    }
}

fn send(mut stream: &TcpStream) {
    stream.write_all(&[1; BYTES]).expect("the other end reads");
}

fn receive(mut stream: &TcpStream) {
    stream.read_exact(&mut [0; BYTES]).expect("the other end answers");
}

/// A thread a connection, until the client closes it, with the waits before its answers.
fn threads(streams: impl Iterator<Item = (TcpStream, Option<Waits>)>) {
    for (mut stream, mut waits) in streams {
        thread::spawn(move || {
            bound::bind(&[bound::server()]);
            let mut buffer = [0; 4096];
            while let Ok(bytes @ 1..) = stream.read(&mut buffer) {
                if let Some(waits) = &mut waits {
                    thread::sleep(waits.draw());
                }
                if stream.write_all(&buffer[..bytes]).is_err() {
                    return;
                }
            }
        });
    }
}

/// A task a connection, all on one event loop with a thread of its own.
fn tasks(streams: Vec<(TcpStream, Option<Waits>)>, runs: &std::sync::mpsc::Sender<RuntimeMetrics>) {
    let runs = runs.clone();
    thread::spawn(move || {
        bound::bind(&[bound::server()]);
        let runtime = event_loop();
        let _ = runs.send(runtime.metrics());
        runtime.block_on(async {
            let timer = Timer::start().expect("this system gives the event loop a timerfd");
            let serve = |(stream, waits)| tokio::spawn(answer(stream, waits, timer.clone()));
            let serving: Vec<_> = streams.into_iter().map(serve).collect();
            for task in serving {
                // It ends with its connection.
                let _ = task.await;
            }
        });
    });
}

async fn answer(stream: TcpStream, mut waits: Option<Waits>, timer: Timer) {
    stream.set_nonblocking(true).expect("a socket has this option");
    let stream = tokio::net::TcpStream::from_std(stream).expect("an event loop takes a socket");
    let (mut reads, mut writes) = stream.into_split();
    let mut buffer = [0; 4096];
    while let Ok(bytes @ 1..) = reads.read(&mut buffer).await {
        if let Some(waits) = &mut waits {
            timer.wait_until(Instant::now() + waits.draw()).await;
        }
        if writes.write_all(&buffer[..bytes]).await.is_err() {
            return;
        }
    }
}
