//! `cargo bench`: what the pieces of both models cost, a blocking side and an awaiting side of each.
//!
//! A group is a pair: `cargo bench -- hand_over` measures both sides of every hand-over, in turns ([`sides`]), in several passes
//! ([`passes`]) and in a new process in each ([`process`]). Beside criterion's estimates each group keeps its rounds and each bench
//! its samples ([`kept`]); `report criterion` judges them and puts them on one page. Criterion gives command line, filters and baselines.
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
mod passes;
mod process;
mod request;
mod select;
mod served;
mod session;
mod sides;
mod sleepers;
mod spawn;
mod timer;
mod waits;

use std::cell::RefCell;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use benches::bench::started;
use benches::supervise;
use criterion::Criterion;
use criterion::measurement::Measurement;
use reports_terminal::talk;

use crate::passes::Passes;
use crate::session::{Driver, Invocation, Session};

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

/// Passes that the rounds of a bench are spread over, each in a process of its own. A group has twice as many processes, of which
/// either half is enough for an interval of its own.
const PASSES: usize = 6;

/// This program starts itself for several reasons: to measure a bench's share of a pass, to keep a contender on its leash, and to
/// measure memory in a fresh process.
fn run(arguments: &[String]) -> anyhow::Result<i32> {
    if let Some(rest) = without_test_threads(arguments) {
        let own = std::env::current_exe().context("cannot find this program to start it again")?;
        return Err(Command::new(own).args(rest).exec()).context("cannot start this program again");
    }
    match arguments.first().map(String::as_str) {
        Some("supervise") => supervise::from_arguments(&arguments[1..]),
        Some(process::PROCESS) => process(&arguments[1..]).map(|()| 0),
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

/// Every bench has a thread in which criterion measures it, since criterion ends one before it begins the next: so the rounds of each
/// are spread over all passes.
fn every_group(arguments: &[String]) -> anyhow::Result<()> {
    let passes = if command_line::is_short(arguments) { 1 } else { PASSES };
    let invocation = Arc::new(Invocation::begin(passes)?);
    command_line::check_baseline(arguments, &invocation.results)?;
    let mut criterion = configured(Criterion::default(), &invocation.results);
    let names = names(&mut criterion, &invocation.results);
    let passes = Passes::begin(names.len(), passes);
    thread::scope(|scope| {
        for (number, bench) in names.into_iter().enumerate() {
            let driver = Driver { bench, place: passes.place(number), invocation: Arc::clone(&invocation) };
            scope.spawn(move || drive(driver));
        }
    });
    criterion.final_summary();
    command_line::check_that_something_ran(arguments, &invocation)?;
    model::keep(&invocation.results)
}

/// The names of all benches in the order of a pass: both sides of a group lie half a pass apart.
fn names(criterion: &mut Criterion, results: &Path) -> Vec<String> {
    let session = Session::Names(RefCell::default());
    groups(criterion, &mut in_bytes(results), &session);
    let Session::Names(names) = session else { return Vec::new() };
    let mut names = names.into_inner();
    names.sort_by_key(|name| name.ends_with("/async"));
    names
}

/// Lets criterion measure one bench when it is its turn.
fn drive(driver: Driver) {
    driver.place.wait();
    let results = driver.invocation.results.clone();
    let session = Session::Driver(driver);
    groups(&mut configured(Criterion::default(), &results), &mut in_bytes(&results), &session);
}

/// As a process of the bench that the arguments name.
fn process(arguments: &[String]) -> anyhow::Result<()> {
    let [bench, built] = arguments else {
        bail!("cannot be a process of {arguments:?}, expected a bench and the contenders that were built")
    };
    let built =
        serde_json::from_str(built).with_context(|| format!("cannot start contenders from {built:?}"))?;
    if let Some(built) = built {
        served::take_over(built);
    }
    let session = Session::Process(bench.clone());
    groups(&mut Criterion::default(), &mut Criterion::default().with_measurement(memory::Bytes), &session);
    Ok(())
}

fn groups(criterion: &mut Criterion, in_bytes: &mut Criterion<memory::Bytes>, session: &Session) {
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
        group(criterion, session);
    }
    memory::benches(in_bytes, session);
}

fn in_bytes(results: &Path) -> Criterion<memory::Bytes> {
    configured(Criterion::default().with_measurement(memory::Bytes), results)
}

/// How long criterion measures a bench.
const USUAL: Duration = Duration::from_secs(1);

/// How long it may take at the most under `--quick`: a first call that takes longer than this is told as two, and leaves no samples.
const QUICK: Duration = Duration::from_secs(3);

/// Short, for there are many: rounds for a second with each side, after a warm-up. 2,000 resamples are for criterion's own
/// estimates; the page judges by rounds.
fn configured<M: Measurement>(criterion: Criterion<M>, results: &Path) -> Criterion<M> {
    criterion
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(if std::env::args().any(|argument| argument == "--quick") { QUICK } else { USUAL })
        .nresamples(2_000)
        .output_directory(results)
        .configure_from_args()
}
