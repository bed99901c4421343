//! The contender against ambiguous requests and under fault.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]
#![allow(clippy::disallowed_methods, reason = "the tests are clients and have no event loop to hold")]

#[path = "../../conformance/tests/every_contender/mod.rs"]
mod every_contender;

const NAME: &str = "actix-web";
const BINARY: &str = env!("CARGO_BIN_EXE_server-actix-web");
