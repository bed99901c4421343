//! `report`: renders the page of a run or of one measurement from its results, and exports a run's.

mod cli;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use reports_record::{Destination, Folder, outlive_full_files};
use reports_render::criterion::Agreement;
use reports_render::number;
use reports_terminal::{print, talk};

use cli::{Arguments, BenchArguments, RunArguments, Subcommands};

/// Lines that could not be read and are named in full; beyond, they are counted.
const LISTED: usize = 20;

fn main() -> ExitCode {
    let Arguments { run, command } = Arguments::parse();
    if let Err(error) = outlive_full_files() {
        complain(&format!("cannot catch the signal of a file that reached its limit: {error}"));
        return ExitCode::from(2);
    }
    match (command, run) {
        (Some(Subcommands::Criterion(benches)), _) => report_benches(&benches),
        (Some(Subcommands::Index(index)), _) => finish(index.write()),
        (None, Some(run)) => report(&run),
        // clap asks for the one or the other.
        (None, None) => ExitCode::from(2),
    }
}

/// What `cargo bench` left.
fn report_benches(benches: &BenchArguments) -> ExitCode {
    match benches.compare() {
        Some(agreement) => report_agreement(agreement),
        None => finish(benches.write()),
    }
}

/// Tells the path of the one file that was written.
fn finish(written: anyhow::Result<PathBuf>) -> ExitCode {
    match written.and_then(|path| tell(&path)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Whether two invocations of `cargo bench` agree.
fn report_agreement(agreement: anyhow::Result<Agreement>) -> ExitCode {
    let told = agreement.and_then(|agreement| {
        print(format!("{agreement}\n")).context("cannot write the comparison to stdout")?;
        Ok(agreement.holds())
    });
    match told {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

/// What was asked of a run or a measurement.
fn report(run: &RunArguments) -> ExitCode {
    if !run.is_measurement() {
        tell_skipped(&run.results);
    }
    let results = run.write().into_iter().map(|written| written.and_then(|path| tell(&path)));
    // Each is tried, whatever became of those before it.
    let failed: Vec<anyhow::Error> = results.filter_map(Result::err).collect();
    failed.iter().for_each(|error| complain(&format!("{error:#}")));
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

/// Names the lines of the record that cannot be read. What else is wrong with it is told when it is used.
fn tell_skipped(directory: &Path) {
    let folder = Folder::open(directory);
    let (Ok(log), Ok((_, skipped))) = (folder.log(), folder.lines()) else { return };
    for line in skipped.iter().take(LISTED) {
        complain(&format!("{} line {} is left out: {}", log.display(), line.number, line.reason));
    }
    if skipped.len() > LISTED {
        complain(&format!("and {} more", number::counted(skipped.len() - LISTED, "line")));
    }
}

/// Prints the path of what was written; nothing where that went to stdout itself.
fn tell(path: &Path) -> anyhow::Result<()> {
    if Destination::is_stdout_at(path) {
        return Ok(());
    }
    print(format!("{}\n", path.display())).context("cannot write the path to stdout")
}

fn complain(message: &str) {
    talk!("report: {message}");
}
