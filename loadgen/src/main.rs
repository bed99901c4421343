//! `loadgen`: pushes load at an HTTP server and says what came of it.

mod cli;
mod command;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use cli::arguments::{Arguments, Command};
use cli::refusal;

fn main() -> ExitCode {
    if let Err(error) = reports_record::outlive_full_files() {
        return command::complain(&anyhow::Error::from(error), command::NOT_STARTED);
    }
    let Arguments { command, measure } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let words: Vec<_> =
                std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
            let mut command = Arguments::command();
            command.build();
            return refusal::show(&error, &command, &words);
        }
    };
    match command {
        None => command::measure::run(&measure),
        Some(Command::Capacity(flags)) => command::capacity::run(&flags),
        Some(Command::Merge(flags)) => command::merge::run(&flags),
        Some(Command::Completions { shell }) => command::describe::completions(shell),
        Some(Command::Man) => command::describe::man(),
    }
}
