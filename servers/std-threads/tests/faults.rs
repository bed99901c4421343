//! The contender against ambiguous requests and under fault.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

#[path = "../../conformance/tests/every_contender/mod.rs"]
mod every_contender;

const NAME: &str = "std-threads";
const BINARY: &str = env!("CARGO_BIN_EXE_server-std-threads");
