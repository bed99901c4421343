//! The handlers against the contract, without a front.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use servers_contract::{
    Call, Endpoint, Health, Model, Process, Refusal, Settings, Stats, Upstream, expected, upstream,
};
use servers_sync::Handlers;

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    refusals: AtomicU64,
    upstream: Option<Upstream>,
}

impl Process for Counts {
    fn count_request(&self, _: Endpoint) {
        self.requests.fetch_add(1, Relaxed);
    }
    fn count_refusal(&self) {
        self.refusals.fetch_add(1, Relaxed);
    }
    fn count_guardrail_trip(&self) {
        unreachable!("there is no event loop to guard");
    }
    fn count_slow_poll(&self, _: Endpoint, _: Duration) {
        unreachable!("nothing is polled");
    }
    fn allow_blocking(&self) -> bool {
        false
    }
    fn slow_poll(&self) -> Duration {
        Duration::ZERO
    }
    fn upstream(&self) -> Option<Upstream> {
        self.upstream
    }
    fn health(&self) -> Health {
        Health {
            contender: "test".to_owned(),
            version: "1".to_owned(),
            model: Model::Sync,
            nonce: "n".to_owned(),
            settings: Settings::default(),
        }
    }
    fn stats(&self) -> Stats {
        Stats { refusals: Some(self.refusals.load(Relaxed)), ..Stats::default() }
    }
}

#[test]
fn every_endpoint_gives_the_expected_reply() {
    let handlers = Handlers::new(Arc::new(Counts::default()));
    for (method, target) in [
        ("GET", "/hello"),
        ("GET", "/wait?ms=0.3"),
        ("GET", "/wait?ms=0.3&blocking=1"),
        ("GET", "/cpu?rounds=5"),
        ("GET", "/cpu?rounds=5&run=pool"),
        ("GET", "/mixed?ms=0.3&rounds=5&run=single"),
        ("GET", "/payload?bytes=1000"),
        ("POST", "/echo"),
    ] {
        let call = Call::parse(method, target).unwrap();
        assert_eq!(Some(handlers.respond(method, target, b"body")), expected(&call, b"body"), "{target}");
    }
}

#[test]
fn a_wait_takes_at_least_as_long_as_asked() {
    let handlers = Handlers::new(Arc::new(Counts::default()));
    let started = Instant::now();
    handlers.respond("GET", "/wait?ms=2.5", b"");
    assert!(started.elapsed() >= Duration::from_micros(2500));
}

/// Handlers whose upstream is that listener.
fn asking(listener: &TcpListener, timeout: Duration) -> Handlers {
    let address = listener.local_addr().unwrap();
    Handlers::new(Arc::new(Counts { upstream: Some(Upstream { address, timeout }), ..Counts::default() }))
}

#[test]
fn an_upstream_is_asked_for_the_wait_and_its_answer_is_the_reply() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let handlers = asking(&listener, upstream::TIMEOUT);
    let echo = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut question = [0; upstream::LENGTH];
        stream.read_exact(&mut question).unwrap();
        stream.write_all(&question).unwrap();
        question
    });
    let call = Call::Upstream { wait: Duration::from_micros(1_500) };
    assert_eq!(Some(handlers.respond("GET", "/upstream?ms=1.5", b"")), expected(&call, b""));
    assert_eq!(upstream::wait(echo.join().unwrap()), call.wait());
}

#[test]
fn without_an_upstream_and_with_one_that_says_nothing_the_refusal_says_so() {
    let ask = |handlers: Handlers| handlers.respond("GET", "/upstream?ms=0", b"");
    assert_eq!(ask(Handlers::new(Arc::new(Counts::default()))), Refusal::NoUpstream.reply());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(ask(asking(&silent, Duration::from_millis(50))), Refusal::UpstreamLate.reply());
}

/// An upstream of one connection that answers the question in these pieces, with a pause between two of them.
fn answering(pieces: &'static [&'static [u8]], pause: Duration) -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.try_clone().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = taken.accept().unwrap();
        stream.read_exact(&mut [0; upstream::LENGTH]).unwrap();
        for piece in pieces {
            // Whoever asked may have given up.
            let _ = stream.write_all(piece);
            thread::sleep(pause);
        }
    });
    listener
}

#[test]
fn an_answer_has_its_time_as_a_whole_and_more_than_an_answer_is_none() {
    let ask = |pieces, pause_ms, timeout_ms| {
        let listener = answering(pieces, Duration::from_millis(pause_ms));
        asking(&listener, Duration::from_millis(timeout_ms)).respond("GET", "/upstream?ms=0", b"")
    };
    assert_eq!(ask(&[&[0; 8]], 0, 30_000), Refusal::UpstreamFailed.reply());
    // Each piece comes in time, the last of them does not.
    assert_eq!(ask(&[&[0], &[0], &[0], &[0]], 200, 500), Refusal::UpstreamLate.reply());
    assert_eq!(ask(&[&[0], &[0], &[0; 2]], 10, 30_000).status, 200);
}

#[test]
fn refusals_are_counted_and_do_not_reach_a_handler() {
    let counts = Arc::new(Counts::default());
    let handlers = Handlers::new(counts.clone());
    assert_eq!(handlers.respond("GET", "/nothing", b""), Refusal::UnknownPath.reply());
    assert_eq!(handlers.refuse(Refusal::BodyTooLarge).status, 413);
    assert_eq!((counts.requests.load(Relaxed), counts.refusals.load(Relaxed)), (0, 2));
}

#[test]
fn health_and_stats_are_those_of_the_process() {
    let handlers = Handlers::new(Arc::new(Counts::default()));
    let health = handlers.respond("GET", "/health", b"");
    assert_eq!(serde_json::from_slice::<Health>(&health.body).unwrap().contender, "test");
    let stats = handlers.respond("GET", "/stats", b"");
    assert_eq!(serde_json::from_slice::<Stats>(&stats.body).unwrap().refusals, Some(0));
}
