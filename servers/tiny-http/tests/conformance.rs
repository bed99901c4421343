//! The contender against the contract, in both of its ways to use threads.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

use std::path::Path;

use servers_conformance::check_program;
use servers_conformance::contenders::Contenders;

fn holds(name: &str, flags: &[&str]) {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contenders.toml");
    let contenders = Contenders::load(&list).unwrap();
    let contender = contenders.get(name).unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_server-tiny-http")).parent().unwrap();
    let mut command = contender.command(binaries, "127.0.0.1:0".parse().unwrap());
    command.extend(flags.iter().map(|flag| (*flag).to_owned()));
    let report = check_program(contender, &command).unwrap();
    assert!(report.holds(), "{report}");
}

#[test]
fn a_thread_per_request_holds_the_contract() {
    holds("tiny-http", &[]);
}

#[test]
fn a_bounded_pool_holds_the_contract() {
    holds("tiny-http", &["--threads", "2"]);
    holds("tiny-http-pool", &[]);
}
