//! The contender as a process: what it survives, and how it ends.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

#[path = "../../wire/tests/control_pair/mod.rs"]
mod control_pair;

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use servers_conformance::ask;
use servers_contract::{Health, Stats};

const BINARY: &str = env!("CARGO_BIN_EXE_server-tokio-tasks");

#[test]
fn a_connection_is_a_task_and_no_thread() {
    let program = control_pair::start(&["--workers", "1"]);
    let address = program.ready().address;
    let before: Stats = ask(address, "/stats").unwrap();
    let open: Vec<TcpStream> = (0..10).map(|_| TcpStream::connect(address).unwrap()).collect();
    let after: Stats = ask(address, "/stats").unwrap();
    assert_eq!(after.connections_open, Some(open.len() as u64 + 1));
    assert!(after.tasks.unwrap() >= open.len() as u64, "{after:?}");
    assert_eq!(after.threads, before.threads);
}

#[test]
fn the_tasks_of_several_workers_add_up() {
    let program = control_pair::start(&["--workers", "3", "--threads", "6"]);
    let address = program.ready().address;
    let health: Health = ask(address, "/health").unwrap();
    assert_eq!((health.settings.workers, health.settings.threads), (Some(3), Some(6)));
    let open: Vec<TcpStream> = (0..30).map(|_| TcpStream::connect(address).unwrap()).collect();
    let patience = Instant::now() + Duration::from_secs(30);
    while ask::<Stats>(address, "/stats").unwrap().tasks.unwrap() < open.len() as u64 {
        assert!(Instant::now() < patience, "30 connections did not become as many tasks");
    }
    program.stop().unwrap();
}

/// A connection that asks for counters again and again, and so counts as one wherever it is.
struct Asker(BufReader<TcpStream>);

impl Asker {
    fn connect(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).unwrap()))
    }

    fn stats(&mut self) -> Stats {
        self.0.get_mut().write_all(b"GET /stats HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            if line == "\r\n" {
                break;
            }
            if let Some(("content-length", value)) = line.to_ascii_lowercase().split_once(": ") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// The largest and the smallest number of connections on a loop, once there are `open` with this one.
    fn shares(&mut self, open: usize) -> (u64, u64) {
        let patience = Instant::now() + Duration::from_secs(30);
        loop {
            let shares = self.stats().connections_by_loop.unwrap();
            if shares.iter().sum::<u64>() == open as u64 {
                return (*shares.iter().max().unwrap(), *shares.iter().min().unwrap());
            }
            assert!(Instant::now() < patience, "{open} connections did not become {shares:?}");
        }
    }
}

#[test]
fn connections_are_shared_out_evenly_and_stay_so_when_one_loop_loses_its_own() {
    for workers in [1, 4, 16] {
        let program = control_pair::start(&["--workers", &workers.to_string()]);
        let address = program.ready().address;
        let connect = || TcpStream::connect(address).unwrap();
        let mut asker = Asker::connect(address);
        // Proven to be there, so that it is the first.
        asker.shares(1);
        let mut open: Vec<TcpStream> = (1..8 * workers).map(|_| connect()).collect();
        let all = open.len() + 1;
        assert_eq!(asker.shares(all), (8, 8), "{workers} loops");
        // Every `workers`-th is on one loop; that of the asker keeps all of its own.
        let lost = if workers == 1 { 7 } else { 8 };
        for number in (0..lost).rev() {
            drop(open.remove(number * workers));
        }
        assert_eq!(asker.shares(all - lost).1, 8 - lost as u64, "{workers} loops");
        open.extend((0..lost).map(|_| connect()));
        assert_eq!(asker.shares(all), (8, 8), "{workers} loops after a loss");
    }
}

#[test]
fn requests_are_counted_to_the_loop_of_their_connection_and_shared_out_evenly() {
    const REQUESTS: usize = 25;
    for workers in [4, 16] {
        let program = control_pair::start(&["--workers", &workers.to_string()]);
        let address = program.ready().address;
        // More loops than CPUs, and four connections to each.
        let mut askers: Vec<Asker> = (0..4 * workers).map(|_| Asker::connect(address)).collect();
        let last = askers.len() - 1;
        askers[last].shares(4 * workers);
        let before = askers[last].stats().requests_by_loop.unwrap();
        thread::scope(|scope| {
            for asker in &mut askers {
                scope.spawn(|| (0..REQUESTS).for_each(|_| drop(asker.stats())));
            }
        });
        let after = askers[last].stats().requests_by_loop.unwrap();
        let mut taken: Vec<u64> = after.iter().zip(before).map(|(after, before)| after - before).collect();
        taken.sort_unstable();
        // The last asker's own question is one more.
        let each = (4 * REQUESTS) as u64;
        let expected = [vec![each; workers - 1], vec![each + 1]].concat();
        assert_eq!(taken, expected, "{workers} loops");
    }
}

#[test]
fn threads_that_steal_are_as_many_as_asked_and_every_connection_is_a_task() {
    let program = control_pair::start(&["--stealing", "--workers", "4", "--threads", "6"]);
    let address = program.ready().address;
    let health: Health = ask(address, "/health").unwrap();
    assert_eq!((health.settings.workers, health.settings.threads), (Some(4), Some(6)));
    let mut asker = Asker::connect(address);
    let single = control_pair::start(&["--workers", "1"]);
    let of_one: Stats = ask(single.ready().address, "/stats").unwrap();
    let stats = asker.stats();
    // The thread that starts the runtime is there besides, and waits.
    assert_eq!(stats.threads.unwrap(), of_one.threads.unwrap() + 4);
    // A connection stays nowhere, so neither is told by loop.
    assert_eq!((stats.connections_by_loop, stats.requests_by_loop), (None, None));
    let open: Vec<TcpStream> = (0..30).map(|_| TcpStream::connect(address).unwrap()).collect();
    let patience = Instant::now() + Duration::from_secs(30);
    while asker.stats().tasks.unwrap() < open.len() as u64 {
        assert!(Instant::now() < patience, "30 connections did not become as many tasks");
    }
    program.stop().unwrap();
}

#[test]
fn without_a_number_there_are_as_many_threads_that_steal_as_the_process_may_use_cpus() {
    let program = control_pair::start(&["--stealing"]);
    let health: Health = ask(program.ready().address, "/health").unwrap();
    let cpus = thread::available_parallelism().unwrap().get() as u64;
    assert_eq!(health.settings.workers, Some(cpus));
}

#[test]
fn blocking_is_refused_unless_allowed_and_then_seen() {
    let target = "/wait?ms=20&blocking=1";
    let strict = control_pair::start(&[]);
    assert!(get(strict.ready().address, target).starts_with("HTTP/1.1 500 "));
    let stats: Stats = ask(strict.ready().address, "/stats").unwrap();
    assert_eq!((stats.guardrail_trips, stats.slow_polls), (Some(1), Some(0)));
    let lenient = control_pair::start(&["--allow-blocking", "--slow-poll", "10ms"]);
    assert!(get(lenient.ready().address, target).ends_with("waited 20000 us\n"));
    let stats: Stats = ask(lenient.ready().address, "/stats").unwrap();
    assert_eq!((stats.guardrail_trips, stats.slow_polls), (Some(0), Some(1)));
}

fn get(address: SocketAddr, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
