//! What both controls do beyond what every contender must (`servers-conformance` stages that), and how they end: one
//! list of tests, run against each as a process.
//!
//! Included by path from the tests of `std-threads` and `tokio-tasks`, which say what [`super::BINARY`] is. Time-outs
//! are set short where one is to pass and to a minute where none may; nothing asserts how fast anything is.

mod ending;
mod exchange;
mod many;
mod settings;
mod slow_clients;
mod stages;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use servers_conformance::{Program, ask};
use servers_contract::Stats;

use super::BINARY;

/// Far above what anything here takes, so that a test that hangs ends.
const PATIENCE: Duration = Duration::from_secs(30);

const HELLO: &str = "GET /hello HTTP/1.1\r\nhost: test\r\n\r\n";

pub(crate) fn start(flags: &[&str]) -> Program {
    let command: Vec<String> = [BINARY].iter().chain(flags).map(|part| (*part).to_owned()).collect();
    Program::start(&command).unwrap()
}

fn connect(program: &Program) -> TcpStream {
    let stream = TcpStream::connect(program.ready().address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// One reply to `GET /hello` over an open connection.
fn hello(stream: &mut TcpStream) {
    stream.write_all(HELLO.as_bytes()).unwrap();
    assert!(reply(stream).starts_with("HTTP/1.1 200 "));
}

/// One reply whose body ends with a line end, and nothing behind it.
fn reply(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut part = [0; 1024];
    while !text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.ends_with('\n')) {
        let read = stream.read(&mut part).unwrap();
        assert!(read > 0, "the connection ended after {text:?}");
        text.push_str(str::from_utf8(&part[..read]).unwrap());
    }
    text
}

/// Everything until the connection ends.
fn rest(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn stats(address: SocketAddr) -> Stats {
    ask(address, "/stats").unwrap()
}

/// Asks for the counters again and again until they are as expected.
pub(crate) fn until(address: SocketAddr, what: &str, expected: impl Fn(&Stats) -> bool) {
    let patience = Instant::now() + PATIENCE;
    while !expected(&stats(address)) {
        assert!(Instant::now() < patience, "{what}: not within {PATIENCE:?}; {:?}", stats(address));
    }
}
