//! The contender as a process: what it survives, and how it ends.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output};
use std::time::Duration;

use servers_conformance::{Program, ask, verify};
use servers_contract::{Call, Health, Stats};

const BINARY: &str = env!("CARGO_BIN_EXE_server-tiny-http");

/// Far above what anything here takes, so that a test that hangs ends.
const PATIENCE: Duration = Duration::from_secs(30);

fn start(flags: &[&str]) -> Program {
    let command: Vec<String> = [BINARY].iter().chain(flags).map(|part| (*part).to_owned()).collect();
    Program::start(&command).unwrap()
}

fn connect(program: &Program) -> TcpStream {
    let stream = TcpStream::connect(program.ready().address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn run(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_flag_without_effect_here_is_refused() {
    for flag in
        ["--workers=1", "--max-connections=9", "--keep-alive=5s", "--head-timeout=5s", "--write-timeout=5s"]
    {
        let (code, stderr) = run(Command::new(BINARY).arg(flag));
        let name = flag.split('=').next().unwrap();
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(&format!("{name} has no effect in tiny-http")), "{stderr}");
    }
}

#[test]
fn health_tells_the_pool_and_what_the_kernel_made_of_the_options() {
    let program = start(&["--threads", "3", "--nodelay", "false"]);
    let health: Health = ask(program.ready().address, "/health").unwrap();
    assert_eq!(health.settings.threads, Some(3));
    assert_eq!(health.settings.tcp_nodelay, Some(false));
    assert_eq!(health.settings.keep_alive_ms, None);
}

#[test]
fn requests_in_flight_are_answered_before_it_ends() {
    for flags in [&[][..], &["--threads", "2"]] {
        let program = start(flags);
        let mut stream = connect(&program);
        stream.write_all(b"GET /wait?ms=300 HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
        // Once it is counted, its handler runs.
        while ask::<Stats>(program.ready().address, "/stats").unwrap().requests["wait"] == 0 {}
        program.stop().unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.ends_with("\r\n\r\nwaited 300000 us\n"), "{flags:?}: {reply}");
    }
}

#[test]
fn a_length_that_no_machine_can_allocate_does_not_end_the_process() {
    let program = start(&[]);
    let address = program.ready().address;
    // The second is the largest that the library takes for a length at all; it would panic instead of abort.
    for length in ["900000000000000", "9223372036854775807", "18446744073709551615"] {
        let mut stream = connect(&program);
        let head = format!("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut reply = [0; 12];
        stream.read_exact(&mut reply).unwrap();
        assert_eq!(&reply, b"HTTP/1.1 413");
        drop(stream);
        verify(address, &[Call::Hello, Call::Echo]).unwrap();
    }
    program.stop().unwrap();
}

#[test]
fn with_one_thread_a_request_waits_for_the_one_before_it() {
    let program = start(&["--threads", "1"]);
    let mut first = connect(&program);
    first.write_all(b"GET /wait?ms=200 HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
    // Whoever sees the wait counted was answered by the same thread, so after it.
    while ask::<Stats>(program.ready().address, "/stats").unwrap().requests["wait"] == 0 {}
    first.set_nonblocking(true).unwrap();
    let mut reply = [0; 12];
    first.read_exact(&mut reply).expect("the first reply has come by now");
    assert_eq!(&reply, b"HTTP/1.1 200");
}

#[test]
fn connections_are_not_counted_since_the_library_hides_them() {
    let stats: Stats = ask(start(&[]).ready().address, "/stats").unwrap();
    assert_eq!(stats.connections_accepted, None);
}

#[test]
fn without_descriptors_it_ends_with_an_error_instead_of_hanging() {
    // tiny_http takes two a connection; both ways to fail, its accept and its duplicate of the socket, are met.
    for limit in [40, 41] {
        let mut server = Command::new("sh");
        server.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\""), BINARY, "--listen"]);
        let port = free_port();
        let address = format!("127.0.0.1:{port}");
        server.arg(&address);
        let client = std::thread::spawn(move || exhaust(&address));
        let (code, stderr) = run(&mut server);
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains("stopped accepting connections for good"), "{stderr}");
        client.join().unwrap();
    }
}

/// A port that was free a moment ago: whoever starts the server learns nothing from its captured stdout.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Opens connections until the server is gone.
fn exhaust(address: &str) {
    let mut open = Vec::new();
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => open.push(stream),
            Err(_) if open.is_empty() => std::thread::yield_now(),
            Err(_) => return,
        }
    }
}
