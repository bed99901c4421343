//! The command line described for other programs: shells and `man`.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_complete::Shell;
use reports_terminal::print;

use super::{UNWRITTEN, VALID, complain};
use crate::cli::arguments::Arguments;
use crate::cli::manual;

/// Prints what has `shell` complete flags and their values.
pub(crate) fn completions(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "loadgen", &mut script);
    write(&script)
}

/// Prints the manual page.
pub(crate) fn man() -> ExitCode {
    let page = manual::page(Arguments::command());
    page.map_or_else(|error| complain(&error.into(), UNWRITTEN), |page| write(&page))
}

fn write(text: &[u8]) -> ExitCode {
    let written = print(text).context("could not write to stdout");
    written.map_or_else(|error| complain(&error, UNWRITTEN), |()| ExitCode::from(VALID))
}
