//! The chunked transfer coding (RFC 9112, §7.1), any split of the bytes.

use super::field_lines::FieldLines;
use super::{HEAD_LIMIT, Refusal};

/// Longest line that announces a chunk, extensions included, bytes.
pub(super) const LINE_LIMIT: usize = 4096;

/// Where in a chunked body the next byte lies.
#[derive(Debug, Clone, Default)]
pub(super) struct Chunks {
    place: Place,
    /// Bytes of the current chunk still to come; while its size is read, the size so far.
    left: u64,
    /// Bytes of the current line, or of the trailers, so far.
    overhead: usize,
    trailers: FieldLines,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Size,
    /// Blanks after the size: some servers pad it.
    Blank,
    Extension,
    SizeReturn,
    Data,
    DataEnd,
    DataReturn,
    Trailers,
}

impl Chunks {
    /// Takes bytes from `rest`, hands data to `count`, and says whether the body ended.
    pub(super) fn take(&mut self, rest: &mut &[u8], count: &mut impl FnMut(&[u8])) -> Result<bool, Refusal> {
        while let Some((&byte, after)) = rest.split_first() {
            match self.place {
                Place::Data => {
                    let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
                    count(&rest[..taken]);
                    *rest = &rest[taken..];
                    self.left -= taken as u64;
                    if self.left == 0 {
                        self.place = Place::DataEnd;
                    }
                }
                Place::Trailers => {
                    *rest = after;
                    if self.step_trailers(byte)? {
                        return Ok(true);
                    }
                }
                _ => {
                    *rest = after;
                    self.place = self.step(byte)?;
                }
            }
        }
        Ok(false)
    }

    fn step_trailers(&mut self, byte: u8) -> Result<bool, Refusal> {
        self.overhead += 1;
        if self.overhead > HEAD_LIMIT {
            return Err(Refusal::TrailersTooLarge);
        }
        self.trailers.step(byte, |_, _| Ok(())).map_err(|refusal| match refusal {
            Refusal::TooManyFields => Refusal::TooManyTrailers,
            other => other,
        })
    }

    /// The place after one byte of the lines around data.
    fn step(&mut self, byte: u8) -> Result<Place, Refusal> {
        self.overhead += 1;
        if self.overhead > LINE_LIMIT {
            return Err(Refusal::ChunkLineTooLong);
        }
        match (self.place, byte) {
            (Place::SizeReturn, b'\n') => {
                self.overhead = 0;
                Ok(if self.left == 0 { Place::Trailers } else { Place::Data })
            }
            (Place::DataEnd, b'\r') => Ok(Place::DataReturn),
            (Place::DataReturn, b'\n') => {
                (self.left, self.overhead) = (0, 0);
                Ok(Place::Size)
            }
            (Place::DataEnd | Place::DataReturn, _) => Err(Refusal::ChunkEnd),
            (Place::SizeReturn, _) => Err(Refusal::BareCr),
            // The first byte of a line has to be a digit.
            (Place::Size, _) if byte.is_ascii_hexdigit() => self.add_digit(byte),
            (Place::Size, _) if self.overhead == 1 => Err(Refusal::ChunkSize),
            (_, b'\r') => Ok(Place::SizeReturn),
            (_, b'\n') => Err(Refusal::ChunkLineFeed),
            (Place::Extension, b'\t' | b' '..=b'~' | 0x80..) => Ok(Place::Extension),
            (Place::Extension, _) => Err(Refusal::ExtensionByte(byte)),
            (_, b';') => Ok(Place::Extension),
            (_, b' ' | b'\t') => Ok(Place::Blank),
            (Place::Blank, _) => Err(Refusal::ChunkLine),
            _ => Err(Refusal::ChunkSize),
        }
    }

    fn add_digit(&mut self, digit: u8) -> Result<Place, Refusal> {
        let digit = u64::from(char::from(digit).to_digit(16).unwrap_or_default());
        let shifted = self.left.checked_mul(16).ok_or(Refusal::ChunkTooLarge)?;
        self.left = shifted + digit;
        Ok(Place::Size)
    }
}
