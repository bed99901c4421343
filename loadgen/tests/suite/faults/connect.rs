//! Connections that do not come about.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use loadgen::{Client, Crew, Interrupt, StartError};
use nix::sys::socket::{Backlog, listen};
use reports_record::OutcomeKind;

use crate::load;
use crate::server::{self, HELLO};

/// Connects until the queue of connections that nobody accepts is full: from there on the kernel drops what comes.
fn fill(listener: &TcpListener) -> Vec<TcpStream> {
    listen(listener, Backlog::new(0).unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(200));
    let queued: Vec<_> = std::iter::from_fn(|| connect().ok()).take(100).collect();
    assert!(queued.len() < 100, "the queue has no end");
    queued
}

fn crew(connections: u32) -> Crew {
    Crew { connections, connect_timeout: Duration::from_millis(150), ..Crew::default() }
}

/// Serves two connections and accepts no more; the second ends when the hole is dug. Returns the address and the
/// replies given since.
fn black_hole() -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let replies_since = Arc::new(AtomicU64::new(0));
    let since = replies_since.clone();
    std::thread::spawn(move || {
        let mut steady = server::connection(listener.accept().unwrap().0);
        let ending = listener.accept().unwrap().0;
        let (dug, is_dug) = mpsc::channel();
        std::thread::spawn(move || {
            let _queued = fill(&listener);
            drop(ending);
            dug.send(()).unwrap();
            // Held, and with it the hole, until the test is over.
            std::thread::park();
        });
        let mut hole = false;
        while steady.request().is_some() {
            std::thread::sleep(Duration::from_millis(2));
            hole |= is_dug.try_recv().is_ok();
            since.fetch_add(u64::from(hole), Ordering::SeqCst);
            steady.send(HELLO);
        }
    });
    (address, replies_since)
}

#[test]
fn a_black_hole_is_a_connect_timeout_and_other_connections_go_on() {
    let (address, replies_since) = black_hole();
    let url = format!("http://{address}/").parse().unwrap();
    let interrupt = Interrupt::default();
    let mut client = Client::connect(&url, &crew(2), None, &interrupt).unwrap();
    let load = load(&url, Duration::from_secs(3));
    let measurement = client.measure(&load, &interrupt, &mut |_| {}).unwrap();
    assert!(measurement.outcomes[&OutcomeKind::ConnectTimeout] >= 1, "{:?}", measurement.outcomes);
    assert!(replies_since.load(Ordering::SeqCst) >= 20, "{replies_since:?}");
    assert!(measurement.account.closes() && measurement.complete, "{:?}", measurement.account);
}

#[test]
fn a_black_hole_at_the_start_is_named_within_the_connect_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _queued = fill(&listener);
    let address = listener.local_addr().unwrap();
    let begun = Instant::now();
    let url = format!("http://{address}/").parse().unwrap();
    let refused = Client::connect(&url, &crew(1), None, &Interrupt::default()).unwrap_err();
    assert!(matches!(refused, StartError::Connect { .. }), "{refused}");
    assert!(refused.to_string().contains(&address.to_string()), "{refused}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
