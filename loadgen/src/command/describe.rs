//! The command line described for other programs: shells and `man`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{UNWRITTEN, VALID, complain};
use crate::cli::arguments::Arguments;
use crate::cli::manual;
use crate::cli::unless_closed;

/// Prints what has `shell` complete flags and their values.
pub(crate) fn completions(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "loadgen", &mut script);
    print(&script)
}

/// Prints the manual page.
pub(crate) fn man() -> ExitCode {
    let page = manual::page(Arguments::command());
    page.map_or_else(|error| complain(&error.into(), UNWRITTEN), |page| print(&page))
}

fn print(text: &[u8]) -> ExitCode {
    let written = unless_closed(io::stdout().write_all(text)).context("could not write to stdout");
    written.map_or_else(|error| complain(&error, UNWRITTEN), |()| ExitCode::from(VALID))
}
