//! More connections than usual, than allowed, than there are descriptors.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use servers_conformance::{Program, ask};
use servers_contract::Stats;

use super::{BINARY, HELLO, PATIENCE, connect, hello, reply, rest, start, stats, until};

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

/// Starts the contender with at most so many descriptors.
fn start_with_descriptors(limit: usize) -> Program {
    let script = format!("ulimit -n {limit}; exec \"$0\"");
    Program::start(&["sh".to_owned(), "-c".to_owned(), script, BINARY.to_owned()]).unwrap()
}
