//! Data on stdout.

use std::io::{self, Write as _};

/// Writes `data` to stdout, to its last byte. A reader that closed its pipe has seen enough and is not an error.
///
/// # Errors
/// When it cannot be written for any other reason, such as a full disk.
pub fn print(data: impl AsRef<[u8]>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(data.as_ref()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
