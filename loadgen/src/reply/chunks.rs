//! The chunked transfer coding (RFC 9112, §7.1), any split of the bytes.

use super::{HEAD_LIMIT, ReplyError};

/// Longest line that announces a chunk, extensions included.
const LINE_LIMIT: u32 = 4096;

/// Where in a chunked body the next byte lies.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Chunks {
    place: Place,
    /// Bytes of the current chunk still to come; while its size is read, the size so far.
    left: u64,
    /// Bytes of the current line or trailers so far.
    overhead: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Size,
    Extension,
    SizeEnd,
    Data,
    DataReturn,
    DataEnd,
    TrailerStart,
    Trailer,
    TrailerEnd,
    LastEnd,
}

impl Chunks {
    /// Takes bytes from `rest`, hands data to `count`, and says whether the body ended.
    pub(super) fn take(
        &mut self,
        rest: &mut &[u8],
        count: &mut impl FnMut(&[u8]),
    ) -> Result<bool, ReplyError> {
        while let Some((&byte, after)) = rest.split_first() {
            if self.place == Place::Data {
                let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
                count(&rest[..taken]);
                *rest = &rest[taken..];
                self.left -= taken as u64;
                if self.left == 0 {
                    self.place = Place::DataReturn;
                }
                continue;
            }
            *rest = after;
            let ended = self.place == Place::LastEnd && byte == b'\n';
            self.place = self.step(byte)?;
            if ended {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The place after one byte that is not data.
    fn step(&mut self, byte: u8) -> Result<Place, ReplyError> {
        self.overhead += 1;
        match self.place {
            Place::Size | Place::Extension if self.overhead > LINE_LIMIT => Err(ReplyError::Protocol),
            Place::Trailer | Place::TrailerStart if self.overhead as usize > HEAD_LIMIT => {
                Err(ReplyError::HeadTooLarge)
            }
            Place::Size => self.step_size(byte),
            Place::Extension if byte == b'\r' => Ok(Place::SizeEnd),
            Place::Extension if byte == b'\n' => Err(ReplyError::Protocol),
            Place::Extension => Ok(Place::Extension),
            Place::SizeEnd => {
                self.overhead = 0;
                expect(byte, b'\n', if self.left == 0 { Place::TrailerStart } else { Place::Data })
            }
            Place::Data | Place::DataReturn => expect(byte, b'\r', Place::DataEnd),
            Place::DataEnd => {
                (self.left, self.overhead) = (0, 0);
                expect(byte, b'\n', Place::Size)
            }
            Place::TrailerStart if byte == b'\r' => Ok(Place::LastEnd),
            Place::TrailerStart | Place::Trailer => {
                Ok(if byte == b'\r' { Place::TrailerEnd } else { Place::Trailer })
            }
            Place::TrailerEnd => expect(byte, b'\n', Place::TrailerStart),
            Place::LastEnd => {
                *self = Self::default();
                expect(byte, b'\n', Place::Size)
            }
        }
    }

    fn step_size(&mut self, byte: u8) -> Result<Place, ReplyError> {
        if let Some(digit) = (byte as char).to_digit(16) {
            let shifted = self.left.checked_mul(16).ok_or(ReplyError::Protocol)?;
            self.left = shifted + u64::from(digit);
            return Ok(Place::Size);
        }
        match byte {
            // The first byte of a line has to be a digit.
            _ if self.overhead == 1 => Err(ReplyError::Protocol),
            b'\r' => Ok(Place::SizeEnd),
            b';' | b' ' | b'\t' => Ok(Place::Extension),
            _ => Err(ReplyError::Protocol),
        }
    }
}

fn expect(found: u8, expected: u8, then: Place) -> Result<Place, ReplyError> {
    if found == expected { Ok(then) } else { Err(ReplyError::Protocol) }
}
