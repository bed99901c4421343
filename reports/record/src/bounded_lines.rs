//! Lines of a file that may be anything: read one by one, never held whole, never longer than is useful.

use std::io::{self, BufRead, BufReader, Read, Take};

/// Longest line that is read. A trial with its histograms stays below 200 kB; anything longer is not ours.
pub(crate) const LINE_LIMIT: usize = 8 << 20;

/// Most lines that are read: a run of a hundred thousand trials would last for days.
pub(crate) const LINES_LIMIT: usize = 200_000;

/// Most bytes that are read, since what they say is kept in memory.
pub(crate) const FILE_LIMIT: u64 = 1 << 30;

/// Read at once: a line with its histograms in one or two pieces.
const BUFFER: usize = 64 << 10;

/// One line as it stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// A line without its end (LF or CR LF).
    Whole(Vec<u8>),
    /// A line of more than [`LINE_LIMIT`] bytes, left out.
    TooLong,
}

/// The lines of a reader, with their numbers from 1; ends at the limits.
pub(crate) struct BoundedLines<R> {
    reader: BufReader<Take<R>>,
    number: usize,
}

impl<R: Read> BoundedLines<R> {
    pub(crate) fn of(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(BUFFER, reader.take(FILE_LIMIT)), number: 0 }
    }

    /// Number of the line that was read last.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Whether the next line would be one too many.
    pub(crate) fn is_full(&self) -> bool {
        self.number >= LINES_LIMIT
    }

    /// Whether the bytes that may be read were used up before their end. Asked at the end of the lines.
    ///
    /// # Errors
    /// When looking for one byte more fails.
    pub(crate) fn is_cut(&mut self) -> io::Result<bool> {
        let bounded = self.reader.get_mut();
        Ok(bounded.limit() == 0 && bounded.get_mut().read(&mut [0])? > 0)
    }

    fn read(&mut self) -> io::Result<Option<Text>> {
        let mut text = Vec::new();
        let read = self.reader.by_ref().take(LINE_LIMIT as u64 + 1).read_until(b'\n', &mut text)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if text.pop_if(|last| *last == b'\n').is_some() {
            // Only before LF: a lone CR at the very end is no line end but an altered one.
            text.pop_if(|last| *last == b'\r');
        } else if text.len() > LINE_LIMIT {
            self.reader.skip_until(b'\n')?;
            return Ok(Some(Text::TooLong));
        }
        Ok(Some(Text::Whole(text)))
    }
}

impl<R: Read> Iterator for BoundedLines<R> {
    type Item = io::Result<Text>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_full() { None } else { self.read().transpose() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<Text> {
        BoundedLines::of(bytes).collect::<io::Result<_>>().unwrap()
    }

    fn whole(text: &[u8]) -> Text {
        Text::Whole(text.to_vec())
    }

    #[test]
    fn both_line_ends_are_ends() {
        assert_eq!(lines(b"a\r\nb\n\nc\r"), [whole(b"a"), whole(b"b"), whole(b""), whole(b"c\r")]);
        assert_eq!(lines(b""), []);
    }

    #[test]
    fn a_line_beyond_the_limit_is_left_out_and_the_next_is_read() {
        let long = vec![b'x'; LINE_LIMIT];
        assert_eq!(lines(&[&long, b"\nb\n".as_slice()].concat()), [whole(&long), whole(b"b")]);
        assert_eq!(lines(&[&long, b"xy\nb\n".as_slice()].concat()), [Text::TooLong, whole(b"b")]);
        assert_eq!(lines(&[&long, b"x".as_slice()].concat()), [Text::TooLong]);
    }

    #[test]
    fn an_endless_file_ends() {
        let mut read = BoundedLines::of(io::repeat(b'\n'));
        assert_eq!(read.by_ref().count(), LINES_LIMIT);
        assert!(read.is_full());
    }
}
