//! A contender in another language: an entry in a list and a script are all it takes.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

use std::path::Path;
use std::process::{Command, Stdio};

use servers_conformance::check_program;
use servers_conformance::contenders::Contenders;

#[test]
fn a_script_in_another_language_answers_the_contract() {
    let python = Command::new("python3").arg("--version").stdout(Stdio::null()).status();
    if !python.is_ok_and(|status| status.success()) {
        eprintln!("NOT TESTED: no python3 on this machine, so the foreign contender was not started");
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign");
    let contenders = Contenders::load(&folder.join("contenders.toml")).unwrap();
    let contender = contenders.get("foreign").unwrap();
    let mut command = contender.command(Path::new(""), "127.0.0.1:0".parse().unwrap());
    // The runner starts contenders from the repository's root, cargo its tests from the package's.
    command[1] = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(&command[1]).display().to_string();
    let report = check_program(contender, &command).unwrap();
    assert!(report.holds(), "{report}");
}
