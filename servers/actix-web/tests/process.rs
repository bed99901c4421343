//! The contender as a process: its limits, its time-outs, and how it ends.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]
#![allow(clippy::disallowed_methods, reason = "the tests are clients and have no event loop to hold")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use servers_conformance::{Program, ask};
use servers_contract::{Health, Stats};

const BINARY: &str = env!("CARGO_BIN_EXE_server-actix-web");

/// Far above what anything here takes, so that a test that hangs ends.
const PATIENCE: Duration = Duration::from_secs(30);

fn start(flags: &[&str]) -> Program {
    let command: Vec<String> = [BINARY].iter().chain(flags).map(|part| (*part).to_owned()).collect();
    Program::start(&command).unwrap()
}

/// A connection with `sent` written to it.
fn send(program: &Program, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(program.ready().address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(sent.as_bytes()).unwrap();
    stream
}

/// Everything that comes until the contender closes.
fn rest(mut stream: TcpStream) -> String {
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    rest
}

const HELLO: &str = "GET /hello HTTP/1.1\r\nhost: test\r\n\r\n";

#[test]
fn a_flag_without_effect_here_is_refused() {
    let output = Command::new(BINARY).arg("--write-timeout=5s").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("--write-timeout has no effect in actix-web"), "{stderr}");
}

#[test]
fn health_tells_what_the_workers_share() {
    let flags = ["--workers", "3", "--threads", "10", "--max-connections", "100", "--keep-alive", "9s"];
    let settings = ask::<Health>(start(&flags).ready().address, "/health").unwrap().settings;
    assert_eq!(settings.workers, Some(3));
    assert_eq!(settings.threads, Some(9));
    assert_eq!(settings.max_connections, Some(99));
    assert_eq!(settings.keep_alive_ms, Some(9000));
    assert_eq!(settings.write_timeout_ms, None);
}

#[test]
fn an_idle_connection_is_closed() {
    // No claim about when: the framework's clock is up to half a second behind.
    let program = start(&["--keep-alive", "300ms"]);
    let reply = rest(send(&program, HELLO));
    assert!(reply.ends_with("\r\n\r\nhello\n"), "{reply}");
}

#[test]
fn a_head_that_does_not_come_is_answered_408() {
    let program = start(&["--head-timeout", "300ms"]);
    let reply = rest(send(&program, "GET /hello HTTP/1.1\r\nhost:"));
    assert!(reply.starts_with("HTTP/1.1 408 "), "{reply}");
}

#[test]
fn a_body_that_does_not_come_is_answered_408() {
    let program = start(&["--body-timeout", "300ms"]);
    let reply = rest(send(&program, "POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n\r\nhell"));
    assert!(reply.starts_with("HTTP/1.1 408 "), "{reply}");
    assert!(reply.ends_with("request time-out: the head or the body took too long\n"), "{reply}");
}

#[test]
fn one_connection_too_many_waits_until_there_is_room() {
    let program = start(&["--workers", "1", "--max-connections", "1"]);
    let mut first = send(&program, HELLO);
    let mut head = [0; 12];
    first.read_exact(&mut head).unwrap();
    let second = send(&program, "GET /hello HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    second.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!((&second).read(&mut head).is_err(), "it was answered");
    drop(first);
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(rest(second).ends_with("\r\n\r\nhello\n"));
}

#[test]
fn connections_are_counted_as_they_open_and_close() {
    let program = start(&[]);
    let stats = || ask::<Stats>(program.ready().address, "/stats").unwrap();
    let before = stats();
    let held = [send(&program, HELLO), send(&program, HELLO)];
    for mut stream in &held {
        stream.read_exact(&mut [0; 12]).unwrap();
    }
    let during = stats();
    assert_eq!(during.connections_accepted, before.connections_accepted.map(|accepted| accepted + 3));
    assert!(during.connections_open >= Some(3), "{during:?}");
    drop(held);
    // Its loops notice in their own time.
    let deadline = Instant::now() + PATIENCE;
    while stats().connections_open != Some(1) {
        assert!(Instant::now() < deadline, "{:?}", stats());
    }
}

#[test]
fn an_allowed_blocking_call_holds_its_loop_and_is_seen() {
    let flags = ["--workers", "1", "--allow-blocking", "--slow-poll", "50ms"];
    let program = start(&flags);
    let reply = rest(send(
        &program,
        "GET /wait?ms=100&blocking=1 HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n",
    ));
    assert!(reply.ends_with("\r\n\r\nwaited 100000 us\n"), "{reply}");
    let stats: Stats = ask(program.ready().address, "/stats").unwrap();
    assert_eq!((stats.slow_polls, stats.guardrail_trips), (Some(1), Some(0)));
}
