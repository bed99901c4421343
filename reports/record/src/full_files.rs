//! Writing beyond the limit on the size of files.

use std::io;
use std::sync::Arc;

use signal_hook::consts::SIGXFSZ;

/// Has a write beyond the limit on the size of files (`ulimit -f`) fail as on a full disk. By default it ends the process, and with it
/// every result that has another place to go.
///
/// # Errors
/// When the handler cannot be installed.
pub fn outlive_full_files() -> io::Result<()> {
    signal_hook::flag::register(SIGXFSZ, Arc::default()).map(drop)
}
