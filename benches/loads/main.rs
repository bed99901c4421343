//! `cargo bench --bench loads`: does a closed loop tell the same story as Poisson arrivals at its rate?
//!
//! CPU per request of the control pair, tasks ÷ threads: in a closed loop with drawn waits, in one in lock step, and in an open loop at
//! the rate of the first. Both contenders of a block are fresh processes, and the client turns between them in slices.

mod agreement;
mod block;
mod end_to_end;

use std::process::ExitCode;
use std::time::Duration;

use benches::bench::place::Place;
use benches::bench::started;
use benches::bench::table::{Table, print};
use clap::Parser;
use reports_terminal::talk;

use crate::agreement::Agreement;
use crate::block::{Field, Ratios, SUPERVISE};

/// Compare what a request costs threads and tasks under three loads: closed and drawn, closed in lock step, Poisson
///
/// Prints one table: the ratio of server CPU per request, tasks ÷ threads, under each load, and by how much each closed loop departs from
/// Poisson arrivals at equal rates. About a minute for eight blocks; the machine should have nothing else to do.
#[derive(Debug, Parser)]
#[command(name = "loads")]
struct Flags {
    /// Blocks, each of fresh processes
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=1000))]
    blocks: u32,

    /// Connections of the closed loops
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000))]
    connections: u32,

    /// The wait that a request asks for, milliseconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    wait_ms: u32,

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
        _ if started::by_cargo_bench(arguments) => compare(&Flags::parse()),
        _ => end_to_end::test().map(|()| 0),
    }
}

fn compare(flags: &Flags) -> anyhow::Result<i32> {
    let field = Field::build(flags.connections, Duration::from_millis(flags.wait_ms.into()))?;
    let place = Place::find("loads")?;
    place.bind_client()?;
    let mut blocks: Vec<Ratios> = Vec::new();
    for number in 0..flags.blocks {
        match block::measure(&field, &place, u64::from(number) + 1) {
            Err(_) if place.interrupt().is_raised() => break,
            Err(error) => talk!("loads: block {} is left out: {error:#}", number + 1),
            Ok(ratios) => blocks.push(ratios),
        }
    }
    table(&blocks).print()?;
    print(format!(
        "{} of {} blocks; {} connections, {} ms of wait. Intervals are of 95 %, over blocks.\n",
        blocks.len(),
        flags.blocks,
        flags.connections,
        flags.wait_ms
    ))?;
    Ok(place.exit_code())
}

fn table(blocks: &[Ratios]) -> Table {
    let mut table =
        Table::new(["load", "requests/s", "CPU per request, tasks ÷ threads", "÷ Poisson's", "agrees"]);
    for (load, of) in block::LOADS {
        let agreement = Agreement::of(blocks, of);
        let rate = blocks.iter().map(|block| of(block).rate).sum::<f64>() / blocks.len().max(1) as f64;
        let mut row = vec![load.to_owned(), format!("{rate:.0}")];
        row.extend(agreement.cells());
        table.push(row);
    }
    table
}
