//! The handlers against the contract, without a front.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use servers_async::{Handlers, Single};
use servers_contract::{
    Call, Endpoint, Health, Model, Process, Refusal, Reply, Settings, Stats, Upstream, expected, upstream,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What the handlers report, and how strict the process is with them.
struct Counts {
    requests: AtomicU64,
    refusals: AtomicU64,
    guardrail_trips: AtomicU64,
    slow_polls: AtomicU64,
    allow_blocking: bool,
    slow_poll: Duration,
    upstream: Option<Upstream>,
}

impl Default for Counts {
    fn default() -> Self {
        Counts {
            requests: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
            guardrail_trips: AtomicU64::new(0),
            slow_polls: AtomicU64::new(0),
            allow_blocking: false,
            slow_poll: Duration::MAX,
            upstream: None,
        }
    }
}

impl Process for Counts {
    fn count_request(&self, _: Endpoint) {
        self.requests.fetch_add(1, Relaxed);
    }
    fn count_refusal(&self) {
        self.refusals.fetch_add(1, Relaxed);
    }
    fn count_guardrail_trip(&self) {
        self.guardrail_trips.fetch_add(1, Relaxed);
    }
    fn count_slow_poll(&self, _: Endpoint, held: Duration) {
        assert!(held > self.slow_poll);
        self.slow_polls.fetch_add(1, Relaxed);
    }
    fn allow_blocking(&self) -> bool {
        self.allow_blocking
    }
    fn slow_poll(&self) -> Duration {
        self.slow_poll
    }
    fn upstream(&self) -> Option<Upstream> {
        self.upstream
    }
    fn health(&self) -> Health {
        Health {
            contender: "test".to_owned(),
            version: "1".to_owned(),
            model: Model::Async,
            nonce: "n".to_owned(),
            settings: Settings::default(),
        }
    }
    fn stats(&self) -> Stats {
        Stats { refusals: Some(self.refusals.load(Relaxed)), ..Stats::default() }
    }
}

fn handlers(counts: &Arc<Counts>) -> Handlers {
    Handlers::start(counts.clone(), Single::default()).expect("a timer for this loop")
}

async fn get(handlers: &Handlers, target: &str) -> Reply {
    handlers.respond("GET", target, b"").await
}

#[tokio::test]
async fn every_endpoint_gives_the_expected_reply() {
    let handlers = handlers(&Arc::default());
    for (method, target) in [
        ("GET", "/hello"),
        ("GET", "/wait?ms=0.3"),
        ("GET", "/cpu?rounds=5"),
        ("GET", "/cpu?rounds=5&run=pool"),
        ("GET", "/mixed?ms=0.3&rounds=5&run=single"),
        ("GET", "/payload?bytes=1000"),
        ("POST", "/echo"),
    ] {
        let call = Call::parse(method, target).unwrap();
        assert_eq!(
            Some(handlers.respond(method, target, b"body").await),
            expected(&call, b"body"),
            "{target}"
        );
    }
}

#[tokio::test]
async fn a_wait_takes_at_least_as_long_as_asked_and_lets_others_go_on() {
    let handlers = handlers(&Arc::default());
    let started = Instant::now();
    let waits: Vec<_> = (0..200)
        .map(|_| {
            let handlers = handlers.clone();
            tokio::spawn(async move { get(&handlers, "/wait?ms=500").await })
        })
        .collect();
    for wait in waits {
        wait.await.unwrap();
    }
    assert!(started.elapsed() >= Duration::from_millis(500));
    // One after another they would take 100 s; a tenth of that is far from both.
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[tokio::test]
async fn blocking_trips_the_guardrail_before_it_blocks() {
    let counts = Arc::new(Counts::default());
    // A minute of blocking would be noticed.
    let reply = get(&handlers(&counts), "/wait?ms=60000&blocking=1").await;
    assert_eq!(reply, Refusal::Guardrail(Endpoint::Wait).reply());
    assert_eq!((counts.guardrail_trips.load(Relaxed), counts.refusals.load(Relaxed)), (1, 1));
}

#[tokio::test]
async fn blocking_that_is_allowed_blocks_and_is_seen_as_a_slow_poll() {
    let slow_poll = Duration::from_millis(1);
    let counts = Arc::new(Counts { allow_blocking: true, slow_poll, ..Counts::default() });
    let started = Instant::now();
    let reply = get(&handlers(&counts), "/wait?ms=2&blocking=1").await;
    assert!(started.elapsed() >= Duration::from_millis(2));
    assert_eq!(reply, Reply::waited(Duration::from_millis(2)));
    assert_eq!((counts.slow_polls.load(Relaxed), counts.guardrail_trips.load(Relaxed)), (1, 0));
}

#[tokio::test]
async fn an_awaited_wait_is_no_slow_poll_however_long() {
    // Polls take microseconds; the limit leaves a busy machine four orders of magnitude.
    let counts = Arc::new(Counts { slow_poll: Duration::from_millis(300), ..Counts::default() });
    get(&handlers(&counts), "/wait?ms=400").await;
    assert_eq!(counts.slow_polls.load(Relaxed), 0);
}

/// Handlers whose upstream is that listener.
fn asking(listener: &TcpListener, timeout: Duration) -> Handlers {
    let address = listener.local_addr().unwrap();
    handlers(&Arc::new(Counts { upstream: Some(Upstream { address, timeout }), ..Counts::default() }))
}

#[tokio::test]
async fn an_upstream_is_asked_for_the_wait_and_its_answer_is_the_reply() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let handlers = asking(&listener, upstream::TIMEOUT);
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let echo = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut question = [0; upstream::LENGTH];
        stream.read_exact(&mut question).await.unwrap();
        // In two pieces, as a network may deliver it.
        stream.write_all(&question[..1]).await.unwrap();
        tokio::task::yield_now().await;
        stream.write_all(&question[1..]).await.unwrap();
        question
    });
    let call = Call::Upstream { wait: Duration::from_micros(1_500) };
    assert_eq!(Some(get(&handlers, "/upstream?ms=1.5").await), expected(&call, b""));
    assert_eq!(upstream::wait(echo.await.unwrap()), call.wait());
}

