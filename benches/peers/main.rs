//! `cargo bench --bench peers`: what other load generators cost, and this one, against the same server in the same run.
//!
//! Server and clients have a CPU each. Clients take turns within a round, and each is compared with wrk in its round, so
//! that what the machine does from minute to minute cancels. `scripts/peers` installs them all.

mod answer;
mod closed;
mod end_to_end;
mod field;
mod flags;
mod open;
mod peer;
mod spread;

use std::process::ExitCode;

use benches::bench::metered::{METERED, be_meter};
use benches::bench::started;
use benches::supervise;
use clap::Parser as _;
use reports_terminal::talk;

use crate::field::Field;
use crate::flags::Flags;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    started::end("peers", run(&arguments))
}

fn run(arguments: &[String]) -> anyhow::Result<i32> {
    match arguments.first().map(String::as_str) {
        Some("supervise") => supervise::from_arguments(&arguments[1..]),
        Some(METERED) => be_meter(&arguments[1..]),
        _ if started::by_cargo_bench(arguments) => compare(&Flags::parse()),
        _ => end_to_end::test().map(|()| 0),
    }
}

fn compare(flags: &Flags) -> anyhow::Result<i32> {
    let field = Field::prepare()?;
    let table = match flags.open {
        Some(rate) => open::table(&field, flags, rate)?,
        None => closed::table(&field, flags)?,
    };
    table.print()?;
    if let Some(nothing) = field.nothing_to_compare().filter(|_| flags.open.is_none()) {
        talk!("peers: {nothing}");
    }
    Ok(field.place.exit_code())
}
