//! `crossover`: runs experiments and writes the page that answers.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use benches::{command, supervise};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use reports_record::outlive_full_files;
use reports_terminal::talk;

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| with_a_tip(error).exit());
    let code = match dispatch(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            talk!("crossover: {error:#}");
            2
        }
    };
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// `error` with a tip for flags of load generators, where clap would have an unknown flag passed as an experiment's name.
fn with_a_tip(mut error: clap::Error) -> clap::Error {
    if error.kind() == ErrorKind::UnknownArgument && error.get(ContextKind::Suggested).is_some() {
        let tip = "loads, durations and workloads are set in an experiment file: copy benches/experiments/quick.toml, run the copy";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// Runs an experiment: paired servers, one load generator, and a page that says when async wins, when it
/// loses, when it makes no difference and when the data cannot tell.
///
/// Exit codes of run and resume: 0 every trial was measured; 1 some could not be; 2 could not start, or wrong usage; 3 all
/// were measured, but nothing can be judged, for no comparison has a block in which both sides may be believed; 129, 130 or
/// 143 interrupted by a signal (128 + its number), with everything measured until then kept.
#[derive(Debug, Parser)]
#[command(name = "crossover", version, about, long_about, max_term_width = 80)]
struct Arguments {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Build the contenders, measure, write the page; its path is the last line printed
    Run {
        /// An experiment that comes with the program (see `crossover list`) or a path to a .toml file
        #[arg(default_value = "quick")]
        experiment: String,
        /// Folder that gets the run's own folder [default: reports/runs in the project]
        #[arg(long, value_name = "DIR")]
        runs: Option<PathBuf>,
        /// Begin no block that might end later than this from now, building included; what is undecided then is said
        ///
        /// A run that goes on after an interruption has the rest of it.
        #[arg(long, value_name = "SPAN", value_parser = budget)]
        budget: Option<Duration>,
        /// Measure although another run measures on the same CPUs; the page says so
        #[arg(long)]
        anyway: bool,
        /// Measure once for each of these numbers of the contender's CPUs, and show the ratios together; the client gets as
        /// many. Each is a run of its own, and gets the whole --budget
        #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=1024))]
        cores: Vec<u32>,
    },
    /// Go on with a run that was interrupted or killed; finished trials are kept
    Resume {
        /// The run's folder
        folder: PathBuf,
        /// Measure although another run measures on the same CPUs
        #[arg(long)]
        anyway: bool,
    },
    /// Ask about one case: threads or tasks, for this wait, this CPU time and these connections
    ///
    /// Measures both pairs for about a minute, in blocks of fresh processes, and says which one, by how much, how sure that
    /// is, whether it matters and what would change it; the path of its page is the last line printed. With --like it measures nothing and works the case out from a run.
    /// Exit codes: 0 asked, whatever was found; 2 a contender could not be built or started, nothing could be judged, or wrong usage;
    /// 129, 130 or 143 interrupted.
    Ask(Box<command::AskArguments>),
    /// Compare any servers, by URL or by the command that starts them: which one serves more, costs less, answers sooner
    ///
    /// The servers live side by side and are asked in turn, a tenth of a second each, in blocks of fresh processes, until it
    /// is clear which one is better, or that they differ by less than 5 %, or the time is over. The path of its page is the last
    /// line printed. Exit codes: 0 compared,
    /// whatever was found; 1 a --fail-if is met; 2 a server could not be started or answered wrong, too little was
    /// measured to judge anything or a --fail-if, or wrong usage; 129, 130 or 143 interrupted, with the blocks until then judged.
    Compare(Box<command::CompareArguments>),
    /// Show the path of a request through threads and tasks: the time of each stage, from wake-up to reply
    ///
    /// Measures the control pair apart from any run, with probes that read the clock at the end of each stage, and as often
    /// without, so that what the probes cost is known. With a run's folder the path is kept there as path.json, and the run's page
    /// shows it; the page's path is then the last line printed. Exit codes: 0 measured; 2 a contender could not be built, started
    /// or measured, or wrong usage; 129, 130 or 143 interrupted.
    Path(command::PathArguments),
    /// Show where threads and tasks spend their time in one cell of a run: functions on the CPU, and what threads wait for
    ///
    /// Looks at the control pair under a closed loop, apart from any run, by perf's CPU clock and the state of each thread, and says
    /// what cannot be seen. The profile is kept in the run's folder as profile.json, and the run's page shows it; the page's path
    /// is the last line printed. Exit codes: 0 looked, also where perf does not work; 2 no such run or cell, a contender could not
    /// be built, started or measured, or wrong usage; 129, 130 or 143 interrupted.
    Profile(command::ProfileArguments),
    /// Compare two runs: the ratios that changed, and the cells that cannot be compared, with the reason
    ///
    /// A ratio has changed where neither noise nor the margin of 5 % explains it, or the other side wins. Settings and machines that differ
    /// are named. Exit codes: 0 compared, whatever was found; 2 a folder holds no run that can be read, or wrong usage.
    Diff {
        /// A run's folder
        one: PathBuf,
        /// The folder of a later run
        other: PathBuf,
    },
    /// Say whether experiments would run, and if not, what is wrong on which line; measures nothing
    ///
    /// Judges each file as `run` does before it builds anything: the file itself, with the names, sides and flags of its
    /// contenders, and then whether this machine has the CPUs, descriptors and ports it asks for. Shows everything that
    /// is wrong. Exit codes: 0 all would run; 2 one would not.
    Check {
        /// Names (see `crossover list`) or paths to .toml files
        #[arg(required = true)]
        experiments: Vec<String>,
    },
    /// Print an experiment's cells and how long it takes; without a name, the experiments there are
    List {
        /// An experiment's name or a path to a .toml file
        experiment: Option<String>,
    },
    /// Hold contenders to the contract and print every case that fails
    ///
    /// Exit codes: 0 all hold it, known exceptions apart; 1 a case fails; 2 one could not be built, started or reached.
    Verify {
        /// Names from servers/contenders.toml [default: all of them]
        contenders: Vec<String>,
        /// Hold the server at this address to it instead
        #[arg(long, value_name = "IP:PORT", conflicts_with = "contenders")]
        address: Option<SocketAddr>,
        /// Also stage what they must survive: half a minute for each
        #[arg(long, conflicts_with = "address")]
        faults: bool,
    },
    /// Is this machine fit to measure, and what to change
    ///
    /// Looks at CPUs, quotas, clock rates, steal, other processes, timers, limits and disk, watches the machine for a few
    /// seconds, then measures one contender as if it were two: what is left of a difference where there is none is what
    /// cannot be told on this machine. Exit codes: 0 fit, warnings allowed; 1 unfit; 2 could not look.
    Doctor {
        /// Only look; measure nothing
        #[arg(long, conflicts_with = "span")]
        quick: bool,
        /// About how long to measure; less than a minute is too short for an answer and is lengthened
        #[arg(long, default_value = "2m", value_parser = span)]
        span: Duration,
        /// Folder that gets the measurement's own folder [default: reports/runs in the project]
        #[arg(long, value_name = "DIR")]
        runs: Option<PathBuf>,
        /// Measure although another run measures on the same CPUs; the page says so
        #[arg(long, conflicts_with = "quick")]
        anyway: bool,
    },
    /// Run a program on a leash; the runner starts contenders by this
    #[command(hide = true)]
    Supervise {
        /// CPUs the program may use
        #[arg(long, value_delimiter = ',', required = true)]
        cpus: Vec<u32>,
        /// The file to execute in place of the program
        #[arg(long)]
        executable: Option<PathBuf>,
        /// The program and its arguments
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

fn dispatch(command: Subcommands) -> anyhow::Result<i32> {
    outlive_full_files().context("cannot catch the signal of a file that reached its limit")?;
    match command {
        Subcommands::Run { experiment, runs, budget, anyway, cores } => {
            command::run(&experiment, runs, budget, anyway, &cores)
        }
        Subcommands::Resume { folder, anyway } => command::resume(folder, anyway),
        Subcommands::Ask(arguments) => command::ask(*arguments),
        Subcommands::Compare(arguments) => command::compare(*arguments),
        Subcommands::Path(arguments) => command::path(&arguments),
        Subcommands::Profile(arguments) => command::profile(&arguments),
        Subcommands::Diff { one, other } => command::diff(&one, &other),
        Subcommands::Check { experiments } => command::check(&experiments),
        Subcommands::List { experiment } => command::list(experiment.as_deref()),
        Subcommands::Verify { contenders, address, faults } => command::verify(&contenders, address, faults),
        Subcommands::Doctor { quick, span, runs, anyway } => command::doctor(quick, span, runs, anyway),
        Subcommands::Supervise { cpus, executable, command } => {
            supervise::supervise(&cpus, executable.as_deref(), &command)
        }
    }
}

/// Longest A/A that makes sense.
const LONGEST_SPAN: Duration = Duration::from_secs(3600);

fn span(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(span) if (Duration::from_secs(1)..=LONGEST_SPAN).contains(&span) => Ok(span),
        _ => Err("expected 1s to 1h, such as 2m".to_owned()),
    }
}

/// Longest budget of a run: what takes longer needs none.
const LONGEST_BUDGET: Duration = Duration::from_secs(24 * 3600);

fn budget(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(budget) if (Duration::from_secs(1)..=LONGEST_BUDGET).contains(&budget) => Ok(budget),
        _ => Err("expected 1s to 24h, such as 10m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

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
