//! Everything that a contender must survive, staged; what its stack cannot is listed with its reason.

use servers_conformance::contenders::Role;
use servers_conformance::faults::stage;

use super::{command, contender};

#[test]
fn it_survives_every_fault_but_those_that_are_listed() {
    let contender = contender();
    assert!(contender.role == Role::Stock || contender.exceptions.is_empty());
    let report = stage(&contender, &command());
    println!("{report}");
    assert!(report.holds(), "{report}");
}
