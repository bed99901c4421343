//! Read, answer, wait again, over N connections: the loop that the two models of a server differ in.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use criterion::Criterion;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::RuntimeMetrics;

use crate::bound::{self, Cpus};
use crate::clock::{Turn, nanoseconds};
use crate::cost::{Stopwatch, Threads, own_switches};
use crate::event_loop::event_loop;
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::session::Session;

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
        group(criterion, session, plan).pair(
            Side::new("a message is read by its connection's thread and answered").sample(sample),
            || {
                let client = Client::open(connections, threads);
                move |iterations| client.rounds(iterations, None)
            },
            Side::new("a message is read by its connection's task and answered").sample(sample),
            || {
                let (runs, running) = std::sync::mpsc::channel();
                let client = Client::open(connections, |streams| tasks(streams, &runs));
                let metrics: RuntimeMetrics = running.recv().expect("the event loop says that it runs");
                move |iterations| client.rounds(iterations, Some(&metrics))
            },
        );
    }
}

/// The client's ends of all connections.
struct Client(Vec<TcpStream>);

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
        Self(own)
    }

    /// Rounds of one message over every connection, then every answer.
    fn rounds(&self, rounds: u64, metrics: Option<&RuntimeMetrics>) -> Turn {
        bound::bind(&[bound::client()]);
        let mut samples = Vec::new();
        let mut buffer = [0; BYTES];
        let waits = || metrics.map(|metrics| metrics.worker_park_count(0));
        let (watch, waits_before, switches) = (Stopwatch::start(Threads::Others), waits(), own_switches());
        for _ in 0..rounds {
            let begun = Instant::now();
            for mut stream in &self.0 {
                stream.write_all(&[1; BYTES]).expect("the other end reads");
            }
            for mut stream in &self.0 {
                stream.read_exact(&mut buffer).expect("the other end answers");
            }
            samples.push(nanoseconds(begun));
        }
        let mut cost = watch.stop();
        cost.client_wakes = Some(own_switches() - switches);
        cost.loop_waits = waits().zip(waits_before).map(|(now, before)| now - before);
        Turn { cost, samples }
    }
}

/// A thread a connection, until the client closes it.
fn threads(streams: Vec<TcpStream>) {
    for mut stream in streams {
        thread::spawn(move || {
            bound::bind(&[bound::server()]);
            let mut buffer = [0; 4096];
            while let Ok(bytes @ 1..) = stream.read(&mut buffer) {
                if stream.write_all(&buffer[..bytes]).is_err() {
                    return;
                }
            }
        });
    }
}

/// A task a connection, all on one event loop with a thread of its own.
fn tasks(streams: Vec<TcpStream>, runs: &std::sync::mpsc::Sender<RuntimeMetrics>) {
    let runs = runs.clone();
    thread::spawn(move || {
        bound::bind(&[bound::server()]);
        let runtime = event_loop();
        let _ = runs.send(runtime.metrics());
        runtime.block_on(async {
            let serving: Vec<_> = streams.into_iter().map(|stream| tokio::spawn(answer(stream))).collect();
            for task in serving {
                // It ends with its connection.
                let _ = task.await;
            }
        });
    });
}

async fn answer(stream: TcpStream) {
    stream.set_nonblocking(true).expect("a socket has this option");
    let stream = tokio::net::TcpStream::from_std(stream).expect("an event loop takes a socket");
    let (mut reads, mut writes) = stream.into_split();
    let mut buffer = [0; 4096];
    while let Ok(bytes @ 1..) = reads.read(&mut buffer).await {
        if writes.write_all(&buffer[..bytes]).await.is_err() {
            return;
        }
    }
}
