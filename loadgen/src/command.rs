//! What the program does: one file a command, and how each tells its end.

pub(crate) mod capacity;
pub(crate) mod describe;
pub(crate) mod measure;

use std::io::Write as _;
use std::process::ExitCode;

/// Measured, and what was measured may be believed.
pub(crate) const VALID: u8 = 0;
/// Measured, but the result could not be written.
pub(crate) const UNWRITTEN: u8 = 1;
/// Could not start, or was asked for something that cannot be.
pub(crate) const NOT_STARTED: u8 = 2;
/// Measured, and not to be believed.
pub(crate) const INVALID: u8 = 3;

/// Searched, and not even the lowest rate met the objective.
pub(crate) const NONE_IN_RANGE: u8 = 4;

/// Says on stderr what went wrong; the exit code says it where nobody reads that.
pub(crate) fn complain(error: &anyhow::Error, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "loadgen: {error:#}");
    ExitCode::from(code)
}