#[tokio::test]
async fn without_an_upstream_and_with_one_that_says_nothing_the_refusal_says_so() {
    let none = handlers(&Arc::default());
    assert_eq!(get(&none, "/upstream?ms=0").await, Refusal::NoUpstream.reply());
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let late = asking(&silent, Duration::from_millis(50));
    assert_eq!(get(&late, "/upstream?ms=0").await, Refusal::UpstreamLate.reply());
}

/// An upstream of one connection that answers the question in these pieces, with a pause between two of them.
fn answering(pieces: &'static [&'static [u8]], pause: Duration) -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.try_clone().unwrap();
    taken.set_nonblocking(true).unwrap();
    let taken = tokio::net::TcpListener::from_std(taken).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = taken.accept().await.unwrap();
        stream.read_exact(&mut [0; upstream::LENGTH]).await.unwrap();
        for piece in pieces {
            // Whoever asked may have given up.
            let _ = stream.write_all(piece).await;
            tokio::time::sleep(pause).await;
        }
    });
    listener
}

#[tokio::test]
async fn an_answer_has_its_time_as_a_whole_and_more_than_an_answer_is_none() {
    let ask = async |pieces, pause_ms, timeout_ms| {
        let listener = answering(pieces, Duration::from_millis(pause_ms));
        get(&asking(&listener, Duration::from_millis(timeout_ms)), "/upstream?ms=0").await
    };
    assert_eq!(ask(&[&[0; 8]], 0, 30_000).await, Refusal::UpstreamFailed.reply());
    // Each piece comes in time, the last of them does not.
    assert_eq!(ask(&[&[0], &[0], &[0], &[0]], 200, 500).await, Refusal::UpstreamLate.reply());
    assert_eq!(ask(&[&[0], &[0], &[0; 2]], 10, 30_000).await.status, 200);
}

#[tokio::test]
async fn refusals_are_counted_and_do_not_reach_a_handler() {
    let counts = Arc::new(Counts::default());
    let handlers = handlers(&counts);
    assert_eq!(get(&handlers, "/nothing").await, Refusal::UnknownPath.reply());
    assert_eq!(handlers.refuse(Refusal::BodyTooLarge).status, 413);
    assert_eq!((counts.requests.load(Relaxed), counts.refusals.load(Relaxed)), (0, 2));
}

#[tokio::test]
async fn health_and_stats_are_those_of_the_process() {
    let handlers = handlers(&Arc::default());
    let health = get(&handlers, "/health").await;
    assert_eq!(serde_json::from_slice::<Health>(&health.body).unwrap().contender, "test");
    let stats = get(&handlers, "/stats").await;
    assert_eq!(serde_json::from_slice::<Stats>(&stats.body).unwrap().refusals, Some(0));
}
