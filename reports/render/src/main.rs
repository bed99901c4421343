//! `report`: renders a run's page again from its results.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;

/// Renders the page of a run from its results.
///
/// Reads environment.json and trials.jsonl of the folder, measures nothing, and replaces an earlier page.
/// The page's path goes to stdout. Exit codes: 0 rendered, 2 could not read or write.
#[derive(Debug, Parser)]
#[command(name = "report", version)]
struct Arguments {
    /// The run's folder, e.g. one below reports/runs
    directory: PathBuf,

    /// Where to write the page instead of index.html in that folder
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write only the control pair's decision map, as an SVG for use elsewhere
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    map: Option<PathBuf>,
}

fn main() -> ExitCode {
    match render(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to be told if stderr is closed too.
            let _ = writeln!(io::stderr(), "report: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn render(arguments: &Arguments) -> anyhow::Result<()> {
    let written = match (&arguments.map, &arguments.output) {
        (Some(map), _) => reports_render::write_map(&arguments.directory, map),
        (None, Some(output)) => reports_render::write_to(&arguments.directory, output),
        (None, None) => reports_render::write(&arguments.directory),
    };
    let page = written.with_context(|| format!("cannot render {}", arguments.directory.display()))?;
    match writeln!(io::stdout(), "{}", page.display()) {
        // The page is written; a reader who closed the pipe did not want its path.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        told => told.context("cannot write the page's path to stdout"),
    }
}
