//! Starts as they were recorded: one offset a line.

use std::fmt;
use std::io::{self, BufRead};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use reports_record::shown;

use crate::Load;
use crate::decimal;
use crate::span::{parse_span, show_span};

/// Most starts: 16 bytes each make 160 MB.
const MOST: usize = 10_000_000;
/// Longest line, bytes without its end: an offset and a comment.
const LINE: usize = 1_000;
/// Most of a wrong line that its error shows, characters.
const SHOWN: usize = 60;
/// Allowed offsets.
const OFFSET: RangeInclusive<Duration> = Duration::ZERO..=*Load::WINDOW.end();

/// Intended starts as offsets from the first moment, in order; one at least, the last at 100 ms or later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay(Arc<[Duration]>);

/// Why a text is no recording.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It could not be read.
    #[error("line {line}: {cause}")]
    Io {
        /// The line under way, from 1.
        line: usize,
        /// What the system said; part of the message, and so not its source again.
        cause: io::Error,
    },
    /// A line that is no offset.
    #[error(
        "line {line}, \"{text}\": expected an offset from 0s to 24h, as seconds or with a unit (1.25, 1250ms), # before a comment"
    )]
    Offset {
        /// Which, from 1.
        line: usize,
        /// The line without its comment, fit to be shown.
        text: String,
    },
    /// A line that would have to be cut.
    #[error("line {line}: expected at most {LINE} bytes, an offset and a comment, found more")]
    LongLine {
        /// Which, from 1.
        line: usize,
    },
    /// An offset below the one before.
    #[error("line {line}: expected offsets in order, found {found} after {before}", found = show_span(*.found), before = show_span(*.before))]
    Backwards {
        /// Which, from 1.
        line: usize,
        /// The offset of that line.
        found: Duration,
        /// The one before.
        before: Duration,
    },
    /// More than can be.
    #[error("expected at most {MOST} offsets, found more")]
    TooMany,
    /// Nothing, or too little to measure.
    #[error("expected offsets that reach to 100ms at least, found {0} up to {end}", end = show_span(*.1))]
    TooShort(usize, Duration),
}

impl Replay {
    /// Reads offsets, one a line: seconds, or any other time with its unit. Blank lines and what follows `#` are left out.
    ///
    /// # Errors
    /// For the first line that is longer than 1,000 bytes, is no offset of at most a day, or lies before the one above it; when
    /// there are more than ten million; when they do not reach to 100 ms.
    pub fn read(mut text: impl BufRead) -> Result<Self, ReplayError> {
        let mut starts: Vec<Duration> = Vec::new();
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            let read = io::Read::take(&mut text, LINE as u64 + 1).read_until(b'\n', &mut bytes);
            if read.map_err(|cause| ReplayError::Io { line, cause })? == 0 {
                break;
            }
            if bytes.len() > LINE && !bytes.ends_with(b"\n") {
                return Err(ReplayError::LongLine { line });
            }
            let whole = String::from_utf8_lossy(&bytes);
            let offset = whole.split('#').next().unwrap_or_default().trim();
            if offset.is_empty() {
                continue;
            }
            let Some(start) = parse(offset) else {
                return Err(ReplayError::Offset { line, text: shown(offset, SHOWN) });
            };
            match starts.last() {
                Some(&before) if start < before => {
                    return Err(ReplayError::Backwards { line, found: start, before });
                }
                _ if starts.len() == MOST => return Err(ReplayError::TooMany),
                _ => starts.push(start),
            }
        }
        let end = starts.last().copied().unwrap_or_default();
        if end < *Load::WINDOW.start() {
            return Err(ReplayError::TooShort(starts.len(), end));
        }
        Ok(Self(starts.into()))
    }

    /// Until just after the last start.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.0.last().copied().unwrap_or_default() + Duration::from_nanos(1)
    }

    /// CRC-32 (IEEE) of the offsets, each as its nanoseconds in eight bytes, the lowest first.
    #[must_use]
    pub fn crc32(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        let nanos = |start: &Duration| u64::try_from(start.as_nanos()).unwrap_or(u64::MAX);
        self.0.iter().for_each(|start| hasher.update(&nanos(start).to_le_bytes()));
        hasher.finalize()
    }

    pub(super) fn start(&self, index: usize) -> Option<Duration> {
        self.0.get(index).copied()
    }
}

fn parse(offset: &str) -> Option<Duration> {
    match decimal::billionths(offset) {
        Some(nanos) => u64::try_from(nanos).ok().map(Duration::from_nanos).filter(|at| OFFSET.contains(at)),
        None => parse_span(offset, &OFFSET).ok(),
    }
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "replay of {} starts in {}",
            self.0.len(),
            show_span(self.0.last().copied().unwrap_or_default())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Replay, ReplayError> {
        Replay::read(text.as_bytes())
    }

    #[test]
    fn offsets_are_read_with_comments_blank_lines_and_units() {
        let replay = read("# recorded\n\n0\n0.25 # a quarter\r\n250ms\n  1s").unwrap();
        assert_eq!(replay.0[..], [0, 250, 250, 1000].map(Duration::from_millis));
        assert_eq!(replay.length(), Duration::from_nanos(1_000_000_001));
    }

    #[test]
    fn recordings_of_one_size_and_length_are_told_apart_and_notation_makes_no_difference() {
        let crc = |text: &str| read(text).unwrap().crc32();
        assert_eq!(crc("0\n0.25\n1s"), crc("0s # begin\n\n250ms\n1"));
        assert_ne!(crc("0\n0.25\n1s"), crc("0\n0.26\n1s"));
    }

    #[test]
    fn a_wrong_line_is_named_by_its_number() {
        for (text, line) in
            [("0\nx\n", 2), ("0\n\n-1", 3), ("1e3", 1), ("NaN", 1), ("25h", 1), ("1 2", 1), ("\u{fffd}", 1)]
        {
            let error = read(text).unwrap_err();
            assert!(
                matches!(error, ReplayError::Offset { line: found, .. } if found == line),
                "{text:?}: {error}"
            );
        }
        let error = read("1\n0.5\n").unwrap_err();
        assert!(
            error.to_string().contains("line 2") && error.to_string().contains("500ms after 1s"),
            "{error}"
        );
    }

    #[test]
    fn a_line_is_read_whole_or_refused_and_never_cut_into_two_starts() {
        let comment = |length: usize| format!("0 #{}", "x".repeat(length - 3));
        let replay = read(&format!("{}\n{}\r\n0.5", comment(1000), comment(999))).unwrap();
        assert_eq!(replay.0[..], [0, 0, 500].map(Duration::from_millis));
        // What lies behind the 1,000th byte would read as a start of its own.
        for line in [format!("{}5", comment(1000)), "1".repeat(5_000), format!("{} 0.7", comment(2000))] {
            let error = read(&format!("0.2\n{line}\n1\n")).unwrap_err();
            assert!(matches!(error, ReplayError::LongLine { line: 2 }), "{error}");
        }
        assert_eq!(read(&comment(1000).replace("0 #", "1 #")).unwrap().0.len(), 1, "at the end of the file");
    }

    #[test]
    fn nothing_is_no_recording() {
        for text in ["", "# only a comment\n", "0\n0\n", "0.05"] {
            assert!(matches!(read(text), Err(ReplayError::TooShort(..))), "{text:?}");
        }
    }
}
