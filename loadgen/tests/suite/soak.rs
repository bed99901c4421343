//! Nothing grows with the number of requests, of connections or of seconds.
//!
//! Small among the tests; `scripts/soak` runs a million requests, and the same load for 10 s and 100 s.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::server::Server;

/// Requests in all; a connection ends after [`CHURN`] of them.
const REQUESTS: &str = "LOADGEN_SOAK_REQUESTS";
/// Length of the shorter of two measurements, in seconds; the other is ten times as long.
const SECONDS: &str = "LOADGEN_SOAK_SECONDS";
const CHURN: usize = 20;
const CONNECTIONS: usize = 16;
/// As much more memory may be used late as early.
const FLAT_KIB: u64 = 2048;

/// Closes each connection after [`CHURN`] replies, and says so in the last.
fn churning() -> Server {
    Server::start(|mut connection| {
        let mut buffer = [0; 4096];
        for turn in 1..=CHURN {
            let mut held = 0;
            while !buffer[..held].ends_with(b"\r\n\r\n") {
                match connection.stream.read(&mut buffer[held..]) {
                    Ok(count) if count > 0 => held += count,
                    _ => return,
                }
            }
            let close = if turn == CHURN { "connection: close\r\n" } else { "" };
            let reply = format!("HTTP/1.1 200 OK\r\n{close}content-length: 5\r\n\r\nhello");
            if connection.stream.write_all(reply.as_bytes()).is_err() {
                return;
            }
        }
    })
}

/// What a process holds.
#[derive(Debug, Clone, Copy, Default)]
struct Holding {
    resident_kib: u64,
    threads: u64,
    descriptors: u64,
}

impl Holding {
    /// `None` once it has ended.
    fn of(child: &Child) -> Option<Self> {
        let folder = format!("/proc/{}", child.id());
        let status = std::fs::read_to_string(format!("{folder}/status")).ok()?;
        let field = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        let descriptors = std::fs::read_dir(format!("{folder}/fd")).ok()?.count() as u64;
        Some(Self { resident_kib: field("VmRSS:")?, threads: field("Threads:")?, descriptors })
    }

    fn max(self, other: Self) -> Self {
        Self {
            resident_kib: self.resident_kib.max(other.resident_kib),
            threads: self.threads.max(other.threads),
            descriptors: self.descriptors.max(other.descriptors),
        }
    }
}

/// Runs `loadgen` to its end, looking at it a hundred times a second.
fn watch(server: &Server, arguments: &[&str]) -> Vec<Holding> {
    let connections = CONNECTIONS.to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args([&server.url("/").to_string(), "-c", &connections])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut seen = Vec::new();
    while child.try_wait().unwrap().is_none() {
        seen.extend(Holding::of(&child));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(matches!(child.wait().unwrap().code(), Some(0 | 3)), "{arguments:?}");
    seen
}

fn peak(seen: &[Holding]) -> Holding {
    seen.iter().copied().fold(Holding::default(), Holding::max)
}

#[test]
fn requests_and_connections_leave_nothing_behind() {
    let server = churning();
    let requests: u64 = std::env::var(REQUESTS).map_or(20_000, |requests| requests.parse().unwrap());
    let seen = watch(&server, &["-n", &requests.to_string()]);
    assert!(seen.len() >= 8, "it ended after {} looks: ask for more requests", seen.len());
    // The first eighth is for starting up, the last for working out the result, which takes memory once.
    let eighth = seen.len() / 8;
    let (early, late) = (peak(&seen[eighth..4 * eighth]), peak(&seen[4 * eighth..7 * eighth]));
    println!("{requests} requests over {} connections: early {early:?}, late {late:?}", server.accepted());
    assert!(server.accepted() as u64 >= requests / CHURN as u64);
    assert!(late.resident_kib <= early.resident_kib + FLAT_KIB, "memory grows");
    assert!(late.threads <= early.threads, "threads grow");
    // A connection being replaced may stand for a moment beside its successor.
    assert!(late.descriptors <= early.descriptors + CONNECTIONS as u64, "descriptors grow");
}

#[test]
fn ten_times_as_long_needs_no_more_memory() {
    let server = churning();
    let ms = std::env::var(SECONDS).map_or(500, |seconds| 1000 * seconds.parse::<u64>().unwrap());
    let [short, long] =
        [ms, 10 * ms].map(|ms| peak(&watch(&server, &["--rate", "1k/s", "-d", &format!("{ms}ms")])));
    // Half a second may not have seen times as far apart as five, and each takes its own pages of the histograms.
    let settled = std::env::var_os(SECONDS).is_some();
    let allowed_kib = if settled { FLAT_KIB } else { 4 * FLAT_KIB };
    println!("{ms} ms: {short:?}; {} ms: {long:?}", 10 * ms);
    assert!(long.resident_kib <= short.resident_kib + allowed_kib, "memory grows with time");
}
