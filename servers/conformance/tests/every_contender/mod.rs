//! What every contender's tests hold it to besides the suite: included by path, run against its own program.
//!
//! The file that includes it says what [`super::NAME`] and [`super::BINARY`] are.

mod faults;
mod flags;
mod framing;
mod upstream;

use std::path::Path;

use servers_conformance::contenders::{Contender, Contenders};

use super::{BINARY, NAME};

/// The contender as it is listed.
fn contender() -> Contender {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contenders.toml");
    Contenders::load(&list).unwrap().get(NAME).unwrap().clone()
}

/// The command that starts it.
fn command() -> Vec<String> {
    contender().command(Path::new(BINARY).parent().unwrap(), "127.0.0.1:0".parse().unwrap())
}
