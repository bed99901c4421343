//! More connections than allowed, and many one after another.

use std::{fs, time::Instant};

use servers_conformance::ask;
use servers_contract::Stats;

use super::{PATIENCE, connect, hello, rest, start, stats, until};

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
