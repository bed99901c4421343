//! `cargo bench`: what the pieces of both models cost, a blocking side and an awaiting side of each.
//!
//! A group is a pair: `cargo bench -- hand_over` measures both sides of every hand-over, in turns ([`group`]). Beside
//! criterion's estimates each group keeps its rounds and each bench its samples ([`kept`]); `report criterion` judges
//! them and puts them on one page. Criterion gives command line, filters and baselines.
//! The awaiting side is an event loop on one thread, as in the contenders.

mod accept;
mod across;
mod bound;
mod bridge;
mod channel;
mod clock;
mod command_line;
mod connections;
mod cost;
mod disturbance;
mod end_to_end;
mod event_loop;
mod giving_up;
mod group;
mod hand_over;
mod hot_path;
mod interrupted;
mod interrupts;
mod kept;
mod lock;
mod memory;
mod model;
mod parts;
mod request;
mod select;
mod served;
mod session;
mod sleepers;
mod spawn;
mod timer;
mod waits;

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::Context as _;
use benches::bench::started;
use benches::supervise;
use criterion::Criterion;
use criterion::measurement::Measurement;
use reports_terminal::talk;

use crate::session::Session;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            talk!("costs: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// This program starts itself twice over: to keep a contender on its leash, and to measure memory in a fresh process.
fn run(arguments: &[String]) -> anyhow::Result<i32> {
    if let Some(rest) = without_test_threads(arguments) {
        let own = std::env::current_exe().context("cannot find this program to start it again")?;
        return Err(Command::new(own).args(rest).exec()).context("cannot start this program again");
    }
    match arguments.first().map(String::as_str) {
        Some("supervise") => supervise::from_arguments(&arguments[1..]),
        Some(memory::CROWD) => memory::crowd(&arguments[1..]).map(|()| 0),
        _ if started::by_cargo_bench(arguments) => every_group(arguments).map(|()| 0),
        // As `cargo test` starts it: each bench once, small; then what `cargo bench` leaves, unless a test was asked for by name.
        _ => every_group(arguments)
            .and_then(|()| if command_line::has_filter(arguments) { Ok(()) } else { end_to_end::test() })
            .map(|()| 0),
    }
}

/// The arguments without `--test-threads`, if they have it: `cargo test -- --test-threads 1` hands libtest's flags to
/// every target, criterion refuses this one, and the benches run one after another anyway.
fn without_test_threads(arguments: &[String]) -> Option<Vec<&String>> {
    let (flag, with_value) = ("--test-threads", "--test-threads=");
    // What comes behind `--` is a contender's.
    let own = arguments.split(|argument| argument == "--").next().unwrap_or(arguments);
    if !own.iter().any(|argument| argument == flag || argument.starts_with(with_value)) {
        return None;
    }
    let mut rest = Vec::new();
    let mut all = arguments.iter();
    while let Some(argument) = all.next() {
        if argument == flag {
            all.next();
        } else if !argument.starts_with(with_value) {
            rest.push(argument);
        }
    }
    Some(rest)
}

fn every_group(arguments: &[String]) -> anyhow::Result<()> {
    let session = Session::begin()?;
    command_line::check_baseline(arguments, &session.results)?;
    let mut criterion = configured(Criterion::default(), &session.results);
    for group in [
        connections::benches,
        sleepers::benches,
        request::benches,
        parts::benches,
        across::benches,
        interrupted::benches,
        accept::benches,
        bridge::benches,
        hand_over::benches,
        spawn::benches,
        channel::benches,
        lock::benches,
        select::benches,
        giving_up::benches,
        timer::benches,
        hot_path::benches,
    ] {
        group(&mut criterion, &session);
    }
    criterion.final_summary();
    let bytes = Criterion::default().with_measurement(memory::Bytes);
    memory::benches(&mut configured(bytes, &session.results), &session);
    command_line::check_that_something_ran(arguments, &session)?;
    model::keep(&session.results)
}

/// Short, for there are many: rounds for 1.2 s with each side, after a warm-up. 1,000 resamples are for criterion's own
/// estimates; the page judges by rounds.
fn configured<M: Measurement>(criterion: Criterion<M>, results: &Path) -> Criterion<M> {
    criterion
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(1200))
        .nresamples(1_000)
        .output_directory(results)
        .configure_from_args()
}
