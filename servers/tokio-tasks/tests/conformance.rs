//! The contender against the contract.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

use std::path::Path;

use servers_conformance::{check_program, contenders::Contenders};

fn holds_without_an_exception(name: &str) {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contenders.toml");
    let contenders = Contenders::load(&list).unwrap();
    let contender = contenders.get(name).unwrap();
    assert!(contender.exceptions.is_empty());
    let binaries = Path::new(env!("CARGO_BIN_EXE_server-tokio-tasks")).parent().unwrap();
    let report =
        check_program(contender, &contender.command(binaries, "127.0.0.1:0".parse().unwrap())).unwrap();
    assert!(report.holds(), "{report}");
}

#[test]
fn loops_of_their_own_hold_the_contract() {
    holds_without_an_exception("tokio-tasks");
}

#[test]
fn a_runtime_that_steals_holds_the_contract() {
    holds_without_an_exception("tokio-stealing");
}
