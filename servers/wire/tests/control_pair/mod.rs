//! What both controls survive, and how they end: one list of tests, run against each as a process.
//!
//! Included by path from the tests of `std-threads` and `tokio-tasks`, which say what [`super::BINARY`] is. Time-outs
//! are set short where one is to pass and to a minute where none may; nothing asserts how fast anything is.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use servers_conformance::{Program, ProgramError, ask};
use servers_contract::{Health, Refusal, Stats, limits};

use super::BINARY;

/// Far above what anything here takes, so that a test that hangs ends.
const PATIENCE: Duration = Duration::from_secs(30);

const HELLO: &str = "GET /hello HTTP/1.1\r\nhost: test\r\n\r\n";

pub(crate) fn start(flags: &[&str]) -> Program {
    let command: Vec<String> = [BINARY].iter().chain(flags).map(|part| (*part).to_owned()).collect();
    Program::start(&command).unwrap()
}

/// Starts the contender with at most so many descriptors.
fn start_with_descriptors(limit: usize) -> Program {
    let script = format!("ulimit -n {limit}; exec \"$0\"");
    Program::start(&["sh".to_owned(), "-c".to_owned(), script, BINARY.to_owned()]).unwrap()
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

fn stats(address: SocketAddr) -> Stats {
    ask(address, "/stats").unwrap()
}

/// Asks for the counters again and again until they are as expected.
fn until(address: SocketAddr, what: &str, expected: impl Fn(&Stats) -> bool) {
    let patience = Instant::now() + PATIENCE;
    while !expected(&stats(address)) {
        assert!(Instant::now() < patience, "{what}: not within {PATIENCE:?}; {:?}", stats(address));
    }
}

fn terminate(pid: u32) {
    assert!(Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap().success());
}

#[test]
fn the_ready_line_and_health_tell_of_the_same_process() {
    let program = start(&[]);
    let health: Health = ask(program.ready().address, "/health").unwrap();
    assert_eq!(health.nonce, program.ready().nonce);
    assert_eq!(health.contender, program.ready().contender);
    let status = fs::read_to_string(format!("/proc/{}/comm", program.ready().pid)).unwrap();
    assert!(status.starts_with("server-"), "{status}");
    program.stop().unwrap();
}

#[test]
fn sigterm_lets_a_request_in_flight_finish_and_ends_idle_connections() {
    // If an idle connection were waited for, the program would not end within the suite's patience.
    let program = start(&["--keep-alive", "1h", "--grace", "1h"]);
    let address = program.ready().address;
    let mut idle = connect(&program);
    hello(&mut idle);
    let mut busy = connect(&program);
    busy.write_all(b"GET /wait?ms=500 HTTP/1.1\r\n\r\n").unwrap();
    until(address, "the wait has begun", |stats| stats.requests["wait"] == 1);
    program.stop().unwrap();
    let answer = rest(&mut busy);
    assert!(answer.ends_with("\r\nconnection: close\r\n\r\nwaited 500000 us\n"), "{answer:?}");
    assert_eq!(rest(&mut idle), "");
}

#[test]
fn a_second_signal_ends_at_once() {
    let program = start(&["--grace", "1h"]);
    let address = program.ready().address;
    let mut busy = connect(&program);
    busy.write_all(b"GET /wait?ms=60000 HTTP/1.1\r\n\r\n").unwrap();
    until(address, "the wait has begun", |stats| stats.requests["wait"] == 1);
    terminate(program.ready().pid);
    // Once it does not listen any more, the first signal has been taken.
    let patience = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_ok() {
        assert!(Instant::now() < patience, "it listens on after SIGTERM");
    }
    match program.stop() {
        Err(ProgramError::Ended(status)) => assert_eq!(status.code(), Some(128 + 15)),
        other => panic!("expected an end by the second signal, got {other:?}"),
    }
}

#[test]
fn a_busy_port_exits_2_and_names_it() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let output = Command::new(BINARY).args(["--listen", &address]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains(&address) && stderr.contains("in use"), "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_stdout_that_takes_nothing_is_no_reason_to_stop() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address: SocketAddr = ([127, 0, 0, 1], port).into();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(BINARY);
    command.args(["--listen", &address.to_string()]).stdout(full).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let patience = Instant::now() + PATIENCE;
    let health = loop {
        match ask::<Health>(address, "/health") {
            Ok(health) => break health,
            Err(finding) => assert!(Instant::now() < patience, "{finding:?}"),
        }
    };
    // It may answer just before it says so; it drains only after that.
    terminate(child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), health.nonce.len()), (Some(0), 16));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("could not print the ready line"), "{stderr}");
}

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
    stream.write_all(b"GET /hello HTTP/1.1\r\nx: ").unwrap();
    let answer = drip(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("connection: close"), "{answer:?}");
}

