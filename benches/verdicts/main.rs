//! `cargo bench --bench verdicts`: what the rules make of differences that are known, measured in slices and one after another.
//!
//! One server is held against itself, with as many hash rounds a request (A/A) or with a planted share more. Each block has
//! fresh processes and measures them twice: each alone, one after another, and both in slices, for as long. Which of the two
//! ways comes first alternates.

mod block;
mod end_to_end;
mod flags;
mod server;
mod simulation;
mod tally;

use std::process::ExitCode;

use benches::bench::place::Place;
use benches::bench::started;
use clap::Parser as _;
use reports_terminal::talk;

use crate::flags::Flags;
use crate::server::{HASHING, be_hashing};
use crate::tally::Tally;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    started::end("verdicts", run(&arguments))
}

fn run(arguments: &[String]) -> anyhow::Result<i32> {
    match arguments.first().map(String::as_str) {
        Some(HASHING) => be_hashing(&arguments[1..]).map(|()| 0),
        _ if started::by_cargo_bench(arguments) => verdicts(&Flags::parse()),
        _ => end_to_end::test().map(|()| 0),
    }
}

/// Measures cell after cell of every planted difference in turn, so that all of them meet the same hours.
fn verdicts(flags: &Flags) -> anyhow::Result<i32> {
    let place = Place::find("verdicts")?;
    place.bind_client()?;
    let planted = flags.planted();
    talk!(
        "verdicts: {} cells of {} blocks for each of {} differences, about {} minutes; Ctrl-C prints what there is",
        flags.cells,
        flags.blocks,
        planted.len(),
        (flags.length().as_secs_f64() / 60.0).ceil()
    );
    let mut tallies: Vec<Tally> = planted.iter().map(|&more| Tally::of(more, flags.blocks)).collect();
    let mut seed = flags.seed;
    'cells: for _ in 0..flags.cells {
        for tally in &mut tallies {
            tally.begin_cell();
            for _ in 0..flags.blocks {
                seed = seed.wrapping_add(1);
                match block::measure(&place, flags, tally.more, seed) {
                    Err(_) if place.interrupt().is_raised() => break 'cells,
                    measured => tally.add(measured?),
                }
            }
        }
    }
    tally::table(&tallies).print()?;
    Ok(place.exit_code())
}
