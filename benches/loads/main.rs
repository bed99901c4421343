//! `cargo bench --bench loads`: does a closed loop tell the same story as Poisson arrivals at its rate, and from which rate on do tasks
//! cost less than threads?
//!
//! CPU per request of the control pair, tasks ÷ threads: in a closed loop with drawn waits, in one in lock step, and in open loops at
//! the rate of the first, with drawn waits and starts on time, as runs have them, and with one wait for all; then in open loops along the
//! rate, with drawn waits and starts on time. Both contenders of a block are fresh processes, and the client turns between them in slices.
//! Blocks of all cells alternate, so that all of them meet the same minutes.

mod block;
mod cell;
mod end_to_end;
mod found;
mod kind;
mod ratio;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use benches::bench::place::Place;
use benches::bench::started;
use benches::bench::table::print;
use clap::Parser;
use reports_terminal::talk;

use crate::block::{Field, Rounds, SUPERVISE};
use crate::cell::{COMPARED, LADDERS};
use crate::found::{Climbed, Compared};

/// Compare what a request costs threads and tasks under five loads, and find the rate from which tasks cost less
///
/// Prints server CPU per request and its ratio, tasks ÷ threads: under each load with how far it departs from Poisson arrivals at the same
/// rate and with the same waits, then along the rate, with the crossover beside a prototype's. A cell with too few fit blocks says so. About eight
/// minutes; the machine should have nothing else to do.
#[derive(Debug, Parser)]
#[command(name = "loads", max_term_width = 80)]
struct Flags {
    /// Blocks of every cell, each of fresh processes
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=1000))]
    blocks: u32,

    /// Begin no block that would end later than this many minutes after the first
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=600))]
    minutes: u32,

    /// Show that it works in seconds: one small cell of each table, six short blocks
    #[arg(long, conflicts_with = "blocks")]
    quick: bool,

    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    started::end("loads", run(&arguments))
}

fn run(arguments: &[String]) -> anyhow::Result<i32> {
    match arguments.first().map(String::as_str) {
        // Contenders are started by this program as their supervisor.
        Some(SUPERVISE) => benches::supervise::from_arguments(&arguments[1..]),
        _ if started::by_cargo_bench(arguments) => loads(&Flags::parse()),
        _ => end_to_end::test().map(|()| 0),
    }
}

fn loads(flags: &Flags) -> anyhow::Result<i32> {
    let (cells, blocks) = if flags.quick { (1, 6) } else { (COMPARED.len(), flags.blocks) };
    let rounds = if flags.quick {
        Rounds { drawn: 1, lock_step: 1, poisson: 1, rate: 1 }
    } else {
        Rounds { drawn: 4, lock_step: 1, poisson: 4, rate: 2 }
    };
    let place = Place::find("loads")?;
    let field = Field::build(&place, rounds)?;
    place.bind_client()?;
    let compared = COMPARED[..cells].iter().map(|&cell| Compared { cell, blocks: Vec::new() });
    let mut compared: Vec<Compared> = compared.collect();
    let ladders = LADDERS[..cells].iter().map(|&ladder| Climbed { ladder, blocks: Vec::new() });
    let mut climbed: Vec<Climbed> = ladders.collect();
    let limit = Duration::from_secs(60 * u64::from(flags.minutes));
    let (begun, mut longest, mut made) = (Instant::now(), Duration::ZERO, 0);
    while made < blocks && begun.elapsed() + longest <= limit && !place.interrupt().is_raised() {
        let block_begun = Instant::now();
        made += 1;
        add_block(&field, &place, u64::from(made), &mut compared, &mut climbed);
        longest = longest.max(block_begun.elapsed());
    }
    found::loads(&compared).print()?;
    found::rates(&climbed).print()?;
    found::crossovers(&climbed).print()?;
    print(format!(
        "{made} of {blocks} blocks in {:.0} s. Intervals are of 95 %, over blocks; a rate is decided where its interval leaves out 1.",
        begun.elapsed().as_secs_f64()
    ))?;
    Ok(place.exit_code())
}

/// Measures a block of every cell; one that fails is left out, and said.
fn add_block(
    field: &Field<'_>,
    place: &Place,
    seed: u64,
    compared: &mut [Compared],
    climbed: &mut [Climbed],
) {
    let left_out = |cell: cell::Cell, error: anyhow::Error| {
        if !place.interrupt().is_raised() {
            let [wait, connections] = cell.columns();
            talk!("loads: block {seed} of {wait}, {connections} connections, is left out: {error:#}");
        }
    };
    for found in compared {
        match field.loads(found.cell, seed) {
            Ok(ratios) => found.blocks.push(ratios),
            Err(error) => left_out(found.cell, error),
        }
    }
    for found in climbed {
        match field.climb(&found.ladder, seed) {
            Ok(ratios) => found.blocks.push(ratios),
            Err(error) => left_out(found.ladder.cell, error),
        }
    }
}
