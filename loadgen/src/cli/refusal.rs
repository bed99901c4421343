//! Command lines that are refused: what was found, and what was probably meant.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};
use reports_terminal::{print, talk};
use strsim::jaro_winkler;
use textwrap::Options;

use super::habits;
use super::page::WIDTH;
use crate::command::{NOT_STARTED, UNWRITTEN, VALID};

/// From here on two words are alike enough for one to be a slip of the other; clap's own bound.
const ALIKE: f64 = 0.8;

/// Shows the help or the version that was asked for, or why `words`, a command line of `command`, is refused.
pub(crate) fn show(error: &Error, command: &Command, words: &[String]) -> ExitCode {
    if error.use_stderr() {
        talk!("{}", text(error, command, words).trim_end());
        return ExitCode::from(NOT_STARTED);
    }
    ExitCode::from(if print(error.to_string()).is_ok() { VALID } else { UNWRITTEN })
}

/// clap's message, with a tip that knows other load generators in place of clap's own.
fn text(error: &Error, command: &Command, words: &[String]) -> String {
    let whole = error.to_string();
    let Some(Advice { finding, tip }) = advice(error, command, words) else { return whole };
    let first = whole.split("\n\n").next().unwrap_or_default();
    let finding = finding.map_or_else(|| first.to_owned(), |finding| format!("error: {finding}"));
    let options = Options::new(WIDTH).initial_indent("  tip: ").subsequent_indent("       ");
    format!("{finding}\n\n{}\n\nFor more information, try '--help'.", textwrap::fill(&tip, options))
}

struct Advice {
    /// The finding, where clap's own sentence misses it.
    finding: Option<String>,
    tip: String,
}

impl Advice {
    fn tip(tip: impl Into<String>) -> Self {
        Self { finding: None, tip: tip.into() }
    }
}

fn advice(error: &Error, command: &Command, words: &[String]) -> Option<Advice> {
    let said = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    if let Some(advice) = words.iter().find_map(|word| one_dash(word, command)) {
        return Some(advice);
    }
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let word = said(ContextKind::InvalidArg)?;
            let flag = word.split('=').next().unwrap_or(word);
            match habits::of_flag(flag) {
                Some(tip) => Some(Advice::tip(tip)),
                None if error.get(ContextKind::SuggestedArg).is_some() => None,
                None if !word.starts_with('-') => Some(one_url()),
                None => Some(Advice::tip("--help lists every flag")),
            }
        }
        // A word after the URL stands where clap expects a command.
        ErrorKind::ArgumentConflict | ErrorKind::InvalidSubcommand => {
            second_word(said(ContextKind::InvalidSubcommand)?, command, words)
        }
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => {
            let flag = said(ContextKind::InvalidArg)?;
            let value = said(ContextKind::InvalidValue)?;
            if flag.contains("URL") {
                command_meant(value, command)
            } else {
                habits::of_value(flag).map(Advice::tip)
            }
        }
        _ => None,
    }
}

/// `-rate=100`, as programs in Go have it.
fn one_dash(word: &str, command: &Command) -> Option<Advice> {
    let name = word.strip_prefix('-').filter(|rest| rest.len() > 1 && !rest.starts_with('-'))?;
    let name = name.split('=').next()?;
    let is_ours = command.get_arguments().any(|argument| argument.get_long() == Some(name));
    let tip = match habits::of_flag(&format!("--{name}")) {
        Some(tip) => tip.to_owned(),
        None if is_ours => format!("long flags have two dashes: --{name}"),
        None => return None,
    };
    Some(Advice { finding: Some(format!("unexpected argument '{word}' found")), tip })
}

fn second_word(word: &str, command: &Command, words: &[String]) -> Option<Advice> {
    if command.get_subcommands().any(|known| known.get_name() == word) {
        let finding = Some(format!("unexpected argument '{word}' found after the URL"));
        return Some(Advice { finding, tip: format!("a command comes first: loadgen {word} …") });
    }
    let before = words.iter().take_while(|other| *other != word);
    let mistyped = before.chain(words.iter().filter(|other| *other == word));
    let meant = mistyped.filter(|word| !word.starts_with('-')).find_map(|word| command_meant(word, command));
    meant.or_else(|| {
        Some(Advice { finding: Some(format!("unexpected argument '{word}' found")), ..one_url() })
    })
}

