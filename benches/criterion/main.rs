//! `cargo bench`: what the pieces of both models cost, a blocking side and an awaiting side of each.
//!
//! A group is a pair: `cargo bench -- hand_over` measures both sides of every hand-over. Beside criterion's estimates
//! each bench keeps its samples as an HDR histogram ([`kept`]); `report criterion` puts both on one page.
//! The awaiting side is an event loop on one thread, as in the contenders.

mod channel;
mod clock;
mod event_loop;
mod hand_over;
mod hot_path;
mod kept;
mod lock;
mod memory;
mod one_cpu;
mod pool_hop;
mod request;
mod served;
mod spawn;
mod timer;

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::Context as _;
use benches::supervise;
use criterion::Criterion;
use criterion::measurement::Measurement;
use reports_terminal::talk;

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
        _ => every_group().map(|()| 0),
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

fn every_group() -> anyhow::Result<()> {
    let results = results()?;
    let mut criterion = configured(Criterion::default(), &results);
    for group in [
        spawn::benches,
        hand_over::benches,
        channel::benches,
        lock::benches,
        timer::benches,
        pool_hop::benches,
        request::benches,
        hot_path::benches,
    ] {
        group(&mut criterion, &results);
    }
    criterion.final_summary();
    memory::benches(
        &mut configured(Criterion::default().with_measurement(memory::Bytes), &results),
        &results,
    );
    Ok(())
}

/// Short, for there are many: 30 samples in 4 s, after a warm-up. 10,000 resamples place an end of a 95 % interval to
/// about a hundredth of its width, and take milliseconds.
fn configured<M: Measurement>(criterion: Criterion<M>, results: &Path) -> Criterion<M> {
    criterion
        .sample_size(30)
        .warm_up_time(Duration::from_millis(700))
        .measurement_time(Duration::from_secs(4))
        .nresamples(10_000)
        .output_directory(results)
        .configure_from_args()
}

/// Where criterion keeps results and `report criterion` looks for them: `criterion` in cargo's target folder.
fn results() -> anyhow::Result<PathBuf> {
    let root = benches::root::find()?;
    Ok(benches::artifacts::target_folder(&root)?.join("criterion"))
}
