//! `cargo bench --bench pacing`: how late requests start, by who waits for their intended starts, and how.
//!
//! A server that answers at once has one CPU to itself and never gives it up, the client's thread has the other.

mod by_loadgen;
mod by_milliseconds;
mod by_oha;
mod end_to_end;
mod flags;
mod lateness;

use std::process::ExitCode;

use benches::bench::metered::{METERED, be_meter};
use benches::bench::place::Place;
use benches::bench::scripted::{SCRIPTED, be_scripted};
use benches::bench::started;
use benches::bench::table::print;
use clap::Parser as _;
use loadgen::Pacing;
use reports_terminal::talk;

use crate::flags::Flags;
use crate::lateness::Lateness;

/// More connections than are ever in flight while the server keeps up.
const CONNECTIONS: u32 = 256;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    started::end("pacing", run(&arguments))
}

fn run(arguments: &[String]) -> anyhow::Result<i32> {
    match arguments.first().map(String::as_str) {
        Some(SCRIPTED) => be_scripted(&arguments[1..]).map(|()| 0),
        Some(METERED) => be_meter(&arguments[1..]),
        _ if started::by_cargo_bench(arguments) => compare(&Flags::parse()),
        _ => end_to_end::test().map(|()| 0),
    }
}

fn compare(flags: &Flags) -> anyhow::Result<i32> {
    let place = Place::find("pacing")?;
    place.bind_client()?;
    let (rates, window) = (flags.rates(), flags.window());
    talk!(
        "pacing: about {} s in all; Ctrl-C prints what there is",
        rates.len() as u64 * 4 * window.as_secs()
    );
    let mut table = lateness::table();
    'all: for rate in rates {
        let ways: [&dyn Fn() -> anyhow::Result<Option<Lateness>>; 4] = [
            &|| by_loadgen::measure(&place, rate, window, Pacing::Spin).map(Some),
            &|| by_loadgen::measure(&place, rate, window, Pacing::Timer).map(Some),
            &|| by_milliseconds::measure(&place, rate, window).map(Some),
            &|| by_oha::measure(&place, rate, window),
        ];
        for way in ways {
            match way() {
                Err(_) if place.interrupt().is_raised() => break 'all,
                told => told?.into_iter().for_each(|lateness| table.push(lateness.row(rate))),
            }
        }
    }
    table.print()?;
    print(lateness::LEGEND)?;
    Ok(place.exit_code())
}
