//! The command line of `report`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Parser, Subcommand};
use reports_record::Destination;
use reports_render::RenderError;
use reports_render::criterion::Agreement;

/// Renders the page of a run, or of one measurement, from its results, or hands them to other tools.
///
/// Reads environment.json and trials.jsonl of the folder, or the file that loadgen --json wrote, and measures nothing. Lines that cannot be read are named on
/// stderr and left out. The path of what was written goes to stdout, unless that is where it was written: `-`, pipes and devices
/// are written to as they are. Exit codes: 0 written, 2 could not read or write.
#[derive(Debug, Parser)]
#[command(
    name = "report",
    version,
    max_term_width = 80,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) run: Option<RunArguments>,

    #[command(subcommand)]
    pub(crate) command: Option<Subcommands>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Subcommands {
    /// Render one page of what `cargo bench` left, or compare two invocations of it
    Criterion(BenchArguments),
    /// Render an index of a folder of runs: a row a run, with its question, answer and verdicts
    Index(IndexArguments),
}

/// The runs to list, and where their index goes.
#[derive(Debug, Args)]
pub(crate) struct IndexArguments {
    /// The folder that holds the runs' folders, e.g. reports/runs
    #[arg(value_name = "DIR")]
    runs: PathBuf,

    /// Where to write the index instead of index.html in that folder
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl IndexArguments {
    /// Writes the index; returns its path.
    pub(crate) fn write(&self) -> anyhow::Result<PathBuf> {
        reports_render::write_index(&self.runs, self.output.as_deref()).context("cannot render the index")
    }
}

/// Where the results of `cargo bench` are, and where their page goes.
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// The folder of criterion's results [default: criterion in cargo's target folder]
    #[arg(long, value_name = "DIR")]
    criterion: Option<PathBuf>,

    /// Show beside each explained request the nearest cell of this run
    ///
    /// The page is then written to costs.html in the run's folder, and a page of the run that is rendered afterwards links
    /// to it.
    #[arg(long, value_name = "FOLDER")]
    run: Option<PathBuf>,

    /// Where to write the page instead of crossover.html in the folder of results, or costs.html in the run's
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Compare with the results of another invocation, kept in a copy of that folder, instead of writing the page
    ///
    /// Counts the groups whose winner changes, and the intervals of one side that hold 1. Exit code 1 says that the two do
    /// not agree.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "run"])]
    against: Option<PathBuf>,
}

impl BenchArguments {
    /// Whether this invocation and the other one agree; `None` where no other one was named.
    pub(crate) fn compare(&self) -> Option<anyhow::Result<Agreement>> {
        let other = self.against.as_ref()?;
        Some(
            reports_render::criterion::compare(&self.results(), other)
                .context("cannot compare two invocations"),
        )
    }

    fn results(&self) -> PathBuf {
        let target = || {
            // The first that is set counts, as with cargo.
            let set = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"].into_iter().find_map(std::env::var_os);
            set.map_or_else(|| PathBuf::from("target"), PathBuf::from)
        };
        self.criterion.clone().unwrap_or_else(|| target().join("criterion"))
    }

    /// Writes the page; returns its path.
    pub(crate) fn write(&self) -> anyhow::Result<PathBuf> {
        let (results, run) = (self.results(), self.run.as_deref());
        let output = self.output.clone().unwrap_or_else(|| match run {
            Some(run) => run.join(reports_render::COSTS_PAGE),
            None => results.join("crossover.html"),
        });
        reports_render::criterion::write(&results, run, &output)
            .context("cannot render what cargo bench left")
    }
}

/// What to make of a run.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The run's folder, e.g. one below reports/runs, or a measurement's file, as loadgen --json writes it
    #[arg(value_name = "PATH")]
    pub(crate) results: PathBuf,

    /// Where to write the page instead of index.html in that folder, or beside that file with the ending html
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write the control pair's decision map for use elsewhere: a PNG where FILE ends in .png, else an SVG
    ///
    /// As all that follow: written whole or not at all, and instead of the page, unless --output asks for that too.
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,

    /// Write the ratio against connections, a panel a workload, for use elsewhere: likewise a PNG or an SVG
    #[arg(long, value_name = "FILE")]
    crossover: Option<PathBuf>,

    /// Write every attempt at a trial as comma-separated values, a row per loop
    ///
    /// Columns are explained in docs/FORMATS.md. An empty cell means that there is no such figure. Text that a
    /// spreadsheet would take for a formula has an apostrophe in front.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,

    /// Write HdrHistogram percentile tables to this new or empty folder, in milliseconds
    ///
    /// One per cell, contender and loop, all believable blocks merged: response times of open loops, service times of closed
    /// ones. Where waits were drawn, another one has the response times less each request's own wait.
    #[arg(long, value_name = "FOLDER")]
    hgrm: Option<PathBuf>,

    /// Write an HdrHistogram interval log: one interval per believable trial and loop, tagged contender:cell:loop
    ///
    /// Where waits were drawn, another one is tagged contender:cell:loop-beyond-wait.
    #[arg(long, value_name = "FILE")]
    hdr_log: Option<PathBuf>,
}

