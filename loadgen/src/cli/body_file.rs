//! A request's body, read from a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, ensure};

/// Longest body, bytes: it is held in memory, and more is an upload and not a load.
const LIMIT: u64 = 64 << 20;

/// The bytes of the file at `path`, or of standard input for `-`.
///
/// # Errors
/// When it cannot be read, or holds more than 64 MiB.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        return bounded(io::stdin().lock());
    }
    bounded(File::open(path).context("could not open the file (for this very text as the body use --body)")?)
}

fn bounded(source: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    source.take(LIMIT + 1).read_to_end(&mut body).context("could not read the body")?;
    ensure!(body.len() as u64 <= LIMIT, "expected a body of at most 64 MiB, found more");
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_they_are_up_to_the_limit() {
        assert_eq!(bounded(&b"\0\xff\r\n"[..]).unwrap(), b"\0\xff\r\n");
        assert_eq!(bounded(io::repeat(7).take(LIMIT)).unwrap().len() as u64, LIMIT);
        assert_eq!(
            bounded(io::repeat(7)).unwrap_err().to_string(),
            "expected a body of at most 64 MiB, found more"
        );
    }
}
