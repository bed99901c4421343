//! Clients that take their time, and what ends it.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{PATIENCE, connect, hello, rest, start};

#[test]
fn idle_and_silent_connections_are_closed_after_the_keep_alive_time() {
    let keep_alive = Duration::from_millis(200);
    let program = start(&["--keep-alive", "200ms", "--head-timeout", "1m"]);
    let mut silent = connect(&program);
    assert_eq!(rest(&mut silent), "");
    let mut idle = connect(&program);
    let opened = Instant::now();
    // Kept beyond one keep-alive time by being used.
    while opened.elapsed() < 2 * keep_alive {
        hello(&mut idle);
    }
    let before_last = Instant::now();
    hello(&mut idle);
    assert_eq!(rest(&mut idle), "");
    assert!(before_last.elapsed() >= keep_alive);
}

#[test]
fn a_dripping_head_is_ended_with_408_by_its_total_time() {
    let program = start(&["--keep-alive", "1m", "--head-timeout", "300ms", "--body-timeout", "1m"]);
    let mut stream = connect(&program);
    hello(&mut stream);
    stream.write_all(b"GET /hello HTTP/1.1\r\nhost: x\r\nx: ").unwrap();
    let answer = drip(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("connection: close"), "{answer:?}");
}

#[test]
fn a_dripping_body_is_ended_with_408_by_its_total_time() {
    let program = start(&["--keep-alive", "1m", "--head-timeout", "1m", "--body-timeout", "300ms"]);
    let mut stream = connect(&program);
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n").unwrap();
    let answer = drip(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("connection: close"), "{answer:?}");
}

/// Sends a byte now and then until the contender answers; gives everything that it answered.
fn drip(stream: &mut TcpStream) -> String {
    let patience = Instant::now() + PATIENCE;
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut answer = Vec::new();
    loop {
        let mut part = [0; 1024];
        match stream.read(&mut part) {
            Ok(0) => return String::from_utf8(answer).unwrap(),
            Ok(read) => answer.extend_from_slice(&part[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                assert!(Instant::now() < patience, "still open; answered {answer:?}");
                // Fails once the contender has closed, which the next read tells.
                let _ = stream.write_all(b"x");
            }
            Err(error) => panic!("{error} after {answer:?}"),
        }
    }
}
