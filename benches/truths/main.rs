//! `cargo bench --bench truths`: servers whose behaviour follows from arithmetic, and what is measured of them.
//!
//! Each server is a process with a CPU of its own that it never gives up; the load generator's thread has another.

mod delay;
mod end_to_end;
mod evenly;
mod flags;
mod measured;
mod queue;
mod stall;
mod verdict;

use std::process::ExitCode;

use benches::bench::metered::{METERED, be_meter};
use benches::bench::place::Place;
use benches::bench::scripted::{SCRIPTED, be_scripted};
use benches::bench::started;
use clap::Parser as _;
use reports_terminal::talk;

use crate::flags::{Flags, Truth};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    started::end("truths", run(&arguments))
}

fn run(arguments: &[String]) -> anyhow::Result<i32> {
    match arguments.first().map(String::as_str) {
        Some(SCRIPTED) => be_scripted(&arguments[1..]).map(|()| 0),
        Some(METERED) => be_meter(&arguments[1..]),
        _ if started::by_cargo_bench(arguments) => truths(&Flags::parse()),
        _ => end_to_end::test().map(|()| 0),
    }
}

fn truths(flags: &Flags) -> anyhow::Result<i32> {
    let place = Place::find("truths")?;
    place.bind_client()?;
    let truths = flags.truths();
    talk!("truths: about {} s in all; Ctrl-C prints what there is", flags.length().as_secs());
    let mut verdicts = verdict::table();
    let mut queues = queue::table();
    for truth in &truths {
        let told = match truth {
            Truth::Stall => stall::tell(&place, flags.quick, &mut verdicts),
            Truth::Delay => delay::tell(&place, flags.quick, &mut verdicts),
            Truth::Evenly => evenly::tell(&place, flags.quick, &mut verdicts),
            Truth::Queue => queue::tell(&place, flags.quick, &mut queues),
        };
        match told {
            Err(_) if place.interrupt().is_raised() => break,
            told => told?,
        }
    }
    if truths.iter().any(|truth| *truth != Truth::Queue) {
        verdicts.print()?;
    }
    if truths.contains(&Truth::Queue) {
        queues.print()?;
    }
    Ok(place.exit_code())
}
