//! What the program does: one file a command, and how each tells its end.

pub(crate) mod capacity;
pub(crate) mod describe;
pub(crate) mod measure;
pub(crate) mod merge;

use std::process::ExitCode;

use reports_terminal::talk;

/// Measured, and what was measured may be believed.
pub(crate) const VALID: u8 = 0;
/// Measured, but the result could not be written.
pub(crate) const UNWRITTEN: u8 = 1;
/// Measured, and as it must not be.
pub(crate) const BROKEN: u8 = 1;
/// Could not start, or was asked for something that cannot be.
pub(crate) const NOT_STARTED: u8 = 2;
/// Measured, and not to be believed.
pub(crate) const INVALID: u8 = 3;

/// Searched, and not even the lowest rate met the objective.
pub(crate) const NONE_IN_RANGE: u8 = 4;

/// What the program's exit code says, for whoever asks for help.
pub(crate) const EXIT_STATUS: &str = "\
0 measured and valid (also with warnings); 1 measured, but a result could not be written or a --fail-if condition holds; 2 could \
not start, or wrong usage; 3 measured but invalid; 129, 130 and 143 interrupted by SIGHUP, SIGINT or SIGTERM, with the partial \
result written (a second signal ends the program at once). Where several apply, the first of these counts: a result that could \
not be written, a signal, 3, --fail-if.";

/// Says on stderr what went wrong; the exit code says it where nobody reads that.
pub(crate) fn complain(error: &anyhow::Error, code: u8) -> ExitCode {
    say(&format!("{error:#}"));
    ExitCode::from(code)
}

/// Writes a sentence to stderr.
pub(crate) fn say(sentence: &str) {
    talk!("loadgen: {sentence}");
}
