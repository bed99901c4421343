//! A measurement's own file, as `loadgen --json` writes it.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::folder::REASON;
use crate::{Measurement, OLDEST_SCHEMA, SCHEMA, open_regular, shown};

/// Largest file that is read: four histograms of at most 1 MiB each, and room for what schemas to come add.
const LIMIT: u64 = 16 << 20;

/// Why a file could not be read as a measurement.
#[derive(Debug, thiserror::Error)]
pub enum MeasurementFileError {
    /// The file could not be read.
    #[error("cannot read {path}: {cause}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why; part of the message, and so not its source again.
        cause: io::Error,
    },
    /// The file ends too early.
    #[error("{path} is cut off: {reason}; restore it from a copy, or measure again")]
    CutOff {
        /// Which file.
        path: PathBuf,
        /// Where it ends.
        reason: String,
    },
    /// The file is something else.
    #[error("{path} is not a measurement: {reason}; expected a file that loadgen --json wrote")]
    NotMeasurement {
        /// Which file.
        path: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// Another version of this project wrote the file.
    #[error(
        "{path} has schema {found}, this version reads schema {OLDEST_SCHEMA} to {SCHEMA}; use the version that wrote it"
    )]
    OtherSchema {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: u32,
    },
}

/// The measurement in the file at `path`. Its histograms are not looked into.
///
/// # Errors
/// When it cannot be read, is no regular file, larger than 16 MiB, cut off, something else, or of another schema.
pub fn read_measurement(path: impl AsRef<Path>) -> Result<Measurement, MeasurementFileError> {
    let path = path.as_ref();
    let text = read(path).map_err(|cause| MeasurementFileError::Io { path: path.to_owned(), cause })?;
    if text.len() as u64 > LIMIT {
        let reason = format!("more than {LIMIT} bytes");
        return Err(MeasurementFileError::NotMeasurement { path: path.to_owned(), reason });
    }
    match parse::<Version>(path, &text)?.schema {
        OLDEST_SCHEMA..=SCHEMA => parse(path, &text),
        found => Err(MeasurementFileError::OtherSchema { path: path.to_owned(), found }),
    }
}

#[derive(Deserialize)]
struct Version {
    schema: u32,
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    open_regular(path)?.take(LIMIT + 1).read_to_end(&mut text)?;
    Ok(text)
}

fn parse<'a, T: Deserialize<'a>>(path: &Path, text: &'a [u8]) -> Result<T, MeasurementFileError> {
    serde_json::from_slice(text).map_err(|error| {
        let (path, reason) = (path.to_owned(), shown(error.to_string(), REASON));
        if error.is_eof() && !text.is_empty() {
            MeasurementFileError::CutOff { path, reason }
        } else {
            MeasurementFileError::NotMeasurement { path, reason }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn refusal(text: &[u8]) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        read_measurement(file.path()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_measurement_is_refused_by_what_it_is_instead() {
        let cases: [(&[u8], &str); 7] = [
            (b"", "is not a measurement"),
            (b"<!DOCTYPE html>", "is not a measurement"),
            (b"{}", "missing field `schema`"),
            (b"[1, 2]", "is not a measurement"),
            (b"{\"schema\": 2, \"pl", "is cut off"),
            (b"{\"schema\": 2}", "missing field `plan`"),
            (b"{\"schema\": 999}", "has schema 999, this version reads schema 2"),
        ];
        for (text, expected) in cases {
            let said = refusal(text);
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn no_more_is_read_than_a_measurement_can_be_large() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(LIMIT + 1).unwrap();
        let said = read_measurement(file.path()).unwrap_err().to_string();
        assert!(said.contains("more than 16777216 bytes"), "{said}");
    }

    #[test]
    fn a_folder_in_its_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let said = read_measurement(folder.path()).unwrap_err().to_string();
        assert!(said.contains("expected a regular file"), "{said}");
    }
}
