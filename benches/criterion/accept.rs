//! A new connection: accepted, given a thread or a task, and its first byte answered.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use criterion::Criterion;
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::bound::{self, Cpus};
use crate::clock::{Turn, nanoseconds};
use crate::cost::{Stopwatch, Threads};
use crate::event_loop::event_loop;
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::session::Session;

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    let so_what = "A client that opens a connection for each request makes a server with a thread a connection start a thread for \
        each request.";
    let plan = Plan { cpus: Cpus::OneAndClient, balanced: false, ..Plan::new("accept", so_what) };
    group(criterion, session, plan).pair(
        Side::new("a connection is accepted, its new thread answers one byte")
            .sample("from connecting to the answer"),
        || {
            let listener = listener();
            let address = listener.local_addr().expect("a listener has an address");
            thread::spawn(move || accept_into_threads(&listener));
            move |iterations| visits(address, iterations)
        },
        Side::new("a connection is accepted, its new task answers one byte")
            .sample("from connecting to the answer"),
        || {
            let listener = listener();
            let address = listener.local_addr().expect("a listener has an address");
            thread::spawn(move || {
                bound::bind(&[bound::server()]);
                event_loop().block_on(async { tokio::spawn(accept_into_tasks(listener)).await })
            });
            move |iterations| visits(address, iterations)
        },
    );
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("loopback has a free port")
}

fn accept_into_threads(listener: &TcpListener) {
    bound::bind(&[bound::server()]);
    while let Ok((mut stream, _)) = listener.accept() {
        thread::spawn(move || {
            let mut byte = [0];
            while let Ok(1) = stream.read(&mut byte) {
                let _ = stream.write_all(&byte);
            }
        });
    }
}

async fn accept_into_tasks(listener: TcpListener) {
    listener.set_nonblocking(true).expect("a socket has this option");
    let listener = tokio::net::TcpListener::from_std(listener).expect("an event loop takes a listener");
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut byte = [0];
            while let Ok(1) = stream.read(&mut byte).await {
                let _ = stream.write_all(&byte).await;
            }
        });
    }
}

/// Connects, asks, takes the answer and resets the connection, so that no port is left waiting.
fn visits(address: SocketAddr, count: u64) -> Turn {
    bound::bind(&[bound::client()]);
    let watch = Stopwatch::start(Threads::Others);
    let mut samples = Vec::new();
    for _ in 0..count {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(address).expect("a listener with room accepts");
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("a TCP socket has this option");
        let mut byte = [1];
        stream.write_all(&byte).expect("the other end reads");
        stream.read_exact(&mut byte).expect("the other end answers");
        samples.push(nanoseconds(begun));
    }
    Turn { cost: watch.stop(), samples }
}
