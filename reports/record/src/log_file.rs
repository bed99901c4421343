//! A log as it is read: line by line, plain or compressed, never more than is useful.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;

use crate::bounded_lines::{BoundedLines, FILE_LIMIT, LINE_LIMIT, LINES_LIMIT, Text};
use crate::folder::{REASON, io_error};
use crate::{FolderError, Skipped, open_regular, seal, shown};

/// How a log is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// As it was written.
    Plain,
    /// Compressed by gzip, to be published.
    Gzip,
}

/// Every line of the log at `path` that can be read, and those that cannot. A missing file has no lines.
///
/// # Errors
/// When the file exists but cannot be read. Compressed data that are damaged are not an error: lines before the damage
/// are kept, and the damage is told of as a skipped line.
pub(crate) fn lines_of<L: DeserializeOwned>(
    path: PathBuf,
    packing: Packing,
) -> Result<(Vec<L>, Vec<Skipped>), FolderError> {
    let file = match open(&path) {
        Err(FolderError::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
            return Ok((Vec::new(), Vec::new()));
        }
        file => file?,
    };
    let (mut lines, mut skipped) = (Vec::new(), Vec::new());
    let read = match packing {
        Packing::Plain => read_lines(file, &mut lines, &mut skipped),
        // Unpacked piece by piece, and no further than any log is read: a small file may unpack to any size.
        Packing::Gzip => read_lines(MultiGzDecoder::new(file), &mut lines, &mut skipped),
    };
    match read {
        Ok(()) => {}
        Err((number, cause)) if packing == Packing::Gzip => {
            let reason = format!("compressed data that are damaged or cut off from here on: {cause}");
            skipped.push(Skipped { number, reason });
        }
        Err((_, cause)) => return Err(io_error("read", &path)(cause)),
    }
    Ok((lines, skipped))
}

/// Reads until the end, a limit or an error, which comes with the number of the line that it struck.
fn read_lines<L: DeserializeOwned>(
    reader: impl Read,
    lines: &mut Vec<L>,
    skipped: &mut Vec<Skipped>,
) -> Result<(), (usize, io::Error)> {
    let mut texts = BoundedLines::of(reader);
    while let Some(text) = texts.next() {
        match read_line(&text.map_err(|cause| (texts.number() + 1, cause))?) {
            Ok(Some(line)) => lines.push(line),
            Ok(None) => {}
            Err(reason) => skipped.push(Skipped { number: texts.number(), reason }),
        }
    }
    let number = texts.number() + 1;
    let reason = match () {
        () if texts.is_full() => format!("more than {LINES_LIMIT} lines; what follows was not read"),
        () if texts.is_cut().map_err(|cause| (number, cause))? => {
            format!(
                "larger than a log may be, expected at most {FILE_LIMIT} bytes; what lies beyond was not read"
            )
        }
        () => return Ok(()),
    };
    skipped.push(Skipped { number, reason });
    Ok(())
}

fn read_line<L: DeserializeOwned>(text: &Text) -> Result<Option<L>, String> {
    let text = match text {
        Text::Whole(text) if text.is_empty() => return Ok(None),
        Text::Whole(text) => text,
        Text::TooLong => return Err(format!("more than {LINE_LIMIT} bytes")),
    };
    let json = seal::unseal_line(text)?;
    let line = serde_json::from_slice(json);
    line.map(Some).map_err(|error| {
        format!("whole, but not known to this version: {}", shown(error.to_string(), REASON))
    })
}

/// Opens a record's file to read it, if it is a regular one.
pub(crate) fn open(path: &Path) -> Result<File, FolderError> {
    open_regular(path).map_err(io_error("read", path))
}
