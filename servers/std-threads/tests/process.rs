//! The contender as a process: what it survives, and how it ends.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

#[path = "../../wire/tests/control_pair/mod.rs"]
mod control_pair;

use std::{net::TcpStream, process::Command};

use servers_conformance::ask;
use servers_contract::Stats;

const BINARY: &str = env!("CARGO_BIN_EXE_server-std-threads");

#[test]
fn a_flag_without_effect_here_is_refused() {
    for flag in ["--workers=1", "--threads=1", "--slow-poll=1s", "--allow-blocking"] {
        let output = Command::new(BINARY).arg(flag).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let name = flag.split('=').next().unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(&format!("{name} has no effect in std-threads")), "{stderr}");
    }
}

#[test]
fn a_connection_has_a_thread_of_its_own() {
    let program = control_pair::start(&[]);
    let address = program.ready().address;
    let before: Stats = ask(address, "/stats").unwrap();
    let open: Vec<TcpStream> = (0..10).map(|_| TcpStream::connect(address).unwrap()).collect();
    // Those that are held and the one that asks, once the one that asked before has ended.
    control_pair::until(address, "all are open and no others", |stats| {
        stats.connections_open == Some(open.len() as u64 + 1)
    });
    // Threads start in the order of their connections: the one that asks comes last.
    let after: Stats = ask(address, "/stats").unwrap();
    assert!(after.threads.unwrap() >= before.threads.unwrap() + 9, "{before:?} {after:?}");
    assert_eq!(after.tasks, None);
}
