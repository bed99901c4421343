//! By whom this program was started, and starting it again.

use std::ffi::OsStr;
use std::process::{Command, ExitCode, Output, Stdio};

use anyhow::{Context as _, ensure};
use reports_terminal::talk;

/// What `cargo bench` adds to the arguments of a bench, and `cargo test` does not.
pub const BENCH: &str = "--bench";

/// Whether it was `cargo bench`; otherwise it was `cargo test`, for which a bench shows that it works.
#[must_use]
pub fn by_cargo_bench(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument == BENCH)
}

/// Runs this program again as `cargo bench --bench NAME -- ARGUMENTS` would, in the same surroundings but for what
/// `change` changes; gives what it printed and how it ended.
///
/// # Errors
/// When it cannot be started.
pub fn again(arguments: &[&str], change: impl FnOnce(&mut Command)) -> anyhow::Result<Output> {
    let own = std::env::current_exe().context("cannot find this program to start it again")?;
    let mut command = Command::new(own);
    command.args(arguments).arg(BENCH).stdin(Stdio::null());
    change(&mut command);
    command.output().context("cannot start this program again")
}

/// As [`again`] with `--help`: holds the program to explaining each of `flags`.
///
/// # Errors
/// When it ends in anything but success, or leaves one out.
pub fn help_names(flags: &[&str]) -> anyhow::Result<()> {
    let help = again(&["--help"], |_| ())?;
    let text = String::from_utf8_lossy(&help.stdout);
    ensure!(help.status.success(), "--help ended with {}", help.status);
    for flag in flags {
        ensure!(text.contains(flag), "--help does not name {flag}:\n{text}");
    }
    Ok(())
}

/// As [`again`] with what cannot be: holds the program to exit code 2 and a message with `word` in it.
///
/// # Errors
/// When it goes on, ends otherwise, or says something else.
pub fn refuses(arguments: &[impl AsRef<OsStr> + AsRef<str>], word: &str) -> anyhow::Result<()> {
    let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
    let refused = again(&arguments, |_| ())?;
    let said = String::from_utf8_lossy(&refused.stderr);
    ensure!(
        refused.status.code() == Some(2),
        "{arguments:?} ended with {}, expected exit code 2",
        refused.status
    );
    ensure!(said.contains(word), "{arguments:?} was refused without {word:?}: {said}");
    Ok(())
}

/// What `main` of the bench `name` ends with: its own code, or 2 after an error, which is printed.
#[must_use]
pub fn end(name: &str, result: anyhow::Result<i32>) -> ExitCode {
    let code = result.unwrap_or_else(|error| {
        talk!("{name}: {error:#}");
        2
    });
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
