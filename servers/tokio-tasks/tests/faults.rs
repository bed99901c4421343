//! The contender, on loops of its own and on a runtime that steals, against ambiguous requests and under fault.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]
#![allow(clippy::duplicate_mod, reason = "one program, listed twice")]

const BINARY: &str = env!("CARGO_BIN_EXE_server-tokio-tasks");

#[path = "."]
mod tasks {
    use super::BINARY;

    #[path = "../../conformance/tests/every_contender/mod.rs"]
    mod every_contender;

    const NAME: &str = "tokio-tasks";
}

#[path = "."]
mod stealing {
    use super::BINARY;

    #[path = "../../conformance/tests/every_contender/mod.rs"]
    mod every_contender;

    const NAME: &str = "tokio-stealing";
}