#[test]
fn a_dripping_body_is_ended_with_408_by_its_total_time() {
    let program = start(&["--keep-alive", "1m", "--head-timeout", "1m", "--body-timeout", "300ms"]);
    let mut stream = connect(&program);
    stream.write_all(b"POST /echo HTTP/1.1\r\ncontent-length: 100000\r\n\r\n").unwrap();
    let answer = drip(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("connection: close"), "{answer:?}");
}

#[test]
fn who_does_not_read_is_cut_off_after_the_write_time() {
    let program = start(&["--write-timeout", "300ms", "--keep-alive", "1m", "--user-timeout", "1m"]);
    let mut stream = connect(&program);
    // More than both sockets' buffers hold.
    let requests = format!("GET /payload?bytes={} HTTP/1.1\r\n\r\n", limits::PAYLOAD_MAX).repeat(64);
    stream.write_all(requests.as_bytes()).unwrap();
    // The connection that asks is open as well.
    let address = program.ready().address;
    until(address, "the reader is cut off", |stats| {
        stats.requests["payload"] > 0 && stats.connections_open == Some(1)
    });
    assert!(stats(address).requests["payload"] < 64, "all replies were taken");
}

#[test]
fn who_sends_too_much_can_read_why_while_still_sending() {
    let program = start(&[]);
    let mut stream = connect(&program);
    let size = 2 * limits::BODY_LIMIT;
    stream.write_all(format!("POST /echo HTTP/1.1\r\ncontent-length: {size}\r\n\r\n").as_bytes()).unwrap();
    stream.write_all(&vec![b'x'; size]).unwrap();
    let answer = rest(&mut stream);
    let text = Refusal::BodyTooLarge.to_string();
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.ends_with(&format!("{text}\n")), "{answer:?}");
}

#[test]
fn a_client_that_waits_for_100_continue_is_told_to_go_on() {
    let program = start(&[]);
    let mut stream = connect(&program);
    stream.write_all(b"POST /echo HTTP/1.1\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n").unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"body\n").unwrap();
    assert!(reply(&mut stream).ends_with("\r\n\r\nbody\n"));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let program = start(&[]);
    let mut stream = connect(&program);
    let requests: String =
        (0..200).map(|number| format!("GET /wait?ms=0.{number:03} HTTP/1.1\r\n\r\n")).collect();
    stream.write_all(requests.as_bytes()).unwrap();
    stream.write_all(b"GET /hello HTTP/1.1\r\nconnection: close\r\n\r\n").unwrap();
    let answers = rest(&mut stream);
    let bodies: Vec<&str> = answers.lines().filter(|line| line.starts_with("waited ")).collect();
    let expected: Vec<String> = (0..200).map(|number| format!("waited {number} us")).collect();
    assert_eq!(bodies, expected);
    assert!(answers.ends_with("hello\n"));
}