impl RunArguments {
    /// Does what was asked, each part by itself; gives the paths of what was written, and what went wrong.
    pub(crate) fn write(&self) -> Vec<anyhow::Result<PathBuf>> {
        let Self { results: directory, output, map, crossover, csv, hgrm, hdr_log } = self;
        if self.is_measurement() {
            return vec![self.write_measurement()];
        }
        if let Err(error) = self.expect_places_of_their_own() {
            return vec![Err(error)];
        }
        let asked = [
            output.as_ref().map(|to| reports_render::write_to(directory, to)),
            map.as_ref().map(|to| reports_render::write_map(directory, to)),
            crossover.as_ref().map(|to| reports_render::write_crossover(directory, to)),
            csv.as_ref().map(|to| reports_render::write_csv(directory, to)),
            hgrm.as_ref().map(|to| reports_render::write_hgrm(directory, to)),
            hdr_log.as_ref().map(|to| reports_render::write_hdr_log(directory, to)),
        ];
        let mut written: Vec<Result<PathBuf, RenderError>> = asked.into_iter().flatten().collect();
        if written.is_empty() {
            written.push(reports_render::write(directory));
        }
        let context = || format!("cannot render {}", directory.display());
        written.into_iter().map(|path| path.with_context(context)).collect()
    }

    /// Makes sure that no result takes another's place.
    fn expect_places_of_their_own(&self) -> anyhow::Result<()> {
        let Self { output, map, crossover, csv, hdr_log, .. } = self;
        let flags = [
            ("--output", output),
            ("--map", map),
            ("--crossover", crossover),
            ("--csv", csv),
            ("--hdr-log", hdr_log),
        ];
        let asked: Vec<(&str, &Path)> =
            flags.into_iter().filter_map(|(flag, path)| Some((flag, path.as_deref()?))).collect();
        let to_stdout = asked.iter().filter(|(_, path)| Destination::is_stdout_at(path));
        let named: Vec<&str> = to_stdout.map(|(flag, _)| *flag).collect();
        ensure!(
            named.len() < 2,
            "{} would all be written to stdout; give all but one a file of its own",
            named.join(" and ")
        );
        for (index, (flag, path)) in asked.iter().enumerate() {
            if let Some((other, _)) =
                asked[..index].iter().find(|(_, other)| Destination::are_one(other, path))
            {
                bail!(
                    "{other} and {flag} {} are the same file; give each result a file of its own",
                    path.display()
                );
            }
        }
        Ok(())
    }

    /// Whether what is there is no folder. What is not there is told of as a run.
    pub(crate) fn is_measurement(&self) -> bool {
        self.results.metadata().is_ok_and(|found| !found.is_dir())
    }

    fn write_measurement(&self) -> anyhow::Result<PathBuf> {
        let Self { results: file, output, map, crossover, csv, hgrm, hdr_log } = self;
        let of_runs = [
            ("--map", map),
            ("--crossover", crossover),
            ("--csv", csv),
            ("--hgrm", hgrm),
            ("--hdr-log", hdr_log),
        ];
        if let Some((flag, _)) = of_runs.iter().find(|(_, asked)| asked.is_some()) {
            bail!(
                "{flag}: {} is one measurement, expected a run's folder (leave {flag} out)",
                file.display()
            );
        }
        reports_render::measurement::write(file, output.as_deref())
            .with_context(|| format!("cannot render {}", file.display()))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_line_of_a_help_is_wider_than_80_columns_wherever_it_goes() {
        fn check(command: &mut clap::Command) {
            for help in [command.render_help(), command.render_long_help()].map(|help| help.to_string()) {
                let wide = help.lines().find(|line| line.chars().count() > 80);
                assert_eq!(wide, None, "{}", command.get_name());
            }
            command.get_subcommands_mut().for_each(check);
        }
        let mut command = Arguments::command();
        command.build();
        check(&mut command);
    }
}
