//! `loadgen`: pushes load at an HTTP server and says what came of it.

mod cli;
mod command;

use std::process::ExitCode;

use clap::Parser;

use cli::arguments::{Arguments, Command};

fn main() -> ExitCode {
    let Arguments { command, measure } = Arguments::parse();
    match command {
        None => command::measure::run(&measure),
        Some(Command::Capacity(flags)) => command::capacity::run(&flags),
        Some(Command::Merge(flags)) => command::merge::run(&flags),
        Some(Command::Completions { shell }) => command::describe::completions(shell),
        Some(Command::Man) => command::describe::man(),
    }
}