fn one_url() -> Advice {
    Advice::tip("one URL is measured at a time; run loadgen once for each, one after another")
}

/// For a word that is no command but looks like one.
fn command_meant(word: &str, command: &Command) -> Option<Advice> {
    let alike = |known: &&Command| jaro_winkler(known.get_name(), word) > ALIKE;
    let tip = match command.get_subcommands().find(alike) {
        Some(known) => format!("a similar command exists: {}", known.get_name()),
        None if habits::is_command(word) => {
            "to measure, give the URL alone: loadgen http://127.0.0.1:8080/".into()
        }
        None => return None,
    };
    Some(Advice { finding: Some(format!("unknown command '{word}'")), tip })
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::cli::arguments::Arguments;

    fn refusal(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(String::from).collect();
        let whole = std::iter::once("loadgen").chain(words.iter().map(String::as_str));
        let error = Arguments::try_parse_from(whole).expect_err(line);
        let mut command = Arguments::command();
        command.build();
        text(&error, &command, &words)
    }

    #[test]
    fn habits_of_other_tools_lead_to_our_flags() {
        let cases = [
            ("http://a/ --rps 5", "--rate"),
            ("--rps=5 http://a/", "--rate"),
            ("http://a/ -q 5", "--rate"),
            ("http://a/ -R 2000", "--rate"),
            ("-z 10s http://a/", "--duration"),
            ("http://a/ --concurrency 5", "--connections"),
            ("http://a/ --vus 5", "--connections"),
            ("http://a/ --iterations 5", "--requests"),
            ("http://a/ -m POST", "--method"),
            ("http://a/ --data x", "--body"),
            ("http://a/ -D x", "--body-file"),
            ("http://a/ --latency", "the summary always has the times"),
            ("http://a/ -k", "only http:// is spoken"),
            ("http://a/ --insecure", "only http:// is spoken"),
            ("http://a/ -w 5", "--warm-up"),
            ("http://a/ -o json", "--json"),
            ("http://a/ --disable-keepalive", "--churn 1"),
            ("http://a/ -disable-keepalive", "--churn 1"),
            ("http://a/ -rate=100", "two dashes: --rate"),
            ("http://a/ -duration=5s", "two dashes: --duration"),
            ("http://a/ -d {}", "--body"),
            ("http://a/ -t 10s", "--timeout"),
            ("http://a/ -r 100", "-r 100/s"),
            ("http://a/ -d 30", "-d 10s"),
            ("http://a/ -n 1k", "write 1000"),
            ("http://a/ http://b/", "one URL is measured at a time"),
            ("http://a/ capacity", "a command comes first: loadgen capacity"),
            ("capcity http://a/", "a similar command exists: capacity"),
            ("capcity", "a similar command exists: capacity"),
            ("attack http://a/", "give the URL alone"),
            ("run", "give the URL alone"),
            ("http://a/ -X post", "expected POST"),
            ("http://a/ --conections 5", "--connections"),
            ("http://a/ --no-such-thing", "--help lists every flag"),
            ("capacity http://a/ --rps 5", "--rate"),
        ];
        for (line, tip) in cases {
            let said = refusal(line);
            let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(flat.contains(tip), "{line}: {said}");
            assert!(!said.contains("'-- "), "{line}: {said}");
            let is_ours = said.contains("  tip: ") && !said.contains("Usage:");
            assert!(
                !is_ours || said.lines().skip(1).all(|line| line.chars().count() <= WIDTH),
                "{line}: {said}"
            );
        }
    }

    #[test]
    fn no_flag_of_ours_is_taken_for_one_of_others() {
        for argument in Arguments::command().get_arguments() {
            let long = argument.get_long().map(|name| format!("--{name}"));
            let short = argument.get_short().map(|name| format!("-{name}"));
            for flag in [long, short].into_iter().flatten() {
                assert_eq!(habits::of_flag(&flag), None, "{flag}");
            }
        }
    }
}
