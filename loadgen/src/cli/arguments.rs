//! The command line as a whole: a measurement, or one of the commands beside it.

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use super::flags::MeasureFlags;
use super::flags::capacity::CapacityFlags;
use super::flags::merge::MergeFlags;
use crate::command::EXIT_STATUS;

/// Push load at an HTTP server and certify what was measured
///
/// Without --rate the loop is closed: each connection sends its next request when its last one ended, which measures
/// throughput. With --rate it is open: requests start when the schedule says so, whatever the server does, and are
/// timed from then, which measures what users would feel.
#[derive(Debug, Parser)]
#[command(
    name = "loadgen",
    version,
    max_term_width = 80,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = format!("Exit codes: {EXIT_STATUS}")
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) measure: MeasureFlags,
}

/// What can be done besides measuring.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find the highest rate at which a server meets an objective
    ///
    /// Measures open loops at one rate after another. The rate is doubled until one fails; then the gap between the
    /// highest that passed and the lowest that failed is halved, in ratio. At each rate the majority of a fixed
    /// number of trials decides. The answer is an interval: the highest rate that passed and the lowest that
    /// failed. A rate passes if every objective holds and the server keeps up. It fails only if neither the client
    /// nor the machine can have made the difference.
    #[command(
        after_help = "Exit codes: 0 found: an interval, or even the highest rate passed; 1 the answer could not be written; 2 could \
                            not start, or wrong usage; 3 cannot tell, or the client was the limit; 4 none in range: even the \
                            lowest rate failed; 129, 130 and 143 interrupted by SIGHUP, SIGINT or SIGTERM, with what is known so far."
    )]
    Capacity(Box<CapacityFlags>),
    /// Add up measurements of the same plan, made one after another
    ///
    /// Histograms, counts and costs are added; rates are those over all windows together; the certificate is the
    /// worst of all. Refused are measurements with another plan (the seed may differ), interrupted ones, and the
    /// same one twice. Figures that cannot be added are absent from the sum: sub-windows, and quantiles of times
    /// that are kept without a histogram.
    #[command(
        after_help = "Exit codes: 0 added up and valid (also with warnings); 1 added up, but the sum could not be written; 2 they \
                      do not belong together or cannot be read, or wrong usage; 3 added up but invalid."
    )]
    Merge(MergeFlags),
    /// Print a completion script for a shell
    ///
    /// Source it, or put it where the shell looks for completions.
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page, to be piped into `man -l -`
    Man,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

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

    #[test]
    fn every_flag_says_why_and_not_only_what() {
        let whole = Arguments::command();
        for command in std::iter::once(&whole).chain(whole.get_subcommands()) {
            for argument in command.get_arguments().filter(|argument| !argument.is_positional()) {
                assert!(argument.get_help().is_some(), "{} --{}", command.get_name(), argument.get_id());
            }
        }
    }

    #[test]
    fn a_flag_without_effect_is_refused() {
        let refused = |flags: &[&str]| {
            let parsed = Arguments::try_parse_from(["loadgen", "http://localhost/"].iter().chain(flags));
            parsed.is_err() || parsed.is_ok_and(|arguments| arguments.measure.plan().is_err())
        };
        assert!(refused(&["--arrivals", "poisson"]));
        assert!(refused(&["--fail-if", "response_time_p99 > 20ms"]));
        assert!(refused(&["--fail-if", "connect_p99 > 20ms"]));
        assert!(!refused(&["--fail-if", "service_time_p99 > 20ms", "--fail-if", "error_rate > 0%"]));
        assert!(refused(&["--rate", "5/s", "--seed", "3"]));
        assert!(refused(&["--rate", "5/s", "--arrivals", "constant", "--seed", "3"]));
        assert!(refused(&["--stages", "5/s:1s", "--duration", "1s"]));
        assert!(refused(&["--stages", "5/s:1s", "--rate", "5/s"]));
        assert!(refused(&["--bursts", "5/1s", "--arrivals", "poisson"]));
        assert!(refused(&["--bursts", "5/1s", "--think", "1s"]));
        assert!(refused(&["--replay", "x", "--requests", "5"]));
        assert!(!refused(&["--stages", "5/s:1s", "--arrivals", "poisson", "--seed", "3"]));
        assert!(!refused(&["--bursts", "5/1s", "--duration", "3s", "--pacing", "spin"]));
        assert!(refused(&["--requests", "5", "--duration", "1s"]));
        assert!(refused(&["--requests", "5", "--grace", "1s"]));
        assert!(refused(&["--pin", "0,1"]));
        assert!(refused(&["--pacing", "spin"]));
        assert!(!refused(&["--rate", "5/s", "--pacing", "timer"]));
        assert!(refused(&["--rate", "5/s", "--think", "1s"]));
        assert!(!refused(&["--think", "1s", "--pacing", "timer"]));
        assert!(!refused(&["--rate", "5/s", "--arrivals", "poisson", "--seed", "3"]));
    }
}