#[test]
fn one_connection_too_many_is_answered_503_and_a_freed_place_is_used() {
    let program = start(&["--max-connections", "2"]);
    let mut held = [connect(&program), connect(&program)];
    held.iter_mut().for_each(hello);
    let answer = rest(&mut connect(&program));
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("connection: close"), "{answer:?}");
    let [kept, freed] = held;
    drop(freed);
    let patience = Instant::now() + PATIENCE;
    while ask::<Stats>(program.ready().address, "/stats").is_err() {
        assert!(Instant::now() < patience, "the place was not freed");
    }
    drop(kept);
}

#[test]
fn a_first_burst_of_connections_is_answered_to_the_last() {
    let program = start(&[]);
    let address = program.ready().address;
    let clients: Vec<_> = (0..64)
        .map(|_| {
            thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                hello(&mut stream);
                stream
            })
        })
        .collect();
    let open: Vec<TcpStream> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    let stats = stats(address);
    assert_eq!((stats.requests["hello"], stats.connections_accepted), (64, Some(65)));
    assert_eq!(stats.connections_open, Some(65));
    drop(open);
}

#[test]
fn without_descriptors_it_waits_and_does_not_spin_and_recovers() {
    // The lowest free number is the first connection's descriptor; the second finds none.
    let idle = start(&[]);
    let taken = |number: &usize| fs::exists(format!("/proc/{}/fd/{number}", idle.ready().pid)).unwrap();
    let free = (0..).find(|number| !taken(number)).unwrap();
    let program = start_with_descriptors(free + 1);
    let mut first = connect(&program);
    hello(&mut first);
    let mut second = connect(&program);
    second.write_all(HELLO.as_bytes()).unwrap();
    let (cpu, started) = (cpu_time(&mut first), Instant::now());
    second.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let waited = second.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(waited.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{waited}");
    assert!(cpu_time(&mut first) - cpu < started.elapsed() / 2, "it spins");
    drop(first);
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(reply(&mut second).starts_with("HTTP/1.1 200 "));
}

/// CPU time of the contender, asked over an open connection.
fn cpu_time(stream: &mut TcpStream) -> Duration {
    stream.write_all(b"GET /stats HTTP/1.1\r\n\r\n").unwrap();
    let answer = reply(stream);
    let stats: Stats = serde_json::from_str(answer.lines().last().unwrap()).unwrap();
    Duration::from_micros(stats.cpu_user_us.unwrap() + stats.cpu_system_us.unwrap())
}

#[test]
fn closed_connections_leave_neither_threads_nor_descriptors_behind() {
    let program = start(&[]);
    let descriptors = || fs::read_dir(format!("/proc/{}/fd", program.ready().pid)).unwrap().count();
    hello(&mut connect(&program));
    until(program.ready().address, "the first connection has ended", |stats| {
        stats.connections_open == Some(1)
    });
    let before = (descriptors(), stats(program.ready().address).threads);
    for _ in 0..300 {
        hello(&mut connect(&program));
    }
    until(program.ready().address, "all connections have ended", |stats| stats.connections_open == Some(1));
    let patience = Instant::now() + PATIENCE;
    while (descriptors(), stats(program.ready().address).threads) != before {
        assert!(Instant::now() < patience, "{before:?} became {:?}", descriptors());
    }
}

#[test]
fn a_reset_connection_harms_nobody_else() {
    let program = start(&[]);
    for _ in 0..20 {
        let mut stream = connect(&program);
        stream.write_all(b"GET /payload?bytes=1000000 HTTP/1.1\r\n\r\n").unwrap();
        // Closing with unread bytes resets it.
        stream.read_exact(&mut [0; 1]).unwrap();
    }
    hello(&mut connect(&program));
    let mut stream = connect(&program);
    stream.write_all(b"POST /echo HTTP/1.1\r\nconnection: close\r\ncontent-length: 3\r\n\r\nab\n").unwrap();
    assert!(rest(&mut stream).ends_with("\r\n\r\nab\n"));
}
